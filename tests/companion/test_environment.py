"""pyproject.toml, requirements.lock and environment.yml describe one environment."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
# The names that conda gives to packages of the lock.
CONDA_NAMES = {"pytorch-cpu": "torch"}


def lock() -> dict[str, Requirement]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert len({pin.name for pin in pins}) == len(pins), "a package is locked twice"
    return {canonicalize_name(pin.name): pin for pin in pins}


def locked_version(name: str) -> str:
    (specifier,) = lock()[canonicalize_name(name)].specifier
    assert specifier.operator == "=="
    return specifier.version


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> list[Requirement]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = table["optional-dependencies"]
    found = [Requirement(line) for line in table["dependencies"] + extras["companion"] + extras["dev"]]
    return [one for one in found if one.name != "resilinet"]  # an extra that includes others


def conda() -> dict[str, str]:
    """The versions in environment.yml by package; conda's and pip's part together."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    found = {}
    for entry in [*(e for e in entries if isinstance(e, str)), *pip]:
        if match := re.fullmatch(r"([A-Za-z0-9_-]+)==?([^=<>]+)", entry):
            found[CONDA_NAMES.get(match[1], canonicalize_name(match[1]))] = match[2]
    return found


@pytest.mark.parametrize("requirement", requirements(), ids=lambda r: r.name)
def test_lock_satisfies_the_project(requirement: Requirement) -> None:
    assert requirement.specifier.contains(locked_version(requirement.name))


def test_environment_yml_has_the_locked_versions_of_all_direct_dependencies() -> None:
    direct = {canonicalize_name(requirement.name) for requirement in requirements()}
    assert conda() == {name: locked_version(name) for name in direct}


def test_python_ranges_agree() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (python,) = (e for e in entries if isinstance(e, str) and e.startswith("python"))
    conda_range = SpecifierSet(python.removeprefix("python"))
    project_range = SpecifierSet(str(project()["requires-python"]))
    classifiers = [str(c).split(" :: ")[-1] for c in project()["classifiers"] if " 3." in str(c)]  # type: ignore[attr-defined]
    assert classifiers == ["3.11", "3.12", "3.13"]
    for release in classifiers:
        assert release in conda_range
        assert release in project_range
    assert "3.10" not in conda_range
    assert "3.10" not in project_range


def test_lock_names_versions_and_nothing_of_where_they_came_from() -> None:
    for name, pin in lock().items():
        assert pin.url is None, name
        assert "+" not in str(pin.specifier), name
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|^-|--", text, re.MULTILINE)


def test_the_running_environment_is_the_locked_one() -> None:
    wrong = {}
    for name, pin in lock().items():
        if pin.marker is None or pin.marker.evaluate():
            # A local part such as +cpu names a build of the same version.
            installed = version(name).split("+")[0]
            if installed != locked_version(name):
                wrong[name] = installed
    assert not wrong, "make env brings the environment up to date"


def test_torchvision_imports_beside_this_build_of_torch() -> None:
    # In a process of its own: what is declared once for torch stays declared.
    program = (
        "from data_prep.torchvision_import import import_torchvision as load; import torch; load(); load();"
        "from torchvision.transforms import v2; print(*v2.RandomCrop(8)(torch.ones(3, 9, 9)).shape)"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("3 8 8\n", "")
