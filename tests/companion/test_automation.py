"""What runs without anyone watching: workflows, hooks before a commit, releases."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.cli.commands import app

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))


def read(path: Path) -> dict[str, Any]:
    """YAML 1.1 takes the key ``on`` for true."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()}


def steps(path: Path) -> list[dict[str, Any]]:
    found = read(path)
    if "runs" in found:
        return list(found["runs"]["steps"])
    return [step for job in found["jobs"].values() for step in job["steps"]]


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_make_runs_commands_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {"book"} <= set(re.findall(r"\$\(BIN\)/resilinet (\w+)", makefile)) <= commands
    for module in re.findall(r"python -m (resilinet\S+)", makefile):
        assert (ROOT / "src" / module.replace(".", "/") / "__main__.py").is_file()


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.github-actions", ACTIONS),
        ("vendor.citation-file-format", [ROOT / "CITATION.cff"]),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_files_follow_the_schemas_of_those_who_read_them(schema: str, paths: list[Path]) -> None:
    assert paths
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_a_workflow_that_breaks_the_schema_is_refused(tmp_path: Path) -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    path = tmp_path / "tests.yml"
    path.write_text(text.replace("runs-on:", "runs-at:"), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        str(path),
    ]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shell_is_valid_and_runs_what_is_there(path: Path) -> None:
    bash = shutil.which("bash")
    for step in steps(path):
        script = re.sub(r"\$\{\{.*?\}\}", "value", step.get("run", ""))
        assert subprocess.run([str(bash), "-n", "-c", script], check=False).returncode == 0, script
        for target in re.findall(r"\bmake ([a-z-]+)", script):
            assert target in targets()
        for tool in re.findall(r"(?:^|\s)((?:tools|\.ci)/\S+)", script):
            assert (ROOT / tool).is_file()
        if step.get("uses", "").startswith("./"):
            assert (ROOT / step["uses"] / "action.yml").is_file()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_write_no_more_than_it_says(path: Path) -> None:
    assert set(read(path)["permissions"]) <= {"contents", "issues"}
    assert (read(path)["permissions"]["contents"] == "write") == (path.stem == "release")


def test_what_runs_on_a_schedule_reports_that_it_failed() -> None:
    scheduled = {path.stem for path in WORKFLOWS if "schedule" in read(path)["on"]}
    assert scheduled == {"weekly", "links"}
    for path in WORKFLOWS:
        reports = [step for step in steps(path) if step.get("uses") == "./.github/actions/report"]
        assert len(reports) == (path.stem in scheduled)
        assert (read(path)["permissions"].get("issues") == "write") == bool(reports)


def test_the_weekly_build_uses_no_cache_and_no_pin() -> None:
    path = ROOT / ".github" / "workflows" / "weekly.yml"
    (setup,) = (step for step in steps(path) if "setup-python" in step.get("uses", ""))
    assert "cache" not in setup["with"]
    (build,) = (step for step in steps(path) if ".ci/run" in step.get("run", ""))
    assert "tools/lock.py --upgrade" in build["run"]
    assert build["env"]["PIP_NO_CACHE_DIR"] == build["env"]["UV_NO_CACHE"] == "1"


def test_tests_run_on_each_python_and_system_that_the_project_names() -> None:
    matrix = read(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]["test"]["strategy"]["matrix"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert matrix["python"] == re.findall(r"Python :: (3\.\d+)", text)
    systems = {"POSIX :: Linux": "ubuntu-latest", "MacOS": "macos-latest"}
    assert matrix["os"] == [systems[name] for name in re.findall(r"Operating System :: ([\w: ]+)", text)]


def test_hooks_run_what_make_lint_runs_from_the_locked_environment() -> None:
    path = ROOT / ".pre-commit-config.yaml"
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
    subprocess.run(command, check=True)
    hooks = [hook for repository in read(path)["repos"] for hook in repository["hooks"]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for hook in hooks:
        environment, _, name = hook["entry"].split()[0].rpartition("/")
        assert (hook["language"], environment) == ("system", ".venv/bin")
        assert (Path(sys.executable).parent / name).is_file()
        package = {"lint-imports": "import-linter"}.get(name, name)
        assert re.search(rf"^{package}==", lock, re.MULTILINE)
    recipe = re.search(
        r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert recipe
    lint = [line.split("/", 1)[1].removesuffix(" .") for line in recipe[1].splitlines() if "$(BIN)/" in line]
    assert [
        hook["entry"].removeprefix(".venv/bin/").removesuffix(" --force-exclude") for hook in hooks
    ] == lint


RELEASED = {
    "pyproject.toml": '[project]\nversion = "0.2.0"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 0.2.0\n",
    "CHANGELOG.md": "# Changes\n\n## Unreleased\n\n## 0.2.0\n\n### Added\n\n- A page.\n\n## 0.1.0\n\n- All.\n",
}


def release(root: Path, tag: str, **changed: str) -> subprocess.CompletedProcess[str]:
    (root / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "release.py", root / "tools")
    for name, text in (RELEASED | changed).items():
        (root / name).write_text(text, encoding="utf-8")
    command = [sys.executable, str(root / "tools" / "release.py"), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_release_is_described_by_its_section_of_the_changes(tmp_path: Path) -> None:
    ended = release(tmp_path, "v0.2.0")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "### Added\n\n- A page.\n", "")


@pytest.mark.parametrize(
    ("tag", "changed", "message"),
    [
        ("v0.3.0", {}, "the tag v0.3.0 names version 0.3.0, but pyproject.toml names 0.2.0"),
        ("v0.2.0", {"CITATION.cff": "version: 0.1.0\n"}, "names version 0.2.0, but CITATION.cff names 0.1.0"),
        ("v0.2.0", {"CITATION.cff": "title: x\n"}, "names version 0.2.0, but CITATION.cff names None"),
        (
            "v0.2.0",
            {"CHANGELOG.md": "## 0.2.0\n\n## 0.1.0\n\n- x\n"},
            "CHANGELOG.md has no section on version 0.2.0",
        ),
        ("v0.2.0", {"CHANGELOG.md": "## 0.2.01\n\n- x\n"}, "CHANGELOG.md has no section on version 0.2.0"),
    ],
)
def test_a_release_that_names_two_versions_or_none_is_refused(
    tmp_path: Path, tag: str, changed: dict[str, str], message: str
) -> None:
    ended = release(tmp_path, tag, **changed)
    assert ended.returncode == 1
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_project_names_one_version() -> None:
    (project,) = re.findall(
        r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    (citation,) = re.findall(
        r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert project == citation


def test_make_installs_into_its_own_environment_whatever_a_user_has_set(tmp_path: Path) -> None:
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    shown = (
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_NO_DEPS",
        "PIP_CONSTRAINT",
        "PIP_REQUIRE_HASHES",
        "PIP_DRY_RUN",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSAFEPATH",
        "PIP_EXTRA_INDEX_URL",
    )
    python.write_text(f'#!/bin/sh\necho "$*|{",".join(f"${name}" for name in shown)}"\n', encoding="utf-8")
    python.chmod(0o755)
    environment = {**os.environ, **dict.fromkeys(shown, "/elsewhere"), "PIP_USER": "1"}
    ended = subprocess.run(
        ["make", "env", f"VENV={tmp_path}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [line.split("|") for line in ended.stdout.splitlines() if "|" in line]
    assert len(calls) == 3
    for words, found in calls:
        assert words.startswith("-m pip ")
        assert " install " in words
        assert " --no-user" in words
        assert found == ",,,,,,,,,1,/elsewhere"
