"""Linear-MDP algorithms: a few episodes on a tiny problem with given luck."""

import functools

import jax
import jax.numpy as jnp

from mtrl import mdp
from mtrl.mdp.linear.episodes import Truth, answer, arrive, record
from mtrl.mdp.linear.problem import view
from mtrl.numerics.algorithm import Problem, Round, take
from tests.contract.table import Case

TASKS, STAGES, STATES, ACTIONS, RANK, CANDIDATES, DIM, EPISODES = 3, 2, 3, 2, 2, 3, 4, 4
PROBLEM = Problem(sample=None, draw=None, answer=answer, view=view)  # ty: ignore


def example(key, dtype, tasks=TASKS):
    """Observed rewards and next states of a few episodes, what learners are told, and the solved problem once more as the truth."""
    keys = jax.random.split(key, 6)
    table = (tasks, STAGES, STATES, ACTIONS)
    candidates = jax.random.dirichlet(keys[0], jnp.full(RANK, 0.5, dtype), (CANDIDATES, STATES, ACTIONS), dtype)
    measures = jax.random.dirichlet(keys[1], jnp.full(STATES, 0.5, dtype), (tasks, STAGES, RANK), dtype)
    weights = jax.random.uniform(keys[2], (tasks, STAGES, RANK), dtype)
    inputs = jax.random.normal(keys[3], (STATES, ACTIONS, DIM), dtype) / 2
    params = mdp.from_features(candidates, jnp.ones(STAGES, jnp.int32), measures, weights, inputs=inputs)
    arrivals = arrive(params.transitions, jax.random.uniform(keys[4], (EPISODES, *table), dtype))
    noise = jax.random.normal(keys[5], (EPISODES, *table), dtype) / 10
    return params.rewards + noise, arrivals, params, params


def rollout(key, rewards, arrivals, told, params, *, factory, **hyper):
    """Actions and records of every episode, and the final state."""
    algorithm, start = factory(**hyper), view(told)

    def one(state, now):
        t, arrivals, rewards = now
        seen = Round(start, Truth(arrivals, rewards, params))
        step = take(algorithm, jax.random.fold_in(key, t), PROBLEM, params, state, seen)
        return step.state, (step.action, record(step))

    return jax.lax.scan(one, algorithm.init(key, start), (jnp.arange(rewards.shape[0]), arrivals, rewards))


def call(*args, **hyper):
    """Regret, optimism, survivors of every episode and task; counts and whatever else the state holds, so that NaN shows."""
    state, (actions, records) = rollout(*args, **hyper)
    return records, actions, [x for x in jax.tree.leaves(state) if jnp.issubdtype(x.dtype, jnp.floating)]


def hide(arrays):
    rewards, arrivals, told, params = arrays
    nothing = jax.tree.map(lambda x: x * jnp.nan if jnp.issubdtype(x.dtype, jnp.floating) else x, params)
    return rewards, arrivals, told, nothing


def poison(arrays):
    return jnp.full_like(arrays[0], jnp.nan), *arrays[1:]


def scale(arrays, s):
    """Rewards and values have a scale; probabilities and features have none."""
    rewards, arrivals, told, params = arrays
    return s * rewards, arrivals, told, params._replace(rewards=s * params.rewards, optimum=s * params.optimum)


def permute(arrays, perm):
    def moved(params):
        tables = ("transitions", "rewards", "optimum")
        return params._replace(**{name: getattr(params, name)[perm] for name in tables})

    rewards, arrivals, told, params = arrays
    return rewards[:, perm], arrivals[:, perm], moved(told), moved(params)


def unpermute(output, perm):
    return jax.tree.map(lambda x: x[:, jnp.argsort(perm)], output)


