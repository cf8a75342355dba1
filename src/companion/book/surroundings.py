"""Starts what a build runs: in the same surroundings whoever calls it from where, and ended when the build ends."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|MPLCONFIGDIR|XDG_CACHE_HOME|SOURCE_DATE_EPOCH"
    r"|(LD|DYLD|CUDA|NVIDIA|HIP|HSA|ROCR)_\w+"
)
"""Names of what is taken over from the environment: where programs, libraries, caches and devices are."""


def surroundings(at_once: int = 1) -> dict[str, str]:
    """Returns the environment of every process of a build that runs so many beside each other.

    Of the user's it has what finds programs, libraries and devices, and no setting that would change the book:
    no backend or style of figures, no start-up file, no filter of warnings, no language.
    """
    cores = os.cpu_count() or 1
    # One number, or one for each level of nesting. Anything else OpenMP ignores, saying so on standard error.
    asked = re.match(r"\s*0*([1-9]\d{0,8})\s*(,|$)", os.environ.get("OMP_NUM_THREADS", ""), re.ASCII)
    paths = [
        str(Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path
    ]
    return {
        **{name: value for name, value in os.environ.items() if KEPT.fullmatch(name)},
        **({"PYTHONPATH": os.pathsep.join(paths)} if paths else {}),
        # Chapters that run beside each other share the cores instead of fighting for them.
        "OMP_NUM_THREADS": str(min(int(asked[1]), cores) if asked else max(1, cores // at_once)),
        "MATPLOTLIBRC": os.devnull,  # takes the place of a user's settings, which leaves Matplotlib's own
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        # The debugger in ipykernel else complains about Python's own frozen modules.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def guarded(code: str) -> list[str]:
    """Returns the command that runs code in a process which ends soon after this one has ended.

    ``-P`` keeps it from importing what lies in the folder that it is called from.
    """
    return [sys.executable, "-P", "-c", f"from {__name__} import end_with; end_with({os.getpid()}); {code}"]


def end_with(parent: int) -> None:
    """Ends this process and all that it started soon after its parent has ended, even if that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        kill(os.getpid())

    threading.Thread(target=watch, daemon=True).start()


def kill(process: int) -> None:
    """Kills a process and, before it, all that it started."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process)
        for one in [*top.children(recursive=True), top]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
