"""Files of tensors and numbers by name, such as checkpoints: they are read whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from resilinet.atomic_files import whole_file


class CheckpointWarning(UserWarning):
    """A checkpoint cannot be used, and a training starts afresh; the message names it and says why."""


def save(content: Mapping[str, Any], path: Path) -> None:
    """Write tensors and numbers by name, so that a kill never leaves half of them.

    Raises:
        OSError: the system refuses to write there.
    """
    with whole_file(path) as partial, partial.open("wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:
            # PyTorch ends the archive after an error, too, and complains of that in place of what the system refused.
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise


def load(path: Path | str) -> Any:
    """What :func:`save` wrote, in main memory; nothing in the file can run.

    PyTorch writes a checksum of every part and asks for none of them when it reads, so that it takes an altered number
    for the one that was stored.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a part of the file does not agree with its checksum.
        Exception: whatever the damage leads to; :func:`resilinet.messages.unreadable` says it in a few words.
    """
    with zipfile.ZipFile(path) as parts:
        if (damaged := parts.testzip()) is not None:
            raise ValueError(f"{damaged.partition('/')[2]!r} in it does not agree with its checksum")
    return torch.load(path, weights_only=True, map_location="cpu")
