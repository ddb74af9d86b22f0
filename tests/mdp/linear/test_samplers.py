import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.mdp.linear.problem import backup_residual, check_sizes
from mtrl.mdp.linear.samplers import sample_linear, sample_neural
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_close, compiled, host
from tests.mdp.linear.worlds import small


def test_rows_are_probabilities_and_rewards_in_the_unit_interval():
    world = host(small(3))
    assert_close("transitions sum to one", world.transitions.sum(-1), np.ones((3, 3, 4, 2)), 1e-12)
    assert world.transitions.min() >= 0
    assert 0 <= world.rewards.min() and world.rewards.max() <= 1


SIZES = dict(tasks=2, stages=2, states=4, actions=2, rank=2, dim=3)


def test_linear_representation_is_linear_in_the_inputs_too():
    params = jax.jit(functools.partial(sample_linear, **SIZES))(jax.random.key(0), jnp.asarray(0.0))
    residual = compiled(backup_residual)
    for features in (params.inputs, params.features[0]):
        assert residual(features, params.transitions[0, 0], params.rewards[0, 0], np.arange(4.0)) < 1e-14


def test_neural_representation_rows_are_probabilities():
    params = jax.jit(functools.partial(sample_neural, **SIZES))(jax.random.key(0), jnp.asarray(0.0))
    assert_close("softmax rows", params.features.sum(-1), np.ones((2, 4, 2)), 1e-12)
    assert params.inputs.shape == (4, 2, 3)


def test_dtype_is_that_of_the_noise():
    params = small(0, noise=np.float32(0.1))
    assert {x.dtype for x in jax.tree.leaves(params) if jnp.issubdtype(x.dtype, jnp.floating)} == {jnp.dtype("float32")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(tasks=0), "tasks got 0"),
        (dict(stages=0), "stages got 0"),
        (dict(rank=0), "rank got 0"),
        (dict(rank=9), "between 1 and the width, 8"),
        (dict(actions=1), "actions got 1"),
        (dict(states=0), "states got 0"),
        (dict(candidates=0), "candidates got 0"),
    ],
)
def test_sizes(change, message):
    good = dict(tasks=2, stages=3, states=4, actions=2, rank=2, width=8)
    check_sizes(**good)
    with pytest.raises(BadInput, match=message):
        check_sizes(**{**good, **change})
    if "width" not in message:
        with pytest.raises(BadInput, match=message):
            small(0, **change)
