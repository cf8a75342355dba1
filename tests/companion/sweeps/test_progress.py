"""What a chapter's first cell does under the profiles that train."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from companion.sweeps import progress
from companion.sweeps.shared import Setup


@pytest.mark.parametrize("asked", ["4,2", "", "all"])
def test_the_number_of_threads_is_what_torch_makes_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(progress, "ticker", lambda: print)
    setups: list[Setup] = []
    monkeypatch.setattr(progress, "complete", lambda trials, setup, say: setups.append(setup))
    progress.prepare("full", tmp_path, "table-1-health")
    progress.prepare("smoke", tmp_path, "table-1-health")
    assert [setup.threads for setup in setups] == [torch.get_num_threads(), 1]
