"""Prepare ImageNet (ILSVRC 2012), or its stand-in of ten classes: folders of images become checked arrays.

    python data_prep/imagenet.py imagenet --source DIR          1,000 classes, some hours, 102 GB
    python data_prep/imagenet.py imagenette160 --source DIR     ten classes, seconds

DIR holds train and val, and each of them a folder of images for each class. The work is done by
resilinet.datasets.imagenet_preparation, which `resilinet data imagenet` and `imagenette160` call too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resilinet.datasets import DataError
from resilinet.datasets.imagenet_preparation import prepare_images, prepared_fingerprint
from resilinet.datasets.imagenet_sources import COLLECTIONS


def main() -> int:
    """Read the command line, prepare the data, and say where it lies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collection", choices=COLLECTIONS, help="which of the two it is")
    parser.add_argument("--source", type=Path, required=True, help="folder that holds train and val")
    parser.add_argument("--root", type=Path, default=Path("data"), help="the project's data folder (data)")
    parser.add_argument(
        "--split-seed", type=int, default=0, help="chooses the training images that validate (0)"
    )
    chosen = parser.parse_args()
    try:
        folder = prepare_images(COLLECTIONS[chosen.collection], chosen.source, chosen.root, chosen.split_seed)
    except DataError as fault:
        print(f"imagenet.py: {fault}", file=sys.stderr)
        return 1
    print(f"{chosen.collection}, split seed {chosen.split_seed}: {folder}")
    print(f"fingerprint {prepared_fingerprint(folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
