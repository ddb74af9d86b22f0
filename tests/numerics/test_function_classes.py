"""Eluder dimension and covering numbers against their definitions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics import function_classes as fc
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close


@pytest.mark.parametrize(
    ("dim", "eps", "length", "bound"), [(2, 0.5, 10, 38.3), (2, 0.1, 20, 68.3), (5, 0.5, 25, 94.3), (5, 0.1, 50, 169.3)]
)
def test_linear_eluder_numbers(dim, eps, length, bound):
    """Axis sequences of these lengths are eps-independent element by element, and stay under the bound."""
    assert_close("eluder bound", fc.linear_eluder_bound(dim, 1.0, eps), bound, atol=0.06, rtol=0)
    assert int(fc.linear_eluder_length(dim, 1.0, eps)) == length
    sequence = jnp.asarray(fc.linear_eluder_sequence(dim, 1.0, eps))
    assert sequence.shape == (length, dim)
    assert float(jnp.max(jnp.linalg.norm(sequence, axis=1))) <= 1.0
    earlier = jnp.where(jnp.arange(length)[None, :, None] < jnp.arange(length)[:, None, None], sequence[None], 0.0)
    gaps = jax.vmap(lambda x, p: fc.linear_gap(x, p, 1.0, eps))(sequence, earlier)
    assert bool(jnp.all(gaps > eps)), float(jnp.min(gaps))
    assert length <= float(fc.linear_eluder_bound(dim, 1.0, eps))


def test_linear_gap_equals_cvxpy(key):
    import cvxpy as cp

    x, previous = (
        np.asarray(jax.random.normal(key, (3,))),
        np.asarray(jax.random.normal(jax.random.fold_in(key, 1), (2, 3))),
    )
    w = cp.Variable(3)
    problem = cp.Problem(cp.Maximize(x @ w), [cp.norm(w) <= 2 * 0.8, cp.norm(previous @ w) <= 0.4])
    problem.solve()
    assert_close(
        "largest disagreement", fc.linear_gap(jnp.asarray(x), jnp.asarray(previous), 0.8, 0.4), problem.value, rtol=1e-4
    )


def literal_eluder_dimension(table, eps):
    """Every ordered sequence of inputs, every scale on a fine grid."""
    pairs = list(itertools.combinations(range(len(table)), 2))
    best = 0
    for scale in np.linspace(eps, np.max(np.abs(table[:, None] - table[None])), 400):
        for size in range(best + 1, table.shape[1] + 1):
            for order in itertools.permutations(range(table.shape[1]), size):
                if all(
                    any(
                        sum((table[a, i] - table[b, i]) ** 2 for i in order[:n]) <= scale**2
                        and abs(table[a, j] - table[b, j]) > scale
                        for a, b in pairs
                    )
                    for n, j in enumerate(order)
                ):
                    best = size
                    break
    return best


@pytest.mark.parametrize("seed", range(4))
def test_eluder_dimension_of_small_tables(seed):
    table = np.random.default_rng(seed).normal(size=(4, 4))
    assert fc.eluder_dimension(table, 0.3) == literal_eluder_dimension(table, 0.3)


def test_eluder_dimension_of_indicators():
    """n indicator functions and zero on n points: every point is a surprise, whatever was seen before."""
    table = np.vstack([np.eye(6), np.zeros(6)])
    assert fc.eluder_dimension(table, 0.5) == 6
    assert fc.eluder_dimension(np.zeros((3, 6)), 0.5) == 0
    assert fc.eluder_dimension([[0.0], [0.5]], 0.5) == 0  # independent means a gap above eps, not at it


def test_covering_number_of_small_tables():
    assert fc.covering_number(np.arange(10.0)[:, None], 1.0) == 4  # ten integers, balls of three: four needed
    assert fc.covering_number(np.eye(5), 0.5) == 5
    assert fc.covering_number(np.eye(5), 1.0) == 1


def test_linear_covering_bound_covers(key):
    """The class on a net is never larger than the volume bound says."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2), -1).reshape(-1, 2)
    thetas = grid[np.linalg.norm(grid, axis=1) <= 1.0]
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    table = thetas @ np.stack([np.cos(angles), np.sin(angles)])
    for alpha in (0.3, 0.6):
        assert np.log(fc.covering_number(table, alpha)) <= float(fc.linear_log_covering(2, 1.0, alpha))


def test_multihead_is_one_representation_and_many_heads():
    one = fc.multihead_log_covering(10.0, 1, 3, 1.0, 0.1)
    ten = fc.multihead_log_covering(10.0, 10, 3, 1.0, 0.1)
    assert_close("heads add, the representation does not", ten - 10.0, 10 * (one - 10.0), rtol=1e-12)


def test_bad_input():
    with pytest.raises(BadInput, match="at most 16 inputs"):
        fc.eluder_dimension(np.zeros((2, 17)), 0.1)
    with pytest.raises(BadInput, match="eps got 0"):
        fc.eluder_dimension(np.zeros((2, 3)), 0.0)
    with pytest.raises(BadInput, match="alpha=-1"):
        fc.covering_number(np.zeros((2, 3)), -1.0)
