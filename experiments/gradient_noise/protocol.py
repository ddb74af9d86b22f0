"""What the figures of networks share: clusters that stand in for MNIST, lanes of settings in one program, words, forms of claims.

Numbers called `program` are those of an independent program at the same settings, of a few runs, not by the paper's authors.
"""

from typing import Any

import numpy as np

from mtrl import dynamics
from mtrl.harness import Axis, BadInput, BaseConfig, evaluate, field, jax, over_seeds, split_named
from mtrl.harness.judge.measures import Quantity, value
from mtrl.harness.picture import plots

ACCURACY = "test accuracy"
SMOKE = dict(seeds=1, layers=6, width=20, steps=100, checkpoints=4, rows=200, lanes=2)  # one program for most figures
PAPER = dict(seeds=20, layers=20, width=50, steps=60_000)
STAND_IN = "clusters of the same number of classes stand in for MNIST"


class NetworkConfig(BaseConfig, seeds=5):
    """A deep ReLU network on ten Gaussian clusters, plain gradient descent with clipping, then noise."""

    layers: int = field(12, help="hidden layers L", lower=2)
    width: int = field(40, help="units of a layer n", lower=1)
    classes: int = field(10, help="classes, one cluster each", lower=2)
    dim: int = field(32, help="inputs", lower=1)
    noise: float = field(0.8, help="standard deviation of a cluster", lower=0.0)
    rows: int = field(2000, help="train rows of a task, and as many test rows", lower=1)
    batch: int = field(32, help="rows of an update", lower=1)
    lr: float = field(0.1, help="learning rate", lower=0.0, strict=True)
    clip: float = field(10.0, help="largest norm of a gradient before noise", lower=0.0, strict=True)
    gamma: float = field(0.55, help="decay of the noise's variance", lower=0.0)
    steps: int = field(5000, help="updates", lower=1)
    checkpoints: int = field(25, help="reports along the way", lower=1)
    lanes: int = field(10, help="settings of a seed that run at once", lower=1)

    def validate(self) -> None:
        """Reports are evenly spaced."""
        if self.steps % self.checkpoints:
            raise BadInput(
                f"steps got {self.steps}, but must be a multiple of checkpoints, {self.checkpoints}; round it"
            )

    @property
    def at(self) -> np.ndarray:
        """Updates at which something is reported."""
        return np.arange(self.checkpoints + 1) * (self.steps // self.checkpoints)


def lanes(key: Any, given: Any, noise: Any, *, tasks: int, classes: int, dim: int, rows: int, **sizes: Any) -> Any:
    """Reports of all settings on the same data, initial draws, batches and noise draws; the largest test share of a class, per task."""
    gn, keys = dynamics.gradient_noise, split_named(key, "data", "train")
    data = gn.clusters(keys["data"], tasks=tasks, classes=classes, dim=dim, noise=noise, rows=rows)
    most = jax.vmap(lambda label: gn.shares(label, classes).max())(data.test.label)
    return jax.vmap(lambda one: gn.train(keys["train"], data, one, classes=classes, **sizes))(given), most


def trained(config: NetworkConfig, seeds: Any, settings: list[tuple[str, dict]], *, tasks: int = 1, **more: Any) -> Any:
    """Reports with axes (seed, setting, checkpoint, ...), and the largest class shares of the test rows (seed, task).

    Args:
      config: sizes and defaults of what may be traced.
      seeds: of data, draws and noise.
      settings: (init, what differs from the configuration).
      tasks: K.
      **more: `optimiser`, `controls`, or sizes other than the configuration's.
    """
    gn = dynamics.gradient_noise
    sizes = {name: getattr(config, name) for name in ("layers", "width", "classes", "dim", "rows", "batch")}
    common = dict(lr=config.lr, clip=config.clip, gamma=config.gamma)
    found = [
        gn.setting(gn.initial_spreads(init, dim=config.dim, width=config.width), **{**common, **own})
        for init, own in settings
    ]
    timing = dict(
        every=config.steps // config.checkpoints, checkpoints=config.checkpoints, probes=min(500, config.rows)
    )
    static = {**sizes, **timing, **more, "tasks": tasks}
    parts, count = [], min(config.lanes, len(found))
    for begin in range(0, len(found), count):
        part = (found[begin : begin + count] * count)[:count]  # the last part is filled up: one program for all
        given = gn.Setting(*(np.array(column, float) for column in zip(*part, strict=True)))
        parts.append(over_seeds(lanes, seeds, given, config.noise, lanes="auto", **static))
    reports = jax.tree.map(lambda *a: np.concatenate(a, axis=1)[:, : len(found)], *(report for report, _ in parts))
    return reports, parts[0][1]


def updates(config: NetworkConfig) -> Axis:
    """The axis of checkpoints."""
    return Axis(config.at, "1", "updates")


def escapes(accuracy: Any, config: NetworkConfig) -> np.ndarray:
    """Update of the first checkpoint at twice the accuracy of chance, of runs (..., checkpoint); infinite where there is none."""
    static = dict(every=config.steps // config.checkpoints, classes=config.classes)
    return evaluate(dynamics.gradient_noise.escape, np.asarray(accuracy), **static)


def final(setting: str, name: str = "accuracy") -> Quantity:
    """A setting's last number."""
    return value(name, setting=setting)


def draw_escapes(
    ax: Any, escape: Any, x: str, looks: Any, never: float, words: tuple[float, str], spread: float
) -> None:
    """Updates of escape against `x`, by eta; runs that do not escape stand at `never`, which is named at a place (x, words)."""
    capped = escape.where(np.isfinite(escape), never).assign_attrs(escape.attrs)
    plots.points(ax, capped, x, "eta", looks, spread=spread, linestyle="-", linewidth=0.8)
    ax.axhline(never, color="0.6", linestyle=":", linewidth=1)
    ax.text(words[0], never, words[1], va="bottom", fontsize=8, color="0.4")


def eta_looks(data: Any) -> dict[float, plots.Look]:
    """A look for every noise."""
    return plots.looks({float(eta): f"eta = {eta:g}" for eta in data["eta"].values})
