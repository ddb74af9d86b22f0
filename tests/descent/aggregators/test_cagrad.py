"""CAGrad: table, the ball, descent, limits, the dual against a fine search."""

import numpy as np
import pytest

from mtrl.descent import cagrad
from mtrl.descent.aggregators import cagrad_weights
from tests.descent.fixtures import J1, J2, J3, TABLE, direction, directions, random_jacobians
from tests.helpers import assert_close


@pytest.mark.parametrize(
    "J, expected",
    [(J1, [0.183503, 1.204124, 1.204124]), (J2, [0.025179, 1.341273, 1.391516, 0.025122]), (J3, [1.0, 1])],
)
def test_table(J, expected):
    """TorchJD 0.18 solves to 1e-3 of a normalised problem: 2e-4 is its accuracy."""
    assert_close("c = .5", direction(cagrad, J), expected, atol=2e-4)


@pytest.mark.parametrize("tasks", [2, 3])
def test_in_the_ball_descends_and_is_the_best_there(tasks):
    """`|d - g0| = c |g0|`, `g0 . d >= (1 - c) |g0|^2`, and no point of the ball has a larger worst-task descent (section 3)."""
    Js = random_jacobians(60, tasks)
    d, g0 = directions(cagrad_weights, Js, c=0.5), Js.mean(1)
    size = np.linalg.norm(g0, axis=1)
    assert_close("ball", np.linalg.norm(d - g0, axis=1) / size, 0.5, rtol=1e-6)
    assert ((g0 * d).sum(1) >= 0.5 * size**2 * (1 - 1e-9)).all()
    worst = np.einsum("ctd,cd->ct", Js, d).min(1)
    rng = np.random.default_rng(0)
    other = rng.normal(size=(200, *g0.shape))
    other *= 0.5 * size[:, None] / np.linalg.norm(other, axis=2, keepdims=True)
    rivals = np.einsum("ctd,kcd->kct", Js, g0 + other).min(2)
    assert (rivals <= worst + 1e-3 * size * np.abs(Js).max((1, 2))).all()


def test_limits():
    """c = 0 is the mean; a large c points where MGDA does; rescaling divides by 1 + c^2 or 1 + c."""
    for J in TABLE:
        assert_close("mean", direction(cagrad, J, c=0.0), J.mean(0), rtol=1e-12)
    far = direction(cagrad, J1, c=1e6)
    assert_close("MGDA", far / np.linalg.norm(far), np.array([0, 1, 1]) / np.sqrt(2), atol=1e-5)
    plain = direction(cagrad, J2, c=0.4)
    assert_close("square", direction(cagrad, J2, c=0.4, rescale="square"), plain / 1.16, rtol=1e-12)
    assert_close("linear", direction(cagrad, J2, c=0.4, rescale="linear"), plain / 1.4, rtol=1e-12)


def program(J, c):
    """The largest worst-task descent in the ball, by a cone program."""
    import cvxpy as cp

    g0, d, least = J.mean(0), cp.Variable(J.shape[1]), cp.Variable()
    inside = [J @ d >= least, cp.norm(d - g0) <= c * np.linalg.norm(g0)]
    return cp.Problem(cp.Maximize(least), inside).solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11)


def test_worst_task_descent_is_that_of_a_cone_program():
    """Of every kind of Jacobian: unequal norms, nearly opposed, equal rows, rank 2, a zero, and nearly Pareto-stationary."""
    rng = np.random.default_rng(1)
    J = rng.normal(size=(8, 5, 12))
    J[1] *= np.geomspace(1e-3, 1e3, 5)[:, None]
    J[2, 1:] = 0.1 * J[2, 1:] - J[2, :1]
    J[3] = 0.05 * J[3] + J[4, :1]
    J[4, 1] = J[4, 0]
    J[5, :, 2:] = 0  # 0 lies in the hull of most such gradients
    J[6, 4] = 0
    J[7] -= 0.999 * J[7].mean(0)
    for c in (0.05, 0.5, 5.0):
        d = directions(cagrad_weights, J, c=c)
        sizes, lengths = np.linalg.norm(J.mean(1), axis=1), np.linalg.norm(J, axis=2).max(1)
        assert (np.linalg.norm(d - J.mean(1), axis=1) <= c * sizes * (1 + 1e-9)).all()
        worst = np.einsum("ctd,cd->ct", J, d).min(1)
        best = np.array([program(one, c) for one in J])
        short = (best - worst) / (sizes * lengths)
        if c == 5.0:  # 0 lies in the hull of the gradients of rank 2, and then rounding limits the direction
            assert abs(best[5]) < 1e-8 and 0 <= short[5] < 0.1
            short[5] = 0
        assert_close(f"worst task, c = {c}", short, np.zeros(8), atol=1e-8)


@pytest.mark.parametrize("factors", [(1.0, 1, 1), (1.0, 2, 5)])
def test_parallel_gradients_give_the_longest_one_of_the_ball(factors):
    """All along g: `d = (1 + c) g0`, whichever weights of the simplex the dual picks."""
    J = np.outer(factors, [1.0, 2, -1])
    assert_close("direction", direction(cagrad, J, c=0.4), 1.4 * J.mean(0), rtol=1e-9)
