"""MNIST in its IDX format: big-endian header, then unsigned bytes; plain or gzipped."""

import math
import pathlib
import struct
import warnings
import zlib

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import GROWTH, SLACK, check_growth, parsing, read_bytes

IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049
PARTS = {"train": "train", "test": "t10k"}


def read_idx(path: pathlib.Path | str, magic: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes.

    Args:
      path: plain or gzipped file.
      magic: 2051 for images (n, rows, columns), 2049 for labels (n,).

    Raises:
      BadInput: unreadable, wrong magic number, or a length that does not fit the header; names the file and both numbers.
    """
    data = read_bytes(path, "an IDX file of MNIST")
    axes = magic % 256
    if data[:2] == b"\x1f\x8b":
        size = len(data)
        with parsing(path, "a gzipped file", "fetch the file again"):
            stream = zlib.decompressobj(31)
            data = stream.decompress(data, GROWTH * size + SLACK)
            check_growth(path, len(data) + (GROWTH * size + SLACK if stream.unconsumed_tail else 0), size)
            if not stream.eof:
                raise BadInput(f"{path} cannot be read: the gzipped data end early; fetch the file again")
    header = 4 + 4 * axes
    if len(data) >= 4 and (got := struct.unpack(">I", data[:4])[0]) != magic:
        raise BadInput(f"{path} starts with magic number {got}, but {magic} was expected; is it images for labels?")
    if len(data) < header:
        raise BadInput(f"{path} has {len(data)} bytes, but its header alone needs {header}; fetch the file again")
    shape = struct.unpack(f">{axes}I", data[4:header])
    want = math.prod(shape)
    if len(data) - header != want:
        raise BadInput(
            f"{path} holds {len(data) - header} bytes after its header, but {want} were expected for shape "
            f"{shape}; the file is cut short or damaged"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def find_idx(folder: pathlib.Path | str, part: str, kind: str) -> pathlib.Path:
    """The file `<part>-<kind>` of a folder, plain or gzipped.

    Raises:
      BadInput: neither is there; prints the names that were expected.
    """
    axes = {"images": 3, "labels": 1}[kind]
    names = [f"{PARTS[part]}-{kind}-idx{axes}-ubyte{suffix}" for suffix in ("", ".gz")]
    for name in names:
        if (pathlib.Path(folder).expanduser() / name).is_file():
            return pathlib.Path(folder).expanduser() / name
    raise BadInput(
        f"{folder} has neither {names[0]} nor {names[1]}; put the MNIST files there or use the embedded digits"
    )


def load_mnist(folder: pathlib.Path | str, part: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) float32 in [0, 1] and labels (n,) int of the `train` or `test` part.

    Raises:
      BadInput: a file is missing, damaged, or the two disagree on the number of images.
    """
    image_file, label_file = find_idx(folder, part, "images"), find_idx(folder, part, "labels")
    images, labels = read_idx(image_file, IMAGES_MAGIC), read_idx(label_file, LABELS_MAGIC)
    if len(images) != len(labels):
        raise BadInput(f"{image_file} has {len(images)} images, but {label_file} has {len(labels)} labels")
    if not images.size:
        raise BadInput(f"{image_file} holds no images (shape {images.shape}); fetch the file again")
    if labels.max(initial=0) > 9:
        raise BadInput(f"{label_file} has label {labels.max()}, but labels are 0 to 9")
    absent = sorted(set(range(10)) - set(labels.tolist()))
    if absent:
        warnings.warn(
            f"{label_file} has no image of the digits {', '.join(map(str, absent))}; tasks about them learn nothing",
            stacklevel=2,
        )
    return (images / np.float32(255)).astype(np.float32), labels.astype(np.int64)


def has_part(folder: pathlib.Path | str, part: str) -> bool:
    """Whether both files of a part are in the folder."""
    try:
        find_idx(folder, part, "images")
        find_idx(folder, part, "labels")
    except BadInput:
        return False
    return True
