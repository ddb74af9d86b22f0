import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.numerics.optim.composite import minimise_composite
from mtrl.numerics.optim.proximal import soft_threshold
from tests.helpers import assert_close

DIM, TASKS = 4, 2
H = np.diag([4.0, 1.0, 0.25, 0.01])
BOUND = np.linalg.norm(H)
BEST = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 1.0]])


def search(guess, *, goal=1e-12, iterations=2000, start=None, cross=None, weight=0.0, largest=BOUND):
    """`1/2 tr W^T H W - tr C^T W + weight ||W||_1`, stopped at the distance to the minimiser without a penalty."""
    cross = jnp.asarray(H @ BEST) if cross is None else cross
    start = (jnp.zeros((DIM, TASKS)),) if start is None else start

    def gradient(w):
        return jnp.asarray(H) @ w - cross

    return minimise_composite(
        gradient,
        lambda blocks, step: tuple(soft_threshold(part, step * weight) for part in blocks),
        lambda blocks, slope: jnp.sum(slope**2),
        start,
        gradient(sum(start)),
        goal=goal,
        guess=guess,
        largest=largest,
        iterations=iterations,
    )


@pytest.mark.parametrize("guess", [4.0, 0.01, 1e-9, 0.0, 1e9])
def test_any_guess_of_the_largest_eigenvalue_is_safe(guess):
    """From far below, where a plain step would diverge, to far above: the minimiser, and the gradient there."""
    found = search(guess)
    assert_close("minimiser", found.point[0], BEST, 1e-3)
    assert float(found.gap) <= 1e-12
    assert_close("slope", found.slope, H @ (np.asarray(found.point[0]) - BEST), 0.0, atol=1e-12)
    assert int(found.steps) % 10 == 0


def test_a_good_guess_takes_fewer_steps_than_the_bound():
    steps = [int(search(guess).steps) for guess in (4.0, 1e9)]
    assert steps[0] <= steps[1]


def test_a_step_that_fails_is_halved_and_no_more():
    """Backtracking ends within a factor of two of the largest eigenvalue, however loose its bound: sqrt(2) times as many steps, and the tries."""
    exact, found = search(4.0), search(0.03, largest=1e6)
    assert int(found.steps) <= np.sqrt(2) * int(exact.steps) + 20


def test_blocks_share_the_quadratic():
    """Two blocks of which only the sum matters: the same minimiser."""
    zero = jnp.zeros((DIM, TASKS))
    found = search(1e-3, start=(zero, zero + 1))
    assert_close("sum", found.point[0] + found.point[1], BEST, 1e-3)


def test_with_a_penalty_every_coordinate_is_shrunk_alone():
    found = search(1e-3, goal=-1.0, iterations=3000, weight=0.2)
    assert_close("closed form", found.point[0], soft_threshold(jnp.asarray(H @ BEST), 0.2) / np.diag(H)[:, None], 1e-9)


def test_stops_before_the_first_step_at_the_minimiser_and_after_the_steps_allowed():
    assert int(search(4.0, start=(jnp.asarray(BEST),)).steps) == 0
    assert int(search(4.0, iterations=25).steps) == 30


def test_numbers_that_are_none_end_the_search_as_none():
    found = search(4.0, cross=jnp.full((DIM, TASKS), jnp.nan))
    assert int(found.steps) == 0
    assert bool(jnp.isnan(found.gap)) and bool(jnp.all(jnp.isnan(found.point[0])))


def test_lanes_of_a_batch_agree_with_each_alone():
    guesses = jnp.asarray([4.0, 0.02, 100.0])
    together = jax.vmap(lambda guess: search(guess).point[0])(guesses)
    for lane, guess in enumerate(guesses):
        assert_close("lane", together[lane], search(guess).point[0], 1e-12)
