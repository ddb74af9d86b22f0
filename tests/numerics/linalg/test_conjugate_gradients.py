import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.linalg.conjugate_gradients import conjugate_gradients
from tests.helpers import assert_close


def system(seed):
    factor = jax.random.normal(jax.random.key(seed), (6, 6))
    return factor @ factor.T + jnp.eye(6)


@hypothesis.given(st.integers(0, 10**6))
def test_solves_in_as_many_steps_as_unknowns(seed):
    matrix = system(seed)
    right = jnp.arange(1.0, 7.0)
    ours = conjugate_gradients(lambda v: matrix @ v, right, jnp.ones(6), iterations=12).point
    assert_close("solve", ours, np.linalg.solve(np.asarray(matrix), np.asarray(right)), 1e-6)


def test_nested_batches_and_an_exact_start():
    matrix = system(1)
    solve = lambda right, start: conjugate_gradients(lambda v: matrix @ v, right, start).point  # noqa: E731
    rights, starts = jnp.eye(6)[:2], jnp.ones((3, 6))
    both = jax.vmap(lambda r: jax.vmap(lambda s: solve(r, s))(starts))(rights)
    assert_close("batches", both[:, 1], np.linalg.inv(matrix)[:2], 1e-6)
    exact = jnp.linalg.solve(matrix, rights[0])
    assert_close("exact start", solve(matrix @ exact, exact), exact, 1e-9)
    assert_close("zero right side", solve(jnp.zeros(6), jnp.zeros(6)), np.zeros(6), atol=1e-300)


def test_stops_at_the_asked_share_of_the_right_side():
    """|A x - b| <= tolerance |b|, and the solve is no longer than that: the next power of ten costs more steps."""
    matrix, right = jnp.diag(jnp.geomspace(1e-3, 1.0, 60)), jnp.ones(60)
    solve = lambda tolerance: conjugate_gradients(lambda v: matrix @ v, right, 0 * right, tolerance=tolerance).point  # noqa: E731
    share = [float(jnp.linalg.norm(matrix @ solve(t) - right) / jnp.linalg.norm(right)) for t in (1e-1, 1e-3)]
    assert 1e-3 < share[0] <= 1e-1 and share[1] <= 1e-3


def test_says_what_it_reached_and_nan_is_never_solved():
    matrix, right = system(2), jnp.arange(1.0, 7.0)
    for iterations in (2, 12):
        found = conjugate_gradients(lambda v: matrix @ v, right, jnp.zeros(6), iterations=iterations)
        left = jnp.linalg.norm(right - matrix @ found.point) / jnp.linalg.norm(right)
        assert_close("residual", found.residual, left, 1e-6, atol=1e-10)
    assert float(conjugate_gradients(lambda v: matrix @ v, right, jnp.zeros(6), iterations=2).residual) > 1e-6
    for start, b in ((jnp.zeros(6), right.at[2].set(jnp.nan)), (jnp.full(6, jnp.nan), right)):
        lost = conjugate_gradients(lambda v: matrix @ v, b, start)
        assert bool(jnp.all(jnp.isnan(lost.point)))
        assert not float(lost.residual) < 1
