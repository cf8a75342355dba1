"""In which precision, and on which device, a training computes."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor

from resilinet.network import DistributedNetwork
from resilinet.recipe import Recipe


class MasterWeights:
    """Float32 master weights and the copy in working precision that computes; but for ``bfloat16`` they are one.

    Raises:
        ValueError: a network with batch normalisation is to compute in bfloat16, in which its running statistics
            would stand still: a hundredth of the way to the batch's is below the rounding.
    """

    def __init__(self, network: DistributedNetwork, precision: str) -> None:
        """Keep ``network`` as the masters; ``self.working`` computes."""
        self.network = network
        low = precision == "bfloat16"
        if low and any(True for _ in network.buffers()):
            raise ValueError(
                "recipe: bfloat16 weights lose the running statistics of batch normalisation; "
                "choose the precision autocast or float32."
            )
        self.working = copy.deepcopy(network).to(torch.bfloat16) if low else network
        self.dtype = torch.bfloat16 if low else torch.float32
        pairs = zip(network.parameters(), self.working.parameters(), strict=True)
        self.pairs = [(master, work) for master, work in pairs if master is not work]
        # Every parameter always has a gradient: one whose node was failed out has a gradient of zero and still
        # moves with Adam's momentum, as in the released code, where the node's output is multiplied by zero.
        for parameter in (*network.parameters(), *self.working.parameters()):
            parameter.grad = torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Take the optimizer's step on the masters with the working copy's gradients, then clear those."""
        for master, work in self.pairs:
            assert master.grad is not None
            assert work.grad is not None
            master.grad.copy_(work.grad)
        optimizer.step()
        self.publish()
        self.working.zero_grad(set_to_none=False)

    @torch.no_grad()
    def publish(self) -> None:
        """Round the masters into the working copy."""
        for master, work in self.pairs:
            work.copy_(master)


def mixed_precision(recipe: Recipe, device: torch.device) -> torch.autocast:
    """PyTorch's mixed precision, where the recipe asks for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "autocast")


def on_device(device: torch.device, dtype: torch.dtype, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Examples and labels where they are used, so that no step waits for them; where they are if there is no room.

    Floating-point inputs are converted to ``dtype`` once for all epochs; images stay uint8, a quarter of the memory.
    Half of the free memory of the device is left to networks and activations.
    """
    tensors = tuple(tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in tensors)
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf
    if device.type == "cpu" or sum(tensor.nbytes for tensor in tensors) > free / 2:
        return tensors
    return tuple(tensor.to(device) for tensor in tensors)
