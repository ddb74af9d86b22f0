"""The generic reader: the same tasks from every kind of file; the real world's mistakes as one sentence."""

import numpy as np
import pytest
from scipy.io import savemat

from mtrl.data import read_tasks
from mtrl.numerics.errors import BadInput

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.5]])
Y = np.array([0.5, 1.5, 2.5, -1.0])
TASK = np.array(["b", "a", "b", "a"])


def test_the_same_tasks_from_every_kind_of_file(tmp_path):
    rows = [f"{t},{y},{a},{b}" for t, y, (a, b) in zip(TASK, Y, X, strict=True)]
    (tmp_path / "one.csv").write_text("\n".join(["task,y,u,v", *rows]))
    np.savez(tmp_path / "two.npz", X=X, y=Y, task=TASK)
    (tmp_path / "each").mkdir()
    (tmp_path / "mixed").mkdir()
    cells = {"X": np.empty((1, 2), object), "y": np.empty((1, 2), object)}
    for t, name in enumerate("ab"):
        mine = name == TASK
        lines = [f"{y},{a},{b}" for y, (a, b) in zip(Y[mine], X[mine], strict=True)]
        (tmp_path / "each" / f"{name}.csv").write_text("\n".join(["y,u,v", *lines]))
        np.savez(tmp_path / "mixed" / f"{name}.npz", X=X[mine], y=Y[mine])
        cells["X"][0, t], cells["y"][0, t] = X[mine], Y[mine]
    savemat(tmp_path / "three.mat", cells)
    first = read_tasks(tmp_path / "one.csv")
    assert first.names == ("a", "b") and first.y[0].tolist() == [1.5, -1.0]
    for place in ("two.npz", "each", "mixed", "three.mat"):
        tasks = read_tasks(tmp_path / place)
        assert tasks.names == (("0", "1") if place == "three.mat" else first.names), place
        for mine, theirs in zip((*tasks.x, *tasks.y), (*first.x, *first.y), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_npz_of_shared_inputs_and_a_folder_with_one_file(tmp_path):
    np.savez(tmp_path / "t.npz", X=X, y=np.stack([Y, -Y], 1))
    tasks = read_tasks(tmp_path)
    assert tasks.shared and tasks.y[1].tolist() == (-Y).tolist()


@pytest.mark.parametrize(
    "arrays, message",
    [
        (dict(X=X, task=TASK), "lacks the array y"),
        (dict(X=X, y=Y[:3], task=TASK), "shapes"),
        (dict(X=X, y=Y, task=TASK[:3]), "need one value per row"),
        (dict(X=np.full((4, 2), np.nan), y=Y, task=TASK), "not finite"),
        (dict(X=np.array([["a", "b"]] * 4), y=Y, task=TASK), "numbers"),
        (dict(X=X, y=Y, task=np.array([None] * 4)), "Python objects"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, message):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(BadInput, match=message):
        read_tasks(tmp_path / "t.npz")


def test_places_that_hold_nothing_to_read(tmp_path):
    for place, message in (
        (tmp_path / "none.csv", "no such file"),
        (tmp_path / "none", "does not exist"),
        (tmp_path, "holds no file of a kind"),
    ):
        with pytest.raises(BadInput, match=message):
            read_tasks(place)
    (tmp_path / "a.xlsx").write_text("")
    with pytest.raises(BadInput, match="is of no kind that is read here"):
        read_tasks(tmp_path / "a.xlsx")
    for name in ("a.csv", "b.mat"):
        (tmp_path / name).write_text("y,x\n1,2\n")
    with pytest.raises(BadInput, match="b.mat is not one task"):
        read_tasks(tmp_path)
    (tmp_path / "b.mat").unlink()
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(BadInput, match="b.csv has no column 'y'"):
        read_tasks(tmp_path)


def test_a_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    np.savez(tmp_path / "t.npz", X=X, y=Y, task=TASK)
    assert len(read_tasks("~/t.npz").y) == 2
