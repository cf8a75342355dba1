"""CIFAR-10 is read from files of the published md5 only, kept as checked arrays, and split at random."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import pickle
import shutil
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.experiments.loading import load
from data_prep import prepared_arrays as prepared
from data_prep.cifar10_arrays import load_cifar10
from data_prep.cifar10_batches import prepare_cifar10
from data_prep.torchvision_import import import_torchvision
from resilinet.data import DataError

REAL = os.environ.get("RESILINET_CIFAR10", "")
needs_real_data = pytest.mark.skipif(
    not REAL, reason="RESILINET_CIFAR10 names no folder of cifar-10-batches-py"
)
PINNED_REAL = "3d2e989856a2da3013b2651689b09136ae2bfaec77024f4be58eb6a63a5b8458"
FOLDER, ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar.gz"
FILES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]
PARTS = ("train", "validation", "test")


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Six made-up files of ten images each in the published form, whose md5 count as published."""
    generator = np.random.Generator(np.random.PCG64(0))
    folder = tmp_path / "source" / FOLDER
    folder.mkdir(parents=True)
    x = generator.integers(256, size=(60, 3, 32, 32), dtype=np.uint8)
    y = generator.integers(10, size=60)
    for number, name in enumerate(FILES[:-1]):
        rows = slice(10 * number, 10 * number + 10)
        content = {"data": x[rows].reshape(10, -1), "labels": y[rows].tolist()}
        (folder / name).write_bytes(pickle.dumps(content))
    (folder / FILES[-1]).write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    with tarfile.open(folder.parent / ARCHIVE, "w:gz") as archive:
        archive.add(folder, FOLDER)
    published = import_torchvision().datasets.CIFAR10
    sums = [[name, md5(folder / name)] for name in FILES]
    monkeypatch.setattr(published, "train_list", sums[:5])
    monkeypatch.setattr(published, "test_list", sums[5:6])
    monkeypatch.setattr(published, "meta", {"filename": sums[6][0], "key": "label_names", "md5": sums[6][1]})
    monkeypatch.setattr(published, "tgz_md5", md5(folder.parent / ARCHIVE))
    return SimpleNamespace(folder=folder, archive=folder.parent / ARCHIVE, x=x, y=y, published=published)


@pytest.fixture
def root(sample: SimpleNamespace, tmp_path: Path) -> Path:
    prepare_cifar10(sample.folder, tmp_path / "data")
    return tmp_path / "data"


# --- preparing -----------------------------------------------------------------------------------


def test_arrays_hold_the_files_one_after_another(root, sample):
    np.testing.assert_array_equal(np.load(root / "cifar10" / "x.npy"), sample.x)
    np.testing.assert_array_equal(np.load(root / "cifar10" / "y.npy"), sample.y)
    manifest = json.loads((root / "cifar10" / "manifest.json").read_text())
    assert manifest["images_per_class"] == np.bincount(sample.y, minlength=10).tolist()
    assert manifest["source"]["md5"] == {name: md5(sample.folder / name) for name in FILES}


@pytest.mark.parametrize("form", ["folder", "parent", "archive", "download"])
def test_every_form_of_the_source_gives_the_same_files(root, sample, tmp_path, monkeypatch, form):
    source = {"folder": sample.folder, "parent": sample.folder.parent, "archive": sample.archive}.get(form)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=sample.archive.parent)
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *words: None)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(sample.published, "url", f"http://localhost:{server.server_port}/{ARCHIVE}")
        again = prepare_cifar10(source, tmp_path / "again")
        server.shutdown()
    for name in ("x.npy", "y.npy", "manifest.json"):
        assert (again / name).read_bytes() == (root / "cifar10" / name).read_bytes()
    assert sorted(path.name for path in again.iterdir()) == ["manifest.json", "x.npy", "y.npy"]


