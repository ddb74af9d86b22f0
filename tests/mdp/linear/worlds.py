"""Small worlds shared by the tests: few shapes and few programs, as compiling is what takes time."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.harness import simulate
from mtrl.mdp.counts import Counts
from mtrl.mdp.episodes import draw_episode
from mtrl.mdp.multitask_lsvi import MULTITASK_LSVI
from mtrl.mdp.problem import sample
from mtrl.mdp.uniform import UNIFORM

SMALL = dict(tasks=3, stages=3, states=4, actions=2, rank=2, candidates=4)
ROUNDS = 40
PROBLEM = functools.partial(sample, **SMALL)
SHARED, OWN = np.zeros(3, np.int32), np.arange(3, dtype=np.int32)
HYPER = dict(beta=0.1, conf=0.1, ridge=0.1)

_DRAW = jax.jit(lambda key, params: draw_episode(key, params, 0))


@functools.lru_cache
def small(seed=0, noise=0.2, **changes):
    """A problem; the same arguments give the same object."""
    return sample(jax.random.key(seed), jnp.asarray(noise), **{**SMALL, **changes})


def run(algorithm, **hyper):
    """`simulate` on two seeds' problems: the path of the studies."""
    return simulate(
        algorithm, seeds=[0, 1], rounds=ROUNDS, problem=PROBLEM, data=draw_episode,
        inputs=(hyper.pop("noise", 0.2),), hyper=hyper,
    )  # fmt: skip


def lsvi(teams=SHARED, single=False, **more):
    """The one program of multitask LSVI: all its uses are values of its hyper-parameters."""
    return run(MULTITASK_LSVI, teams=teams, single=single, **{**HYPER, **more})


def episode(t, params):
    """The episode that `steps` plays at time t."""
    return _DRAW(jax.random.key(100 + t), params)


def steps(algorithm, params, rounds, config=None, state=None, **hyper):
    """States (the first included) and infos of a few episodes on one problem: compiles the step alone."""
    states = [algorithm.init(jax.random.key(8), params, config) if state is None else state]
    step = jax.jit(functools.partial(algorithm.step, **hyper))
    infos = []
    for t in range(rounds):
        state, info = step(jax.random.key(t), states[-1], episode(t, params))
        states.append(state)
        infos.append(info)
    return states, infos


@functools.lru_cache
def explored(rounds=12):
    """Counts of uniform play on `small(0)`."""
    states, _ = steps(UNIFORM, small(0), rounds)
    return Counts(*states[-1].counts)
