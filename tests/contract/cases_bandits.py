"""Contract rows of the bandits: every algorithm plays a few rounds of given arrays."""

import functools

import jax
import jax.numpy as jnp

from mtrl import bandits
from mtrl.bandits.problem import ArmTruth, ArmView, BallTruth, ClassView, Sizes, act, pull
from mtrl.bandits.sequential import TaskTruth, episode
from mtrl.numerics.algorithm import Problem, Round, take
from mtrl.numerics.independent import independent
from tests.contract.table import Case

ROUNDS, TASKS, ARMS, DIM, RANK, CANDIDATES = 8, 3, 4, 3, 2, 3


def arms_example(key, dtype):
    """Rewards, inputs, known candidates, and the truth: features and means; `contexts` are linear in nothing in particular."""
    keys = jax.random.split(key, 4)
    contexts = jax.random.normal(keys[0], (ROUNDS, TASKS, ARMS, DIM), dtype)
    candidates = jax.random.normal(keys[1], (ROUNDS, CANDIDATES, TASKS, ARMS, RANK), dtype)
    means = jax.random.normal(keys[2], (ROUNDS, TASKS, ARMS), dtype)
    rewards = means + 0.1 * jax.random.normal(keys[3], means.shape, dtype)
    return rewards, contexts, candidates, candidates[:, 0], means


def ball_example(key, dtype):
    """Noise of a few rounds on the ball, parameters, and an oracle's basis."""
    noise = 0.1 * jax.random.normal(jax.random.fold_in(key, 1), (ROUNDS, TASKS), dtype)
    parameters = jax.random.normal(key, (TASKS, DIM), dtype)
    return noise, parameters, jnp.linalg.qr(parameters.T)[0][:, :RANK]


def task_example(key, dtype):
    """Sequential tasks: noise, parameters, and an oracle's basis."""
    keys = jax.random.split(key)
    noise, parameters = (jax.random.normal(k, (ROUNDS, DIM), dtype) for k in keys)
    return noise, parameters, jnp.eye(DIM, RANK, dtype=dtype)


def interact(algorithm, sizes, answer, rounds, key):
    """Actions, regret and the state after the last round."""
    problem = Problem(None, None, answer)

    def one(state, both):
        t, now = both
        step = take(algorithm, jax.random.fold_in(key, t), problem, None, state, now)
        return step.state, (step.action, step.outcome.regret)

    state, (actions, regret) = jax.lax.scan(one, algorithm.init(key, sizes), (jnp.arange(ROUNDS), rounds))
    return dict(actions=actions, regret=regret, state=state)


def arms_call(key, rewards, contexts, candidates, features, means, *, factory, finite=False, **hyper):
    """Play arms."""
    view = ClassView(contexts, candidates) if finite else ArmView(contexts)
    sizes = Sizes(TASKS, DIM, RANK, contexts.dtype, CANDIDATES)
    return interact(factory(**hyper), sizes, pull, Round(view, ArmTruth(features, rewards, means)), key)


def ball_call(key, noise, parameters, basis, *, factory, **hyper):
    """Play the ball."""
    known = (jnp.broadcast_to(x, (ROUNDS, *x.shape)) for x in (parameters, basis))
    truth = BallTruth(next(known), noise, next(known))
    return interact(factory(**hyper), Sizes(TASKS, DIM, RANK, noise.dtype), act, Round((), truth), key)


def task_call(key, noise, parameters, basis, *, factory, **hyper):
    """Play sequential tasks of 20 rounds."""
    truth = TaskTruth(
        parameters, jnp.broadcast_to(basis, (ROUNDS, *basis.shape)), noise, jnp.full(ROUNDS, 20, noise.dtype)
    )
    return interact(factory(**hyper), Sizes(1, DIM, RANK, noise.dtype), episode, Round((), truth), key)


def actions(output):
    """What was done."""
    return output["actions"]


def done(output):
    """What is compared: actions and what they cost."""
    return output["actions"], output["regret"]


def hide_arms(arrays):
    """NaN for the features and the means."""
    return *arrays[:3], *(jnp.full_like(x, jnp.nan) for x in arrays[3:])


def hide_basis(arrays):
    """NaN for the basis; the parameters make the rewards."""
    return *arrays[:2], jnp.full_like(arrays[2], jnp.nan)


def permute_arms(arrays, perm):
    """Rename the tasks."""
    rewards, contexts, candidates, features, means = arrays
    return rewards[:, perm], contexts[:, perm], candidates[:, :, perm], features[:, perm], means[:, perm]


def permute_ball(arrays, perm):
    """Rename the tasks."""
    return arrays[0][:, perm], arrays[1][perm], arrays[2]


