"""How a process that trains keeps its memory."""

from __future__ import annotations

import contextlib
import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # names of glibc's malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep memory that it frees, for its next tensors, and say whether it will.

    By default the C library of Linux gives every large tensor back and asks for it anew in the next step, zeroed page
    by page: a fifth of the time of a small convolutional network. Elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # no such library or function
        mallopt = ctypes.CDLL(None).mallopt
        wanted = {_MMAP_MAX: 0, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 2**28}
        return all(mallopt(option, value) for option, value in wanted.items())
    return False
