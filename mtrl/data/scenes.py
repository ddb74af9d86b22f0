"""Scene understanding by NumPy files: NYUv2 and Cityscapes as the multi-task papers' preprocessed copies lay them out.

`<folder>/<train|val>/<image|label|depth|normal>/<number>.npy`, one frame a file; Cityscapes has no normals. Images are (row, column, 3) or
(3, row, column), labels (row, column) with negative numbers for "unknown", depth (row, column) or with one channel, normals as images.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

from .npy import read_npy

SCENE_PARTS = ("train", "val")
KINDS = ("image", "label", "depth")


class Scenes(NamedTuple):
    """Frames with their targets; float32 but for the labels."""

    image: np.ndarray  # (frame, row, column, 3)
    label: np.ndarray  # (frame, row, column) int, -1 where unknown
    depth: np.ndarray  # (frame, row, column)
    normal: np.ndarray | None  # (frame, row, column, 3); None where the data have none


def read_scenes(folder: pathlib.Path | str, part: str = "train", *, most: int = 0) -> Scenes:
    """All frames of a part, or the first `most`.

    Raises:
      BadInput: a folder or a frame is missing, a file is damaged, or frames differ in size.
    """
    if part not in SCENE_PARTS:
        raise BadInput(f"part got '{part}', but takes one of {', '.join(SCENE_PARTS)}")
    root = pathlib.Path(folder).expanduser() / part
    if not (root / "image").is_dir():
        raise BadInput(
            f"{root} has no folder image; expected {part}/image, {part}/label, {part}/depth (and {part}/normal) with one .npy a frame"
        )
    files = sorted((root / "image").glob("*.npy"), key=lambda path: (len(path.stem), path.stem))
    files = files[:most] if most else files
    if not files:
        raise BadInput(f"{root / 'image'} holds no .npy file; expected one a frame")
    stacks = {
        kind: _stack(root / kind, files) for kind in (*KINDS, *(["normal"] if (root / "normal").is_dir() else []))
    }
    image, label, depth = _last(stacks["image"], root / "image"), stacks["label"], stacks["depth"]
    depth = depth.reshape(image.shape[:3]) if depth.size == image[..., 0].size else depth
    normal = _last(stacks["normal"], root / "normal") if "normal" in stacks else None
    for name, array in (("label", label), ("depth", depth), *([] if normal is None else [("normal", normal[..., 0])])):
        if array.shape != image.shape[:3]:
            raise BadInput(
                f"{root / name} holds frames of shape {array.shape[1:]}, but the images have {image.shape[1:3]}"
            )
    return Scenes(
        image.astype(np.float32),
        np.where(label < 0, -1, label).astype(np.int64),
        depth.astype(np.float32),
        None if normal is None else normal.astype(np.float32),
    )


def _stack(folder: pathlib.Path, files: list[pathlib.Path]) -> np.ndarray:
    """The frames of one kind, under the images' names."""
    frames = [read_npy(folder / file.name) for file in files]
    for file, frame in zip(files, frames, strict=True):
        if frame.shape != frames[0].shape:
            raise BadInput(f"{folder / file.name} has shape {frame.shape}, but {files[0].name} has {frames[0].shape}")
    return np.stack(frames)


def _last(array: np.ndarray, folder: pathlib.Path) -> np.ndarray:
    """Channels last."""
    if array.ndim == 4 and 3 not in array.shape[3:] and array.shape[1] == 3:
        array = np.moveaxis(array, 1, -1)
    if array.ndim != 4 or array.shape[-1] != 3:
        raise BadInput(f"{folder} holds frames of shape {array.shape[1:]}, but 3 channels first or last are expected")
    return array