def unpermute(output, perm):
    """Back to the old names."""
    return jax.tree.map(lambda x: x[:, jnp.argsort(perm)], output)


def scale_rewards(arrays, s):
    """Scale rewards and means; the features keep the norm bound 1 which the absolute ridge is made for."""
    rewards, contexts, candidates, features, means = arrays
    return rewards * s, contexts, candidates, features, means * s


def scale_noisy(arrays, s):
    """Scale noise and parameters."""
    return arrays[0] * s, arrays[1] * s, arrays[2]


def poison_rewards(arrays):
    """NaN for the rewards of the first round."""
    return arrays[0].at[0].set(jnp.nan), *arrays[1:]


def poison_last_rewards(arrays):
    """NaN for the rewards of the last round."""
    return arrays[0].at[-1].set(jnp.nan), *arrays[1:]


def row(name, call, example, hide, factory, permute=None, asked=None, finite=None, **more):
    """One row; `asked` is the factory whose keywords must be listed (its own name where it passes them on)."""
    call = functools.partial(call, factory=factory, **({} if finite is None else dict(finite=finite)))
    renamed = dict(permute=permute, unpermute=unpermute, tasks=TASKS) if permute else {}
    options = dict(compare=done, actions=actions, hide=hide, poison=poison_rewards)
    return Case(f"bandits.{name}", call, example, factory=asked, **{**options, **renamed, **more})


arms_case = functools.partial(row, call=arms_call, example=arms_example, hide=hide_arms)
ball_case = functools.partial(row, call=ball_call, example=ball_example, hide=hide_basis, scale=scale_noisy)
task_case = functools.partial(row, call=task_call, example=task_example, hide=hide_basis, scale=scale_noisy)

FEW = dict(rank=RANK, scale=0.1)
NETWORK = dict(capacity=ROUNDS, rank=RANK, hidden=(4,), refit_every=2, steps=10, batch=4, rate=0.05)
NETWORK_CHANGED = dict(
    rank=1, hidden=(5,), refit_every=3, steps=30, batch=40, rate=0.3, decay=3.0, ridge=30.0, alpha=20.0
)
PLAN = dict(explore=3.0, identify=2.0)
OFUL = dict(scale=3.0, noise=0.01, delta=1e-30, norm_bound=30.0, input_bound=1e9, ridge=30.0)
SHARED = dict(rank=1, ridge=30.0, scale=3.0, noise=10.0)
DRAWN = "its arms are drawn by task number"
BOUNDED = dict(scale=scale_rewards, why="features are bounded by 1 and the ridge is absolute: only rewards scale")
NETWORK_KEYS = (
    "minibatches and first weights are drawn by task number; gradient descent at a fixed learning rate does not follow inputs of any "
    "scale"
)

