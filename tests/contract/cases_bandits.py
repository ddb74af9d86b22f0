"""Contract rows of the bandits: every algorithm plays a few rounds of given arrays."""

import functools

import jax
import jax.numpy as jnp

from mtrl.bandits import boss, e2tc, gfucb_finite, gfucb_linear, linucb, mlingreedy, mtlr_oful, oful, pege, sequential
from mtrl.bandits.greedy import GREEDY
from mtrl.bandits.independent import independent
from mtrl.bandits.known_representation import KNOWN_REPRESENTATION
from mtrl.bandits.neural.bonuses import neural_gfucb
from mtrl.bandits.neural.last_layer import last_layer_per_task
from mtrl.bandits.neural.state import Config
from mtrl.bandits.problem import Sizes
from mtrl.bandits.rounds import ArmRound, BallRound, ClassRound
from mtrl.bandits.uniform import UNIFORM
from tests.contract.table import Case

ROUNDS, TASKS, ARMS, DIM, RANK, CANDIDATES = 8, 3, 4, 3, 2, 3


def arms_example(key, dtype):
    """A sequence of `ClassRound`s; `contexts` are linear in nothing in particular."""
    keys = jax.random.split(key, 4)
    contexts = jax.random.normal(keys[0], (ROUNDS, TASKS, ARMS, DIM), dtype)
    candidates = jax.random.normal(keys[1], (ROUNDS, CANDIDATES, TASKS, ARMS, RANK), dtype)
    means = jax.random.normal(keys[2], (ROUNDS, TASKS, ARMS), dtype)
    rewards = means + 0.1 * jax.random.normal(keys[3], means.shape, dtype)
    return contexts, candidates, rewards, means


def ball_example(key, dtype):
    """Parameters and noise of a few rounds on the ball."""
    parameters = jax.random.normal(key, (TASKS, DIM), dtype)
    return parameters, 0.1 * jax.random.normal(jax.random.fold_in(key, 1), (ROUNDS, TASKS), dtype)


def task_example(key, dtype):
    """Sequential tasks."""
    return jax.random.normal(key, (ROUNDS, DIM), dtype), jax.random.normal(
        jax.random.fold_in(key, 1), (ROUNDS, DIM), dtype
    )


def play(algorithm, config, sizes, key, batches, **hyper):
    """Regret per round and task."""
    state = algorithm.init(key, sizes, config)
    rounds = jax.tree.leaves(batches)[0].shape[0]

    def one(state, step):
        t, batch = step
        state, info = algorithm.step(jax.random.fold_in(key, t), state, batch, **hyper)
        return state, info.regret

    return jax.lax.scan(one, state, (jnp.arange(rounds), batches))[1]


def arms_call(key, contexts, candidates, rewards, means, *, algorithm, config=None, hyper=(), finite=False):
    """Play arms."""
    sizes = Sizes(TASKS, DIM, RANK, contexts.dtype, CANDIDATES)
    if finite:
        batches = ClassRound(contexts, candidates[:, 0], rewards, means, candidates)
    else:
        batches = ArmRound(contexts, candidates[:, 0], rewards, means)
    return play(algorithm, config, sizes, key, batches, **dict(hyper))


def ball_call(key, parameters, noise, *, algorithm, config=None, hyper=()):
    """Play the ball."""
    basis, _ = jnp.linalg.qr(parameters.T)
    rounds = noise.shape[0]
    batches = BallRound(
        jnp.broadcast_to(parameters, (rounds, *parameters.shape)),
        noise,
        jnp.broadcast_to(basis[:, :RANK], (rounds, DIM, RANK)),
    )
    return play(algorithm, config, Sizes(TASKS, DIM, RANK, noise.dtype), key, batches, **dict(hyper))


def task_call(key, parameters, noise, *, algorithm, config=None, hyper=()):
    """Play sequential tasks."""
    rounds = noise.shape[0]
    basis = jnp.broadcast_to(jnp.eye(DIM, RANK, dtype=noise.dtype), (rounds, DIM, RANK))
    batches = sequential.TaskRound(parameters, basis, noise, jnp.arange(rounds))
    return play(algorithm, config, Sizes(1, DIM, RANK, noise.dtype), key, batches, **dict(hyper))


def permute_arms(arrays, perm):
    """Rename the tasks."""
    contexts, candidates, rewards, means = arrays
    return contexts[:, perm], candidates[:, :, perm], rewards[:, perm], means[:, perm]


def permute_ball(arrays, perm):
    """Rename the tasks."""
    return arrays[0][perm], arrays[1][:, perm]


def unpermute(regret, perm):
    """Back to the old names."""
    return regret[:, jnp.argsort(perm)]


def scale_rewards(arrays, s):
    """Scale rewards and means; the features keep the norm bound 1 which the absolute ridge is made for."""
    return arrays[0], arrays[1], arrays[2] * s, arrays[3] * s


def arms_case(name, algorithm, config=None, hyper=(), permutable=True, finite=False, **more):
    """One row on arms."""
    bound = dict(algorithm=algorithm, config=config, hyper=tuple(dict(hyper).items()), finite=finite)
    call = functools.partial(arms_call, **bound)
    permutation = dict(permute=permute_arms, unpermute=unpermute, tasks=TASKS) if permutable else {}
    return Case(f"bandits.{name}", call, arms_example, **{**permutation, **more})


