"""Several algorithms on the same problems and the same luck, as one compiled program.

Every entrant is an `Algorithm` run at several settings at once (lanes: a leading axis on each of its hyper-parameters); the
problem is drawn once per seed and the episode once per round, for all entrants.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.mdp.argmin_only import ARGMIN_ONLY
from mtrl.mdp.episodes import draw_episode
from mtrl.mdp.known_representation import KNOWN_REPRESENTATION
from mtrl.mdp.multitask_lsvi import MULTITASK_LSVI
from mtrl.mdp.tabular import TABULAR
from mtrl.mdp.uniform import UNIFORM
from mtrl.numerics.algorithm import Algorithm
from mtrl.numerics.keys import split_named

__all__ = ["ARGMIN_ONLY", "FINITE_CLASS", "Entrant", "Record", "race", "settings"]


class Entrant(NamedTuple):
    """An algorithm in the race; `config` is what its `init` gets."""

    name: str
    algorithm: Algorithm
    config: Any = None


class Record(NamedTuple):
    """Means over the tasks."""

    regret: Any  # (lane, round)
    optimism: Any  # (lane, round)
    survivors: Any  # (lane, round)


# Multitask LSVI's lanes hold every sharing mode and the argmin-only ablation: they are values of `teams` and `single`.
FINITE_CLASS = (
    Entrant("lsvi", MULTITASK_LSVI),
    Entrant("known", KNOWN_REPRESENTATION),
    Entrant("tabular", TABULAR),
    Entrant("uniform", UNIFORM),
)


def race(key, noise, hyper, *, world, entrants, episodes):
    """Run all entrants on one seed's problem; `hyper[name]` is a dict of (lane, ...) arrays (empty: one lane)."""
    keys = split_named(key, "problem", "episodes", "init", "play")
    params = world(keys["problem"], noise)
    lanes = {e.name: max([len(x) for x in hyper[e.name].values()], default=1) for e in entrants}

    def start(entrant):
        state = entrant.algorithm.init(keys["init"], params, entrant.config)
        if lanes[entrant.name] == 1:
            return state
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (lanes[entrant.name], *x.shape)), state)

    def one_round(states, t):
        data = draw_episode(jax.random.fold_in(keys["episodes"], t), params, t)
        luck = jax.random.fold_in(keys["play"], t)
        after, records = {}, {}
        for entrant in entrants:

            def step(state, values, entrant=entrant):
                return entrant.algorithm.step(luck, state, data, **values)

            state, values, count = states[entrant.name], hyper[entrant.name], lanes[entrant.name]
            if count == 1:
                # Not mapped: a mapped clock would turn the networks' "refit every so often" into "refit always, keep some".
                after[entrant.name], info = step(state, {name: x[0] for name, x in values.items()})
                info = jax.tree.map(lambda x: x[None], info)
            else:
                after[entrant.name], info = jax.vmap(step)(state, values)
            records[entrant.name] = Record(info.regret.mean(-1), info.optimism.mean(-1), info.survivors.mean((-2, -1)))
        return after, records

    _, records = jax.lax.scan(one_round, {e.name: start(e) for e in entrants}, jnp.arange(episodes))
    return jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1), records)


def settings(**columns):
    """Lanes from lists of equal length: `settings(beta=[.1, .3], ...)`; a single number is repeated."""
    length = max(np.shape(x)[0] for x in columns.values() if np.ndim(x))
    return {name: np.asarray(x) if np.ndim(x) else np.full(length, x) for name, x in columns.items()}
