"""A tiny study on the whole path from flags to files: a closed form, an online algorithm and a Flax training loop."""

import dataclasses
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
    Study,
    at_most,
    between,
    field,
    main,
    mean_interval,
    over_seeds,
    simulate,
    style,
)


@dataclasses.dataclass(frozen=True)
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


def count_init(key, problem, config):
    return CountState(jnp.zeros(config), jnp.zeros(config))


def greedy_step(key, state, data, *, epsilon):
    """Epsilon-greedy on a two-armed bandit: enough to exercise init/step over rounds."""
    values = state.sums / jnp.maximum(state.pulls, 1)
    explore = jax.random.uniform(key) < epsilon
    arm = jnp.where(explore, jax.random.randint(key, (), 0, values.size), jnp.argmax(values))
    reward = data[arm]
    return CountState(state.pulls.at[arm].add(1), state.sums.at[arm].add(reward)), reward


def bandit_problem(key, gap):
    return jnp.array([0.0, gap])


def bandit_data(key, means, t):
    return means + 0.1 * jax.random.normal(key, means.shape)


EPSILON_GREEDY = Algorithm(count_init, greedy_step)


@dataclasses.dataclass(frozen=True)
class BanditConfig(BaseConfig):
    """An online algorithm."""

    rounds: int = field(50, help="rounds", lower=1)
    epsilon: float = field(0.2, help="share of exploration", lower=0.0, upper=1.0)


def run_bandit(config, seeds):
    import xarray as xr

    rewards, _ = simulate(
        EPSILON_GREEDY, seeds=seeds, rounds=config.rounds, problem=bandit_problem, data=bandit_data,
        inputs=(1.0,), config=2, hyper={"epsilon": config.epsilon},
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


OPTIMISER = optax.adam(3e-2)


def train_init(key, problem, config):
    params = Net().init(key, jnp.zeros((1, 2)))
    return TrainState(params, OPTIMISER.init(params))


def train_step(key, state, data):
    x, y = data
    loss, gradient = jax.value_and_grad(lambda p: jnp.mean((Net().apply(p, x) - y) ** 2))(state.params)
    update, momentum = OPTIMISER.update(gradient, state.momentum)
    return TrainState(optax.apply_updates(state.params, update), momentum), loss


def train_problem(key):
    return jax.random.normal(key, (2,))


def train_data(key, w, t):
    x = jax.random.normal(key, (32, 2))
    return x, jnp.tanh(x @ w)


def run_train(config, seeds):
    import xarray as xr

    loss, _ = simulate(
        Algorithm(train_init, train_step), seeds=seeds, rounds=config.rounds, problem=train_problem, data=train_data
    )
    return xr.Dataset({"loss": (("seed", "round"), loss)}, coords={"seed": seeds, "round": np.arange(config.rounds)})


MEAN = Figure(
    "mean", "Mean of draws", MeanConfig, run_mean, draw_mean,
    claims=(Claim("the mean is zero", "Table 1", mean_is_zero, between(-2, 2)), Claim("it is far below", "text", mean_is_zero, at_most(-9))),
    split=("sizes",), presets={"smoke": dict(seeds=3)},
)  # fmt: skip
BANDIT = Figure(
    "bandit", "An online algorithm", BanditConfig, run_bandit, draw_bandit, presets={"smoke": dict(seeds=2, rounds=5)}
)
TRAIN = Figure(
    "train",
    "A Flax training loop",
    BanditConfig,
    run_train,
    lambda d, c: style.subplots()[0],
    memory=lambda c: c.rounds * 2**20,
)
STUDY = Study("tiny", "Nobody 2026", "a study for the tests", (MEAN, BANDIT, TRAIN))

if __name__ == "__main__":
    main(STUDY, sys.argv[1:])
