"""Nodes compiled by PyTorch: each by itself, because failout draws for every batch anew which of them compute."""

from __future__ import annotations

import torch
from torch import Tensor

from resilinet.network import DistributedNetwork
from resilinet.reasons import brief

BACKEND = "inductor"
"""Of PyTorch's compiler. On the processor it writes C++, on an NVIDIA GPU it writes for Triton."""

VARIANTS = 64
"""How often one piece of code may be compiled: nodes share it, and each needs training, evaluation, a last batch."""


def compile_nodes(network: DistributedNetwork, device: str) -> None:
    """Let the network's nodes and adapters be compiled when they first compute; numbers agree within rounding.

    The names and values of its parameters stay, and copies of it are not compiled.

    Args:
        network: whose nodes to compile.
        device: where it computes.

    Raises:
        ValueError: PyTorch cannot compile for that device here.
    """
    check_compiler(device)
    torch._dynamo.config.recompile_limit = max(VARIANTS, torch._dynamo.config.recompile_limit)
    for module in (*network.nodes.values(), *network.adapters.values()):
        # One that computes nothing, as a device that only measures, would teach PyTorch to leave all nodes alone.
        if any(True for _ in module.parameters()):
            module.compile(backend=BACKEND)


def check_compiler(device: str) -> None:
    """Compile a first sum for a device and compute it there.

    Raises:
        ValueError: that failed, for want of a C++ compiler or of Triton, for example.
    """
    try:
        torch.compile(_plus_one, backend=BACKEND)(torch.ones(2, device=device))
    except Exception as error:
        # Whatever is missing shows as an exception of the compiler's own, around the one that says what.
        reason = brief(getattr(error, "inner_exception", error))
        raise ValueError(
            f"PyTorch cannot compile for device {device!r} here ({reason}); leave out --compile."
        ) from None


def _plus_one(x: Tensor) -> Tensor:
    return x + 1
