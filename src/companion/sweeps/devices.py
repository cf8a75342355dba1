"""Where trials can be computed, and how a process that trains keeps its memory."""

from __future__ import annotations

import contextlib
import ctypes
import platform

import torch

from resilinet.messages import brief


def usable(device: str) -> str:
    """The name of a device, as PyTorch knows it, after a first sum was computed there and read back.

    Raises:
        ValueError: there is no such device here, or it cannot compute what a training does.
    """
    try:
        # In float64, in which a training adds up its losses; read back, as the device "meta" holds no numbers.
        torch.ones(2, dtype=torch.float64, device=device).sum().item()
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        raise ValueError(f"device {device!r} cannot be used here ({brief(error)}); cpu always can.") from None
    return device


def has_bfloat16(device: str) -> bool:
    """Whether a device computes in bfloat16 itself; known of processors, assumed of others."""
    return torch.device(device).type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def described(device: str) -> str:
    """What a device is, for the provenance of what was computed on it."""
    kind = torch.device(device).type
    if kind == "cpu":
        return f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}"
    if kind == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{kind}, {platform.machine()}"


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
