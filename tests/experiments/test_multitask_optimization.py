"""The study of multi-task optimisation: the methods it names exist, and files of MNIST's layout go the way of the stand-in."""

import struct

import jax
import numpy as np

from experiments.multitask_optimization import STUDY, protocol, training
from experiments.multitask_optimization.digits import EVERY
from mtrl import descent
from mtrl.data.mnist_idx import IMAGES_MAGIC, LABELS_MAGIC


def test_methods_are_the_librarys():
    aggregators = [name.removesuffix("_median") for name in EVERY if name not in protocol.WEIGHTINGS]
    assert set(aggregators) <= set(descent.__all__)
    assert set(protocol.WEIGHTINGS) - {"igb_v2"} <= set(descent.weightings.__all__)
    assert set(EVERY) | set(protocol.UPPER) == set(protocol.LOOKS)


def test_files_of_mnists_layout(tmp_path):
    """MultiMNIST and Multi-Fashion: pairs on a canvas of 36 x 36 from IDX files."""
    images, labels = np.arange(10 * 28 * 28).reshape(10, 28, 28).astype(np.uint8), np.arange(10, dtype=np.uint8)
    for part in ("train", "t10k"):
        for name, array, magic in (("images-idx3", images, IMAGES_MAGIC), ("labels-idx1", labels, LABELS_MAGIC)):
            head = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
            (tmp_path / f"{part}-{name}-ubyte").write_bytes(head + array.tobytes())
    config = STUDY.figure("digits").configure("smoke", {"data_dir": str(tmp_path)})
    parts = training.pictures_of(config)
    pairs = training.examples(jax.random.key(0), parts[0], kind=training.MULTI, samples=4)
    assert pairs.inputs.shape == (4, 36 * 36) and pairs.targets.shape == (4, 2)
    four = training.examples(jax.random.key(0), parts[1], kind=training.FOUR, samples=4)
    assert four.inputs.shape == (4, 28 * 28) and four.targets.shape == (4, 4)
