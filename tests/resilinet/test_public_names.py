"""What `import resilinet` offers, and what it costs."""

import ast
import inspect
import subprocess
import sys

import pytest

import resilinet as rn

PUBLIC = [name for name in rn.__all__ if name != "__version__"]


def test_importing_the_package_loads_no_pytorch_and_nothing_of_the_companion() -> None:
    code = (
        "import sys, resilinet; resilinet.Topology; resilinet.RESILINET; resilinet.scenarios;"
        "heavy = {'torch', 'companion', 'pandas', 'matplotlib', 'rich', 'typer'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "\n"
    )


@pytest.mark.parametrize("name", rn.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(rn, name) is not None
    assert name in dir(rn)


def test_editors_are_told_of_every_public_name() -> None:
    """The imports that only type checkers read name what is loaded lazily, no more and no less."""
    told = {
        alias.asname or alias.name
        for block in ast.parse(inspect.getsource(rn)).body
        if isinstance(block, ast.If)
        for one in block.body
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    assert told == set(PUBLIC)


def test_what_is_not_public_is_refused_as_usual() -> None:
    with pytest.raises(AttributeError, match="module 'resilinet' has no attribute 'Ensemble'"):
        rn.Ensemble  # noqa: B018


def test_public_names_belong_to_the_method() -> None:
    for name in PUBLIC:
        home = getattr(getattr(rn, name), "__module__", "resilinet")
        assert home.split(".")[0] in ("resilinet", "builtins"), name
