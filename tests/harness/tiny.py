"""A tiny study on the whole path from flags to files: a closed form, an online algorithm and a Flax training loop."""

import sys
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from mtrl.harness import (
    Algorithm,
    BadInput,
    BaseConfig,
    Claim,
    Figure,
    Iteration,
    Problem,
    Round,
    Study,
    at_most,
    between,
    field,
    main,
    mean_interval,
    over_seeds,
    simulate,
    split_named,
    style,
)


class MeanConfig(BaseConfig):
    """The mean of n Gaussian draws against its variance 1/n."""

    sizes: tuple[int, ...] = field((4, 16), help="draws per mean", lower=1)
    scale: float = field(1.0, help="standard deviation of a draw", lower=0.0, strict=True, unit="m")
    fail: bool = field(False, help="refuse inside run, as a missing file would")


def mean_of_draws(key, scale, *, n):
    return scale * jax.random.normal(key, (n,)).mean()


def run_mean(config, seeds):
    import xarray as xr

    if config.fail:
        raise BadInput("data_dir got nowhere, which does not exist; give the folder of the files")
    values = np.stack([over_seeds(mean_of_draws, seeds, config.scale, n=n) for n in config.sizes], axis=-1)
    data = xr.Dataset(
        {"mean": (("seed", "size"), values, {"units": "m"})}, coords={"seed": seeds, "size": list(config.sizes)}
    )
    return data.assign(variance=("size", config.scale**2 / np.array(config.sizes)))


def draw_mean(data, config):
    figure, axes = style.subplots()
    style.band(axes[0, 0], data["size"], data["mean"], label="simulation")
    style.theory(axes[0, 0], data["size"], 0 * data["size"], label="theory")
    axes[0, 0].set(xlabel="draws", ylabel="mean [m]")
    return figure


def mean_is_zero(data):
    return mean_interval(data["mean"].isel(size=0).values)


class CountState(NamedTuple):
    pulls: jax.Array  # (arm,)
    sums: jax.Array  # (arm,)


class Outcome(NamedTuple):
    regret: jax.Array  # (task,)


def greedy(*, arms=2, epsilon=0.1):
    """Epsilon-greedy on a bandit: enough to exercise init, select and update over rounds."""

    def init(key, view):
        return CountState(jnp.zeros(arms), jnp.zeros(arms))

    def select(key, state, view):
        values = state.sums / jnp.maximum(state.pulls, 1)
        keys = split_named(key, "explore", "arm")
        explore = jax.random.uniform(keys["explore"]) < epsilon
        return jnp.where(explore, jax.random.randint(keys["arm"], (), 0, arms), jnp.argmax(values))

    def update(key, state, view, action, reward):
        return CountState(state.pulls.at[action].add(1), state.sums.at[action].add(reward)), reward

    return Algorithm(init, select, update)


def cheat(*, push=0.0):
    """An oracle: plays the arm with the largest mean."""
    return Algorithm(
        lambda key, view: jnp.asarray(push),
        lambda key, state, now: jnp.argmax(now.truth[0]),
        lambda key, state, now, action, reward: (state, reward),
        oracle=True,
    )


def bandit_problem(key, gap):
    return jnp.array([0.0, gap])


def bandit_round(key, means, t):
    return Round(view=(), truth=(means, means + 0.1 * jax.random.normal(key, means.shape)))


def bandit_answer(now, action):
    means, rewards = now.truth
    return rewards[action], Outcome((jnp.max(means) - means[action])[None])


BANDIT_PROBLEM = Problem(bandit_problem, bandit_round, bandit_answer)


def keep_reward(step):
    return step.info


class BanditConfig(BaseConfig):
    """An online algorithm."""

    rounds: int = field(50, help="rounds", lower=1)
    epsilon: float = field(0.2, help="share of exploration", lower=0.0, upper=1.0)


def run_bandit(config, seeds):
    import xarray as xr

    rewards, _ = simulate(
        greedy, seeds=seeds, rounds=config.rounds, problem=BANDIT_PROBLEM, inputs=(1.0,),
        hyper={"epsilon": config.epsilon}, record=keep_reward,
    )  # fmt: skip
    return xr.Dataset(
        {"reward": (("seed", "round"), rewards)}, coords={"seed": seeds, "round": np.arange(config.rounds)}
    )


def draw_bandit(data, config):
    figure, axes = style.subplots()
    style.band(axes[0, 0], data["round"], data["reward"], points=False)
    return figure


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.tanh(nn.Dense(8)(x)))[..., 0]


class TrainState(NamedTuple):
    params: dict
    momentum: tuple


def train(*, rate):
    """Adam on a fresh batch a step."""
    rule = optax.adam(rate)

    def init(key, data):
        params = Net().init(key, jnp.zeros((1, 2)))
        return TrainState(params, rule.init(params))

    def step(key, state, data):
        x, y = data
        loss, gradient = jax.value_and_grad(lambda p: jnp.mean((Net().apply(p, x) - y) ** 2))(state.params)
        update, momentum = rule.update(gradient, state.momentum)
        return TrainState(optax.apply_updates(state.params, update), momentum), loss

    return Iteration(init, step)


def train_problem(key):
    return jax.random.normal(key, (2,))


def train_data(key, w, t):
    x = jax.random.normal(key, (32, 2))
    return x, jnp.tanh(x @ w)


def run_train(config, seeds):
    import xarray as xr

    problem = Problem(train_problem, train_data)
    loss, _ = simulate(train, seeds=seeds, rounds=config.rounds, problem=problem, hyper={"rate": 3e-2})
    return xr.Dataset({"loss": (("seed", "round"), loss)}, coords={"seed": seeds, "round": np.arange(config.rounds)})


MEAN = Figure(
    name="mean", title="Mean of draws", config=MeanConfig, run=run_mean, draw=draw_mean,
    claims=(Claim("the mean is zero", "Table 1", mean_is_zero, between(-2, 2)), Claim("it is far below", "text", mean_is_zero, at_most(-9))),
    split=("sizes",), presets={"smoke": dict(seeds=3)},
)  # fmt: skip
BANDIT = Figure(
    name="bandit",
    title="An online algorithm",
    config=BanditConfig,
    run=run_bandit,
    draw=draw_bandit,
    presets={"smoke": dict(seeds=2, rounds=5)},
    aliases=("F1",),
    headline=True,
)
TRAIN = Figure(
    name="train",
    title="A Flax training loop",
    config=BanditConfig,
    run=run_train,
    draw=lambda d, c: style.subplots()[0],
    memory=lambda c: c.rounds * 2**20,
)
STUDY = Study("tiny", "Nobody 2026", "a study for the tests", (MEAN, BANDIT, TRAIN), package="tests.harness")

if __name__ == "__main__":
    main(STUDY, sys.argv[1:])
