"""What is known of the published MHEALTH files: checksums and row counts, to check sources by.

The checksums of the full-precision logs are those that others have published for them; the rest
were computed from the integer-truncated files themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["ARCHIVE_URL", "COMPLETE_LOG", "MHEALTH", "SUBJECTS", "Published", "log_name"]

T = TypeVar("T")

SUBJECTS = range(1, 11)
COMPLETE_LOG = "mHealth_complete.log"
ARCHIVE_URL = "https://archive.ics.uci.edu/static/public/319/mhealth+dataset.zip"


def log_name(subject: int) -> str:
    """Return the file name of a subject's log."""
    return f"mHealth_subject{subject}.log"


@dataclass(frozen=True)
class Published:
    """The sha256 of each file that may serve as a source, and the rows each subject recorded.

    `full` and `truncated` are keyed by subject; `rows` counts a subject's rows with an activity
    (label 1 to 12), before any first row is dropped.
    """

    full: Mapping[int, str]
    truncated: Mapping[int, str]
    complete: str
    rows: Mapping[int, int]


def _by_subject(*values: T) -> Mapping[int, T]:
    return dict(zip(SUBJECTS, values, strict=True))


MHEALTH = Published(
    full=_by_subject(
        "da8d1bbf644a206886333f945a1dd7fe5081382b3bb3ee42821f08ad765732e4",
        "20e288750fe9f4f0495686fabf1500bfe655a549f0d2c3a9be5aa6456461b8f1",
        "90ead135c9fa9f1188e3b1f7afc0c95899a0614a15917cf3590f52923d6e03fd",
        "3b66f87a292f4cc457aea18cb7e15a10c18055c803df27f5284c6a1c5751a469",
        "380e526a85bde64baebd1d1a2478c4cfad947a4ab994c8b39b8dcda195f78a30",
        "4b8bc81186229e096937f37f9ae070017ee653005b21f88fcd0504e9195f8926",
        "5e372b2fad64a3ebaadd103ec09cde68d448ef5b707b010d02f438b8b9203b1f",
        "c6ddb8926be4c193890a28cc84cafe35c16a4bc14f23c3e696d504643652a61b",
        "fa68f90a9dfeda47abce41ebc1dec8ce55f66dc56d513ab90a6ae20ad045f2c9",
        "382d3d7b58e1fe24679fb241fd7e48ce1992757f6b1b237a56cd660e8f1fabda",
    ),
    truncated=_by_subject(
        "25844dd8156eb6dd46f2ce13a2d1d92ef17d0f92346860bd4a176993e2bd16f4",
        "3e3bace2411c06b0f78c72ddf23ae5603e0465d745b25486658547ef98839813",
        "a9975924d6d6d18f7737b106cbab5b358915aa0ac06a0b1d43540c3ddb1dada5",
        "fddbde22ad60b0da076b8b2ed9f9f773eea4fac63a4a99793aef8f0121921043",
        "1df04aa6a833507e286b754f8468851f525de7aa0b69f54a4aa878b347349999",
        "ae1ad3e0dbef73f2944a2649c7380d382d4bc72c218cd43c51459537bab968da",
        "373afc6f3eed854141da598fd14aa76a71113d84d3173c3d5b24ab213fd54476",
        "dae2168e992f4bed6d332c52dbb40450a682ffee199f6477beebb19be0f3a1ef",
        "9e987d590a24f4e60ae22b2fc90be564dd06f3548c50c359baaa61cbb508f638",
        "6bc2efb8258e17828deb7dfd28c9f6322ca3b11724bdd04cc9a8e891eb91c4ba",
    ),
    complete="48d485b854da50b591e4ce197458afef1f42e043e9a50367be8d7b4f7d93a127",
    rows=_by_subject(35_174, 35_532, 35_380, 35_328, 33_947, 32_205, 34_253, 33_332, 34_354, 33_690),
)
