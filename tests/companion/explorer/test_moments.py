"""A recorded live run, moment by moment, and as a reader plays it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import PATIENCE, chromium
from companion.book.checks import foreign_requests
from companion.experiments import artefact_of
from companion.experiments.networks import build_network
from companion.explorer import moments, replay
from companion.live.recording import Ended, Happened, Recording

TRIAL = artefact_of("table-1-health").rows("smoke")["resilinet"][0]
NETWORK = build_network(TRIAL)
SIMPLE, AROUND = ("i->n1", "n1->n2", "n2->n3", "n3->n4"), ("i->n1", "n1->n3", "n3->n4")
NOTHING = dict.fromkeys((link.key for link in NETWORK.topology.links), 0)
RECORDING = Recording(
    trial=TRIAL.values,
    setting={"rate": 2.0, "duration": 4.0, "batch": 2, "deadline": 1.0, "heartbeat": 0.2, "patience": 0.6},
    routes=[("none", SIMPLE), ("n2", AROUND)],
    events=[Happened("fail", "n2", 1.1, 1.2, "n2", 1), Happened("restore", "n2", 3.1, 3.2, "none", 0)],
    requests=[Ended(0.4, 0.5, 0, 2, True), Ended(1.5, 1.6, 1, 1, True), Ended(1.9, 2.0, 1, 2, True)],
    traffic=[
        (0.0, NOTHING),
        (1.0, NOTHING | dict.fromkeys(SIMPLE, 100)),
        (3.0, NOTHING | dict.fromkeys(SIMPLE, 100) | dict.fromkeys(AROUND, 700)),
    ],
    frames={},
)


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    return moments(RECORDING, NETWORK)


def test_each_moment_tells_who_has_failed_what_flows_and_how_good_answers_are(shown: dict[str, Any]) -> None:
    at = {step["at"]: step for step in shown["steps"]}
    assert len(at) == 17
    assert at[0.5] == {
        "at": 0.5,
        "failed": [],
        "bytes": dict.fromkeys(SIMPLE, 100),
        "answers": 1,
        "accuracy": 100.0,
    }
    assert at[2.0]["failed"] == ["n2"]
    assert at[2.0]["bytes"] == {"i->n1": 300, "n1->n3": 350, "n3->n4": 300}
    assert (at[2.0]["answers"], at[2.0]["accuracy"]) == (2, 75.0)
    assert at[4.0] == {"at": 4.0, "failed": [], "bytes": {}, "answers": 0, "accuracy": None}


def test_the_page_asks_no_host(shown: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(str(replay(shown).data), encoding="utf-8")
    assert list(foreign_requests(tmp_path)) == []


def test_a_reader_moves_through_it_and_plays_it(shown: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A run</title><body>'
        f"{replay(shown).data}",
        encoding="utf-8",
    )
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 700})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri(), timeout=PATIENCE)
        slider, play = page.get_by_label("Time of the recording"), page.get_by_role("button")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        active = page.locator(".rx-up .rx-link.is-active")
        slider.fill("8")
        assert slider.get_attribute("aria-valuetext") == "2.00 s, failed: n2"
        assert page.locator(".rx-up .is-failed .rx-name").all_text_contents() == ["n2"]
        assert active.evaluate_all("all => all.map((one) => one.dataset.link)") == [
            "i->n1",
            "n3->n4",
            "n1->n3",
        ]
        assert page.locator("dd").all_text_contents() == ["2.00 s", "n2", "2", "75.0 %"]
        slider.fill("0")
        play.click()
        page.get_by_role("button", name="Pause").wait_for(timeout=PATIENCE)
        page.get_by_role("button", name="Play").wait_for(timeout=PATIENCE)  # it has come to the end
        assert slider.input_value() == "16"
        assert page.get_by_role("status").text_content() == "Failed: none"
        assert errors == []
