"""Small worlds shared by the tests: few shapes and few programs, as compiling is what takes time."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.harness import simulate
from mtrl.mdp.linear.episodes import draw, episodic, record
from mtrl.mdp.linear.multitask_lsvi import multitask_lsvi
from mtrl.mdp.linear.planning import Counts
from mtrl.mdp.linear.samplers import sample_finite_class
from mtrl.mdp.linear.uniform import uniform
from mtrl.numerics.algorithm import begin, take
from tests.helpers import host

SMALL = dict(tasks=3, stages=3, states=4, actions=2, rank=2, candidates=4)
ROUNDS = 40
PROBLEM = episodic(sample_finite_class, **SMALL)
SHARED, OWN = np.zeros(3, np.int32), np.arange(3, dtype=np.int32)
HYPER = dict(beta=0.1, conf=0.1, ridge=0.1)
RETURNS = jnp.asarray([3.0, 2.0, 1.0])

_DRAW = jax.jit(lambda key, params: draw(key, params, 0))
_SAMPLE = jax.jit(sample_finite_class, static_argnames=tuple(SMALL))


@functools.lru_cache
def small(seed=0, noise=0.2, **changes):
    """A problem; the same arguments give the same object."""
    return _SAMPLE(jax.random.key(seed), jnp.asarray(noise), **{**SMALL, **changes})


def run(factory, **hyper):
    """`simulate` on two seeds' problems: the path of the studies."""
    inputs = (hyper.pop("noise", 0.2),)
    return simulate(factory, seeds=[0, 1], rounds=ROUNDS, problem=PROBLEM, inputs=inputs, hyper=hyper, record=record)


def lsvi(teams=SHARED, single=False, **more):
    """The one program of multitask LSVI: all its uses are values of its hyper-parameters."""
    return run(multitask_lsvi, teams=teams, single=single, **{**HYPER, **more})


def episode(t, params):
    """The episode that `steps` plays at time t."""
    return _DRAW(jax.random.key(100 + t), params)


def steps(algorithm, params, rounds):
    """States (the first included) and records of a few episodes on one problem: compiles init and round alone."""
    state = jax.jit(lambda key, params: begin(algorithm, key, PROBLEM, params))(jax.random.key(8), params)

    @jax.jit
    def one(key, state, now):
        step = take(algorithm, key, PROBLEM, params, state, now)
        return step.state, record(step)

    states, records = [host(state)], []
    for t in range(rounds):
        state, kept = one(jax.random.key(t), state, episode(t, params))
        states.append(host(state))
        records.append(host(kept))
    return states, records


@functools.lru_cache
def explored(rounds=12):
    """Counts of uniform play on `small(0)`."""
    return Counts(*map(jnp.asarray, steps(uniform(), small(0), rounds)[0][-1]))
