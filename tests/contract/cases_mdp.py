"""Linear-MDP algorithms: a few episodes on a tiny problem with given luck."""

import functools

import jax
import jax.numpy as jnp

from mtrl.mdp import neural
from mtrl.mdp.argmin_only import ARGMIN_ONLY
from mtrl.mdp.eleanor import ELEANOR
from mtrl.mdp.episodes import Episode, arrive
from mtrl.mdp.independent import INDEPENDENT_LSVI
from mtrl.mdp.known_representation import KNOWN_REPRESENTATION
from mtrl.mdp.lsvi_ucb import LSVI_UCB
from mtrl.mdp.mtlr_lsvi import MTLR_LSVI, Config
from mtrl.mdp.multitask_lsvi import MULTITASK_LSVI
from mtrl.mdp.problem import assemble
from mtrl.mdp.tabular import TABULAR
from mtrl.mdp.uniform import UNIFORM
from mtrl.numerics.algorithm import Algorithm
from tests.contract.table import Case

TASKS, STAGES, STATES, ACTIONS, RANK, CANDIDATES, DIM, EPISODES = 3, 2, 3, 2, 2, 3, 4, 4


def example(key, dtype, tasks=TASKS):
    """A solved problem and a few episodes of it."""
    keys = jax.random.split(key, 6)
    table = (tasks, STAGES, STATES, ACTIONS)
    candidates = jax.random.dirichlet(keys[0], jnp.full(RANK, 0.5, dtype), (CANDIDATES, STATES, ACTIONS), dtype)
    measures = jax.random.dirichlet(keys[1], jnp.full(STATES, 0.5, dtype), (tasks, STAGES, RANK), dtype)
    weights = jax.random.uniform(keys[2], (tasks, STAGES, RANK), dtype)
    inputs = jax.random.normal(keys[3], (STATES, ACTIONS, DIM), dtype) / 2
    params = assemble(candidates, jnp.ones(STAGES, jnp.int32), measures, weights, inputs=inputs)
    arrivals = arrive(params.world.transitions, jax.random.uniform(keys[4], (EPISODES, *table), dtype))
    noise = jax.random.normal(keys[5], (EPISODES, *table), dtype) / 10
    return params, arrivals, params.world.rewards + noise


def call(key, params, arrivals, rewards, *, algorithm, config=None, **hyper):
    """Regret, optimism, survivors of every episode and task."""
    start = jnp.zeros(params.measures.shape[0], jnp.int32)

    def one(state, given):
        t, arrivals, rewards = given
        data = Episode(start, arrivals, rewards, params.known, params.world)
        return algorithm.step(jax.random.fold_in(key, t), state, data, **hyper)

    given = (jnp.arange(rewards.shape[0]), arrivals, rewards)
    return jax.lax.scan(one, algorithm.init(key, params, config), given)[1]


def scale(arrays, s):
    """Rewards and values have a scale; probabilities and features have none."""
    params, arrivals, rewards = arrays
    world = params.world._replace(rewards=s * params.world.rewards, optimum=s * params.world.optimum)
    return params._replace(weights=s * params.weights, world=world), arrivals, s * rewards


def permute(arrays, perm):
    params, arrivals, rewards = arrays
    world = jax.tree.map(lambda x: x[perm], params.world)
    params = params._replace(measures=params.measures[perm], weights=params.weights[perm], world=world)
    return params, arrivals[:, perm], rewards[:, perm]


def unpermute(output, perm):
    return jax.tree.map(lambda x: x[:, jnp.argsort(perm)], output)


HYPER = dict(beta=0.2, ridge=0.1)
WHY = "only rewards are scaled: transitions and features are probabilities"


def case(name, algorithm, *, symmetric=True, tasks=TASKS, differs=(), random=False, config=None, **hyper):
    permutation = dict(permute=permute, unpermute=unpermute, tasks=tasks) if symmetric else {}
    return Case(
        f"mdp/{name}",
        functools.partial(call, algorithm=algorithm, config=config, **hyper),
        functools.partial(example, tasks=tasks),
        scale=scale,
        differs_from=tuple(f"mdp/{other}" for other in differs),
        key_dependent=random,
        why=WHY,
        **permutation,
    )


def network(bonus, teams=1):
    config = neural.Config(rank=2, hidden=3, refit_every=2, steps=2, bonus=bonus, teams=teams)
    return Algorithm(neural.init, functools.partial(neural.step, config=config)), config


def neural_case(name, bonus, teams=1, differs=()):
    algorithm, config = network(bonus, teams)
    return case(name, algorithm, symmetric=False, config=config, differs=differs, random=True)


CASES = [
    case("multitask_lsvi", MULTITASK_LSVI, conf=0.02, **HYPER),
    case("independent_lsvi", INDEPENDENT_LSVI, conf=0.02, differs=("multitask_lsvi",), **HYPER),
    case("argmin_only", ARGMIN_ONLY, differs=("multitask_lsvi", "independent_lsvi"), **HYPER),
    case("known_representation", KNOWN_REPRESENTATION, differs=("multitask_lsvi", "argmin_only"), **HYPER),
    case("lsvi_ucb", LSVI_UCB, differs=("known_representation", "tabular"), **HYPER),
    case("tabular", TABULAR, differs=("known_representation",), **HYPER),
    case("uniform", UNIFORM, symmetric=False, random=True, differs=("tabular",)),
    case("mtlr_lsvi", MTLR_LSVI, config=Config(rank=2), differs=("lsvi_ucb",), random=True, **HYPER)._replace(
        scales=(1e-10, 1e3),
        why=WHY
        + "; the basis step weighs squared heads against the ridge, and linear-MDP rewards lie in [0, 1] by assumption",
    ),
    case("eleanor", ELEANOR, tasks=2, budget=0.1, ridge=0.1, radii=2, angles=4),
    neural_case("neural_last_layer", "last_layer", differs=("lsvi_ucb",)),
    neural_case("neural_gradient", "gradient", differs=("neural_last_layer",)),
    neural_case("neural_optimistic_net", "optimistic_net", differs=("neural_gradient",)),
    neural_case("neural_body_per_task", "last_layer", teams=TASKS, differs=("neural_last_layer",)),
]
