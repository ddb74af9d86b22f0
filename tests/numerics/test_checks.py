"""Every check names the argument, the value and what is allowed; traced values pass."""

import jax
import jax.numpy as jnp
import pytest

from mtrl.numerics import checks
from mtrl.numerics.errors import BadInput

NAN = float("nan")


@pytest.mark.parametrize(
    ("check", "arguments", "words"),
    [
        (checks.check_positive, dict(ridge=0.0), "ridge got 0, but must be a finite number above 0"),
        (checks.check_positive, dict(ridge=NAN), "ridge got nan"),
        (checks.check_positive, dict(noise=[1.0, -2.0]), "noise got -2"),
        (checks.check_nonnegative, dict(alpha=-1e-9), "alpha got -1e-09"),
        (checks.check_nonnegative, dict(alpha=float("inf")), "alpha got inf"),
        (checks.check_share, dict(delta=1.0), "delta got 1, but must be strictly between 0 and 1"),
        (checks.check_share, dict(delta=NAN), "delta got nan"),
        (checks.check_between, dict(lower=0, upper=1, ratio=1.5), "ratio got 1.5, but must be from 0 to 1"),
        (checks.check_between, dict(lower=0, upper=1, ratio=NAN), "ratio got nan"),
        (checks.check_whole, dict(tasks=0), "tasks got 0, but must be a whole number of at least 1"),
        (checks.check_whole, dict(tasks=2.5), "tasks got 2.5"),
        (checks.check_whole, dict(tasks=float("inf")), "tasks got inf"),
        (checks.check_whole, dict(task=7, upper=3), "from 1 to 3"),
        (checks.check_finite, dict(x=[[0.0, NAN]]), r"x holds nan at \(0, 1\)"),
    ],
)
def test_refusals(check, arguments, words):
    with pytest.raises(BadInput, match=words):
        check(**arguments)


def test_rank_choice_and_shape():
    for rank in (0, -1, 4):
        with pytest.raises(BadInput, match=f"rank got {rank}, but must lie between 1 and the dimension, 3"):
            checks.check_rank(rank, 3)
    with pytest.raises(BadInput, match="bonus got 'x', but takes one of a, b"):
        checks.check_choice("bonus", "x", ("a", "b"))
    with pytest.raises(BadInput, match=r"x has shape \(2, 3\), but must have \(any, 4\)"):
        checks.check_shape("x", jnp.zeros((2, 3)), (None, 4))
    checks.check_shape("x", jnp.zeros((2, 3)), (None, 3))


def test_good_and_traced_values_pass():
    checks.check_positive(ridge=1e-300, noise=[1, 2])
    checks.check_nonnegative(alpha=0)
    checks.check_whole(tasks=[1, 3], upper=3)

    def traced(x):
        checks.check_positive(ridge=x)
        checks.check_finite(x=x)
        return x

    assert jax.jit(traced)(-1.0) == -1.0


def test_norms_above_the_bound_warn():
    with pytest.warns(UserWarning, match="phi: a norm reaches 5, above the declared bound 1"):
        checks.warn_above(1.0, phi=jnp.array([[3.0, 4.0]]))


def test_solvers_that_stopped_early_warn_with_the_worst_they_reached():
    with pytest.warns(
        UserWarning, match=r"search stopped before converging: gradient_norm 1\.250e-01; raise iterations"
    ):
        checks.warn_unconverged("search", jnp.array([True, False, False]), gradient_norm=[3.0, 0.125, 0.1])
    checks.warn_unconverged("search", True, gap=1.0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([3, 1], "steps got 1 after 3, but must ascend; sort them"),
        ([-1, 1], "steps got -1, but must be at least 0"),
        ([], r"steps has shape \(0,\), but must be a list of one or more numbers"),
    ],
)
def test_ascending_lists(value, words):
    checks.check_ascending(steps=[0, 2, 2])
    with pytest.raises(BadInput, match=words):
        checks.check_ascending(steps=value)