@pytest.mark.parametrize(
    "how", [".", "./", "../cifar-10-batches-py", "..", "link", "renamed", "around", "links", "trailing slash"]
)
def test_the_folder_is_found_however_it_is_named(root, sample, tmp_path, monkeypatch, how):
    monkeypatch.chdir(sample.folder)
    source = tmp_path / "my data [1]"
    if how == "link":
        source.symlink_to(sample.folder, target_is_directory=True)
    elif how == "renamed":
        shutil.copytree(sample.folder, source)
    elif how == "around":
        shutil.copytree(sample.folder, source / "cifar-10-python" / FOLDER)
    elif how == "links":
        source.mkdir()
        for path in sample.folder.iterdir():
            (source / path.name).symlink_to(path)
    else:
        source = f"{sample.folder}/" if how == "trailing slash" else how
    again = prepare_cifar10(Path(source), tmp_path / "again")
    for name in ("x.npy", "y.npy", "manifest.json"):
        assert (again / name).read_bytes() == (root / "cifar10" / name).read_bytes()


def test_a_source_that_is_not_there_is_named_itself(sample, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, reason in (("nowhere", "there is no such file or folder"), ("link", "the link leads nowhere")):
        with pytest.raises(DataError, match=f"{name}: {reason}$"):
            prepare_cifar10(tmp_path / name, tmp_path / "data")


@pytest.mark.parametrize("kept", [b"<html>Please log in</html>", b""])
def test_a_download_that_is_no_archive_is_not_kept(sample, tmp_path, kept):
    archive = tmp_path / "data" / "downloads" / ARCHIVE
    archive.parent.mkdir(parents=True)
    archive.write_bytes(kept)
    with pytest.raises(DataError, match=rf"{ARCHIVE}: its md5 is .* deleted: run the same command again"):
        prepare_cifar10(None, tmp_path / "data")
    assert not archive.exists()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_damaged_source_is_named_and_nothing_is_written(sample, tmp_path, name, damage):
    path = sample.folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        DataError, match=rf"{name}: {'its md5 is' if damage == 'altered' else 'there is no such'}"
    ):
        prepare_cifar10(sample.folder, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_archive_with_another_checksum_is_not_unpacked(sample, tmp_path):
    with sample.archive.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DataError, match=rf"{ARCHIVE}: its md5 is"):
        prepare_cifar10(sample.archive, tmp_path / "data")


# --- loading -------------------------------------------------------------------------------------


def test_loaded_images_are_the_prepared_ones_each_once(root, sample):
    data = load_cifar10(root)
    assert [len(data.part(part)) for part in PARTS] == [48, 6, 6]
    assert data.train.x.dtype == torch.uint8
    assert data.classes == 10
    found = {
        (x.numpy().tobytes(), int(y)) for part in PARTS for x, y in zip(*_tensors(data, part), strict=True)
    }
    assert found == {(x.tobytes(), int(y)) for x, y in zip(sample.x, sample.y, strict=True)}


def _tensors(data, part):
    return data.part(part).x, data.part(part).y


def test_description_is_full_and_json(root):
    data = load_cifar10(root, 3, "none")
    assert json.loads(json.dumps(data.description)) == {
        "name": "cifar10",
        "preprocessing": "unit",
        "augmentation": "none",
        "split": "random",
        "split_seed": 3,
        "fingerprint": data.fingerprint,
    }
    assert data.augmentation == "none"
    assert load_cifar10(root).augmentation == "released-code"


def test_fingerprint_is_of_the_tensors(root, sample, tmp_path):
    first = load_cifar10(root)
    assert load_cifar10(root, 1).fingerprint != first.fingerprint
    assert load_cifar10(root, 0, "none").fingerprint == first.fingerprint, "augmentation changes no tensor"
    path = sample.folder / "test_batch"
    content = pickle.loads(path.read_bytes())
    content["data"][0, 0] ^= 1
    path.write_bytes(pickle.dumps(content))
    sample.published.test_list[0][1] = md5(path)
    prepare_cifar10(sample.folder, tmp_path / "other")
    assert load_cifar10(tmp_path / "other").fingerprint != first.fingerprint


def test_description_leads_back_to_the_data(root):
    data = load_cifar10(root, 2)
    again = load(data.description, root)
    assert torch.equal(again.test.x, data.test.x)
    with pytest.raises(DataError, match="the trial describes data with"):
        load({**data.description, "fingerprint": "0" * 64}, root)
    with pytest.raises(DataError, match="description of cifar10 lacks 'augmentation'"):
        load({"name": "cifar10", "split_seed": 0}, root)


