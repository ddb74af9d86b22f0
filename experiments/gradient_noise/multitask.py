"""K cluster tasks on one trunk: averaging over tasks divides the noise of mini-batches by K, but not the injected one. An extension."""

from typing import Any

import numpy as np

from experiments.gradient_noise.protocol import (
    ACCURACY,
    PAPER,
    SMOKE,
    NetworkConfig,
    draw_escapes,
    escapes,
    eta_looks,
    trained,
)
from mtrl.harness import Axis, Claim, Figure, at_least, at_most, dataset, field
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, value, worst
from mtrl.harness.picture import plots


class MultitaskConfig(NetworkConfig, seeds=3, steps=4000, rows=500):
    """A shared trunk from Simple Init with a head per task."""

    tasks: tuple[int, ...] = field((1, 2, 4, 8), help="tasks K", lower=1)
    etas: tuple[float, ...] = field((0.0, 0.01, 0.03), help="noise", lower=0.0, distinct=True)


def run(config: MultitaskConfig, seeds: np.ndarray) -> Any:
    """One number of tasks."""
    found, _ = trained(config, seeds, [("simple", dict(eta=eta)) for eta in config.etas], tasks=config.tasks[0])
    accuracy = found.accuracy.mean(-1)
    dims = ("seed", "eta")
    return dataset(
        seeds,
        {"eta": Axis(np.array(config.etas), words="noise eta")},
        accuracy=(dims, accuracy[..., -1], "1", f"{ACCURACY}, mean over tasks"),
        least=(dims, found.accuracy[:, :, -1].min(-1), "1", f"{ACCURACY}, worst task"),
        escape=(dims, escapes(accuracy, config), "updates", "update of escape"),
    )


def draw(data: Any, config: MultitaskConfig) -> Any:
    """Accuracy and escape over K."""
    figure, axes = plots.panel(1, 2, width=4.6, height=3.5)
    look = eta_looks(data)
    data = data.assign_coords(task_count=data["task_count"].assign_attrs(long_name="tasks K on one trunk"))
    plots.points(axes[0, 0], data["accuracy"], "task_count", "eta", look, spread=0.04, linestyle="-", linewidth=0.8)
    plots.level(axes[0, 0], 1 / config.classes, "chance")
    never = 1.15 * config.steps
    draw_escapes(axes[0, 1], data["escape"], "task_count", look, never, (1, "never"), 0.04)
    for ax, top, legend in zip(axes[0], (1.05, 1.12 * never), (dict(loc=(0.4, 0.42)), None), strict=True):
        plots.finish(ax, log="x", ticks=data["task_count"], ylim=(0, top), legend=legend)
    return figure


FIGURE = Figure(
    __name__, split={"tasks": "task_count"}, optional=("escape",),
    title="Does the rescue survive averaging over tasks?",
    question="Does the rescue by noise survive when the gradient is averaged over several tasks?",
    claims=(
        Claim.derived("with noise of eta = 0.01 the trunk trains at every K: lowest accuracy over K", "question of this library",
              bootstrap(lambda a: np.min(a), value("accuracy", eta=0.01)), at_least(0.9), unit="1",
              reason="averaging over tasks does not divide the injected noise"),
        Claim.derived("with eta = 0.03 the trunk trains at every K: lowest accuracy over K", "question of this library",
              bootstrap(lambda a: np.min(a), value("accuracy", eta=0.03)), at_least(0.9), unit="1",
              reason="averaging over tasks does not divide the injected noise"),
        Claim.derived("without noise no K helps: highest accuracy over K", "question of this library", worst(value("accuracy", eta=0.0)),
              at_most(0.15), unit="1", reason="chance is 0.1; gradients vanish whatever is averaged"),
        Claim.derived("escape with all tasks over escape with one, eta = 0.03", "question of this library", bootstrap(lambda most,
              one: most / one, value("escape", eta=0.03, task_count=LAST), value("escape", eta=0.03, task_count=FIRST)), at_most(1.5),
              unit="1", reason="the walk to a visible gradient is the same; at most half as long again"),
    ),
    presets={"smoke": {**SMOKE, "tasks": (1,), "etas": (0.0, 0.3)}, "paper": PAPER},
)  # fmt: skip
