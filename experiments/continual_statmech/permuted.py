"""Permuted images: accuracy of every task over the epochs, the Gaussian-field rule against its baselines."""

from typing import Any

import numpy as np

from experiments.continual_statmech import networks
from experiments.continual_statmech.networks import LOOKS, METHODS, Images, NetworkConfig
from mtrl import continual
from mtrl.harness import Figure, field
from mtrl.harness.picture import plots


class PermutedConfig(NetworkConfig):
    """Five tasks, each a permutation of the pixels; the paper has 5 epochs of 500 mini-batches per task."""

    tasks: int = field(5, help="permutations", lower=1)
    rate: float = field(0.01, help="learning rate of Adam", lower=0.0, strict=True)


def run(config: PermutedConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    x, y, u, v = networks.digits(config.data_dir)
    images = Images(*(np.broadcast_to(a, (config.tasks, *a.shape)) for a in (x, y, u, v)))
    permute = networks.permutations(seeds, config.tasks, x.shape[1])
    total = config.epochs * config.tasks
    schedule = np.array([continual.permuted_temperature(e, total) for e in range(1, total + 1)])
    return networks.accuracies(seeds, *networks.compared(config, seeds, images, permute, schedule, config.rate))


def draw(data: Any, config: PermutedConfig) -> Any:
    """A panel per rule with every task, and the mean over the tasks seen so far."""
    figure, axes = plots.panel(2, 3, width=3.9, height=3.0)
    table = plots.looks({int(t): f"task {t}" for t in data["task"].values})
    for ax, method in zip(axes.ravel(), METHODS, strict=False):
        plots.curves(ax, data["accuracy"].sel({"method": method}), "epoch", "task", table)
        strength = float(data["chosen"].sel({"method": method}))
        plots.finish(ax, y="accuracy [share]", title=f"{method} ({strength:.3g})", ylim=(0, 1.05), legend=None)
    seen = data["task"] <= (data["epoch"] - 1) // config.epochs + 1
    plots.curves(axes[1, 2], data["accuracy"].where(seen).mean("task"), "epoch", "method", LOOKS)
    plots.finish(axes[1, 2], y="accuracy, mean over tasks seen", ylim=(0, 1.05), legend=None)
    plots.legend_below(figure, (axes[0, 0], axes[1, 2]), 5)
    words = "permuted MNIST" if config.data_dir else "permuted digits of scikit-learn (stand-in)"
    figure.suptitle(words, fontsize=9)
    return figure


FIGURE = Figure(
    __name__,
    title="Permuted images: accuracy of every task over the epochs, against the baselines",
    question="On permuted images, does the variational rule with binary weights forget less than metaplasticity and plain descent?",
    claims=networks.ordering_claims("permuted images"),
    presets={
        "smoke": dict(seeds=2, tasks=2, images=40) | networks.TINY,
        "paper": dict(seeds=10, hidden=(512, 512), epochs=5, batches=500),
    },
)  # fmt: skip
