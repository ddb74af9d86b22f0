"""The neural bandit inside one compiled program against the same network trained by a Python loop over jitted steps."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_bandits.literal_neural import REFIT_EVERY, network, python_loop
from experiments.benchmark_bandits.protocol import faster
from mtrl import bandits
from mtrl import data as readers
from mtrl.harness import Axis, BaseConfig, Figure, dataset, field, jnp, simulate, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import FIRST, LAST, times_faster, value
from mtrl.harness.picture import plots


class NeuralConfig(BaseConfig):
    """Rounds per second, all seeds counted."""

    seeds: int = field(8, help="seeds run together", lower=1)
    tasks: int = field(10, help="tasks M", lower=1)
    rounds: int = field(20, help="rounds T", lower=5)
    widths: tuple[int, ...] = field((32, 128), help="hidden units; batch is twice as large", lower=4)
    steps: int = field(50, help="Adam steps per refit", lower=1)
    repeats: int = field(3, help="interleaved repetitions", lower=2)


LOOK = plots.looks(("one program", "Python loop"))


def one_program(config: Any, width: int, inputs: tuple, seeds: Any) -> Any:
    """A callable: everything in one compiled scan."""
    problem, static = bandits.digit_images(tasks=config.tasks, arms=5), network(config, width)
    world = dict(seeds=seeds, rounds=config.rounds - 1, problem=problem, inputs=inputs)
    settings = dict(static=dict(static, refit_every=REFIT_EVERY), hyper={"alpha": jnp.float32(0.2)})
    return functools.partial(simulate, bandits.last_layer, **world, **settings)


def run(config: NeuralConfig, seeds: np.ndarray) -> Any:
    """Interleaved timings at every width."""
    pictures, labels = readers.load_digits()
    flat = np.asarray(pictures, np.float32).reshape(len(pictures), -1)
    inputs = (jnp.asarray(flat), jnp.asarray(labels, jnp.int32), jnp.float32(0.1))
    calls = {}
    for width in config.widths:
        calls[f"ours {width}"] = one_program(config, width, inputs, seeds)
        calls[f"loop {width}"] = python_loop(config, width, inputs, seeds)
    seconds = timing.compare(calls, config.repeats)
    stacked = [[seconds[f"{side} {width}"] for width in config.widths] for side in ("ours", "loop")]
    least = limits.least(calls, *(name for name in calls if name.startswith("ours")))
    at_best = [[least[f"{side} {width}"] for width in config.widths] for side in ("ours", "loop")]
    rate, highest = (len(seeds) * (config.rounds - 1) / np.asarray(x) for x in (stacked, at_best))
    return dataset(
        None,
        {"side": list(LOOK), "width": Axis(config.widths, words="hidden units"), "repeat": np.arange(config.repeats),
         "limited_by": limits.BOUNDS},
        rate=(("side", "width", "repeat"), rate, "rounds / s", "rounds per second, all seeds"),
        rate_least=(("side", "width", "limited_by"), highest, "rounds / s", least.words),
    )  # fmt: skip


def draw(data: Any, config: NeuralConfig) -> Any:
    """Rounds per second of both sides."""
    figure, axes = plots.panel()
    plots.points(axes[0, 0], data["rate"].rename(repeat="seed"), "width", "side", LOOK, linestyle="-")
    title = f"neural bandit, {config.seeds} seeds, M = {config.tasks},\n{config.steps} steps per refit"
    words = dict(x="hidden units", y="rounds per second, all seeds [1/s]", title=title)
    plots.finish(axes[0, 0], log="y", ticks=data["width"].values, **words)
    return figure


def a_round(rate: Any) -> Any:
    """Seconds of a round."""
    return (1 / rate).assign_attrs(units="s")


def claim(network: str, which: Any, words: str, note: str = "") -> Any:
    """One program's rounds per second over the loop's, at the narrowest or widest network."""
    slow, fast = (value("rate", side=side, width=which).then(a_round) for side in ("Python loop", "one program"))
    measure = times_faster(slow, fast, f"neural bandit, {network}: a round", "Python loop over jitted steps")
    text = f"{network} runs at least 5 times faster in one program"
    return faster(text, 5.0, measure, "rounds per second over the loop's", words, note=note)


LIMIT = (
    "the limit: a round is ten Adam steps on 256 pictures of 64 pixels with 128 units, 84 million operations in the first layer's products "
    "alone, which the loop's steps make by the same compiled products: only what lies between them can be saved"
)

FIGURE = Figure(
    __name__, headline=True,
    title="Neural bandit: rounds per second against a Python loop over jitted steps",
    size=lambda c, at: (
        f"{c.seeds} seeds, M = {c.tasks}, widths {c.widths[0]} to {c.widths[-1]}, {c.steps} steps a refit"
    ),
    question="How many rounds per second does the neural bandit make in one program, against a Python loop over jitted steps?",
    claims=(
        claim("a small network", FIRST, " (dispatch-bound)"),
        claim("the default network", LAST, " (arithmetic-bound on a CPU)", LIMIT),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, rounds=6, widths=(4,), steps=2, repeats=2),
        "paper": dict(seeds=32, rounds=100, steps=150, repeats=5),
    },
)  # fmt: skip
