"""Whatever form MHEALTH comes in, the arrays are the same; what is not MHEALTH is refused."""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import json
import lzma
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.mhealth_checksums import MHEALTH, SUBJECTS, log_name
from data_prep.mhealth_log import read_log
from data_prep.mhealth_preparation import prepare_health, released_code_text
from mhealth_samples import REAL, Sample, make_sample, needs_real_data
from resilinet.data import DataError

ARRAYS = ("x.npy", "y.npy", "subject.npy")


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return make_sample(tmp_path / "sources")


def prepared(folder: Path) -> list[np.ndarray]:
    return [np.load(folder / name) for name in ARRAYS]


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as content:
        content.writestr("MHEALTHDATASET/README.txt", "not a log")
        for path in sorted(folder.iterdir()):
            content.write(path, f"MHEALTHDATASET/{path.name}")
    return archive


def same(folder: Path, other: Path) -> bool:
    return all(
        np.array_equal(one, another) for one, another in zip(prepared(folder), prepared(other), strict=True)
    )


# --- where the logs lie --------------------------------------------------------------------------


def around(folder: Path, above: Path, below: str) -> Path:
    (above / below).parent.mkdir(parents=True)
    shutil.copytree(folder, above / below)
    return above


@pytest.mark.parametrize(
    "below", ["MHEALTHDATASET", "mhealth dataset/MHEALTHDATASET", "Überspielt [1]/Läufe"]
)
@pytest.mark.parametrize("form", ["full", "truncated"])
def test_logs_are_found_in_a_folder_within_the_one_that_is_named(sample, tmp_path, form, below):
    logs = getattr(sample, form)
    wanted = prepare_health(logs, tmp_path / "wanted", published=sample.published)
    named = around(logs, tmp_path / "downloads", below)
    (named / "other").mkdir()
    assert same(prepare_health(named, tmp_path / "data", published=sample.published), wanted)


@pytest.mark.parametrize("how", [".", "../full", "link", "links", "upper case", "archive of folders"])
def test_logs_are_found_however_they_are_named(sample, tmp_path, monkeypatch, how):
    wanted = prepare_health(sample.full, tmp_path / "wanted", published=sample.published)
    monkeypatch.chdir(sample.full)
    source, logs = tmp_path / "source", sorted(sample.full.iterdir())
    if how == "link":
        source.symlink_to(sample.full, target_is_directory=True)
    elif how == "links":
        source.mkdir()
        for log in logs:
            (source / log.name).symlink_to(log)
    elif how == "upper case":
        source.mkdir()
        for log in logs:
            shutil.copy(log, source / log.name.upper())
    elif how == "archive of folders":
        source = zipped(sample.full, tmp_path / "download")  # without its ending
    else:
        source = Path(how)
    assert same(prepare_health(source, tmp_path / "data", published=sample.published), wanted)


def test_the_nearest_logs_count_and_equally_near_ones_are_named(sample, tmp_path):
    near = around(sample.truncated, tmp_path / "a", "near")
    around(sample.full, near / "deep", "er")
    manifest = json.loads(
        (prepare_health(near, tmp_path, published=sample.published) / "manifest.json").read_text()
    )
    assert manifest["source"]["kind"] == "ten integer-truncated logs"
    (near / "link").symlink_to(near / "near", target_is_directory=True)
    prepare_health(near, tmp_path, published=sample.published)
    shutil.copytree(near / "near", near / "near (1)")
    with pytest.raises(DataError, match=r"near and .*near \(1\) hold the same; give one of them"):
        prepare_health(near, tmp_path, published=sample.published)


def test_what_is_missing_is_missing_where_the_others_lie(sample, tmp_path):
    named = around(sample.full, tmp_path / "downloads", "MHEALTHDATASET")
    for number in (3, 10):
        (named / "MHEALTHDATASET" / log_name(number)).unlink()
    with pytest.raises(
        DataError, match=r"MHEALTHDATASET: mHealth_subject3.log, mHealth_subject10.log missing; give a folder"
    ):
        prepare_health(named, tmp_path, published=sample.published)


@pytest.mark.parametrize("name", [log_name(1), log_name(10).upper(), "first.txt"])
@pytest.mark.parametrize("form", ["full", "truncated"])
def test_one_log_is_told_to_be_one_of_ten(sample, tmp_path, form, name):
    number = 10 if "10" in name else 1
    source = shutil.copy(getattr(sample, form) / log_name(number), tmp_path / name)
    with pytest.raises(DataError, match=rf"{name}: one of ten logs; give the folder that holds all of them$"):
        prepare_health(Path(source), tmp_path, published=sample.published)


# --- what editors and transfers do to text -------------------------------------------------------

