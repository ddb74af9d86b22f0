"""Tables with a task column, tables of shared inputs, and Mulan's arff files."""

import numpy as np
import pytest

from mtrl.data import tasks_of_arff, tasks_of_csv
from mtrl.numerics.errors import BadInput

ROWS = ["b,1,0.5,red", "a,2,1.5,blue", "b,3,2.5,blue"]


def write(folder, text, name="table.csv"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_task_column_groups_the_rows(tmp_path, separator):
    text = "\n".join(["task,y,size,colour", *ROWS, ""]).replace(",", separator)
    tasks = tasks_of_csv(write(tmp_path, text))
    assert tasks.names == ("a", "b") and not tasks.shared
    np.testing.assert_array_equal(tasks.x[1], [[0.5, 0, 1], [2.5, 1, 0]])  # size, blue, red
    np.testing.assert_array_equal(tasks.y[1], [1, 3])


def test_tasks_called_by_numbers_are_in_their_order(tmp_path):
    tasks = tasks_of_csv(write(tmp_path, "who,score,x\n10,1,1\n9,2,2\n10,3,3\n"), "who", "score")
    assert tasks.names == ("9", "10") and tasks.y[1].tolist() == [1, 3]


def test_published_tables_are_known_by_their_columns(tmp_path):
    tasks = tasks_of_csv(
        write(
            tmp_path,
            "subject#\tage\tmotor_UPDRS\ttotal_UPDRS\tNHR\n1\t72\t28.1\t34.2\t0.1\n2\t70\t20.5\t30.1\t0.2\n",
            "p.data",
        )
    )
    assert tasks.names == ("1", "2") and tasks.x[0].tolist() == [[72.0, 0.1]] and tasks.y[0].tolist() == [28.1]


def test_last_columns_as_tasks_on_shared_inputs(tmp_path):
    tasks = tasks_of_csv(write(tmp_path, "a,b,c\n1,2,3\n4,5,6\n"), outputs=2)
    assert (
        tasks.shared
        and tasks.names == ("b", "c")
        and tasks.y[1].tolist() == [3, 6]
        and tasks.x[0].tolist() == [[1], [4]]
    )


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "line 1: got the header nothing"),
        ("task,y,y\n1,2,3\n", "no name twice"),
        ("task,y,x\n", "no rows"),
        ("task,y,x\n1,2\n", "line 2: got 2 cells; expected 3"),
        ("task,y,x\n1,2,\n2,3,4\n", "line 2, column x: got ''; expected a number"),
        ("task,y,x\n1,high,3\n", "line 2, column y: got 'high'; expected a number"),
        ("task,y,x\n1,2,nan\n", "line 2, column x: got 'nan'; expected a number|got nan; expected a finite number"),
        ("task;y;x\n1;2;3,5\n", "line 2, column x: got '3,5'; expected a number; write decimals with a point"),
        ("task,y,x\n1,2,1_0\n", "got '1_0'"),
        ("task,y,x\n1,2,1e300\n", "overflow when squared"),
        ("task,y,x\n1,-1e300,1\n", "overflow when squared"),
        ("id,y,x\n1,2,3\n", "has no column 'task'; it has id, y, x: name the task's"),
        ("task,y\n1,2\n", "needs inputs too"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        tasks_of_csv(write(tmp_path, text))


ARFF = "@relation r\n@attribute kind {B,C}\n@attribute w numeric\n@attribute t1 numeric\n@attribute t2 numeric\n@data\nC, 1, 2, 3\nB, 4, 5, 6\n"


def test_arff_of_mulan_is_known_by_name_and_nominal_inputs_are_columns(tmp_path):
    tasks = tasks_of_arff(write(tmp_path, ARFF, "edm.arff"))
    assert tasks.shared and tasks.names == ("t1", "t2")
    np.testing.assert_array_equal(tasks.x[0], [[0, 1, 1], [1, 0, 4]])
    np.testing.assert_array_equal(tasks.y[1], [3, 6])


@pytest.mark.parametrize(
    "text, outputs, message",
    [
        (ARFF, 0, "say how many of the last are responses"),
        (ARFF, 4, "say how many of the last are responses"),
        (ARFF.replace("B, 4", "B, ?"), 2, "not finite"),
        (ARFF.replace("C, 1", "X, 1"), 2, "cannot be read as an .arff file"),
        (ARFF.replace("@data", ""), 2, "cannot be read as an .arff file"),
        ("<html></html>", 2, "cannot be read as an .arff file"),
    ],
)
def test_arff_that_does_not_fit(tmp_path, text, outputs, message):
    with pytest.raises(BadInput, match=message):
        tasks_of_arff(write(tmp_path, text, "mine.arff"), outputs)
