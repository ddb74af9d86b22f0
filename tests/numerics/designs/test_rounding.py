import hypothesis
import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.designs.rounding import apportion, largest_remainder, water_fill


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
