"""Six images of one object and frame become one example, and nothing else passes for one."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from camera_images import FOLDERS, SETS, colour_of, write_cameras, write_image
from companion.cli.commands import app
from companion.experiments.catalogue import CAMERA_DATA
from data_prep.camera_arrays import CLASSES, load_camera
from data_prep.camera_preparation import prepare_camera
from resilinet.data import DataError

REAL = os.environ.get("RESILINET_CAMERA", "")
needs_real_data = pytest.mark.skipif(not REAL, reason="RESILINET_CAMERA names no folder multiview-dataset")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_cameras(tmp_path / "source")


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def test_images_of_an_object_and_frame_come_together_in_the_order_of_the_cameras(source, tmp_path):
    prepare_camera(source, tmp_path)
    data = load_camera(tmp_path)
    for part in FOLDERS:
        examples = data.part(part)
        assert examples.x.shape == (3 * SETS[part], 6, 3, 32, 32)
        assert examples.y.tolist() == [label for label in range(3) for _ in range(SETS[part])]
        for k, (x, y) in enumerate(zip(examples.x, examples.y, strict=True)):
            wanted = [colour_of(camera, part, CLASSES[y], k % SETS[part]) for camera in range(6)]
            torch.testing.assert_close(
                x.float().mean((2, 3)), torch.tensor(wanted, dtype=torch.float32), atol=3, rtol=0
            )


def test_the_list_names_the_six_files_of_each_example_in_order(source, tmp_path):
    folder = prepare_camera(source, tmp_path)
    with (folder / "files.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {
        path.relative_to(source).as_posix() for path in source.rglob("*.jpg")
    }
    assert [Path(row["file"]).name[:2] for row in rows] == [f"c{k % 6}" for k in range(len(rows))]
    for row in rows:
        assert row["file"].startswith(FOLDERS[row["part"]])
        assert row["sha256"] == hashlib.sha256((source / row["file"]).read_bytes()).hexdigest()


def test_incomplete_sets_are_dropped_and_counted(source, tmp_path):
    before = manifest_of(prepare_camera(source, tmp_path / "whole"))
    assert before["incomplete_sets_dropped"] == {"train": 0, "validation": 0, "test": 0}
    (source / "train_dir" / "car_images" / "c3_1_00000001.jpg").unlink()
    write_image(source / "test_dir" / "bus_images" / "c5_7_00000000.jpg")
    manifest = manifest_of(prepare_camera(source, tmp_path))
    assert manifest["incomplete_sets_dropped"] == {"train": 1, "validation": 1, "test": 0}
    assert manifest["sets_per_class"] == {"train": [3, 2, 3], "validation": [2, 2, 2], "test": [1, 1, 1]}
    assert [len(load_camera(tmp_path).part(part)) for part in FOLDERS] == [8, 6, 3]
    assert manifest["fingerprint"] != before["fingerprint"]


def test_the_fingerprint_is_of_the_files(source, tmp_path):
    once, again = (manifest_of(prepare_camera(source, tmp_path / name)) for name in "ab")
    assert once == again
    write_image(source / "holdout_dir" / "bus_images" / "c5_0_00000000.jpg", (1, 2, 3))
    assert manifest_of(prepare_camera(source, tmp_path / "c"))["fingerprint"] != once["fingerprint"]


@pytest.mark.parametrize("how", ["around", ".", "link", "links", "clutter"])
def test_the_folder_is_found_however_it_is_named(source, tmp_path, monkeypatch, how):
    wanted = manifest_of(prepare_camera(source, tmp_path / "wanted"))
    given = source
    if how == "around":
        given = tmp_path / "around"
        shutil.copytree(source, given / "multiview-dataset")
    elif how == ".":
        monkeypatch.chdir(source)
        given = Path()
    elif how == "link":
        given = tmp_path / "link"
        given.symlink_to(source, target_is_directory=True)
    elif how == "links":
        for part in FOLDERS.values():
            for kind in CLASSES:
                shutil.move(source / part / f"{kind}_images", tmp_path / part / kind)
                (source / part / f"{kind}_images").symlink_to(tmp_path / part / kind)
    else:  # which a file manager leaves
        for folder in (source, source / "train_dir", source / "train_dir" / "car_images"):
            (folder / ".DS_Store").write_text("clutter")
    assert manifest_of(prepare_camera(given, tmp_path / "data")) == wanted


def test_an_image_that_may_not_be_read_is_not_called_damaged(source, tmp_path, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(PermissionError, match=r"c0_0_00000000\.jpg"):
        prepare_camera(source, tmp_path / "data")


def lone_camera(source: Path) -> None:
    for path in (source / "test_dir" / "bus_images").glob("c3_*"):
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda source: shutil.rmtree(source / "holdout_dir"),
            r"holdout_dir: there is no such folder; give the one that holds train_dir, test_dir, holdout_dir, each "
            r"with person_images, car_images, bus_images$",
        ),
        (
            lambda source: shutil.rmtree(source / "test_dir" / "car_images"),
            r"test_dir/car_images: there is no such folder; give ",
        ),
        (
            lone_camera,
            r"test_dir/bus_images: of no object and frame do all 6 cameras have an image$",
        ),
        (
            lambda source: [path.unlink() for path in (source / "train_dir" / "bus_images").iterdir()],
            r"train_dir/bus_images: of no object and frame do all 6 cameras have an image$",
        ),
        *(
            (
                lambda source, name=name: write_image(source / "train_dir" / name),
                rf"{re.escape(name)}: no image of a camera; these are called c<camera>_<object>_<frame>\.jpg, with "
                "cameras from 0 to 5$",
            )
            for name in (
                "car_images/photo.jpg",
                "car_images/c6_0_00000001.jpg",
                "truck_images/c0_0_1.jpg",
                "c0_0_00000001.jpg",
                "car_images/C0_0_00000001.JPG",
            )
        ),
        (
            lambda source: write_image(source / "test_dir" / "bus_images" / "c2_0_00000000.jpg", mode="L"),
            r"c2_0_00000000\.jpg: 32 x 32 pixels of mode L, where cameras have 32 x 32 of mode RGB$",
        ),
        (
            lambda source: write_image(source / "test_dir" / "bus_images" / "c2_0_00000000.jpg", side=31),
            r"c2_0_00000000\.jpg: 31 x 31 pixels of mode RGB, where cameras have 32 x 32 of mode RGB$",
        ),
        (
            lambda source: (source / "test_dir" / "bus_images" / "c2_0_00000000.jpg").write_bytes(b"text"),
            r"c2_0_00000000\.jpg: not a whole image \(cannot identify image file\)$",
        ),
    ],
    ids=[
        *("part", "class", "camera", "empty", "foreign-name", "foreign-camera", "foreign-class"),
        *("beside", "upper-case", "grey", "size", "text"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_and_nothing_is_written(
    source: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(source)
    with pytest.raises(DataError, match=message):
        prepare_camera(source, tmp_path / "data")
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_command_prepares_them_and_says_where(source, tmp_path):
    words = ["data", "camera", str(source), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "data" / "camera") in done.output
    assert f"fingerprint {load_camera(tmp_path / 'data').fingerprint}" in done.output
    refused = CliRunner().invoke(app, ["data", "camera", str(tmp_path / "data"), *words[3:]])
    assert refused.exit_code == 2
    assert "train_dir: there is no such folder" in " ".join(refused.output.split())


def test_stated_fingerprint_is_that_of_the_experiment():
    stated = (Path(__file__).parents[2] / "data_prep" / "README.md").read_text(encoding="utf-8")
    assert CAMERA_DATA["fingerprint"] in stated


@needs_real_data
def test_real_images_have_the_stated_sizes_and_fingerprint(tmp_path):
    manifest = manifest_of(prepare_camera(Path(REAL), tmp_path))
    assert manifest["incomplete_sets_dropped"] == {"train": 5, "validation": 5, "test": 0}
    data = load_camera(tmp_path)
    assert [data.label_counts(part) for part in FOLDERS] == [[290, 813, 7], [46, 98, 2], [33, 89, 1]]
    assert [len(data.part(part)) for part in FOLDERS] == [1110, 146, 123]
    assert data.description == CAMERA_DATA
