"""PSR algorithms: a few rounds on a tiny finite class with given luck, and likelihood fits of a few steps."""

import functools

import jax
import jax.numpy as jnp

from mtrl.mdp import psr
from mtrl.mdp.psr import worlds
from mtrl.numerics.algorithm import Problem, Round, take
from tests.contract.table import Case

TASKS, SHARED, OWN, ROUNDS = 3, 3, 2, 5
PROBLEM = Problem(sample=None, draw=None, answer=worlds.answer, view=worlds.view)  # ty: ignore


def columns(key, dtype, *shape):
    *batch, size, states = shape
    law = jax.random.dirichlet(key, jnp.full(size, 0.7, dtype), (*batch, states), dtype)
    return jnp.swapaxes(law, -1, -2)


def example(key, dtype):
    """Luck, the world that is told, and the world once more as the truth."""
    keys = jax.random.split(key, 4)
    t, e = columns(keys[0], dtype, SHARED, 2, 2, 2), columns(keys[1], dtype, OWN, 2, 2)
    tables = worlds.class_tables(psr.POMDP(jnp.full(2, 0.5, dtype), t, e), horizon=2)
    rewards = jax.random.uniform(keys[2], (TASKS, 2, 2, 2), dtype)
    own = jnp.array([0, 1, 1], jnp.int32)
    world = worlds.World(
        tables, worlds.all_distances(tables), jnp.ones((SHARED, OWN), bool), rewards, jnp.asarray(1, jnp.int32), own
    )
    luck = jax.random.uniform(keys[3], (ROUNDS, TASKS, 2, 3), dtype)
    return luck, world, world.laws, world


def call(key, luck, told, laws, world, *, factory, **hyper):
    """What is reported of every round, the policies, and the final state."""
    algorithm, view = factory(**hyper), worlds.view(told)

    def one(state, luck):
        now = Round(view, worlds.Truth(luck, laws, world))
        step = take(algorithm, key, PROBLEM, world, state, now)
        return step.state, (step.info, step.action)

    state, (infos, actions) = jax.lax.scan(one, algorithm.init(key, view), luck)
    return infos, actions, state


def hide(arrays):
    luck, told, laws, world = arrays
    return luck, told, laws, world._replace(rewards=world.rewards * jnp.nan, shared=(world.shared - 1) % SHARED)


def poison(arrays):
    luck, told, laws, world = arrays
    return luck, told._replace(tables=told.tables * jnp.nan), laws, world


def scale(arrays, s):
    luck, told, laws, world = arrays
    return luck, told._replace(rewards=s * told.rewards), laws, world._replace(rewards=s * world.rewards)


def permute(arrays, perm):
    def moved(world):
        return world._replace(rewards=world.rewards[perm], own=world.own[perm])

    luck, told, laws, world = arrays
    return luck[:, perm], moved(told), laws[perm], moved(world)


def unpermute(output, perm):
    infos = output
    back = jnp.argsort(perm)
    return jax.tree.map(lambda x: x[:, back] if x.ndim > 1 else x, infos)


def case(name, factory, *, hyper, changed, differs=(), oracle=False, static=None, inert=None):
    return Case(
        f"psr/{name}", functools.partial(call, factory=factory), example, hyper=hyper, static=static or {}, scale=scale,
        compare=lambda output: output[0], differs_from=tuple(f"psr/{other}" for other in differs), factory=factory,
        changed=changed, inert=inert or {}, actions=lambda output: output[1], hide=hide, oracle=oracle, poison=poison, permute=permute,
        unpermute=unpermute, tasks=TASKS, why="only rewards are scaled: tables are probabilities",
    )  # fmt: skip


def fit_example(key, dtype):
    """Counts, and models to start from."""
    keys = jax.random.split(key, 3)
    t = jnp.broadcast_to(columns(keys[0], dtype, 2, 2, 2), (TASKS, 2, 2, 2))
    start = psr.POMDP(jnp.full((TASKS, 2), 0.5, dtype), t, columns(keys[1], dtype, TASKS, 3, 2))
    return 20 * jax.random.uniform(keys[2], (TASKS, 3, 2, 3, 2, 3), dtype), start


def fit_case(name, factory, *, hyper, static, changed, inert=None):
    return Case(
        f"psr/{name}", lambda key, data, start, **more: factory(data, start, **more), fit_example, hyper=hyper,
        static=static, scale=lambda arrays, s: (s * arrays[0], arrays[1]),
        permute=lambda arrays, perm: (arrays[0][perm], jax.tree.map(lambda x: x[perm], arrays[1])),
        unpermute=lambda output, perm: jax.tree.map(lambda x: x[jnp.argsort(perm)], output), tasks=TASKS,
        compare=lambda fit: (fit.model, fit.log_likelihood),
        factory=factory, changed=changed, inert=inert or {}, why="counts are scaled: probabilities have no scale",
    )  # fmt: skip


BETA = dict(beta=1.0, eps=0.1)
MORE = dict(beta=8.0, eps=0.9)
ALONE = tuple(range(TASKS))
CASES = [
    case(
        "umt_psr", psr.umt_psr, hyper=BETA,
        static=dict(teams=None, sharing="joint", planning="additive"),
        changed=dict(teams=ALONE, sharing="separate", planning="uniform", **MORE),
    ),
    case(
        "known_transition", psr.known_transition, hyper=dict(beta=0.02, eps=0.01), static=dict(teams=None), oracle=True,
        changed=MORE, differs=("umt_psr",), inert=dict(teams="with T known a team shares the time at which it stops, no more"),
    ),
    case("omt_psr", psr.omt_psr, hyper=dict(beta=1.0), changed=dict(beta=8.0)),
    fit_case(
        "em", psr.em, hyper=dict(tolerance=1e-8),
        static=dict(steps=5, radius=None, sharing=None, emission_sharing=None),
        changed=dict(steps=2, radius=0.01), inert=dict(
            tolerance="of the certificate alone", sharing="an array: tests/mdp/psr/test_likelihood.py",
            emission_sharing="an array: tests/mdp/psr/test_likelihood.py",
        ),
    ),
]  # fmt: skip
