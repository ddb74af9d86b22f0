import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from mtrl.numerics.designs.e_optimal import e_optimal
from mtrl.numerics.designs.rounding import (
    apportion,
    check_enough,
    efficient_apportionment,
    largest_remainder,
    regret_rounding,
    support,
    water_fill,
)
from mtrl.numerics.errors import BadInput


def test_known_apportionment():
    counts = apportion(jnp.array([0.5, 0.3, 0.2, 0.0]), 101, 3)
    np.testing.assert_array_equal(counts, [49, 29, 20, 3])


def test_zero_shares_are_equal_and_ties_go_first():
    np.testing.assert_array_equal(apportion(jnp.zeros(4), 10, 1), [3, 3, 2, 2])
    np.testing.assert_array_equal(largest_remainder(jnp.array([1.5, 1.5, 1.0]), 4), [2, 1, 1])


def test_no_floor_is_proportional():
    np.testing.assert_allclose(water_fill(jnp.array([3.0, 1.0, 0.0]), 8, 0), [6, 2, 0])


@hypothesis.given(
    st.lists(st.floats(0, 1e6), min_size=6, max_size=6), st.integers(0, 5), st.integers(0, 400), st.floats(1e-8, 1e8)
)
def test_sum_floor_and_order(shares, floor, spare, scale):
    shares = np.array(shares)
    total = 6 * floor + spare
    quotas = np.asarray(water_fill(jnp.asarray(shares), total, floor))
    counts = np.asarray(apportion(jnp.asarray(shares), total, floor))
    assert counts.sum() == total and counts.min() >= floor
    assert np.max(np.abs(counts - quotas)) < 1 + 1e-6
    order = np.argsort(shares, kind="stable")
    assert np.all(np.diff(quotas[order]) >= -1e-6)  # a larger share never gets less
    above = quotas > floor * (1 + 1e-9) + 1e-9
    if shares.max() > 0 and above.sum() > 1:  # above the floor: one common scale
        ratios = quotas[above] / shares[above]
        np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    np.testing.assert_allclose(water_fill(jnp.asarray(shares * scale), total, floor), quotas, rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def design():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(40, 4)) * [1, 0.7, 0.5, 0.3])
    return x, jax.jit(e_optimal)(x).weights


def kept_information(x, weights, counts):
    """Smallest eigenvalue of `A(c)/n` in the coordinates where `A(lambda) = I`."""
    lower = np.linalg.cholesky((x.T * weights) @ x)
    half = np.linalg.solve(lower, x.T)
    return np.linalg.eigvalsh((half * (counts / counts.sum())) @ half.T)[0]


@pytest.mark.parametrize("total", [12, 50, 1000, 90000])
def test_efficient_apportionment_keeps_the_design(design, total):
    x, weights = design
    counts = np.asarray(jax.jit(efficient_apportionment)(weights, total))
    assert counts.sum() == total and counts.min() >= 0
    assert kept_information(x, weights, counts) >= 1 - int(support(weights)) / total
    assert np.all(counts[np.asarray(weights) < 1e-6] == 0)


def test_efficient_apportionment_of_a_known_design():
    """Pukelsheim (1993), chapter 12: the quotas (n - s/2) w are rounded up, the discrepancy is distributed."""
    np.testing.assert_array_equal(efficient_apportionment(jnp.array([0.55, 0.3, 0.15, 0.0]), 9), [4, 3, 2, 0])
    np.testing.assert_array_equal(efficient_apportionment(jnp.full(5, 0.2), 21405), np.full(5, 4281))


@pytest.mark.parametrize("total", [200, 1000])
def test_regret_rounding_keeps_its_guarantee(design, total):
    """`1 - loss` with the loss of the regret bound, which n = 180 d / zeta^2 makes less than zeta / 2."""
    x, weights = design
    counts = np.asarray(jax.jit(regret_rounding)(x, weights, total))
    assert counts.sum() == total
    alpha = np.sqrt(total / 5)
    guarantee = total / (total + 2 * alpha) - 4 / alpha
    assert kept_information(x, weights, counts) >= max(guarantee, 1 - 3 * np.sqrt(5 * 4 / total))


def test_regret_rounding_is_its_algorithm(design):
    """Sample by sample, with the inverse of a matrix and c from a bracketed root, where `n A(lambda) = I`."""
    x, weights = (np.asarray(part) for part in design)
    total = 30
    half = np.linalg.solve(np.linalg.cholesky(total * (x.T * weights) @ x), x.T).T
    alpha, gathered, counts = np.sqrt(total / 5), np.zeros((4, 4)), np.zeros(40, int)
    for _ in range(total):
        least = alpha * np.linalg.eigvalsh(gathered)[0]
        inverse = lambda c, gathered=gathered: np.linalg.inv(c * np.eye(4) + alpha * gathered)  # noqa: E731
        q = inverse(brentq(lambda c, inverse=inverse: np.sum(inverse(c) ** 2) - 1, 1e-3 - least, 3 - least))
        score = np.einsum("ni,ij,nj->n", half, q @ q, half) / (1 + alpha * np.einsum("ni,ij,nj->n", half, q, half))
        gathered = gathered + np.outer(half[score.argmax()], half[score.argmax()])
        counts[score.argmax()] += 1
    np.testing.assert_array_equal(jax.jit(regret_rounding)(*design, total), counts)


def test_rounding_refuses(design):
    with pytest.raises(
        BadInput, match="total got 2, but the design has 3 points and each needs a sample; take at least 3"
    ):
        efficient_apportionment(jnp.full(3, 1 / 3), 2)
    check_enough(jnp.array([0.5, 0.5, 1e-9]), 2)
    with pytest.raises(BadInput, match="total got 0"):
        regret_rounding(*design, 0)
