"""What all weightings refuse, and that each runs in one scan."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import weightings
from mtrl.descent.weightings.weighting import no_epochs, record
from tests.helpers import assert_close

MADE = {
    "equal": weightings.equal(tasks=2),
    "rlw": weightings.rlw(tasks=2),
    "gls": weightings.gls(tasks=2),
    "stch": weightings.stch(tasks=2),
    "uw": weightings.uw(tasks=2),
    "imtl_l": weightings.imtl_l(tasks=2),
    "dwa": weightings.dwa(tasks=2, steps_per_epoch=2),
    "gradnorm": weightings.gradnorm(tasks=2),
    "famo": weightings.famo(tasks=2),
    "igb": weightings.igb(tasks=2, steps_per_epoch=2),
}


@pytest.mark.parametrize("name", MADE)
def test_runs_in_a_scan_with_positive_weights(name):
    made = MADE[name]
    losses = jnp.array([[2.0, 1.0]] * 3 + [[1.0, 0.9]] * 5)

    def step(state, L):
        weights, state = made.update(L, state, norms=jnp.ones(2))
        return state, weights

    weights = jax.lax.scan(step, made.init(), losses)[1]
    assert weights.shape == (8, 2) and weights.dtype == losses.dtype
    assert np.isfinite(weights).all() and (np.asarray(weights) > 0).all()


@pytest.mark.parametrize("name", ["gls", "famo", "igb"])
def test_a_loss_without_logarithm_is_named_or_gives_nan(name):
    made = MADE[name]
    with pytest.raises(ValueError, match="loss of task 1 is -0.5, but its logarithm"):
        made.update(jnp.array([1.0, -0.5]), made.init())
    weights, _ = jax.jit(made.update)(jnp.array([1.0, -0.5]), made.init())
    assert np.isnan(weights).all()


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: weightings.equal(tasks=1), "tasks got 1"),
        (lambda: weightings.stch(tasks=2, mu=0.0), "mu got 0"),
        (lambda: weightings.stch(tasks=2, preference=(1.0,)), "one entry a task"),
        (lambda: weightings.dwa(tasks=2, steps_per_epoch=0), "steps_per_epoch got 0"),
        (lambda: weightings.dwa(tasks=2, steps_per_epoch=1, temperature=-1.0), "temperature got -1"),
        (lambda: weightings.gradnorm(tasks=2, alpha=-1.0), "alpha got -1"),
        (lambda: weightings.famo(tasks=2, rate=0.0), "rate got 0"),
        (lambda: weightings.igb(tasks=2, steps_per_epoch=5, base_epoch=-1), "base_epoch got -1"),
        (lambda: weightings.famo(tasks=2, floor=float("nan")), "floor holds nan"),
        (lambda: weightings.stch(tasks=2, ideal=float("inf")), "ideal holds inf"),
        (lambda: weightings.uw(tasks=2, start=float("nan")), "start holds nan"),
        (lambda: weightings.uw(tasks=-1), "tasks got -1"),
        (lambda: weightings.uw(tasks=3, classification=(True, False)), "one entry a task"),
        (lambda: MADE["equal"].update(jnp.ones(3), ()), "made for"),
    ],
)
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(ValueError, match=words) as stopped:
        make()
    assert "\n" not in str(stopped.value)


def test_epochs_hold_means():
    epochs = no_epochs(2)
    for losses in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 9.0]):
        epochs = record(jnp.array(losses), epochs, 2)
    assert_close("last", epochs.last, [6.0, 7.0], rtol=1e-14)
    assert_close("before", epochs.before, [2.0, 3.0], rtol=1e-14)
    assert_close("running", epochs.total, [9.0, 9.0], rtol=1e-14)
