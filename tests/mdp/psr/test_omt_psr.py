import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.harness.simulation import simulate
from mtrl.mdp import psr
from mtrl.mdp.psr import worlds
from mtrl.numerics.errors import BadInput
from tests.helpers import assert_below

SIZES = dict(tasks=1, shared=8, own=3, states=2, actions=2, observations=3, horizon=3)


def downstream(key, only_true, shift):
    """A target whose class is restricted to the true transition law, to another one, or not at all."""
    world = worlds.sample_world(key, **SIZES)
    limited = psr.restricted(world, (world.shared + shift) % SIZES["shared"])
    return world._replace(allowed=jnp.where(only_true, limited.allowed, world.allowed))


def keep(step):
    return step.outcome.regret[0], step.info


def ran(only_true, shift=0):
    problem = worlds.play_on(downstream)
    return simulate(
        psr.omt_psr, seeds=np.arange(64), rounds=60, problem=problem, inputs=(only_true, shift), hyper=dict(beta=3.0), record=keep
    )[0]  # fmt: skip


def test_the_restricted_class_learns_faster_and_a_wrong_one_never_does():
    (small, info), (full, _), (wrong, _) = ran(True), ran(False), ran(True, 1)
    assert_below("regret of the mixture", small.mean(1), full.mean(1), sigmas=2)
    assert small[:, -10:].mean() < 0.01 and full[:, -10:].mean() < full[:, :10].mean()
    assert wrong[:, -10:].mean() > 3 * small[:, -10:].mean()
    assert info.kept[:, :, 0].any(-1).sum(-1).max() == 1  # one transition law


def test_optimism():
    """While the truth is inside, the promise is at least the optimum: no negative regret, promise falls."""
    regret, info = ran(True)
    assert (regret > -1e-12).all() and (info.promise[:, -1] <= info.promise[:, 0] + 1e-12).all()


def test_bad_input_is_refused():
    with pytest.raises(BadInput, match="beta got -1, but must be a finite number above 0"):
        psr.omt_psr(beta=-1.0)


def test_restriction():
    world = jax.jit(lambda key: worlds.sample_world(key, **SIZES))(jax.random.key(0))
    assert psr.restricted(world, 2).allowed.sum() == 3
