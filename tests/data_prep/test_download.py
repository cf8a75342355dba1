"""A download goes on where it stopped, ends whole or is refused, and unpacks nowhere else."""

from __future__ import annotations

import errno
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from data_prep import mhealth_sources as health_sources
from data_prep.download import fetch_archive
from data_prep.mhealth_checksums import SUBJECTS, log_name
from data_prep.mhealth_preparation import prepare_health
from data_prep.mhealth_sources import extract_logs
from mhealth_samples import make_sample
from resilinet.data import DataError

NAME = "recordings.zip"
CONTENT = bytes(range(256)) * 4096


class Server(ThreadingHTTPServer):
    """Serves one content; breaks off after `breaks_at` bytes of an answer's body."""

    content: bytes = CONTENT
    mark: str | None = '"first"'
    breaks_at: int | None = None
    ranges: bool = True
    status: int | None = None
    shift: int = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{NAME}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version: ClassVar[str] = "HTTP/1.0"

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        if server.status:
            self.send_error(server.status)
            return
        start = 0
        same = self.headers.get("If-Range") in (None, server.mark)
        if wanted and server.ranges and same:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(server.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(server.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {start + server.shift}-{last}/{len(server.content)}")
        else:
            self.send_response(200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        if server.mark:
            self.send_header("ETag", server.mark)
        self.end_headers()
        self.wfile.write(body[: server.breaks_at])

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def break_off(server: Server, folder: Path, after: int) -> Path:
    """Leave a partial download of `after` bytes."""
    server.breaks_at = after
    with pytest.raises(DataError, match=r"broke off .* run the same command again"):
        fetch_archive(server.url, folder, NAME)
    server.breaks_at = None
    assert not (folder / NAME).exists()
    part = folder / f"{NAME}.part"
    assert part.stat().st_size == after
    return part


def test_file_comes_whole_and_is_fetched_once(server, tmp_path):
    path = fetch_archive(server.url, tmp_path, NAME)
    assert path.read_bytes() == CONTENT
    assert fetch_archive(server.url, tmp_path, NAME) == path
    assert server.asked == [None]
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("mark", ['"first"', 'W/"weak"', None])
def test_broken_download_goes_on_where_it_stopped(server, tmp_path, mark):
    server.mark = mark
    break_off(server, tmp_path, 300_001)
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300001-"]
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


def test_download_may_break_again_and_again(server, tmp_path):
    break_off(server, tmp_path, 1000)
    server.breaks_at = 500
    for have in (1500, 2000):
        with pytest.raises(DataError, match="broke off"):
            fetch_archive(server.url, tmp_path, NAME)
        assert (tmp_path / f"{NAME}.part").stat().st_size == have
    server.breaks_at = None
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT


def test_file_that_changed_meanwhile_is_fetched_whole(server, tmp_path):
    break_off(server, tmp_path, 1000)
    server.content, server.mark = CONTENT[::-1], '"second"'
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT[::-1]


def test_server_that_knows_no_ranges_sends_it_whole(server, tmp_path):
    break_off(server, tmp_path, 1000)
    server.ranges = False
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT


def test_part_that_is_already_whole_is_taken(server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT


def test_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT + b"more")
    with pytest.raises(DataError, match="does not fit the file at the server"):
        fetch_archive(server.url, tmp_path, NAME)
    assert fetch_archive(server.url, tmp_path, NAME).read_bytes() == CONTENT


def test_range_that_was_not_asked_for_is_refused(server, tmp_path):
    part = break_off(server, tmp_path, 1000)
    server.shift = 1
    with pytest.raises(DataError, match="another range than asked for"):
        fetch_archive(server.url, tmp_path, NAME)
    assert part.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("kept", [b"<html>Please log in</html>", b"", CONTENT[:100]])
def test_what_is_no_archive_is_not_kept_for_ever(server, tmp_path, kept):
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "mhealth.zip").write_bytes(kept)
    with pytest.raises(
        DataError,
        match=r"mhealth\.zip: not a whole zip .*deleted: run the same command again to fetch it anew$",
    ):
        prepare_health(None, tmp_path, url=server.url)
    assert not server.asked
    sample = make_sample(tmp_path / "sources")
    server.content = archive_of(
        tmp_path / "a.zip", {path.name: path.read_text() for path in sample.full.iterdir()}
    ).read_bytes()
    prepare_health(None, tmp_path, published=sample.published, url=server.url)
    assert server.asked == [None]


def test_logs_of_a_download_are_named_by_the_archive(server, tmp_path):
    sample = make_sample(tmp_path / "sources")
    logs = {path.name: path.read_text() for path in sample.full.iterdir()}
    logs[log_name(4)] += logs[log_name(5)]
    server.content = archive_of(tmp_path / "a.zip", logs).read_bytes()
    with pytest.raises(
        DataError, match=rf"^{tmp_path}/downloads/mhealth.zip/{log_name(4)}: .* rows too many"
    ):
        prepare_health(None, tmp_path, published=sample.published, url=server.url)
    with pytest.raises(DataError, match=rf"^{tmp_path}/a.zip/{log_name(4)}: .* rows too many$"):
        prepare_health(tmp_path / "a.zip", tmp_path, published=sample.published)
    assert (tmp_path / "a.zip").exists(), "what somebody gave is theirs"


def test_a_full_disk_is_not_blamed_on_the_server(server, tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, block: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", lambda self, *_, **__: Full())
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/{NAME}\.part"):
        fetch_archive(server.url, tmp_path, NAME)


@pytest.mark.parametrize("status", [403, 404, 416, 500])
def test_refusal_of_the_server_is_told(server, tmp_path, status):
    server.status = status
    with pytest.raises(DataError, match=str(status)):
        fetch_archive(server.url, tmp_path, NAME)


def test_unreachable_server_is_told(tmp_path):
    with Server() as server:
        url = server.url
    with pytest.raises(DataError, match="broke off"):
        fetch_archive(url, tmp_path, NAME)


def test_only_web_addresses_are_fetched(tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(DataError, match="only http and https"):
        fetch_archive((tmp_path / "secret").as_uri(), tmp_path / "downloads", NAME)


def test_archive_is_downloaded_checked_and_prepared(server, tmp_path):
    sample = make_sample(tmp_path / "sources")
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as content:
        for path in sample.full.iterdir():
            content.write(path, f"MHEALTHDATASET/{path.name}")
    server.content = archive.read_bytes()
    folder = prepare_health(None, tmp_path, published=sample.published, url=server.url)
    assert (folder / "manifest.json").is_file()


# --- unpacking -----------------------------------------------------------------------------------


def archive_of(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as content:
        for name, text in members.items():
            content.writestr(name, text)
    return path


LOGS = {f"MHEALTHDATASET/{log_name(n)}": f"log {n}\n" * 50 for n in SUBJECTS}


def test_nothing_is_written_outside_the_folder(tmp_path):
    wicked = {name.replace("MHEALTHDATASET", "../../.."): text for name, text in LOGS.items()}
    archive = archive_of(tmp_path / "a.zip", {**wicked, "../evil.log": "x", "/evil.log": "x"})
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    extract_logs(archive, inside)
    assert sorted(p.name for p in inside.iterdir()) == sorted(map(log_name, SUBJECTS))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "deep"]


def test_log_that_is_absent_or_doubled_is_refused(tmp_path):
    few = {name: text for name, text in LOGS.items() if "subject6" not in name}
    with pytest.raises(DataError, match=r"holds mHealth_subject6.log 0 times, not once"):
        extract_logs(archive_of(tmp_path / "few.zip", few), tmp_path)
    more = {**LOGS, "copy/mHealth_subject6.log": "x"}
    with pytest.raises(DataError, match=r"holds mHealth_subject6.log 2 times, not once"):
        extract_logs(archive_of(tmp_path / "more.zip", more), tmp_path)


def test_damaged_archive_is_refused(tmp_path):
    archive = archive_of(tmp_path / "a.zip", LOGS)
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-100])
    with pytest.raises(DataError, match="not a whole zip archive"):
        extract_logs(archive, tmp_path)
    start = whole.index(b".log") + 6
    archive.write_bytes(whole[:start] + bytes(8) + whole[start + 8 :])
    with pytest.raises(DataError, match="not a whole zip archive"):
        extract_logs(archive, tmp_path)


def test_oversized_log_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(health_sources, "_LARGEST_LOG", 100)
    with pytest.raises(DataError, match="would unpack to 300 bytes; at most 100 are allowed"):
        extract_logs(archive_of(tmp_path / "a.zip", LOGS), tmp_path)
    assert not (tmp_path / log_name(1)).exists()