REWRITTEN = {
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CRLF twice": lambda text: text.replace(b"\n", b"\r\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "mark": lambda text: codecs.BOM_UTF8 + text,
    "mark and CRLF": lambda text: codecs.BOM_UTF8 + text.replace(b"\n", b"\r\n"),
    "UTF-16": lambda text: text.replace(b"\n", b"\r\n").decode().encode("utf-16"),
    "tabs": lambda text: text.replace(b" ", b"\t"),
    "spaces": lambda text: text.replace(b"\t", b"  ").replace(b"\n", b" \n"),
    "no last line end": lambda text: text.rstrip(b"\n"),
    "an empty last line": lambda text: text + b"\n",
}


@pytest.mark.parametrize("rewritten", REWRITTEN)
@pytest.mark.parametrize("form", ["full", "truncated", "complete"])
def test_text_whose_values_are_as_published_is_accepted(sample, tmp_path, form, rewritten):
    source = getattr(sample, form)
    wanted = prepare_health(source, tmp_path / "wanted", published=sample.published)
    for path in [source] if source.is_file() else source.iterdir():
        path.write_bytes(REWRITTEN[rewritten](path.read_bytes()))
    folder = prepare_health(source, tmp_path / "data", published=sample.published)
    assert same(folder, wanted)
    for name in ("manifest.json", *ARRAYS):
        assert (folder / name).read_bytes() == (wanted / name).read_bytes()


@pytest.mark.parametrize("rewritten", REWRITTEN)
def test_a_changed_value_is_not_hidden_by_other_line_ends(sample, tmp_path, rewritten):
    path = sample.truncated / log_name(2)
    text = path.read_bytes()
    path.write_bytes(REWRITTEN[rewritten](b"9" + text.lstrip(b"-")))
    with pytest.raises(DataError, match=log_name(2)):
        prepare_health(sample.truncated, tmp_path, published=sample.published)
    assert not (tmp_path / "health").exists()


# --- the preprocessing of the released code ------------------------------------------------------


def test_released_code_drops_null_class_truncates_and_loses_first_rows(sample, tmp_path):
    folder = prepare_health(sample.full, tmp_path, published=sample.published)
    x, y, _ = prepared(folder)
    assert released_code_text(x, y).decode() == sample.complete_text


def test_every_form_of_the_source_gives_the_same_arrays(sample, tmp_path):
    archive = zipped(sample.full, tmp_path / "archive.zip")
    sources = (sample.full, sample.truncated, sample.complete, sample.complete.parent, archive)
    outcomes = [
        prepared(prepare_health(source, tmp_path / str(i), published=sample.published))
        for i, source in enumerate(sources)
    ]
    for outcome in outcomes[1:]:
        for array, expected in zip(outcome, outcomes[0], strict=True):
            np.testing.assert_array_equal(array, expected)
            assert array.dtype == expected.dtype


def test_truncation_is_towards_zero_on_both_sides(sample, tmp_path):
    x, _, _ = prepared(prepare_health(sample.full, tmp_path, published=sample.published))
    assert not x[:, 8].any(), "-0.5 becomes 0, not -1"
    exact, _, _ = prepared(prepare_health(sample.full, tmp_path, "float", published=sample.published))
    lost = [sum(sample.published.rows[k] for k in range(1, n)) for n in SUBJECTS]
    exact = np.delete(exact, lost, axis=0)
    assert (np.abs(x) <= np.abs(exact)).all()
    assert (np.abs(exact - x) < 1).all()


def test_subjects_follow_the_rows_of_each_log(sample, tmp_path):
    _, _, subject = prepared(prepare_health(sample.complete, tmp_path, published=sample.published))
    counted = {n: int((subject == n).sum()) for n in SUBJECTS}
    assert counted == {n: rows - 1 for n, rows in sample.published.rows.items()}
    assert (np.diff(subject) >= 0).all()


def test_value_beyond_int16_is_refused(sample, tmp_path):
    log = sample.full / log_name(4)
    lines = log.read_text().splitlines()
    lines[10] = "40000" + lines[10][lines[10].index("\t") :]
    log.write_text("\n".join(lines) + "\n")
    digest = hashlib.sha256(log.read_bytes()).hexdigest()
    published = replace(sample.published, full={**sample.published.full, 4: digest})
    with pytest.raises(DataError, match="outside -32768 to 32767"):
        prepare_health(sample.full, tmp_path, published=published)


# --- full precision ------------------------------------------------------------------------------


