"""Prepare the Health data set (MHEALTH): a download or a local copy becomes checked arrays.

    python data_prep/health.py                                  download the official archive
    python data_prep/health.py --source DIR                     ten logs, or mHealth_complete.log
    python data_prep/health.py --source FILE                    the archive or the complete file
    python data_prep/health.py --source DIR --preprocessing float

The work is done by resilinet.datasets.health_preparation, which `resilinet data health` calls too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resilinet.datasets import DataError
from resilinet.datasets.health_preparation import PREPROCESSINGS, prepare_health


def main() -> int:
    """Read the command line, prepare the data, and say where it lies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source",
        type=Path,
        help="folder of ten logs, mHealth_complete.log or a zip archive; downloaded if not given",
    )
    parser.add_argument("--root", type=Path, default=Path("data"), help="the project's data folder (data)")
    parser.add_argument(
        "--preprocessing",
        choices=sorted(PREPROCESSINGS),
        default="released-code",
        help="how recordings become arrays (released-code)",
    )
    chosen = parser.parse_args()
    try:
        folder = prepare_health(chosen.source, chosen.root, chosen.preprocessing)
    except DataError as fault:
        print(f"health.py: {fault}", file=sys.stderr)
        return 1
    print(f"Health, preprocessing {chosen.preprocessing}: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
