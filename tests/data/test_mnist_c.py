import numpy as np
import pytest

from mtrl.data import load_mnist_c
from mtrl.numerics.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fog").mkdir()
    rng = np.random.default_rng(0)
    for part, size in (("train", 6), ("test", 4)):
        np.save(tmp_path / "fog" / f"{part}_images.npy", rng.integers(0, 256, (size, 28, 28, 1), dtype=np.uint8))
        np.save(tmp_path / "fog" / f"{part}_labels.npy", np.arange(size, dtype=np.int64))
    return tmp_path


def test_layout(folder):
    (train, labels), (test, test_labels) = load_mnist_c(folder, "fog")
    assert train.shape == (6, 28, 28) and test.shape == (4, 28, 28) and train.dtype == np.float32
    raw = np.load(folder / "fog" / "train_images.npy")
    np.testing.assert_allclose(train, raw[..., 0] / 255, rtol=1e-6)
    np.testing.assert_array_equal(labels, range(6))
    np.testing.assert_array_equal(test_labels, range(4))


def test_missing_prints_tree_and_offers_the_stand_in(folder):
    with pytest.raises(
        BadInput, match=r"stripe/\{train_images,train_labels,test_images,test_labels\}.npy.*--dataset=digits_c"
    ):
        load_mnist_c(folder, "stripe")


def test_wrong_range_type_and_shape(folder):
    path = folder / "fog" / "train_images.npy"
    np.save(path, np.random.default_rng(0).random((6, 28, 28, 1)))
    with pytest.raises(BadInput, match="type float64 with values up to .*uint8"):
        load_mnist_c(folder, "fog")
    np.save(path, np.ones((6, 28, 28, 1), np.uint8))
    with pytest.raises(BadInput, match="floats in .* stored as bytes"):
        load_mnist_c(folder, "fog")
    np.save(path, np.full((6, 14, 14, 1), 9, np.uint8))
    with pytest.raises(BadInput, match=r"\(n, 28, 28, 1\) was expected"):
        load_mnist_c(folder, "fog")
    np.save(path, np.full((5, 28, 28, 1), 9, np.uint8))
    with pytest.raises(BadInput, match="5 train images, but train labels of shape"):
        load_mnist_c(folder, "fog")
    path.write_bytes(b"not numpy")
    with pytest.raises(BadInput, match="cannot be read as a NumPy file"):
        load_mnist_c(folder, "fog")
