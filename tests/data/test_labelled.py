import numpy as np
import pytest

from mtrl.data import load_labelled
from mtrl.numerics.errors import BadInput

X = np.arange(12.0).reshape(6, 2)
GOOD = dict(X=X, y=np.array([1, 2, 1, 2, 2, 1]), task=np.array([3, 3, 3, 7, 7, 7]))


def write(path, **arrays):
    np.savez(path / "tasks.npz", **arrays)
    return path / "tasks.npz"


@pytest.mark.parametrize("labels", [(1, 2), (0, 1), (-1, 1)])
def test_two_labels_whatever_they_are_called(tmp_path, labels):
    path = write(tmp_path, **{**GOOD, "y": np.where(GOOD["y"] == 1, *labels)})
    data = load_labelled(path)
    assert data.names == ("3", "7") and data.task.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(data.X, X) and data.y.tolist() == [1, 2, 1, 2, 2, 1]
    assert np.array_equal(load_labelled(tmp_path).X, X)


@pytest.mark.parametrize(
    ("y", "match"),
    [
        ([0, 1, 2, 2, 2, 1], r"y takes 3 values \(0, 1, 2\)"),
        ([1, 1, 1, 2, 2, 1], "task 3 has no sample of class 2"),
        ([1, 1, 1, 1, 1, 1], r"y takes 1 values \(1\)"),
    ],
)
def test_other_labels_are_refused(tmp_path, y, match):
    with pytest.raises(BadInput, match=match):
        load_labelled(write(tmp_path, **{**GOOD, "y": np.array(y)}))
