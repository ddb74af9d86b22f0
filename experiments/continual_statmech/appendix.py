"""The paper's appendix: two tasks with a KL term in the first as well, and with a first task that was left unfinished."""

from typing import Any

import numpy as np

from experiments.continual_statmech import pairs, protocol
from experiments.continual_statmech.pairs import UNIT, WORDS, PairsConfig
from mtrl.harness import Claim, Figure, field, less_than_zero
from mtrl.harness.config import replace
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

BOUND, UNFINISHED = "KL term in task 1 too", "task 1 unfinished"


class AppendixConfig(PairsConfig, loads=(0.5, 1.0, 2.0, 3.0)):
    """Two variants of the figure of two tasks."""

    gammas: tuple[float, ...] = field((1.0,), help="weight of the KL term in task 2", lower=0.0, length=1)
    gamma_first: float = field(1.0, help="weight of the KL term in task 1, in the first variant", lower=0.0)
    unfinished: float = field(1.4, help="load of task 1 in the second variant", lower=0.0, strict=True)


def run(config: AppendixConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    import xarray as xr

    variants = {BOUND: {}, UNFINISHED: dict(gamma_first=0.0, load_first=config.unfinished)}
    found = [pairs.run(replace(config, **change), seeds) for change in variants.values()]
    return xr.concat(found, dim=xr.Variable("variant", list(variants))).isel(gamma=0, drop=True)


def draw(data: Any, config: AppendixConfig) -> Any:
    """A row per variant: errors on task 1 and on task 2."""
    figure, axes = plots.panel(2, 2, width=4.8, height=3.4)
    looks = plots.looks({float(r0): f"r0 = {r0:g}" for r0 in data["r0"].values})
    bare = {r0: look._replace(words="") for r0, look in looks.items()}
    for row, variant in zip(axes, data["variant"].values, strict=True):
        for ax, task in zip(row, (1, 2), strict=True):
            part = data.sel(variant=variant, task=task)
            plots.theory(ax, part["eps_theory"], "grid", "r0", looks)
            plots.points(ax, part["eps"], "load", "r0", bare)
            legend = "best" if ax is axes[0, 0] else None
            title = f"{variant}" + (f", alpha1 = {config.unfinished:g}" if variant == UNFINISHED else "")
            plots.finish(ax, x=WORDS, y=f"eps{task} [{UNIT}]", title=title, ylim=(-0.02, 0.74), legend=legend)
    return figure


def agrees(task: int, variant: str) -> Claim:
    """Simulation against theory."""
    part = dict(task=task, variant=variant)
    return protocol.agrees(f"eps{task}(alpha2), {variant}", value("eps", **part), value("eps_at", **part), "appendix")


MIDDLE = value("eps", task=1, r0=0.0, load=0.5)
FIGURE = Figure(
    __name__,
    title="Two tasks with a KL term in the first too, and after an unfinished first task (appendix)",
    question="Do a KL term in the first task, or an unfinished first task, change what the theory of two tasks predicts?",
    claims=(
        agrees(1, BOUND),
        agrees(2, BOUND),
        agrees(1, UNFINISHED),
        agrees(2, UNFINISHED),
        Claim("an unfinished first task is worse after the second too: eps1 at alpha1 = 2 minus that at 1.4, r0 = 0, alpha2 = 0.5",
              "appendix (ordering)", mean(MIDDLE.at(variant=BOUND) - MIDDLE.at(variant=UNFINISHED)), less_than_zero, unit=UNIT),
    ),
    optional=pairs.optional(),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=(3, 3), loads=(0.5,), overlaps=(0.0, 0.5), points=3, unfinished=2.0, nodes=15),
        "paper": dict(seeds=20, dim=1000, epochs=(5000, 20000), loads=(0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)),
    },
)  # fmt: skip
