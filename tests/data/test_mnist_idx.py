import gzip
import struct

import numpy as np
import pytest

from mtrl.data import has_part, load_mnist, read_idx
from mtrl.data.mnist_idx import IMAGES_MAGIC, LABELS_MAGIC
from mtrl.numerics.errors import BadInput

IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype(np.uint8)
LABELS = np.array([7, 0, 9], np.uint8)


def encode(array, magic):
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(IMAGES, IMAGES_MAGIC)))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(encode(LABELS, LABELS_MAGIC))
    return tmp_path


def test_gzip_and_raw(folder):
    with pytest.warns(UserWarning, match="no image of the digits 1, 2, 3, 4, 5, 6, 8; "):
        images, labels = load_mnist(folder, "test")
    np.testing.assert_allclose(images, IMAGES / 255, rtol=1e-6)
    assert images.dtype == np.float32
    np.testing.assert_array_equal(labels, LABELS)
    assert has_part(folder, "test") and not has_part(folder, "train")


def test_missing_names_what_was_expected(folder):
    with pytest.raises(BadInput, match="neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"):
        load_mnist(folder, "train")


def test_wrong_magic_names_file_and_both_numbers(folder):
    with pytest.raises(BadInput, match="t10k-labels-idx1-ubyte starts with magic number 2049, but 2051"):
        read_idx(folder / "t10k-labels-idx1-ubyte", IMAGES_MAGIC)


def test_truncated_names_file_and_both_counts(tmp_path):
    short = tmp_path / "short"
    short.write_bytes(encode(IMAGES, IMAGES_MAGIC)[:-10])
    with pytest.raises(BadInput, match=r"short holds 2342 bytes after its header, but 2352 were expected"):
        read_idx(short, IMAGES_MAGIC)
    short.write_bytes(encode(IMAGES, IMAGES_MAGIC) + b"\x00")
    with pytest.raises(BadInput, match=r"short holds 2353 bytes after its header, but 2352 were expected"):
        read_idx(short, IMAGES_MAGIC)
    short.write_bytes(b"\x00\x00")
    with pytest.raises(BadInput, match="short has 2 bytes, but its header alone needs 16"):
        read_idx(short, IMAGES_MAGIC)
    short.write_bytes(gzip.compress(encode(IMAGES, IMAGES_MAGIC))[:-20])
    with pytest.raises(BadInput, match="short cannot be read"):
        read_idx(short, IMAGES_MAGIC)


def test_counts_of_images_and_labels_must_agree(folder):
    (folder / "t10k-labels-idx1-ubyte").write_bytes(encode(LABELS[:2], LABELS_MAGIC))
    with pytest.raises(BadInput, match="has 3 images, but .* has 2 labels"):
        load_mnist(folder, "test")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(encode(LABELS + 1, LABELS_MAGIC))
    with pytest.raises(BadInput, match="has label 10"):
        load_mnist(folder, "test")


def test_files_without_images_are_refused(folder):
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(encode(IMAGES[:0], IMAGES_MAGIC))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(encode(LABELS[:0], LABELS_MAGIC))
    with pytest.raises(BadInput, match="holds no images"):
        load_mnist(folder, "test")
