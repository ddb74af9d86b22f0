"""MNIST-C as released (Mu and Gilmer 2019): one folder of NumPy files per corruption."""

import pathlib

import numpy as np

from mtrl.numerics.errors import BadInput

from .npy import read_npy

FILES = ("train_images", "train_labels", "test_images", "test_labels")


def expected_tree(folder: pathlib.Path | str, name: str) -> str:
    """What `load_mnist_c` looks for, as one line."""
    return f"{folder}/{name}/{{{','.join(FILES)}}}.npy"


def load_mnist_c(
    folder: pathlib.Path | str, name: str
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """One corruption: (train images, labels), (test images, labels); images (n, 28, 28) float32 in [0, 1].

    Image i of every corruption is the same original, so numbers identify images across corruptions.

    Raises:
      BadInput: a file is missing (the expected tree is printed), or has the wrong shape, type or range.
    """
    folder = pathlib.Path(folder).expanduser()
    read = {}
    for file in FILES:
        path = folder / name / f"{file}.npy"
        if not path.is_file():
            raise BadInput(f"{path} is missing; expected {expected_tree(folder, name)}, or use --dataset=digits_c")
        read[file] = read_npy(path)
        if file.endswith("images"):
            read[file] = _images(path, read[file])
    for part in ("train", "test"):
        images, labels = read[f"{part}_images"], read[f"{part}_labels"]
        if not images.size:
            raise BadInput(f"{folder / name} has no {part} images; fetch it again")
        if labels.dtype.kind not in "iu" or labels.size and not 0 <= labels.min() <= labels.max() <= 9:
            raise BadInput(f"{folder / name}/{part}_labels.npy holds other than whole numbers 0 to 9; fetch it again")
        if labels.shape != (len(images),):
            raise BadInput(
                f"{folder / name} has {len(images)} {part} images, but {part} labels of shape {labels.shape}"
            )
    return (read["train_images"], read["train_labels"].astype(np.int64)), (
        read["test_images"],
        read["test_labels"].astype(np.int64),
    )


def _images(path: pathlib.Path, values: np.ndarray) -> np.ndarray:
    if values.shape[1:] not in ((28, 28, 1), (28, 28)):
        raise BadInput(f"{path} has shape {values.shape}, but (n, 28, 28, 1) was expected")
    if values.dtype != np.uint8:
        raise BadInput(
            f"{path} has type {values.dtype} with values up to {values.max(initial=0):.3g}, but 8-bit images (uint8, "
            "0 to 255) were expected; do not rescale the files"
        )
    if values.size and values.max() <= 1:
        raise BadInput(
            f"{path} is uint8 with values up to {values.max()}: floats in [0, 1] stored as bytes; fetch the file again"
        )
    return (values.reshape(-1, 28, 28) / np.float32(255)).astype(np.float32)