def test_float_keeps_precision_and_every_row_with_an_activity(sample, tmp_path):
    x, y, subject = prepared(prepare_health(sample.full, tmp_path, "float", published=sample.published))
    logs = [np.loadtxt(sample.full / log_name(n)) for n in SUBJECTS]
    rows = np.concatenate([log[log[:, -1] > 0] for log in logs])
    np.testing.assert_array_equal(x, rows[:, :-1].astype(np.float32))
    np.testing.assert_array_equal(y, rows[:, -1])
    assert len(subject) == sum(sample.published.rows.values())


@pytest.mark.parametrize("form", ["truncated", "complete"])
def test_float_is_refused_where_precision_is_gone(sample, tmp_path, form):
    with pytest.raises(DataError, match="needs the ten full-precision logs"):
        prepare_health(getattr(sample, form), tmp_path, "float", published=sample.published)


# --- the manifest --------------------------------------------------------------------------------


def test_manifest_tells_what_was_made_of_what(sample, tmp_path):
    folder = prepare_health(sample.full, tmp_path, published=sample.published)
    manifest = json.loads((folder / "manifest.json").read_text())
    x, y, _ = prepared(folder)
    for name in ARRAYS:
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert manifest["arrays"][name]["sha256"] == found
    assert manifest["source"]["sha256"] == {
        log_name(n): digest for n, digest in sample.published.full.items()
    }
    assert manifest["rows"] == len(x) == sum(manifest["rows_per_class"])
    assert manifest["rows_per_class"] == np.bincount(y, minlength=13).tolist()
    assert sorted(path.name for path in folder.iterdir()) == sorted([*ARRAYS, "manifest.json"])
    assert str(tmp_path) not in json.dumps(manifest), "where it ran is nobody's business"


def test_preparing_again_replaces_what_was_there(sample, tmp_path):
    folder = prepare_health(sample.full, tmp_path, published=sample.published)
    before = prepared(folder)
    (folder / "x.npy").write_bytes(b"damaged")
    prepare_health(sample.truncated, tmp_path, published=sample.published)
    for array, expected in zip(prepared(folder), before, strict=True):
        np.testing.assert_array_equal(array, expected)


# --- refusals ------------------------------------------------------------------------------------

GOOD = "\t".join(["1.5"] * 23 + ["3"]) + "\n"
FAULTS = {
    "\t".join(["1.5"] * 22 + ["3"]) + "\n": "23 values where 24 are expected",
    "\t".join(["1.5"] * 24 + ["3"]) + "\n": "25 values where 24 are expected",
    "\n": "0 values where 24 are expected",
    GOOD.replace("1.5", "nan", 1): "nan in column 1 is not finite",
    GOOD.replace("1.5", "-inf", 1): "-inf in column 1 is not finite",
    GOOD.replace("1.5", "1e999", 1): "1e999 in column 1 is not finite",
    GOOD.replace("1.5", "1,5", 1): "'1,5' in column 1 is not a number",
    GOOD.replace("1.5", "1_5", 1): "'1_5' in column 1 is not a number",
    GOOD.replace("1.5", "x", 1): "'x' in column 1 is not a number",
    GOOD.replace("1.5", "1.5\u2212", 1): "column 1 is not a number",
    GOOD.replace("3\n", "13\n"): "label 13 is not one of the whole numbers 0 to 12",
    GOOD.replace("3\n", "-1\n"): "label -1 is not",
    GOOD.replace("3\n", "2.5\n"): "label 2.5 is not",
    "# a comment\n": "3 values where 24 are expected",
}


@pytest.mark.parametrize("position", [0, 1, 7])
@pytest.mark.parametrize("line", FAULTS)
def test_faulty_line_is_named_with_its_file(tmp_path, line, position):
    path = tmp_path / "mHealth_subject7.log"
    lines = [GOOD] * 8
    lines[position] = line
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_log(path)
    assert f"mHealth_subject7.log, line {position + 1}: " in str(refusal.value)
    assert FAULTS[line] in str(refusal.value)


def test_log_of_equal_lines_of_the_wrong_width_is_refused(tmp_path):
    path = tmp_path / "narrow.log"
    path.write_text("1 2 3\n" * 5)
    with pytest.raises(DataError, match=r"narrow.log, line 1: 3 values where 24"):
        read_log(path)


def test_log_cut_off_within_a_line_is_refused(tmp_path):
    path = tmp_path / "cut.log"
    path.write_text((GOOD * 3).rstrip("\n"))
    with pytest.raises(DataError, match=r"cut.log, line 3: the file ends within this line"):
        read_log(path)


