"""Photographs in folders become arrays that are mapped, known by their files, and never mistaken for ImageNet."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from companion.cli.commands import app
from companion.experiments.loading import load
from data_prep import photograph_preparation as imagenet_preparation
from data_prep import prepared_arrays as prepared
from data_prep.photograph_arrays import COLLECTIONS, IMAGENET, IMAGENETTE160, Collection, load_imagenet
from data_prep.photograph_preparation import prepare_images
from data_prep.torchvision_import import import_torchvision
from resilinet.data import DataError

REAL = os.environ.get("RESILINET_IMAGENETTE160", "")
needs_real_data = pytest.mark.skipif(
    not REAL, reason="RESILINET_IMAGENETTE160 names no folder of train and val"
)
PINNED_REAL = "bccaa26067bc20be983c7e32deb4249e6bf30d2c20ba5e879caf40d22ce6c9aa"
TINY = Collection("tiny", classes=2, synsets=("n01", "n02"), side=8)
PARTS = ("train", "validation", "test")
ARRAYS = [f"{part}-{array}.npy" for part in PARTS for array in "xy"]


def write(path: Path, pixels: np.ndarray, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Twelve training and three validation images a class, of the right size already and kept without loss."""
    generator = np.random.Generator(np.random.PCG64(0))
    for part, count in (("train", 12), ("val", 3)):
        for synset in TINY.synsets:
            for number in range(count):
                pixels = generator.integers(256, size=(8, 8, 3), dtype=np.uint8)
                write(tmp_path / "source" / part / synset / f"{number:02}.png", pixels)
    return tmp_path / "source"


