import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.errors import BadInput
from mtrl.random_matrix.classification.tuning import predicted_error, tune, tune_grid, tune_simplex
from tests.helpers import assert_close

COUNTS, GRID = jnp.array([[200, 200], [20, 20]]), jnp.logspace(-3, 3, 13)


def gram(beta):
    return 4 * (jnp.eye(2) + beta * (1 - jnp.eye(2)))


@jax.jit
def error(gram, gamma, lam, counts=COUNTS, target=1):
    return predicted_error(gram, counts, gamma, lam, dim=100, target=target)


@jax.jit
def tuned(gram):
    return tune_grid(lambda g, x: error(gram, jnp.full(2, g), x), gammas=GRID, lams=GRID)


@pytest.mark.parametrize(
    ("beta", "expected"), [(-1.0, 0.1834), (-0.5, 0.2651), (0.0, 0.2965), (0.75, 0.2294), (1.0, 0.1834)]
)
def test_grid_reproduces_the_reference_run(beta, expected):
    """Reference values are rounded minima of a coarser or finer grid of the same flat valley."""
    best = tuned(gram(beta))
    assert_close("tuned error", best.error, expected, atol=3e-4, rtol=0)
    assert_close("minimum of the grid", best.error, jnp.min(best.errors), 1e-12)
    assert_close("at its point", error(gram(beta), jnp.full(2, best.gamma), best.lam), best.error, 1e-9)


def test_each_task_can_be_the_target():
    """Renaming the tasks renames the predicted error."""
    swapped = error(gram(0.5), jnp.array([2.0, 1.0]), 3.0, COUNTS[::-1], 0)
    assert_close("target 0", swapped, error(gram(0.5), jnp.array([1.0, 2.0]), 3.0), 1e-9)


def test_grid_skips_points_that_are_not_finite():
    found = tune_grid(lambda g, x: jnp.where(g < 2, jnp.nan, g + x), gammas=jnp.arange(4.0), lams=jnp.arange(1.0, 3.0))
    assert (float(found.gamma), float(found.lam), float(found.error)) == (2.0, 1.0, 3.0)


def test_simplex_refines_and_stays_in_the_box():
    start = tuned(gram(0.5))
    found = tune_simplex(
        lambda g, x: error(gram(0.5), jnp.asarray(g), x), np.full(2, float(start.gamma)), float(start.lam)
    )
    assert found.error <= float(start.error) + 1e-9
    assert np.all((found.gamma >= 1e-3) & (found.gamma <= 1e3)) and found.evaluations <= 400


def test_simplex_ends_at_the_edge_of_the_box():
    found = tune_simplex(lambda g, x: float(np.log(g).sum() + np.log(x)), np.ones(1), 1.0, low=0.5, high=2.0)
    assert_close("lower edge", [*found.gamma, found.lam, found.error], [0.5, 0.5, 2 * np.log(0.5)], 1e-2)


def test_simplex_begins_where_it_is_told():
    found = tune_simplex(
        lambda g, x: float(abs(np.log(g / 0.7)).sum() + abs(np.log(x / 1.3))), np.array([0.7]), 1.3, max_evaluations=3
    )
    assert_close("the start is the minimum", [*found.gamma, found.lam, found.error], [0.7, 1.3, 0.0], 1e-12, atol=1e-12)


def test_signed_labels_can_be_tuned_too():
    """With +-1 labels an unrelated source is best left alone: small lam."""

    @jax.jit
    def signed_error(lam):
        return predicted_error(gram(-0.5), COUNTS, jnp.full(2, 1e-3), lam, dim=100, target=1, rule="midpoint")

    off, on = signed_error(0.0), signed_error(1e-3)
    assert float(off) < float(on)


def test_tune_is_the_grid_of_predicted_errors():
    """The entry point takes lists; its answer is the best of its own grid."""

    @jax.jit
    def both(gram):
        found = tune(gram, [[200, 200], [20, 20]], dim=100, target=1, gammas=[1e-2, 1.0], lams=[0.0, 0.1, 10.0])
        return found, error(gram, jnp.full(2, found.gamma), found.lam)

    found, again = both(gram(0.75))
    assert found.errors.shape == (2, 3) and float(found.error) == float(jnp.min(found.errors))
    assert_close("at its point", again, found.error, 1e-9)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (dict(target=5), "target got 5, but must be a whole number from 0 to 1"),
        (dict(gammas=[-1.0]), "gammas got -1"),
        (dict(counts=[[3, 3]] * 3), "counts has shape"),
        (dict(rule="plain"), "rule got 'plain', but takes one of classical, midpoint, optimal"),
    ],
)
def test_tune_refuses(change, match):
    good = dict(gram=gram(0.5), counts=[[3, 3]] * 2, dim=9, target=1, gammas=[1.0], lams=[1.0])
    with pytest.raises(BadInput, match=match):
        tune(**{**good, **change})
