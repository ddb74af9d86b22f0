"""Two sets of images one after the other: accuracy of either over the epochs, the Gaussian-field rule against its baselines."""

from typing import Any

import numpy as np

from experiments.continual_statmech import networks
from experiments.continual_statmech.networks import LOOKS, Images, NetworkConfig
from mtrl import continual
from mtrl.harness import BadInput, Figure, field
from mtrl.harness.picture import plots


class SequentialConfig(NetworkConfig, epochs=40, batches=11):
    """MNIST, then Fashion-MNIST; the stand-in has the digits 0 to 4, then 5 to 9 with their pixels permuted, under the labels 0 to 4."""

    rate: float = field(0.005, help="learning rate of Adam", lower=0.0, strict=True)
    fashion_dir: str = field("", help="folder with Fashion-MNIST's idx files", path=True)

    def validate(self):
        """Both folders or none."""
        if bool(self.data_dir) != bool(self.fashion_dir):
            both = "the folders of MNIST and of Fashion-MNIST"
            raise BadInput(f"data_dir and fashion_dir go together; give {both}, or neither")


def stand_in() -> Images:
    """Digits 0-4, then 5-9 permuted and relabelled; both cut to the smaller number of images."""
    x, y, u, v = networks.digits("")
    mix = np.random.default_rng(1).permutation(x.shape[1])
    parts = [[(a[b < 5], b[b < 5]), (a[b >= 5][:, mix], b[b >= 5] - 5)] for a, b in ((x, y), (u, v))]
    sizes = [min(len(b) for _, b in part) for part in parts]
    stacked = [np.stack([pair[i][:n] for pair in part]) for part, n in zip(parts, sizes, strict=True) for i in (0, 1)]
    return Images(*stacked)


def run(config: SequentialConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    if config.data_dir:
        both = zip(networks.digits(config.data_dir), networks.digits(config.fashion_dir), strict=True)
        images = Images(*(np.stack([a[: min(len(a), len(b))], b[: min(len(a), len(b))]]) for a, b in both))
    else:
        images = stand_in()
    plain = np.tile(np.arange(images.train.shape[-1]), (len(seeds), 2, 1))
    total = 2 * config.epochs
    schedule = np.array([continual.sequential_temperature(e, total) for e in range(total)])
    return networks.accuracies(seeds, *networks.compared(config, seeds, images, plain, schedule, config.rate))


def draw(data: Any, config: SequentialConfig) -> Any:
    """A panel per task."""
    figure, axes = plots.panel(1, 2, width=5.0, height=3.8)
    names = ("MNIST", "Fashion-MNIST") if config.data_dir else ("digits 0-4", "digits 5-9, permuted")
    for ax, task, name in zip(axes[0], (1, 2), names, strict=True):
        plots.curves(ax, data["accuracy"].sel(task=task), "epoch", "method", LOOKS)
        ax.axvline(config.epochs + 0.5, color="0.8", zorder=0)
        title = f"task {task}: {name}" + ("" if config.data_dir else " (stand-in)")
        plots.finish(ax, title=title, ylim=(0, 1.05), legend=None)
    plots.legend_below(figure, axes[0, :1], 5)
    return figure


FIGURE = Figure(
    __name__,
    title="Two sets of images one after the other: accuracy of either over the epochs, against the baselines",
    question="When a second set of images follows the first, does the variational rule keep the first better than the baselines?",
    claims=networks.ordering_claims("sequential images"),
    presets={
        "smoke": dict(seeds=2, images=40) | networks.TINY,
        "paper": dict(seeds=10, hidden=(512, 512), batches=500),
    },
)  # fmt: skip
