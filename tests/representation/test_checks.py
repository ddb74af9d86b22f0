import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.representation import checks

X, Y = np.ones((2, 3, 4)), np.ones((2, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: checks.check_rank(6, 10, 5), r"rank=6 is above min\(dim=10, tasks=5\).*span fewer than rank"),
        (lambda: checks.check_rank(0, 10, 5), "rank=0 is not positive"),
        (lambda: checks.check_target(5, 3), "target_samples=3 is below rank=5"),
        (lambda: checks.check_data(X[0], Y), r"x has shape \(3, 4\) and y has shape \(2, 3\)"),
        (lambda: checks.check_data(X, Y[:, :2]), r"x has shape \(2, 3, 4\) and y has shape \(2, 2\)"),
        (lambda: checks.check_data(X, Y * np.nan), "not finite"),
        (lambda: checks.check_data(X, Y.astype(int)), "y has dtype int"),
        (lambda: checks.check_data(X * [[[1.0]], [[0.0]]], Y * [[1.0], [0.0]]), "3 rows are zero.*padding.*mask"),
        (lambda: checks.check_data(X, Y, Y), "give booleans of the shape of y"),
        (lambda: checks.check_relation(1), "tasks=1 leaves no relation to learn"),
        (lambda: checks.check_penalty(lam=-0.5), "lam=-0.5 is not a penalty weight"),
        (lambda: checks.check_penalty(gamma=np.nan), "gamma=nan is not a penalty weight"),
        (lambda: checks.check_l1_ratio(1.5), r"l1_ratio=1.5 is outside 0\.\.1"),
        (lambda: checks.check_clusters(0, 4), r"clusters=0 is outside 1\.\.tasks=4"),
        (lambda: checks.check_clusters(5, 4), r"clusters=5 is outside 1\.\.tasks=4"),
        (lambda: checks.check_stable(jnp.asarray(True), 3.0, 1.5), "limit is about 1.5"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, message):
    with pytest.raises(BadInput, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_good_input_passes_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.check_data(X, Y)
        checks.check_data(X * [[[1.0]], [[0.0]]], Y, np.array([[True] * 3, [False] * 3]))
        checks.check_rank(2, 4, 2, samples=3)
        checks.check_clusters(2, 2)
        checks.check_penalty(lam=0.0)
        checks.check_converged("search", True, 1.0, 3)
        assert checks.check_stable(False, 1.0, 2.0) is None


def test_interpolating_heads_and_unfinished_solvers_warn():
    with pytest.warns(UserWarning, match="heads interpolate; least squares representation will be arbitrary, use mom"):
        checks.check_rank(3, 10, 5, samples=2)
    with pytest.warns(UserWarning, match=r"search stopped after 7 iterations.*gradient norm 1\.250e-01"):
        checks.check_converged("search", False, 0.125, 7)
