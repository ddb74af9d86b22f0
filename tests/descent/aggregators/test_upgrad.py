"""UPGrad: no conflict, projections, preference."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mtrl.descent import upgrad
from mtrl.descent.aggregators import upgrad_weights
from tests.descent.fixtures import J1, direction, directions, random_jacobians
from tests.helpers import assert_close


@pytest.mark.parametrize("tasks", [2, 3, 4])
def test_conflicts_with_no_task(tasks):
    """`J d >= 0` (Quinton and Rey 2024, proposition 1), in units of the largest gradient."""
    Js = random_jacobians(60, tasks, dim=6)
    d = directions(upgrad_weights, Js)
    scale = (Js**2).sum(2).max(1)
    assert (np.einsum("ctd,cd->ct", Js, d) / scale[:, None]).min() > -1e-9


def test_without_conflict_it_is_the_mean_and_with_two_the_half_of_pcgrad():
    """For two tasks both project each gradient off the other."""
    assert_close("mean", direction(upgrad, np.abs(J1)), np.abs(J1).mean(0), rtol=1e-9)
    assert_close("projected", direction(upgrad, J1), np.array([0.584795, 3.80117, 3.80117]) / 2, atol=1e-6)


def test_many_tasks_are_projected_by_iteration():
    """Twelve tasks, ten of them nearly parallel: every gradient's projection onto the cone is SciPy's non-negative least squares."""
    rng = np.random.default_rng(2)
    J = rng.normal(size=(12, 14))
    J[:10] = J[0] + 0.3 * J[:10]
    J[10] = 0.5 * J[10] - J[0]
    cone = [g + nnls(J.T, -g)[0] @ J for g in J]
    assert_close("mean of projections", directions(upgrad_weights, J[None])[0], np.mean(cone, 0), rtol=1e-6)
