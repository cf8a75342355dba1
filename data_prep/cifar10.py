"""Prepare CIFAR-10: a download or a local copy becomes checked arrays.

    python data_prep/cifar10.py                     download the official archive
    python data_prep/cifar10.py --source DIR        cifar-10-batches-py, or the folder it lies in
    python data_prep/cifar10.py --source FILE       cifar-10-python.tar.gz

The work is done by resilinet.datasets.cifar10, which `resilinet data cifar10` calls too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resilinet.datasets import DataError
from resilinet.datasets.cifar10 import prepare_cifar10


def main() -> int:
    """Read the command line, prepare the data, and say where it lies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source",
        type=Path,
        help="folder cifar-10-batches-py or the archive; downloaded if not given",
    )
    parser.add_argument("--root", type=Path, default=Path("data"), help="the project's data folder (data)")
    chosen = parser.parse_args()
    try:
        folder = prepare_cifar10(chosen.source, chosen.root)
    except DataError as fault:
        print(f"cifar10.py: {fault}", file=sys.stderr)
        return 1
    print(f"CIFAR-10: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
