"""Resolves pyproject.toml into requirements.lock, and copies the direct pins into environment.yml.

``make lock`` keeps the versions that are locked and still fit; ``python tools/lock.py --upgrade`` takes the
newest. The resolution holds for every Python and system that the project supports.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

HEADER = """\
# The whole environment, one version of each package, for Python 3.11 to 3.13 on Linux and macOS.
# make env installs it with pip, without looking for further dependencies. Only what PyTorch's CUDA
# build adds is left out: torch's own metadata pins that exactly, and the CPU build has no use for it.
# Made from pyproject.toml by make lock; do not edit by hand.
"""

ONLY_FOR_CUDA = ("nvidia-", "cuda-", "triton==")


def resolve(lock: Path, options: list[str]) -> None:
    """Writes the lock anew, without anything that says where its packages came from."""
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--extra",
        "dev",
        "--universal",
    ]
    command += ["--python-version", "3.11", "--fork-strategy", "fewest", "--quiet"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    subprocess.run([*command, "--output-file", str(lock), *options], cwd=ROOT, check=True)
    lines = lock.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith((*ONLY_FOR_CUDA, "#"))]
    lock.write_text(HEADER + "\n".join(kept) + "\n", encoding="utf-8")


def update_environment(environment: Path, lock: Path) -> None:
    """Sets each version in environment.yml to the locked one."""
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
    pins["pytorch-cpu"] = pins["torch"]

    def pin(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}{pins.get(found[1], found[3])}"

    text = environment.read_text(encoding="utf-8")
    environment.write_text(re.sub(r"(?<=- )([a-z0-9-]+)(={1,2})(\S+)", pin, text), encoding="utf-8")


if __name__ == "__main__":
    resolve(ROOT / "requirements.lock", sys.argv[1:])
    update_environment(ROOT / "environment.yml", ROOT / "requirements.lock")