def case(name, factory, *, symmetric=True, tasks=TASKS, differs=(), static=None, hyper, changed, inert=None, **more):
    permutation = dict(permute=permute, unpermute=unpermute, tasks=tasks) if symmetric else {}
    return Case(
        f"mdp/{name}",
        functools.partial(call, factory=factory),
        functools.partial(example, tasks=tasks),
        hyper=hyper,
        static=static or {},
        scale=scale,
        compare=lambda output: output[0],
        differs_from=tuple(f"mdp/{other}" for other in differs),
        factory=factory,
        changed=changed,
        inert=inert or {},
        actions=lambda output: output[1],
        hide=hide,
        poison=poison,
        **{"why": "only rewards are scaled: transitions and features are probabilities", **permutation, **more},
    )


BETA = dict(beta=0.2, ridge=0.1)
MORE_BETA = dict(beta=0.9, ridge=0.8)
OWN = tuple(range(TASKS))


def neural(name, differs, changed, inert, **static):
    sizes = dict(rank=2, hidden=3, refit_every=2, steps=2, **static)
    sizes_changed = dict(rank=3, hidden=4, refit_every=1, steps=5, learning_rate=0.1, decay=1.0)
    return case(
        f"neural_{name}",
        mdp.neural_lsvi,
        symmetric=False,
        differs=differs,
        key_dependent=True,
        static=sizes,
        hyper=dict(learning_rate=0.01, decay=1e-4, alpha=0.1, ridge=0.1, budget=0.1, multiplier=1.0),
        changed={**sizes_changed, **changed},
        inert=inert,
    )


NET = dict(budget="of optimistic_net alone", multiplier="of optimistic_net alone")
ELLIPSOID = dict(alpha="of the ellipsoids alone", ridge="of the ellipsoids alone")

CASES = [
    case(
        "multitask_lsvi", mdp.multitask_lsvi, hyper=dict(conf=1e-3, **BETA), static=dict(teams=None, single=False),
        changed=dict(conf=0.02, teams=OWN, single=True, **MORE_BETA),
    ),
    case(
        "argmin_only", mdp.argmin_only, hyper=BETA, static=dict(teams=None), changed=dict(teams=OWN, **MORE_BETA),
        differs=("multitask_lsvi",),
    ),
    case(
        "known_representation", mdp.known_representation, hyper=BETA, changed=MORE_BETA, oracle=True,
        differs=("multitask_lsvi", "argmin_only"),
    ),
    case("lsvi_ucb", mdp.lsvi_ucb, hyper=BETA, changed=MORE_BETA, differs=("known_representation", "tabular")),
    case("tabular", mdp.tabular, hyper=BETA, changed=MORE_BETA, differs=("known_representation",)),
    case("uniform", mdp.uniform, hyper={}, changed={}, symmetric=False, key_dependent=True, differs=("tabular",)),
    case(
        "mtlr_lsvi", mdp.mtlr_lsvi, hyper=dict(basis_bonus=1.0, fit_ridge=1e-3, **BETA), static=dict(rank=2, sweeps=5),
        changed=dict(basis_bonus=0.2, fit_ridge=0.1, rank=1, sweeps=1, **MORE_BETA), differs=("lsvi_ucb",),
        key_dependent=True, scales=(1e-10, 1e3),
        why="only rewards are scaled; the basis step weighs squared heads against the ridge, and linear-MDP rewards lie in [0, 1]",
    ),
    case(
        "eleanor", mdp.eleanor, tasks=2, hyper=dict(budget=0.1, ridge=0.1), static=dict(radii=2, angles=4),
        changed=dict(budget=0.4, ridge=0.5, radii=3, angles=5),
    ),
    neural("last_layer", ("lsvi_ucb",), dict(teams=TASKS, bonus="gradient", alpha=0.5, ridge=0.5), NET),
    neural(
        "gradient", ("neural_last_layer",), dict(teams=TASKS, bonus="optimistic_net", alpha=0.5, ridge=0.5), NET,
        bonus="gradient",
    ),
    neural(
        "optimistic_net", ("neural_gradient",),
        dict(teams=TASKS, bonus="last_layer", budget=0.0, multiplier=9.0), ELLIPSOID, bonus="optimistic_net",
    ),
]  # fmt: skip