@pytest.mark.parametrize("name", ["x.npy", "y.npy", "manifest.json"])
def test_missing_file_is_named(root, name):
    (root / "cifar10" / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: there is no such file$"):
        load_cifar10(root)


@pytest.mark.parametrize("name", ["x.npy", "y.npy"])
@pytest.mark.parametrize("damage", ["cut", "altered", "empty"])
def test_damaged_array_is_refused(root, name, damage):
    path = root / "cifar10" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"cut": content[:-7], "altered": content, "empty": b""}[damage])
    with pytest.raises(DataError, match=rf"{name}: .* cut off or altered"):
        load_cifar10(root)


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "type", "shape"])
def test_large_file_is_refused_by_its_length_its_type_and_a_sample(root, monkeypatch, damage):
    """What is too large to be hashed whole must still be an array of the stated kind."""
    monkeypatch.setattr(prepared, "WHOLLY_CHECKED", -1)
    assert len(load_cifar10(root).train) == 48
    path = root / "cifar10" / "x.npy"
    content, array = path.read_bytes(), np.load(path)
    message = {
        "cut": "cut off",
        "empty": "cut off",
        "altered": "a sample of it",
        "type": "dtype",
        "shape": "shape",
    }
    if damage in ("type", "shape"):
        np.save(path, array.view(np.int8) if damage == "type" else array[:-1])
    else:
        altered = content[:-1] + bytes([content[-1] ^ 1])
        path.write_bytes({"cut": content[:-7], "altered": altered, "empty": b""}[damage])
    with pytest.raises(DataError, match=rf"x.npy: .*{message[damage]}"):
        load_cifar10(root)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"arrays": {"x.npy": 3}}', "\udc80"])
def test_manifest_that_is_none_is_refused(root, text):
    (root / "cifar10" / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=r"manifest.json: not a manifest of prepared data"):
        load_cifar10(root)


def test_manifest_of_other_data_is_refused(root):
    path = root / "cifar10" / "manifest.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(DataError, match=r"manifest.json: describes .*'version': 2"):
        load_cifar10(root)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split_seed": -1}, "from 0 up, not -1"),
        ({"split_seed": True}, "from 0 up, not True"),
        ({"augmentation": "mixup"}, "'mixup' is unknown; it must be none or released-code"),
    ],
)
def test_argument_that_is_not_allowed_is_refused(root, arguments, message):
    with pytest.raises(DataError, match=message):
        load_cifar10(root, **arguments)


# --- the command ---------------------------------------------------------------------------------


def test_command_prepares_and_says_where(sample, tmp_path):
    done = CliRunner().invoke(app, ["data", "cifar10", str(sample.folder), "--data", str(tmp_path / "data")])
    assert done.exit_code == 0
    assert str(tmp_path / "data" / "cifar10") in done.output
    assert len(load_cifar10(tmp_path / "data").test) == 6


def test_command_refuses_in_one_sentence(tmp_path):
    done = CliRunner().invoke(app, ["data", "cifar10", str(tmp_path), "--data", str(tmp_path / "data")])
    assert done.exit_code == 2
    assert "data_batch_1: there is no such file" in done.output.replace("\n", "")
    assert "Traceback" not in done.output


# --- the real images -----------------------------------------------------------------------------


def test_stated_fingerprint_is_the_pinned_one():
    assert PINNED_REAL in (Path(__file__).parents[2] / "data_prep" / "README.md").read_text(encoding="utf-8")


@needs_real_data
def test_real_images_have_the_stated_sizes_and_fingerprint(tmp_path):
    prepare_cifar10(Path(REAL), tmp_path)
    data = load_cifar10(tmp_path)
    assert [len(data.part(part)) for part in PARTS] == [48_000, 6_000, 6_000]
    assert np.sum([data.label_counts(part) for part in PARTS], axis=0).tolist() == [6_000] * 10
    assert data.fingerprint == PINNED_REAL
