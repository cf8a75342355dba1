"""Initial weights as the paper's released code, written with Keras, draws them."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Glorot-uniform weights and zero biases for linear layers and convolutions; PyTorch's default learns slower.

    Batch normalisation keeps its weights of one and biases of zero. For a depthwise convolution PyTorch and Keras
    disagree on what goes in and what comes out of one weight, but not on the sum of the two, which is all that counts.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
