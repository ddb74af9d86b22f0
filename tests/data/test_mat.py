"""MATLAB files: the layouts that public copies have, and the one sentence for every way they can be wrong."""

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from mtrl.data import check_rows, pad, read_splits, tasks_of_mat
from mtrl.numerics.errors import BadInput

RNG = np.random.default_rng(0)
XS = [RNG.integers(0, 2, (n, 3)).astype(np.uint8) for n in (4, 2, 5)]
YS = [RNG.integers(0, 70, (n, 1)).astype(np.uint8) for n in (4, 2, 5)]


def cells(arrays):
    out = np.empty((1, len(arrays)), object)
    for t, array in enumerate(arrays):
        out[0, t] = array
    return out


def write(folder, **variables):
    savemat(folder / "data.mat", variables)
    return folder / "data.mat"


LAYOUTS = {
    "cells X, y": dict(X=cells(XS), y=cells(YS)),
    "cells X, Y (MALSAR)": dict(X=cells(XS), Y=cells(YS), other=np.ones((5, 3))),
    "rows of responses": dict(X=cells(XS), y=cells([y.T for y in YS])),
    "sparse inputs": dict(X=cells([sparse.csc_matrix(x.astype(float)) for x in XS]), y=cells(YS)),
    "landmine": dict(feature=cells(XS), label=cells(YS)),
    "long (PyMTL)": dict(
        x=np.concatenate(XS).T, y=np.concatenate(YS), task_indexes=np.array([[1], [5], [7]], np.uint16)
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_tasks(tmp_path, layout):
    tasks = tasks_of_mat(write(tmp_path, **LAYOUTS[layout]))
    assert len(tasks.x) == 3 and tasks.names == ("0", "1", "2")
    for x, y, x_t, y_t in zip(tasks.x, tasks.y, XS, YS, strict=True):
        np.testing.assert_array_equal(x, x_t)
        np.testing.assert_array_equal(y, y_t[:, 0])


def test_tasks_are_padded_with_a_mask(tmp_path):
    tasks = pad(XS, [y[:, 0] for y in YS])
    assert tasks.x.shape == (3, 5, 3) and tasks.mask.sum(1).tolist() == [4, 2, 5]
    np.testing.assert_array_equal(tasks.x[1, :2], XS[1])
    np.testing.assert_array_equal(tasks.y[1], [*YS[1][:, 0], 0, 0, 0])


@pytest.mark.parametrize("name", ["sarcos_inv", "sarcos_inv_test", "mine"])
def test_shared_inputs_give_one_task_per_response(tmp_path, name):
    table = RNG.normal(size=(40, 28))
    path = write(tmp_path, **{name: table})
    tasks = tasks_of_mat(path, outputs=0 if name.startswith("sarcos") else 7)
    assert tasks.shared and len(tasks.x) == 7
    np.testing.assert_array_equal(tasks.x[3], table[:, :21])
    np.testing.assert_array_equal(tasks.y[3], table[:, 24])


def test_computer_survey_has_one_design_for_all_persons(tmp_path):
    design, ratings = RNG.normal(size=(20, 14)), RNG.integers(0, 11, (6, 20))
    tasks = tasks_of_mat(write(tmp_path, designMarix=design, likeBuy=ratings))
    assert tasks.shared and len(tasks.y) == 6
    np.testing.assert_array_equal(tasks.y[2], ratings[2])
    np.testing.assert_array_equal(tasks.x[2], design)


def test_published_splits_count_from_one(tmp_path):
    train, test = read_splits(write(tmp_path, tr=np.array([[1, 3, 4]]), tst=np.array([[2]])))
    assert train.tolist() == [0, 2, 3] and test.tolist() == [1]
    with pytest.raises(BadInput, match="share none"):
        read_splits(write(tmp_path, tr=np.array([[1, 3]]), tst=np.array([[3]])))


def test_a_task_with_too_few_rows_is_named(tmp_path):
    with pytest.raises(
        BadInput, match="task 1 of .* has 2 rows, but 4 are needed to hold some out; leave the task out"
    ):
        check_rows(tasks_of_mat(write(tmp_path, X=cells(XS), y=cells(YS))), 4, "file", "to hold some out")


@pytest.mark.parametrize(
    "variables, message",
    [
        (dict(X=cells([np.ones((3, 2))]), y=cells([np.ones(2)])), r"task 0 .* inputs \(3, 2\) and \(2,\) responses"),
        (dict(X=cells([np.full((2, 2), np.nan)]), y=cells([np.ones(2)])), "task 0 .* not finite"),
        (dict(X=cells([np.ones((2, 2))]), y=cells([np.array([-1e300, 1])])), "task 0 .* overflow when squared"),
        (dict(X=cells([np.zeros((0, 2))]), y=cells([np.ones(0)])), "task 0 .* is empty"),
        (dict(X=cells([np.ones((2, 2))]), y=cells(["a"])), "cannot be read as task data"),
        (dict(X=cells(XS), y=cells(YS[:2])), "inputs of 3 tasks and responses of 2"),
        (dict(x=np.ones((3, 9)), y=np.ones((9, 1)), task_indexes=np.array([0, 4])), "counted from 1 and increasing"),
        (dict(z=np.ones((2, 2)), w=np.ones((2, 2))), "no task data in a known layout.*it holds w, z"),
        (dict(table=np.ones((9, 3))), "say how many of its last columns are responses"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, variables, message):
    with pytest.raises(BadInput, match=message) as caught:
        tasks_of_mat(write(tmp_path, **variables))
    assert "\n" not in str(caught.value)


def test_other_versions_and_other_files(tmp_path):
    with pytest.raises(BadInput, match=r"none.mat: no such file"):
        tasks_of_mat(tmp_path / "none.mat")
    path = write(tmp_path, table=np.ones((30, 3)))
    with pytest.raises(BadInput, match="needs more than 3 columns"):
        tasks_of_mat(path, outputs=3)
    with pytest.raises(BadInput, match="no variable 'other'; it holds table"):
        tasks_of_mat(path, "other", 1)
    path = write(tmp_path, table=np.ones((3, 30)))
    with pytest.raises(BadInput, match="transpose it"):
        tasks_of_mat(path, outputs=2)
    for content in (b"", b"hello", b"<!DOCTYPE html>" * 20, b"MATLAB 7.3 MAT-file".ljust(126) + b"IM"):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="not a MATLAB version 5 file"):
            tasks_of_mat(path)
