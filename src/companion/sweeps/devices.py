"""Where trials can be computed."""

from __future__ import annotations

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


def described(device: str) -> str:
    """What a device is, for the provenance of what was computed on it."""
    kind = torch.device(device).type
    if kind == "cpu":
        return f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}"
    if kind == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{kind}, {platform.machine()}"