def test_empty_and_missing_logs_are_refused(tmp_path):
    (tmp_path / "empty.log").touch()
    with pytest.raises(DataError, match=r"empty.log: the file is empty"):
        read_log(tmp_path / "empty.log")
    with pytest.raises(DataError, match=r"absent.log: there is no such file"):
        read_log(tmp_path / "absent.log")


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=23, max_size=23),
            st.integers(0, 12),
        ),
        min_size=1,
        max_size=4,
    ),
    separator=st.sampled_from([" ", "\t", "\t\t", " \t"]),
)
def test_reading_gives_back_what_was_written(tmp_path_factory, rows, separator):
    path = tmp_path_factory.mktemp("log") / "any.log"
    path.write_text(
        "".join(separator.join([*map(repr, values), str(label)]) + "\n" for values, label in rows)
    )
    np.testing.assert_array_equal(read_log(path), [[*values, label] for values, label in rows])


@pytest.mark.parametrize("form", ["full", "truncated"])
def test_missing_log_is_named_and_nothing_is_written(sample, tmp_path, form):
    (getattr(sample, form) / log_name(7)).unlink()
    with pytest.raises(DataError, match=r"mHealth_subject7.log missing"):
        prepare_health(getattr(sample, form), tmp_path, published=sample.published)
    assert not (tmp_path / "health").exists()


def test_absent_source_is_refused(sample, tmp_path):
    with pytest.raises(DataError, match="nowhere: there is no such file"):
        prepare_health(tmp_path / "nowhere", tmp_path, published=sample.published)
    with pytest.raises(DataError, match=r"nowhere.zip: there is no such file"):
        prepare_health(tmp_path / "nowhere.zip", tmp_path, published=sample.published)


@pytest.mark.parametrize("form", ["full", "truncated", "complete"])
def test_short_source_is_refused(sample, tmp_path, form):
    path = getattr(sample, form)
    path = path if path.is_file() else path / log_name(2)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-5]))
    with pytest.raises(DataError, match=rf"{path.name}: .* rows .* the file is cut short"):
        prepare_health(getattr(sample, form), tmp_path, published=sample.published)


@pytest.mark.parametrize("form", ["full", "truncated", "complete"])
def test_one_changed_digit_is_refused(sample, tmp_path, form):
    path = getattr(sample, form)
    path = path if path.is_file() else path / log_name(2)
    lines = path.read_text().splitlines(keepends=True)
    lines[12] = "9" + lines[12].lstrip("-")
    path.write_text("".join(lines))
    with pytest.raises(DataError, match=rf"{path.name}: its sha256 is .* have been changed"):
        prepare_health(getattr(sample, form), tmp_path, published=sample.published)


def test_logs_of_mixed_forms_are_refused(sample, tmp_path):
    (sample.full / log_name(3)).write_bytes((sample.truncated / log_name(3)).read_bytes())
    with pytest.raises(DataError, match=r"mHealth_subject3.log integer-truncated, the others"):
        prepare_health(sample.full, tmp_path, published=sample.published)


def test_arrays_must_spell_the_released_file(sample, tmp_path):
    wrong = replace(sample.published, complete="0" * 64)
    with pytest.raises(DataError, match="not MHEALTH as published"):
        prepare_health(sample.full, tmp_path, published=wrong)
    assert not (tmp_path / "health").exists()


def test_unknown_preprocessing_is_refused(sample, tmp_path):
    with pytest.raises(DataError, match="'fancy' is unknown; it must be released-code or float"):
        prepare_health(sample.full, tmp_path, "fancy", published=sample.published)


# --- the script ----------------------------------------------------------------------------------


# --- the real recordings -------------------------------------------------------------------------


@needs_real_data
@pytest.mark.parametrize("form", ["integer", "mHealth_complete.log"])
def test_real_source_becomes_the_released_file(tmp_path, form):
    folder = prepare_health(Path(REAL, form), tmp_path)
    x, y, subject = prepared(folder)
    text = released_code_text(x, y)
    assert hashlib.sha256(text).hexdigest() == MHEALTH.complete
    assert x.shape == (343_185, 23)
    assert {n: int((subject == n).sum()) + 1 for n in SUBJECTS} == MHEALTH.rows
    assert np.bincount(y, minlength=13)[0] == 0


@needs_real_data
def test_first_rows_are_lost_after_the_null_class_is_gone():
    """The ten logs without label 0 hold ten rows more than the released file: one each."""
    lost = 0
    complete = Path(REAL, "mHealth_complete.log").read_bytes()
    for number in SUBJECTS:
        log = Path(REAL, "integer", log_name(number)).read_bytes()
        first, rest = log.split(b"\n", 1)
        assert first.split()[-1] != b"0"
        assert complete.startswith(rest), "the rest of each log follows, in numeric order"
        complete = complete[len(rest) :]
        lost += 1
    assert not complete
    assert lost == 343_195 - 343_185


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_log_is_called_so(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(pack(b"1\t2\n" * 100))
    with pytest.raises(DataError, match="log: a compressed file; unpack it"):
        read_log(tmp_path / "log")
