import jax.numpy as jnp
import numpy as np
import pytest

from mtrl import dynamics
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


def test_hierarchy_has_the_papers_spectrum():
    """15 properties of 8 items: sqrt(15), sqrt(7), sqrt(3) twice, 1 four times."""
    task = dynamics.hierarchy()
    assert task.y.shape == (8, 15) and bool((task.y.sum(0) == jnp.array([8.0, 4, 4, 2, 2, 2, 2] + [1] * 8)).all())
    assert_close("spectrum", task.s, np.sqrt([15, 7, 3, 3, 1, 1, 1, 1]), 1e-12)
    assert_close("decomposition", (task.u * task.s) @ task.v.T, task.y.T @ task.x, 1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: dynamics.hierarchy(0), "levels got 0, but must be a whole number of at least 1"),
        (lambda: dynamics.task(np.eye(2), np.eye(3)), r"y has shape \(3, 3\), but must have \(2, any\)"),
        (lambda: dynamics.task(np.eye(2), np.full((2, 1), np.nan)), "y holds nan"),
    ],
)
def test_bad_tasks_are_refused(make, words):
    with pytest.raises(BadInput, match=words):
        make()
