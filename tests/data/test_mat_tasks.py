import numpy as np
import pytest
from scipy.io import savemat

from mtrl.data import mat_tasks
from mtrl.numerics.errors import BadInput


def cells(arrays):
    out = np.empty((1, len(arrays)), object)
    for t, array in enumerate(arrays):
        out[0, t] = array
    return out


@pytest.fixture
def school(tmp_path):
    rng = np.random.default_rng(0)
    xs, ys = [rng.normal(size=(n, 3)) for n in (4, 2)], [rng.normal(size=(n, 1)) for n in (4, 2)]
    savemat(tmp_path / "school.mat", {"X": cells(xs), "y": cells(ys), "other": np.ones((5, 3))})
    return str(tmp_path / "school.mat"), xs, ys


def test_cells_come_back_padded_with_a_mask(school):
    path, xs, ys = school
    tasks = mat_tasks.load_cells(path)
    assert tasks.x.shape == (2, 4, 3)
    assert tasks.mask.sum(1).tolist() == [4, 2]
    np.testing.assert_array_equal(tasks.x[1, :2], xs[1])
    np.testing.assert_array_equal(tasks.y[1], [*ys[1][:, 0], 0.0, 0.0])


def test_shared_inputs_give_one_task_per_response(school):
    tasks = mat_tasks.load_shared(school[0], "other", outputs=2)
    assert tasks.x.shape == (2, 5, 1)
    assert tasks.mask.all()


def test_bad_files_are_refused_in_one_sentence(school, tmp_path):
    path = school[0]
    savemat(tmp_path / "bad.mat", {"X": cells([np.ones((3, 2))]), "y": cells([np.ones(2)])})
    savemat(tmp_path / "nan.mat", {"X": cells([np.ones((2, 2)) * np.nan]), "y": cells([np.ones(2)])})
    (tmp_path / "text.mat").write_text("hello")
    for call, message in (
        (lambda: mat_tasks.load_cells(str(tmp_path / "none.mat")), "no file .*none.mat"),
        (lambda: mat_tasks.load_cells(path, inputs="Z"), "no variable 'Z'; it holds X, other, y"),
        (lambda: mat_tasks.load_cells(path, inputs="other"), "'other' .* is not a cell array"),
        (lambda: mat_tasks.load_cells(str(tmp_path / "bad.mat")), r"task 0 .* inputs \(3, 2\) and 2 responses"),
        (lambda: mat_tasks.load_cells(str(tmp_path / "nan.mat")), "task 0 .* not finite"),
        (lambda: mat_tasks.load_cells(str(tmp_path / "text.mat")), "not a MATLAB version 5 file"),
        (lambda: mat_tasks.load_shared(path, "other", outputs=3), "needs more than 3 columns"),
        (lambda: mat_tasks.load_shared(path, "table", outputs=3), "no variable 'table'"),
    ):
        with pytest.raises(BadInput, match=message):
            call()