CASES = [
    arms_case(
        "linucb",
        factory=bandits.linucb,
        asked=bandits.linucb,
        permute=permute_arms,
        hyper=dict(alpha=0.5),
        changed=dict(alpha=5.0, ridge=30.0),
        differs_from=("bandits.greedy",),
    ),
    arms_case(
        "oful",
        factory=bandits.oful,
        asked=bandits.oful,
        permute=permute_arms,
        hyper=dict(noise=0.1),
        changed={**OFUL, "noise": 10.0, "known_features": True},
        differs_from=("bandits.greedy",),
    ),
    arms_case("greedy", factory=bandits.greedy, asked=bandits.greedy, permute=permute_arms, changed=dict(ridge=30.0)),
    arms_case(
        "known_representation",
        factory=bandits.known_representation,
        permute=permute_arms,
        oracle=True,
        hyper=dict(noise=0.1),
        changed=dict(scale=30.0, ridge=30.0),
        differs_from=("bandits.oful",),
    ),
    arms_case(
        "uniform",
        factory=bandits.uniform,
        asked=bandits.uniform,
        key_dependent=True,
        poison=None,
        why=DRAWN + ", and it keeps nothing of what it sees",
    ),
    arms_case("independent_linucb", factory=independent(bandits.linucb), permute=permute_arms, hyper=dict(alpha=0.5)),
    arms_case(
        "mtlr_oful",
        factory=bandits.mtlr_oful,
        asked=bandits.mtlr_oful,
        permute=permute_arms,
        static=dict(rank=RANK),
        hyper=dict(scale=0.1),
        changed=dict(SHARED, bonus="projected", sweeps=0),
        differs_from=("bandits.mtlr_oful_projected",),
        **BOUNDED,
    ),
    arms_case(
        "mtlr_oful_projected",
        factory=bandits.mtlr_oful,
        permute=permute_arms,
        static=dict(rank=RANK, bonus="projected"),
        hyper=dict(scale=0.1),
        **BOUNDED,
    ),
    arms_case(
        "gfucb_linear",
        factory=bandits.gfucb_linear,
        asked=bandits.gfucb_linear,
        permute=permute_arms,
        static=dict(rank=RANK),
        hyper=dict(scale=0.5),
        changed=dict(SHARED, rate=1.0, ascent=0),
        differs_from=("bandits.mtlr_oful",),
        **BOUNDED,
    ),
    arms_case(
        "mlingreedy",
        factory=bandits.mlingreedy,
        asked=bandits.mlingreedy,
        permute=permute_arms,
        static=dict(rank=RANK),
        changed=dict(rank=1, ridge=30.0, sweeps=0),
        differs_from=("bandits.greedy",),
        poison=poison_last_rewards,
        scale=scale_rewards,
        why=BOUNDED["why"] + "; it forgets what lies before its epoch, so NaN comes at the end of one",
    ),
    arms_case(
        "gfucb_finite",
        factory=bandits.gfucb_finite,
        asked=bandits.gfucb_finite,
        finite=True,
        permute=permute_arms,
        hyper=dict(scale=0.5),
        changed=dict(scale=5.0, noise=5.0, beta=50.0, ridge=30.0),
        **BOUNDED,
    ),
    arms_case(
        "independent_gfucb_finite",
        factory=independent(bandits.gfucb_finite),
        finite=True,
        permute=permute_arms,
        hyper=dict(scale=0.5),
        differs_from=("bandits.gfucb_finite",),
        **BOUNDED,
    ),
    *[
        arms_case(
            f"neural_{name}",
            factory=factory,
            static={**NETWORK, **static},
            hyper=dict(alpha=1.5),
            key_dependent=True,
            scales=(1e-4, 1e2),
            changed=changed,
            inert=dict(capacity="the buffer's size, which rounds must not exceed", side="pictures only"),
            why=NETWORK_KEYS,
        )
        for name, factory, static, changed in (
            ("last_layer", bandits.last_layer, {}, NETWORK_CHANGED),
            ("per_task", bandits.last_layer, dict(coupled=False), dict(coupled=True)),
            ("gradient", bandits.gradient, {}, dict(alpha=20.0, ridge=30.0, sweeps=0)),
            (
                "optimistic_net",
                bandits.optimistic_net,
                dict(ascent_rate=0.1),
                dict(alpha=20.0, force=300.0, ascent_rate=1.0, ascent=0),
            ),
        )
    ],
    ball_case(
        "pege",
        factory=bandits.pege,
        asked=bandits.pege,
        permute=permute_ball,
        hyper=dict(explore=3.0),
        changed=dict(explore=6.0, known_subspace=True),
    ),
    ball_case(
        "pege_known", factory=bandits.pege, oracle=True, static=dict(known_subspace=True), hyper=dict(explore=2.0)
    ),
    ball_case(
        "e2tc",
        factory=bandits.e2tc,
        static=dict(rank=RANK),
        hyper=dict(explore=2.0, identify=2.0),
        key_dependent=True,
        changed=dict(explore=4.0, identify=4.0, rank=1),
        differs_from=("bandits.pege",),
        why=DRAWN + " in stage 1",
    ),
    ball_case(
        "e2tc_unknown_rank",
        factory=bandits.e2tc,
        asked=bandits.e2tc,
        static=dict(rank=0),
        hyper=dict(explore=2.0, identify=2.0),
        key_dependent=True,
        changed=dict(explore=4.0, identify=4.0, rank=1, edge=0.0),
        why=DRAWN + " in stage 1",
    ),
    task_case(
        "sequential_pege",
        factory=bandits.sequential_pege,
        asked=bandits.sequential_pege,
        hyper=dict(explore=3.0),
        changed=dict(explore=6.0, known_subspace=True),
    ),
    task_case(
        "sequential_oracle",
        factory=bandits.sequential_pege,
        oracle=True,
        static=dict(known_subspace=True),
        hyper=dict(explore=3.0),
    ),
    task_case(
        "seqrepl",
        factory=bandits.seqrepl,
        asked=bandits.seqrepl,
        static=dict(rank=RANK),
        hyper=PLAN,
        changed=dict(explore=6.0, identify=5.0, rank=1),
        differs_from=("bandits.sequential_pege",),
    ),
    task_case(
        "boss",
        factory=bandits.boss,
        asked=bandits.boss,
        static=dict(rank=RANK, experts=4),
        hyper=dict(PLAN, cover=0.5, chance=0.3, rate=1.0),
        key_dependent=True,
        changed=dict(
            explore=6.0, identify=5.0, cover=0.0, chance=1.0, rate=30.0, rank=1, experts=9, include_truth=True
        ),
        differs_from=("bandits.seqrepl",),
    ),
]