@pytest.fixture
def root(source: Path, tmp_path: Path) -> Path:
    prepare_images(TINY, source, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "tiny" / "split-0"


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "files.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def image_of(root: Path, file: str) -> torch.Tensor:
    """The prepared test image of a file."""
    names = [row["file"] for row in rows(root / "tiny" / "split-0") if row["part"] == "test"]
    return load_imagenet(root, TINY).test.x[names.index(file)].float()


# --- preparing -----------------------------------------------------------------------------------


def test_every_file_is_in_one_part_with_its_pixels_its_class_and_its_sha256(root, folder, source):
    data = load_imagenet(root, TINY)
    named = rows(folder)
    assert sorted(row["file"] for row in named) == sorted(
        path.relative_to(source).as_posix() for path in source.rglob("*.png")
    )
    for part in PARTS:
        examples, of_part = data.part(part), [row for row in named if row["part"] == part]
        assert len(examples) == len(of_part)
        for x, y, row in zip(examples.x, examples.y, of_part, strict=True):
            path = source / row["file"]
            np.testing.assert_array_equal(x.numpy(), np.asarray(Image.open(path)).transpose(2, 0, 1))
            assert TINY.synsets[int(y)] == path.parent.name
            assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("how", ["around", ".", "link"])
def test_the_folder_is_found_however_it_is_named(root, source, tmp_path, monkeypatch, how):
    given = tmp_path / "given"
    if how == "around":
        shutil.copytree(source, given / "imagenet tiny")
    elif how == "link":
        given.symlink_to(source, target_is_directory=True)
    else:
        monkeypatch.chdir(source)
        given = Path()
    prepare_images(TINY, given, tmp_path / "again")
    assert load_imagenet(tmp_path / "again", TINY).description == load_imagenet(root, TINY).description


def test_an_archive_in_the_place_of_the_folder_is_to_be_unpacked(tmp_path):
    (tmp_path / "imagenet.tgz").touch()
    with pytest.raises(DataError, match=r"imagenet.tgz: a file, not a folder; unpack it first$"):
        prepare_images(TINY, tmp_path / "imagenet.tgz", tmp_path)


def test_an_image_that_may_not_be_read_is_not_called_damaged(source, tmp_path, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(import_torchvision().datasets.folder, "pil_loader", refuse)
    with pytest.raises(PermissionError, match=r"\.png"):
        prepare_images(TINY, source, tmp_path / "data")


def test_a_full_disk_is_named_with_the_folder_that_has_no_room(source, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError("Not enough free space to write 24 bytes")  # NumPy's own, which has no number

    monkeypatch.setattr(np, "save", refuse)
    with pytest.raises(OSError, match=rf"Not enough free space .*: '{tmp_path}/data/tiny/split-0'"):
        prepare_images(TINY, source, tmp_path / "data")
    assert not list((tmp_path / "data" / "tiny" / "split-0").iterdir())


def test_val_tests_and_a_tenth_of_train_validates(root, folder):
    data = load_imagenet(root, TINY)
    assert [len(data.part(part)) for part in PARTS] == [22, 2, 6]
    for row in rows(folder):
        assert row["file"].startswith("val/" if row["part"] == "test" else "train/")


def test_every_part_is_in_random_order(folder):
    """So that the first images are not of one class, whoever takes a few of them."""
    for part in ("train", "test"):
        named = [row["file"] for row in rows(folder) if row["part"] == part]
        assert named != sorted(named)
        assert len({file.split("/")[1] for file in named[: len(named) // 2]}) == 2


def test_another_seed_validates_on_other_images_and_lies_beside(root, source):
    again = prepare_images(TINY, source, root, split_seed=1)
    chosen = [
        {row["file"] for row in rows(path) if row["part"] == "validation"}
        for path in (root / "tiny" / "split-0", again)
    ]
    assert chosen[0] != chosen[1]
    assert load_imagenet(root, TINY).fingerprint != load_imagenet(root, TINY, 1).fingerprint


def test_whole_image_is_squashed_to_the_square(source, tmp_path):
    """A wide image, left half black and right half white: halves they stay, nothing is cropped away."""
    pixels = np.zeros((16, 64, 3), np.uint8)
    pixels[:, 32:] = 255
    write(source / "val" / "n01" / "00.png", pixels)
    prepare_images(TINY, source, tmp_path / "data")
    found = image_of(tmp_path / "data", "val/n01/00.png")
    assert found[..., :3].max() == 0
    assert found[..., 5:].min() == 255
    torch.testing.assert_close(found + found.flip(2), torch.full_like(found, 255), atol=1, rtol=0)


@pytest.mark.parametrize(("mode", "name"), [("L", "00.png"), ("CMYK", "00.JPEG"), ("RGBA", "00.png")])
def test_images_in_other_colours_become_three_channels(source, tmp_path, mode, name):
    (source / "val" / "n01" / "00.png").unlink()
    write(source / "val" / "n01" / name, np.full((8, 8, 3), 200, np.uint8), mode)
    prepare_images(TINY, source, tmp_path / "data")
    found = image_of(tmp_path / "data", f"val/n01/{name}")
    torch.testing.assert_close(found, torch.full((3, 8, 8), 200.0), atol=3, rtol=0)


def test_few_images_are_decoded_ahead_of_those_written(source, monkeypatch):
    """Else ImageNet would pile up in memory where the disk is slower than the decoders."""
    decoded = []
    monkeypatch.setattr(imagenet_preparation, "_AT_ONCE", 4)
    monkeypatch.setattr(imagenet_preparation, "_image", lambda path, side: decoded.append(path))
    files = sorted(source.rglob("*.png"))
    for written, _ in enumerate(imagenet_preparation._images(files, 8)):
        assert len(decoded) <= written + 4
    assert sorted(decoded) == files


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_image_that_is_not_whole_is_named_and_nothing_is_written(source, tmp_path, damage):
    path = source / "train" / "n02" / "05.png"
    content = path.read_bytes()
    path.write_bytes({"cut": content[: len(content) // 2], "text": b"no image", "empty": b""}[damage])
    with pytest.raises(DataError, match=r"n02/05.png: not a whole image \([^<]+\)$"):
        prepare_images(TINY, source, tmp_path / "data")
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def empty_class(source: Path) -> None:
    for path in (source / "train" / "n02").iterdir():
        path.unlink()


def lone_class(source: Path) -> None:
    (source / "val" / "n02").rename(source / "val" / "n03")


def few_images(source: Path) -> None:
    for path in source.glob("train/*/*.png"):
        if path.stem > "03":
            path.unlink()


def no_classes(source: Path) -> None:
    shutil.rmtree(source / "train")
    (source / "train").mkdir()


@pytest.mark.parametrize(
    ("change", "collection", "message"),
    [
        (
            lambda source: shutil.rmtree(source / "val"),
            TINY,
            "unknown layout; it must hold the folders train and val",
        ),
        (no_classes, TINY, "train: Couldn't find any class folder"),
        (
            empty_class,
            TINY,
            "train: Found no valid file for the classes n02; each class is a folder of images$",
        ),
        (few_images, TINY, "a tenth of 8 images is none to validate on"),
        (lone_class, TINY, "val: holds 2 classes from n01 to n03, which are not the 2 of tiny"),
        (lone_class, replace(TINY, synsets=()), "class n02 lies under train or val only"),
        (
            lambda source: None,
            IMAGENET,
            "holds 2 classes from n01 to n02, which are not the 1,000 of imagenet",
        ),
        (lambda source: None, IMAGENETTE160, "which are not the 10 of imagenette160"),
        (
            lambda source: None,
            replace(TINY, images={"train": 24, "val": 7}),
            "val: 6 images where tiny has 7",
        ),
    ],
)
def test_source_that_is_not_the_collection_is_refused(source, tmp_path, change, collection, message):
    change(source)
    with pytest.raises(DataError, match=message):
        prepare_images(collection, source, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_ten_classes_never_pass_for_imagenet():
    assert IMAGENETTE160.classes == len(set(IMAGENETTE160.synsets)) == 10
    assert IMAGENET.classes == 1000
    assert IMAGENET.images is not None, "so that a part of ImageNet is refused"
    assert COLLECTIONS == {"imagenet": IMAGENET, "imagenette160": IMAGENETTE160}


def test_full_disk_is_noticed_before_hours_are_spent(source, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=30 * 3 * 8 * 8 - 1))
    with pytest.raises(DataError, match=r"GB are needed, and .* GB are free"):
        prepare_images(TINY, source, tmp_path / "data")


# --- loading -------------------------------------------------------------------------------------


def test_description_is_full_json_and_leads_back_to_the_data(root, monkeypatch):
    data = load_imagenet(root, TINY, augmentation="released-code")
    assert json.loads(json.dumps(data.description)) == {
        "name": "tiny",
        "preprocessing": "squash-8",
        "augmentation": "released-code",
        "split": "folders",
        "split_seed": 0,
        "fingerprint": data.fingerprint,
    }
    assert load_imagenet(root, TINY).augmentation == "none"
    assert load_imagenet(root, TINY).fingerprint == data.fingerprint
    for name in COLLECTIONS:
        with pytest.raises(DataError, match=f"`resilinet data {name} SOURCE --split-seed 0 --data {root}`"):
            load({**data.description, "name": name}, root)


def test_fingerprint_is_of_the_files_and_of_nothing_else(root, source, tmp_path):
    first = load_imagenet(root, TINY).fingerprint
    moved = source.rename(tmp_path / "elsewhere")
    prepare_images(TINY, moved, tmp_path / "again")
    assert load_imagenet(tmp_path / "again", TINY).fingerprint == first
    path = moved / "val" / "n01" / "00.png"
    path.write_bytes(path.read_bytes() + b"\0")
    prepare_images(TINY, moved, tmp_path / "other")
    assert load_imagenet(tmp_path / "other", TINY).fingerprint != first


def test_images_stay_on_the_disk(root, folder):
    """What is written to the file later is seen, so the tensor is the file and no copy of it."""
    data = load_imagenet(root, TINY)
    with (folder / "train-x.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 255]))
    assert int(data.train.x[-1, -1, -1, -1]) == last ^ 255
    batch = data.train.x[torch.tensor([3, 1])]
    batch += 1  # a copy, which may be written to


@pytest.mark.parametrize("name", [*ARRAYS, "files.csv", "manifest.json"])
def test_missing_file_is_named(root, folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: there is no such file$"):
        load_imagenet(root, TINY)


@pytest.mark.parametrize("name", [*ARRAYS, "files.csv"])
@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_damaged_file_is_refused(root, folder, name, damage):
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content[:-7] if damage == "cut" else content)
    with pytest.raises(DataError, match=rf"{name}: .*altered"):
        load_imagenet(root, TINY)


def test_large_file_is_checked_by_a_sample(root, folder, monkeypatch):
    monkeypatch.setattr(prepared, "WHOLLY_CHECKED", -1)
    assert len(load_imagenet(root, TINY).train) == 22
    images = np.load(folder / "train-x.npy")
    np.save(folder / "train-x.npy", images[::-1])
    with pytest.raises(DataError, match=r"train-x.npy: the sha256 of a sample of it"):
        load_imagenet(root, TINY)


@pytest.mark.parametrize("key", ["fingerprint", "files_sha256", "classes", "version"])
def test_manifest_cannot_vouch_for_another_fingerprint(root, folder, key):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, key: "0"}))
    with pytest.raises(DataError, match=r"manifest.json: altered"):
        load_imagenet(root, TINY)
    del manifest[key]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=rf"manifest.json: '{key}' is missing"):
        load_imagenet(root, TINY)


def test_prepared_images_cannot_take_another_name(root):
    (root / "tiny").rename(root / "imagenet")
    with pytest.raises(DataError, match=r"manifest.json: describes .*'tiny'"):
        load_imagenet(root, replace(TINY, name="imagenet"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split_seed": -1}, "from 0 up, not -1"),
        ({"split_seed": True}, "from 0 up, not True"),
        ({"augmentation": "mixup"}, "'mixup' is unknown"),
    ],
)
def test_argument_that_is_not_allowed_is_refused(root, arguments, message):
    with pytest.raises(DataError, match=message):
        load_imagenet(root, TINY, **arguments)


# --- the commands --------------------------------------------------------------------------------


def test_command_prepares_the_stand_in_and_says_where(tmp_path):
    for synset in IMAGENETTE160.synsets:
        write(tmp_path / "train" / synset / "a.JPEG", np.zeros((4, 4, 3), np.uint8))
        write(tmp_path / "val" / synset / "b.JPEG", np.zeros((4, 4, 3), np.uint8))
    words = ["data", "imagenette160", str(tmp_path), "--data", str(tmp_path / "data"), "--split-seed", "2"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "data" / "imagenette160" / "split-2") in done.output
    data = load_imagenet(tmp_path / "data", IMAGENETTE160, 2)
    assert f"fingerprint {data.fingerprint}" in done.output
    assert data.test.x.shape == (10, 3, 160, 160)
    assert sorted(data.test.y.tolist()) == list(range(10))
    refused = CliRunner().invoke(app, ["data", "imagenet", *words[2:]])
    assert refused.exit_code == 2
    assert "which are not the 1,000 of imagenet" in " ".join(refused.output.split())


# --- the real images -----------------------------------------------------------------------------


def test_stated_fingerprint_is_the_pinned_one():
    assert PINNED_REAL in (Path(__file__).parents[2] / "data_prep" / "README.md").read_text(encoding="utf-8")


@needs_real_data
def test_real_images_have_the_stated_sizes_and_fingerprint(tmp_path):
    prepare_images(IMAGENETTE160, Path(REAL), tmp_path)
    data = load_imagenet(tmp_path, IMAGENETTE160)
    assert [len(data.part(part)) for part in PARTS] == [2160, 240, 600]
    assert data.label_counts("test") == [60] * 10
    assert data.fingerprint == PINNED_REAL
