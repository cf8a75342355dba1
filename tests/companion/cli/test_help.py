"""The help of every command teaches: an example, and paragraphs that flow."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from companion.cli.commands import app

GROUP: Any = typer.main.get_command(app)
COMMANDS = {
    **{name: command for name, command in GROUP.commands.items() if name != "data"},
    **{f"data {name}": command for name, command in GROUP.commands["data"].commands.items()},
}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_flows_and_shows_a_use_of_the_command(name: str) -> None:
    paragraphs = COMMANDS[name].help.split("\n\n")
    assert not [text for text in paragraphs if "\n" in text]
    assert not [text for text in paragraphs if "[" in text], "Rich takes it for markup, and leaves it out"
    assert any(text.startswith(f"Example: resilinet {name}") for text in paragraphs)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    assert [option.name for option in COMMANDS[name].params if not option.help] == []
