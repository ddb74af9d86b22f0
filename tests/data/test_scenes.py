import numpy as np
import pytest

from mtrl.data import read_scenes
from mtrl.numerics.errors import BadInput


def write(root, *, normal=True, first=False, frames=2):
    rng = np.random.default_rng(0)
    for i in range(frames):
        picture = rng.random((4, 6, 3))
        arrays = {
            "image": picture,
            "label": rng.integers(-1, 13, (4, 6)),
            "depth": rng.random((4, 6, 1)),
            "normal": picture,
        }
        for kind, array in arrays.items():
            if kind == "normal" and not normal:
                continue
            (root / "train" / kind).mkdir(parents=True, exist_ok=True)
            array = np.moveaxis(array, -1, 0) if first and array.shape[-1] == 3 else array
            np.save(root / "train" / kind / f"{i}.npy", array)


@pytest.mark.parametrize("first", [False, True])
def test_frames_of_either_layout(tmp_path, first):
    write(tmp_path, first=first)
    scenes = read_scenes(tmp_path)
    assert scenes.image.shape == scenes.normal.shape == (2, 4, 6, 3) and scenes.depth.shape == scenes.label.shape == (
        2,
        4,
        6,
    )
    assert scenes.label.min() >= -1 and scenes.image.dtype == np.float32
    assert len(read_scenes(tmp_path, most=1).image) == 1


def test_cityscapes_has_no_normals(tmp_path):
    write(tmp_path, normal=False)
    assert read_scenes(tmp_path).normal is None


def test_bad_folders(tmp_path):
    with pytest.raises(BadInput, match="has no folder image; expected train/image, train/label, train/depth"):
        read_scenes(tmp_path)
    with pytest.raises(BadInput, match="part got 'test', but takes one of train, val"):
        read_scenes(tmp_path, "test")
    write(tmp_path)
    (tmp_path / "train" / "depth" / "1.npy").unlink()
    with pytest.raises(BadInput, match="1.npy: no such file"):
        read_scenes(tmp_path)
    np.save(tmp_path / "train" / "depth" / "1.npy", np.zeros((2, 2)))
    with pytest.raises(BadInput, match=r"1.npy has shape \(2, 2\), but 0.npy has \(4, 6, 1\)"):
        read_scenes(tmp_path)