def ball_case(name, algorithm, config=None, hyper=(), permutable=True, **more):
    """One row on the ball."""
    call = functools.partial(ball_call, algorithm=algorithm, config=config, hyper=tuple(dict(hyper).items()))
    permutation = dict(permute=permute_ball, unpermute=unpermute, tasks=TASKS) if permutable else {}
    return Case(f"bandits.{name}", call, ball_example, **{**permutation, **more})


def task_case(name, algorithm, config=None, hyper=(), **more):
    """One row on sequential tasks."""
    call = functools.partial(task_call, algorithm=algorithm, config=config, hyper=tuple(dict(hyper).items()))
    return Case(f"bandits.{name}", call, task_example, **more)


LOW_RANK = mtlr_oful.Config(rank=RANK)
NETWORK = Config(rounds=ROUNDS, rank=RANK, hidden=(4,), refit_every=2, steps=3, batch=4)
PLAN = dict(explore=3.0, identify=2.0, length=20.0)
NETWORK_KEYS = "minibatches and first weights are drawn by task number"

BOUNDED = dict(scale=scale_rewards, why="features are bounded by 1 and the ridge is absolute: only rewards scale")

CASES = [
    arms_case("linucb", linucb.LINUCB, hyper=dict(alpha=0.5), differs_from=("bandits.greedy",)),
    arms_case("oful", oful.OFUL, hyper=dict(noise=0.1), differs_from=("bandits.greedy",)),
    arms_case("greedy", GREEDY),
    arms_case("known_representation", KNOWN_REPRESENTATION, hyper=dict(noise=0.1), differs_from=("bandits.oful",)),
    arms_case("uniform", UNIFORM, permutable=False, key_dependent=True, why="its arms are drawn by task number"),
    arms_case("independent_linucb", independent(linucb.LINUCB), hyper=dict(alpha=0.5)),
    arms_case("mtlr_oful", mtlr_oful.MTLR_OFUL, LOW_RANK, differs_from=("bandits.mtlr_oful_projected",), **BOUNDED),
    arms_case("mtlr_oful_projected", mtlr_oful.MTLR_OFUL_PROJECTED, LOW_RANK, **BOUNDED),
    arms_case("gfucb_linear", gfucb_linear.GFUCB_LINEAR, LOW_RANK, differs_from=("bandits.mtlr_oful",), **BOUNDED),
    arms_case(
        "mlingreedy", mlingreedy.MLINGREEDY, mlingreedy.Config(rank=RANK), differs_from=("bandits.greedy",), **BOUNDED
    ),
    arms_case("gfucb_finite", gfucb_finite.GFUCB_FINITE, hyper=dict(scale=0.5), finite=True, **BOUNDED),
    arms_case(
        "independent_gfucb_finite",
        independent(gfucb_finite.GFUCB_FINITE),
        hyper=dict(scale=0.5),
        finite=True,
        **BOUNDED,
        differs_from=("bandits.gfucb_finite",),
    ),
    *[
        arms_case(
            f"neural_{name}",
            algorithm,
            NETWORK,
            hyper=dict(alpha=0.5),
            permutable=False,
            key_dependent=True,
            scales=(1e-4, 1e2),
            why=NETWORK_KEYS + "; gradient descent at a fixed learning rate does not follow inputs of any scale",
        )
        for name, algorithm in {
            "last_layer": neural_gfucb("last_layer", NETWORK),
            "per_task": last_layer_per_task(NETWORK),
            "gradient": neural_gfucb("gradient", NETWORK),
            "optimistic_net": neural_gfucb("optimistic_net", NETWORK),
        }.items()
    ],
    ball_case("pege", pege.PEGE, hyper=dict(explore=3)),
    ball_case(
        "pege_known", pege.PEGE_KNOWN, hyper=dict(explore=2), permutable=False, why="the oracle's basis is given"
    ),
    ball_case(
        "e2tc",
        e2tc.E2TC,
        e2tc.Config(RANK),
        dict(explore=2, identify=2),
        permutable=False,
        key_dependent=True,
        differs_from=("bandits.pege",),
        why="stage 1 draws its actions by task number",
    ),
    ball_case(
        "e2tc_unknown_rank",
        e2tc.E2TC,
        e2tc.Config(0),
        dict(explore=2, identify=2),
        permutable=False,
        key_dependent=True,
        why="stage 1 draws its actions by task number",
    ),
    task_case("sequential_pege", sequential.SEQUENTIAL_PEGE, hyper=dict(explore=3.0, length=20.0)),
    task_case("sequential_oracle", sequential.SEQUENTIAL_ORACLE, hyper=dict(explore=3.0, length=20.0)),
    task_case("seqrepl", sequential.SEQREPL, hyper=PLAN, differs_from=("bandits.sequential_pege",)),
    task_case(
        "boss",
        boss.BOSS,
        boss.Config(experts=4),
        dict(PLAN, cover=0.5, chance=0.5),
        key_dependent=True,
        differs_from=("bandits.seqrepl",),
    ),
]
