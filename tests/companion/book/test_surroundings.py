"""The surroundings of what a build starts, and its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from companion.book.surroundings import guarded, kill, surroundings

CORES = os.cpu_count() or 1


@pytest.mark.parametrize(
    ("asked", "threads"),
    [("1", 1), (" 1 ", 1), ("01", 1), ("1,2", 1), ("1 , 2", 1), ("9999", CORES), ("999999999", CORES)],
)
def test_who_asks_for_a_number_of_threads_gets_no_more_than_there_are_cores(
    monkeypatch: pytest.MonkeyPatch, asked: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert surroundings(at_once=1)["OMP_NUM_THREADS"] == str(threads)


@pytest.mark.parametrize(
    "asked", ["", " ", "0", "-1", "2.5", "1e3", "all", "1 2", "99999999999999999999", "٢"]
)
def test_chapters_share_the_cores_where_the_number_of_threads_is_none(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert surroundings(at_once=CORES)["OMP_NUM_THREADS"] == "1"
    assert surroundings(at_once=CORES + 1)["OMP_NUM_THREADS"] == "1"
    assert surroundings()["OMP_NUM_THREADS"] == str(CORES)


def test_paths_of_python_are_those_that_were_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "src", "/opt/lib", ""]))
    assert surroundings()["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "src"), "/opt/lib"])
    monkeypatch.setenv("PYTHONPATH", "")
    assert "PYTHONPATH" not in surroundings()


def test_nothing_is_imported_from_the_folder_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise RuntimeError", encoding="utf-8")
    command = guarded("import random; print(random.Random(0).random() < 1)")
    ended = subprocess.run(
        command, cwd=tmp_path, env=surroundings(), capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("True\n", 0), ended.stderr


def test_killing_a_process_kills_what_it_has_started() -> None:
    code = "import subprocess as s; p = s.Popen(['sleep', '600'], start_new_session=True); print(p.pid, flush=True)"
    code += "; p.wait()"
    top = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert top.stdout is not None
    below = psutil.Process(int(top.stdout.readline()))
    kill(top.pid)
    assert top.wait(30) == -9
    end = time.monotonic() + 30
    while below.is_running() and below.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)
    top.stdout.close()
