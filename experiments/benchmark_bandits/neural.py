"""The neural bandit inside one compiled program against the same network trained by a Python loop over jitted steps."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.multitask_bandits.neural import load
from mtrl.bandits import images
from mtrl.bandits.neural import state as base
from mtrl.bandits.neural.bonuses import neural_gfucb
from mtrl.bandits.neural.network import pooled_loss
from mtrl.harness import BaseConfig, Claim, Figure, Interval, at_least, field, simulate, timing


@dataclasses.dataclass(frozen=True)
class NeuralConfig(BaseConfig):
    """Rounds per second, all seeds counted."""

    seeds: int = field(8, help="seeds run together", lower=1)
    tasks: int = field(10, help="tasks M", lower=1)
    rounds: int = field(20, help="rounds T", lower=5)
    widths: tuple[int, ...] = field((32, 128), help="hidden units; batch is twice as large", lower=4)
    steps: int = field(50, help="Adam steps per refit", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


def network_config(config: Any, width: int) -> base.Config:
    """The bandit's settings at one width."""
    return base.Config(rounds=config.rounds, hidden=(width,), steps=config.steps, batch=2 * width)


def python_loop(config: Any, width: int, pictures: Any, labels: Any, seeds: Any) -> Any:
    """A callable: loops over seeds, rounds and Adam steps, each step jitted."""
    settings = network_config(config, width)
    body, rule = settings.body(), base.optimiser(settings, config.tasks)
    never = dataclasses.replace(settings, refit_every=config.rounds)
    algorithm = neural_gfucb("last_layer", never)
    draw_params = jax.jit(functools.partial(images.image_params, tasks=config.tasks))
    draw_round = jax.jit(functools.partial(images.image_round, arms=5))
    start = jax.jit(lambda key, params: algorithm.init(key, params, never))
    act = jax.jit(lambda key, state, batch: algorithm.step(key, state, batch, alpha=jnp.float32(0.2)))
    rebuild = jax.jit(lambda key, state: base.refit(key, state, dataclasses.replace(settings, steps=0)))

    @jax.jit
    def descend(key, state):
        batch = base.draw_batch(key, state, settings.batch)
        gradient = jax.grad(lambda n: pooled_loss(body, n, *batch))(state.network)
        updates, memory = rule.update(gradient, state.optimiser, state.network)
        return state._replace(network=optax.apply_updates(state.network, updates), optimiser=memory)

    def run() -> list:
        totals = []
        for seed in seeds:
            key = jax.random.key(int(seed))
            params = draw_params(key, pictures, labels, jnp.float32(0.1))
            state = start(key, params)
            total = 0.0
            for t in range(config.rounds - 1):
                step_key = jax.random.fold_in(key, t)
                state, info = act(step_key, state, draw_round(step_key, params, t))
                total = total + info.regret.mean()
                if (t + 1) % settings.refit_every == 0:
                    for step in range(config.steps):
                        state = descend(jax.random.fold_in(step_key, step), state)
                    state = rebuild(step_key, state)
            totals.append(total)
        return totals

    return run


def one_program(config: Any, width: int, pictures: Any, labels: Any, seeds: Any) -> Any:
    """A callable: everything in one compiled scan."""
    settings = network_config(config, width)
    return functools.partial(
        simulate,
        neural_gfucb("last_layer", settings),
        seeds=seeds,
        rounds=config.rounds - 1,
        problem=functools.partial(images.image_params, tasks=config.tasks),
        data=functools.partial(images.image_round, arms=5),
        inputs=(pictures, labels, jnp.float32(0.1)),
        config=settings,
        hyper={"alpha": jnp.float32(0.2)},
    )


def run(config: NeuralConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings at every width."""
    import xarray as xr

    pictures, labels = (jnp.asarray(x) for x in load(""))
    calls = {}
    for width in config.widths:
        calls[f"ours {width}"] = one_program(config, width, pictures, labels, seeds)
        calls[f"loop {width}"] = python_loop(config, width, pictures, labels, seeds)
    seconds = timing.compare(calls, config.repeats)
    stacked = [[seconds[f"{side} {width}"] for width in config.widths] for side in ("ours", "loop")]
    rate = len(seeds) * (config.rounds - 1) / np.asarray(stacked)
    data = xr.Dataset(
        {"rate": (("side", "width", "repeat"), rate)},
        coords={
            "side": ["one program", "Python loop"],
            "width": list(config.widths),
            "repeat": np.arange(config.repeats),
        },
    )
    data["rate"].attrs["units"] = "rounds / s"
    return data


def speedup(which: int) -> Any:
    """Measure: rounds per second of one program over the loop's, at the narrowest (0) or widest (-1) network."""

    def measure(data: Any) -> Interval:
        rate = data["rate"].isel(width=which)
        return timing.ratio_interval(rate.sel(side="one program").values, rate.sel(side="Python loop").values)

    return measure


def draw(data: Any, config: NeuralConfig) -> Any:
    """Rounds per second of both sides."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 1)
    ax = axes[0, 0]
    for j, side in enumerate(data["side"].values):
        rate = data["rate"].sel(side=side).transpose("repeat", "width").values
        style.band(ax, data["width"].values, rate, label=str(side), color=style.COLORS[j], marker=style.MARKERS[j])
    ax.set(yscale="log", xlabel="hidden units", ylabel="rounds per second, all seeds")
    style.log_ticks(ax, data["width"])
    ax.set_title(f"neural bandit, {config.seeds} seeds, M = {config.tasks},\n{config.steps} steps per refit")
    ax.legend()
    return figure


FIGURE = Figure(
    name="neural",
    title="Neural bandit: rounds per second against a Python loop over jitted steps",
    config=NeuralConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="a small network runs at least 5 times faster in one program",
            paper="goal of this codebase (dispatch-bound)",
            measure=speedup(0),
            accepts=at_least(5.0),
        ),
        Claim(
            text="the default network runs at least 5 times faster in one program",
            paper="goal of this codebase (arithmetic-bound on a CPU)",
            measure=speedup(-1),
            accepts=at_least(5.0),
        ),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, rounds=6, widths=(4, 8), steps=2, repeats=2),
        "paper": dict(seeds=32, rounds=100, steps=150, repeats=5),
    },
)
