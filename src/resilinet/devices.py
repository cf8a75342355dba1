"""Where trials can be computed."""

from __future__ import annotations

import torch

from resilinet.reasons import brief


def usable(device: str) -> str:
    """The name of a device, as PyTorch knows it, after a first tensor was made there.

    Raises:
        ValueError: there is no such device here.
    """
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        raise ValueError(f"device {device!r} cannot be used here ({brief(error)}); cpu always can.") from None
    return device
