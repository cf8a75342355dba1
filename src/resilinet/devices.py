"""Where trials can be computed."""

from __future__ import annotations

import math
import platform

import torch

from resilinet.reasons import brief


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


def resident(device: torch.device, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The tensors on a device that has room for all, so that no step waits for its examples; else where they are.

    Half of the free memory is left to networks and activations.
    """
    if device.type == "cpu" or sum(tensor.nbytes for tensor in tensors) > free_memory(device) / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)


def free_memory(device: torch.device) -> float:
    """Bytes that a device has left; without end where PyTorch does not say."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf


def described(device: str) -> str:
    """What a device is, for the provenance of what was computed on it."""
    kind = torch.device(device).type
    if kind == "cpu":
        return f"{platform.machine()} CPU, {torch.backends.cpu.get_cpu_capability()}"
    if kind == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{kind}, {platform.machine()}"
