import jax
import jax.numpy as jnp
import pytest

from mtrl import dynamics
from mtrl.numerics.algorithm import Iteration
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close

# A state that remembers how it was reached: x <- 2 x + data.
RULE = Iteration(lambda key, data: jnp.asarray(1.0), lambda key, x, data: (2 * x + data, x))


def after(x, first, steps):
    for _ in range(steps):
        x = 2 * x + first
    return x


def test_trajectory_keeps_the_chosen_steps():
    end, records = dynamics.trajectory(RULE, jnp.asarray(1.0), 0.5, jnp.array([0, 1, 1, 4]))
    assert_close("records", records, [after(1.0, 0.5, t) for t in (0, 1, 1, 4)], 1e-15)
    assert_close("end", end, records[-1], 1e-15)


def test_branches_are_what_every_switch_alone_would_give():
    """Sharing the first task changes nothing."""
    run = jax.jit(
        lambda s: dynamics.switched(RULE, jnp.asarray(1.0), 0.5, -1.0, switches=s, at=jnp.array([1, 3]), before=2)
    )
    on_first, on_second = run(jnp.array([0, 2, 6]))
    assert_close(
        "first",
        on_first,
        [[1.0, 1.0], [after(1.0, 0.5, 1), after(1.0, 0.5, 2)], [after(1.0, 0.5, t) for t in (4, 6)]],
        1e-15,
    )
    assert_close("second", on_second, [[after(after(1.0, 0.5, c), -1.0, t) for t in (1, 3)] for c in (0, 2, 6)], 1e-15)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ([5, 3], "switches got 3 after 5, but must ascend; sort them"),
        ([-1, 3], "switches got -1, but must be at least 0"),
        ([], "switches has shape .*, but must be a list"),
    ],
)
def test_bad_switches_are_refused(at, words):
    with pytest.raises(BadInput, match=words):
        dynamics.switched(RULE, jnp.asarray(1.0), 0.5, -1.0, switches=jnp.array(at, int), at=jnp.array([1]))
    with pytest.raises(BadInput, match=words.replace("switches", "at")):
        dynamics.trajectory(RULE, jnp.asarray(1.0), 0.5, jnp.array(at, int))
