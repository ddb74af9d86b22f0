"""Small worlds shared by the tests: few shapes, so that little is compiled."""

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
PROBLEM = functools.partial(sample, **SMALL)
SINGLE = functools.partial(sample, **{**SMALL, "candidates": 1})
SHARED, OWN = np.zeros(3, np.int32), np.arange(3, dtype=np.int32)


def small(seed=0, noise=0.2, **changes):
    return sample(jax.random.key(seed), jnp.asarray(noise), **{**SMALL, **changes})


def run(algorithm, seeds=(0, 1), rounds=12, problem=PROBLEM, noise=0.2, config=None, **hyper):
    return simulate(
        algorithm, seeds=list(seeds), rounds=rounds, problem=problem, data=draw_episode,
        inputs=(noise,), config=config, hyper=hyper,
    )  # fmt: skip


def lsvi(teams=SHARED, single=False, **more):
    """The one program of multitask LSVI: all methods are values of its hyper-parameters."""
    hyper = dict(beta=0.1, conf=0.1, ridge=0.1)
    problem = more.pop("problem", PROBLEM)
    rounds = more.pop("rounds", 12)
    return run(MULTITASK_LSVI, problem=problem, rounds=rounds, teams=teams, single=single, **{**hyper, **more})


def explored(seed=0, rounds=12):
    """Counts of uniform play on `small(seed)`'s world, the seeds' own problems."""
    _, state = run(UNIFORM, seeds=(seed, seed + 1), rounds=rounds)
    return Counts(*(jnp.asarray(x[0]) for x in state.counts))
