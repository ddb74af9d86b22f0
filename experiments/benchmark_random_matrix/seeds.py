"""All seeds in one compiled program against a Python loop over the same compiled program for one seed."""

import functools

import numpy as np

from experiments.benchmark_random_matrix import protocol
from mtrl.harness import BaseConfig, Claim, Figure, between, dataset, field, jax, over_seeds
from mtrl.harness.judge import limits
from mtrl.harness.judge.measures import times_faster, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"together": "one program for all seeds", "loop": "Python loop over seeds"})


class SeedsConfig(BaseConfig):
    """Seconds for all seeds of a simulated risk curve, for several dimensions."""

    seeds: int = field(64, help="seeds", lower=2)
    dims: tuple[int, ...] = field((8, 16, 32, 64), help="dimensions d = n_t", lower=4)
    points: int = field(8, help="couplings per curve", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def loop(single, seeds, *arguments):
    """One call per seed."""
    return np.stack([np.asarray(single(jax.random.key(int(seed)), *arguments)) for seed in seeds])


def run(config, seeds):
    """Interleaved timings per dimension, and both sides' risks."""
    arguments = (0.5, 1.0, 0.3, np.geomspace(0.05, 20, config.points))
    seconds, risks, at_best = [], [], []
    for d in config.dims:
        single = jax.jit(functools.partial(protocol.simulate_path, dim=d))
        calls = {
            "together": functools.partial(over_seeds, protocol.simulate_path, seeds, *arguments, dim=d),
            "loop": functools.partial(loop, single, seeds, *arguments),
        }
        seconds.append(protocol.seconds_of(calls, config.repeats))
        least = limits.least(calls, "together")
        at_best.append([least[name] for name in LOOK])
        risks.append([calls[name]() for name in LOOK])
    return dataset(
        seeds,
        {"dim": config.dims, "method": list(LOOK), "lam": arguments[-1], "repeat": np.arange(config.repeats),
         "limited_by": limits.BOUNDS},
        seconds=(("dim", "method", "repeat"), seconds, "s", "wall time"),
        seconds_least=(("dim", "method", "limited_by"), at_best, "s", least.words),
        risk=(("dim", "method", "seed", "lam"), risks, "", "test risk"),
    )  # fmt: skip


def draw(data, config):
    """Seconds against dimension, how many times faster above."""
    figure, axes = plots.panel(width=5.0)
    ax, array = axes[0, 0], data["seconds"].rename(repeat="seed")
    plots.points(ax, array, "dim", "method", LOOK, linestyle="-")
    for d in config.dims:
        ratio = times(value("seconds", dim=d))(data, config).value
        ax.annotate(
            f"{ratio:.1f}x", (d, 1.1 * float(array.sel({"method": "loop", "dim": d}).max())), ha="center", va="bottom"
        )
    plots.finish(ax, x="dimension d = n per task", y=f"seconds for {config.seeds} seeds", log="y", ticks=config.dims)
    return figure


def times(seconds):
    """Loop over one program."""
    both = seconds.at(method="loop"), seconds.at(method="together")
    return times_faster(*both, "simulated risk curves of all seeds", "Python loop over seeds (ours)")


FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} seeds, d = {at['dim']}",
    title="Seeds vmapped against a Python loop",
    question="When does running all seeds in one program beat a Python loop over seeds?",
    presets={"smoke": dict(seeds=4, dims=(4,), points=2, repeats=2)},
    claims=(
        protocol.faster("times faster than a loop over seeds, at every dimension", 1.0, times(value("seconds"))),
        Claim.sanity("both give the same risks (largest relative deviation)", "same draws", protocol.deviation("risk", "loop"),
                     between(0.0, 1e-8, "order of summation"), unit="relative"),
    ),
)  # fmt: skip
