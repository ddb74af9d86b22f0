import numpy as np
import pytest

from mtrl.data import task_npz
from mtrl.numerics.errors import BadInput

X = np.arange(12.0).reshape(6, 2)
GOOD = dict(X=X, y=np.array([1, 2, 1, 2, 2, 1]), task=np.array([3, 3, 3, 7, 7, 7]))


def write(path, **arrays):
    file = path / "tasks.npz"
    np.savez(file, **arrays)
    return str(file)


def test_file_and_directory_give_the_same(tmp_path):
    data = task_npz.load_labelled(write(tmp_path, **GOOD))
    assert data.names == ("3", "7") and data.task.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(data.X, X) and data.y.tolist() == [1, 2, 1, 2, 2, 1]
    assert np.array_equal(task_npz.load_labelled(str(tmp_path)).X, X)


def test_text_task_names(tmp_path):
    data = task_npz.load_labelled(write(tmp_path, **{**GOOD, "task": np.array(["b", "b", "b", "a", "a", "a"])}))
    assert data.names == ("a", "b") and data.task.tolist() == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(y=np.array([0, 1, 1, 2, 2, 1])), "y holds the value 0, but takes exactly the two labels 1 and 2"),
        (dict(y=np.array([1, 1, 1, 2, 2, 1])), "task 3 has no sample of class 2"),
        (dict(y=np.array([1, 2, 1])), "shapes"),
        (dict(X=np.full((6, 2), np.nan)), "finite numbers only"),
        (dict(X=np.array([["a", "b"]] * 6)), "finite numbers only"),
        (dict(task=np.array([None] * 6, dtype=object)), "Python objects"),
    ],
)
def test_bad_arrays(tmp_path, change, match):
    with pytest.raises(BadInput, match=match):
        task_npz.load_labelled(write(tmp_path, **{**GOOD, **change}))


def test_missing_array(tmp_path):
    with pytest.raises(BadInput, match="lacks the array task"):
        task_npz.load_labelled(write(tmp_path, X=X, y=GOOD["y"]))


def test_bad_files(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        task_npz.load_labelled(str(tmp_path / "none.npz"))
    with pytest.raises(BadInput, match="0 .npz files"):
        task_npz.load_labelled(str(tmp_path))
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(BadInput, match="cannot be read|damaged"):
        task_npz.load_labelled(str(text))
    array = tmp_path / "one.npy"
    np.save(array, X)
    with pytest.raises(BadInput, match="cannot be read"):
        task_npz.load_labelled(str(array))
