"""Fetching the archive of a data set, going on where a broken download stopped.

Whoever unpacks what came checks it: CIFAR-10's archive has a checksum, while of MHEALTH's, for
which its keepers publish none, each log has its own.
"""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from resilinet.atomic_files import naming
from resilinet.data import DataError

__all__ = ["fetch_archive", "fetched"]

_BLOCK = 1 << 20
"""Bytes that are received at a time."""


@contextlib.contextmanager
def fetched(url: str, folder: Path, name: str) -> Iterator[Path]:
    """Give the archive that :func:`fetch_archive` keeps, and keep it no longer if it turns out to be something else.

    What a network sends in place of a file, a page that asks to log in, say, would else be refused by every later call.

    Raises:
        DataError: it cannot be downloaded, or it is refused within the block.
    """
    path = fetch_archive(url, folder, name)
    try:
        yield path
    except DataError as fault:
        path.unlink()
        raise DataError(
            f"{str(fault).rstrip('.')}; what had been downloaded is deleted: run the same command again to fetch it "
            "anew"
        ) from None


def fetch_archive(url: str, folder: Path, name: str) -> Path:
    """Download an archive into a folder under a name, unless it is there, and return its path.

    A download that breaks off leaves `<name>.part`, and the next call asks for the rest only.

    Raises:
        DataError: the server cannot be reached, refuses, or stops before the end.
        OSError: the system refuses to write there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"

    def download(url: str, output_file: str | Path, _pooch: object) -> None:
        try:
            _download(url, part)
        except (HTTPException, OSError, ValueError) as fault:
            if str(getattr(fault, "filename", "")).startswith(str(part)):
                raise  # of this machine, not of the server
            raise DataError(
                f"{url}: the download broke off ({fault}); run the same command again to go on, "
                "or give a local copy as source"
            ) from None
        part.replace(output_file)
        _validator(part).unlink(missing_ok=True)

    import pooch  # here, as it looks for a notebook to draw its bar in, and complains where there is none

    return Path(pooch.retrieve(url, None, fname=name, path=folder, downloader=download))


def _download(url: str, part: Path) -> None:
    """Bring `part` to the full length of what lies at `url`."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("only http and https are spoken here")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        if _validator(part).exists():
            # Should the file at the server have changed, it is sent whole instead of its tail.
            request.add_header("If-Range", _validator(part).read_text(encoding="ascii"))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            _receive(answer, answer.status, answer.headers, have, part)
    except urllib.error.HTTPError as refusal:
        if refusal.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        if refusal.headers.get("Content-Range") != f"bytes */{have}":
            part.unlink()
            raise OSError("what was there of it does not fit the file at the server") from None


def _receive(answer: IO[bytes], status: int, headers: Message, have: int, part: Path) -> None:
    """Append the rest of the file to the `have` bytes of it, or write it whole."""
    goes_on = status == HTTPStatus.PARTIAL_CONTENT
    if goes_on and not headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise OSError("the server sent another range than asked for")
    start = have if goes_on else 0
    length = headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() else None
    mark = headers.get("ETag", "")
    if mark.startswith('"') and mark.isascii():
        with naming(_validator(part)):
            _validator(part).write_text(mark, encoding="ascii")
    else:
        _validator(part).unlink(missing_ok=True)
    with part.open("ab" if goes_on else "wb", buffering=0) as file, _progress() as progress:
        task = progress.add_task("Downloading", total=total, completed=start)
        while block := answer.read(_BLOCK):
            with naming(part):
                progress.advance(task, file.write(block))
    if total is not None and part.stat().st_size != total:
        raise OSError(f"{part.stat().st_size:,} of {total:,} bytes came")


def _validator(part: Path) -> Path:
    """Return where the server's mark of the version of a partial file is kept."""
    return part.with_name(part.name + ".etag")


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        *Progress.get_default_columns()[:2],
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
