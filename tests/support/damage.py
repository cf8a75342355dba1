"""What can happen to a file that PyTorch wrote."""

import io
import zipfile


def half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def altered(whole: bytes) -> bytes:
    """With other numbers in a tensor, which PyTorch reads all the same."""
    with zipfile.ZipFile(io.BytesIO(whole)) as parts:
        tensors = [part for part in parts.infolist() if "/data/" in part.filename]
        largest = max(tensors, key=lambda part: part.file_size)
        stored = parts.read(largest)
    where = whole.index(stored) + len(stored) // 2
    return whole[:where] + bytes([whole[where] ^ 0x10]) + whole[where + 1 :]
