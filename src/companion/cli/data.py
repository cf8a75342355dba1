"""``resilinet data``: from what somebody has downloaded to checked arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from companion.cli.common import Data, check_writable, flowing, out, plain_errors

app = typer.Typer(help="Prepare data sets as checked arrays.", no_args_is_help=True)

PREPARED = ("prepared data", "--data")
"""What is written and the option that says where, for whoever cannot write there."""


@plain_errors
def data_health(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="mHealth_complete.log (integer-truncated), the folder of the ten subject logs or one around it, or "
            "the official zip; without it the official archive is downloaded."
        ),
    ] = None,
    preprocessing: Annotated[
        str, typer.Option(help="released-code: as the paper's code; float: full precision, standardised.")
    ] = "released-code",
    data: Data = Path("data"),
) -> None:
    """Turn MHEALTH recordings into checked arrays with a manifest.

    Example: resilinet data health ~/Downloads/mhealth
    """
    from data_prep.mhealth_preparation import prepare_health

    check_writable(data, *PREPARED)
    folder = prepare_health(source, data, preprocessing)
    out.print(f"Health, preprocessing {preprocessing}: {folder}", soft_wrap=True)


@plain_errors
def data_cifar10(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="The folder cifar-10-batches-py or one around it, or cifar-10-python.tar.gz; without it the "
            "official archive is downloaded (170 MB)."
        ),
    ] = None,
    data: Data = Path("data"),
) -> None:
    """Turn CIFAR-10 into checked arrays with a manifest: 60,000 images, 184 MB, some seconds.

    Every file must have its published md5. The published training and test images are merged; they are split
    80/10/10 when they are loaded, by a seed.

    Example: resilinet data cifar10 ~/Downloads/cifar-10-python.tar.gz
    """
    from data_prep.cifar10_batches import prepare_cifar10

    check_writable(data, *PREPARED)
    folder = prepare_cifar10(source, data)
    out.print(f"CIFAR-10: {folder}", soft_wrap=True)


SplitSeed = Annotated[
    int, typer.Option(min=0, help="Chooses the tenth of the training images that validates.")
]


@plain_errors
def data_imagenet(
    source: Annotated[
        Path,
        typer.Argument(
            help="The folder of ILSVRC 2012 that holds train and val, each with 1,000 folders such as n01440764."
        ),
    ],
    split_seed: SplitSeed = 0,
    data: Data = Path("data"),
) -> None:
    """Turn ImageNet (ILSVRC 2012) into checked arrays of 160 x 160 pixels: 102 GB, some hours.

    The images cannot be downloaded without an account; get ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and
    ILSVRC2012_devkit_t12.tar.gz from image-net.org, and let torchvision.datasets.ImageNet unpack them into train
    and val. Every image is squashed to a square. The images under val test; a random tenth of those under train
    validates.

    Example: resilinet data imagenet /datasets/ILSVRC2012
    """
    _data_images("imagenet", source, data, split_seed)


@plain_errors
def data_imagenette160(
    source: Annotated[
        Path,
        typer.Argument(help="The folder that holds train and val, each with the ten folders of classes."),
    ],
    split_seed: SplitSeed = 0,
    data: Data = Path("data"),
) -> None:
    """Turn ten of ImageNet's classes into checked arrays of 160 x 160 pixels: a stand-in for ImageNet, in seconds.

    It has another name and another fingerprint than ImageNet, so no result on it passes for one on ImageNet. The
    classes are those of Imagenette. Every image is squashed to a square; the images under val test, and a random
    tenth of those under train validates.

    Example: resilinet data imagenette160 ~/Downloads/imagenette160
    """
    _data_images("imagenette160", source, data, split_seed)


def _data_images(name: str, source: Path, data: Path, split_seed: int) -> None:
    from data_prep.photograph_arrays import COLLECTIONS
    from data_prep.photograph_preparation import prepare_images, prepared_fingerprint

    check_writable(data, *PREPARED)
    folder = prepare_images(COLLECTIONS[name], source, data, split_seed)
    out.print(f"{name}, split seed {split_seed}: {folder}", soft_wrap=True)
    out.print(f"fingerprint {prepared_fingerprint(folder)}", soft_wrap=True, highlight=False)


@plain_errors
def data_camera(
    source: Annotated[
        Path,
        typer.Argument(
            help="The folder multiview-dataset, which holds train_dir, test_dir and holdout_dir, each with "
            "person_images, car_images and bus_images."
        ),
    ],
    data: Data = Path("data"),
) -> None:
    """Turn the images of six cameras into checked arrays: 1,379 sets of six, 25 MB, some seconds.

    Images are called c<camera>_<object>_<frame>.jpg; those of one object and frame make a set, and sets that lack a
    camera are dropped. The images under train_dir train, those under test_dir validate, those under holdout_dir test.

    Example: resilinet data camera ~/Downloads/multiview-dataset
    """
    from data_prep.camera_preparation import prepare_camera
    from data_prep.photograph_preparation import prepared_fingerprint

    check_writable(data, *PREPARED)
    folder = prepare_camera(source, data)
    out.print(f"Camera: {folder}", soft_wrap=True)
    out.print(f"fingerprint {prepared_fingerprint(folder)}", soft_wrap=True, highlight=False)


@plain_errors
def data_facts(
    name: Annotated[str, typer.Argument(help="health or camera.")],
    data: Data = Path("data"),
) -> None:
    """Print what the book says of a prepared data set: counts, and four seconds of one recording.

    Example: resilinet data facts health
    """
    from companion.experiments.data_facts import as_text

    typer.echo(as_text(name, data), nl=False)


for _name, _command in (
    ("health", data_health),
    ("cifar10", data_cifar10),
    ("imagenet", data_imagenet),
    ("imagenette160", data_imagenette160),
    ("camera", data_camera),
    ("facts", data_facts),
):
    app.command(_name, help=flowing(_command))(_command)
