"""The landscape in the other two papers' settings: CAGrad's (unscaled, three starts, 100,000 steps) and Nash-MTL's (L1 times 0.1).

python -m experiments.multitask_optimization --figure=scalings . Expected: CAGrad reaches (0, -8.36) from all three
starts where the mean is stuck twice; with L1 scaled down, the minimiser of the sum moves to x1 = -5.73, towards the second task.
"""

import numpy as np

from experiments.multitask_optimization import pictures, protocol
from experiments.multitask_optimization.landscape import VALLEY
from experiments.multitask_optimization.protocol import ALIGNED, CAGRAD, LOOKS, MEAN, METHODS, MGDA, NASH, PCGRAD
from mtrl.harness import BaseConfig, Claim, Figure, at_most, field
from mtrl.harness.judge.measures import LAST, exact, value

CAGRAD_STARTS = ((-8.5, 7.5), (-8.5, -5.0), (9.0, 9.0))
NASH_STARTS = ((-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0))
SETTINGS = {"cagrad": (CAGRAD_STARTS, (1.0, 1.0)), "nash": (NASH_STARTS, (0.1, 1.0))}
OWN = (
    "x",
    "loss",
    "condition",
    "end_x1",
    "end_x1_best",
    "end_x1_listed",
    "end_loss",
    "end_loss_listed",
)  # of a setting
LABELS = {name: protocol.named(starts) for name, (starts, _) in SETTINGS.items()}
X1 = {CAGRAD: (0.0, 0.0, 0.0), MEAN: (-5.05, None, 5.04), PCGRAD: (-2.53, -6.45, 2.83), MGDA: (-3.32, -6.99, 3.33)}


class ScalingsConfig(BaseConfig):
    """Both settings, each a cell of its own starts; nothing is random."""

    seeds: int = field(1, help="nothing is random", lower=1)
    steps: tuple[int, ...] = field(
        (100_000, 35_000), help="steps of Adam, CAGrad's and Nash-MTL's setting", lower=1, length=2
    )
    keep: int = field(250, help="every keep-th point is kept", lower=1)
    rate: float = field(1e-3, help="Adam's learning rate", lower=0.0, strict=True)


def run(config, seeds):
    """One cell; the setting is a part of every variable's name."""
    parts = []
    for (name, (starts, scale)), steps in zip(SETTINGS.items(), config.steps, strict=True):
        x, losses, condition = protocol.run_paths(
            np.array(starts), np.array(scale), config.rate, methods=METHODS, steps=steps, keep=config.keep
        )
        part = pictures.path_dataset(
            x, losses, condition, LABELS[name], METHODS, config, scale, (X1 if name == "cagrad" else {}, {})
        )
        inner = ("start", "step")
        renamed = part.rename({dim: f"{dim}_{name}" for dim in inner} | {v: f"{v}_{name}" for v in OWN})
        parts.append(renamed if not parts else renamed.drop_vars(["surface", "front", "front_loss"]))
    return parts[0].merge(parts[1])


def draw(data, config):
    """Per setting and method the paths over contours of the scaled sum."""
    return pictures.draw_settings(data, SETTINGS, LOOKS)


def slowest(setting, method):
    """Largest distance of x1 at the end from the minimiser of the scaled sum."""
    return exact(protocol.miss(method, f"_{setting}").over(f"start_{setting}", how="max"))


def table_claim(method):
    """CAGrad's setting against the independent program."""
    return protocol.table_claim(f"CAGrad's setting, {LOOKS[method].words}", method, X1[method], LABELS["cagrad"], "end_x1", 0.05,
                 words="x1", dim="start_cagrad", setting="_cagrad", note=VALLEY)  # fmt: skip


FIGURE = Figure(
    __name__,
    title="The landscape in CAGrad's and in Nash-MTL's setting",
    question="Do the methods still stop where their papers say in CAGrad's and in Nash-MTL's scaling of the landscape?",
    optional=tuple(f"{name}_{setting}" for name in ("condition", "end_x1_listed", "end_loss_listed") for setting in SETTINGS),
    claims=(
        Claim("CAGrad's setting: CAGrad reaches the minimum of the mean from all three starts (largest |x1| at the end)",
              "Liu et al. 2021, figure 1", slowest("cagrad", CAGRAD), at_most(0.5, "a mark of the figure on an axis of 20"), unit="1"),
        Claim.derived("CAGrad's setting: Aligned-MTL does so too", "Senushkin et al., theorem 1", slowest("cagrad", ALIGNED),
              at_most(0.5, "a mark of the figure on an axis of 20"), unit="1"),
        Claim("Nash-MTL's setting: Nash-MTL ends at the Pareto set from every start (largest |x2 + 8.39| at the end)",
              "Navon et al., figure 1",
              exact(abs(value("x_nash", coordinate="x2", method=NASH, step_nash=LAST) + 8.39).over("start_nash", how="max")),
              at_most(0.1, "the Pareto set has x2 from -8.43 to -8.36"), unit="1"),
        Claim.derived("Nash-MTL's setting: Aligned-MTL ends at the minimiser of the scaled sum, x1 = -5.73, from every start",
              "Senushkin et al., theorem 1", slowest("nash", ALIGNED), at_most(0.5, "a mark of the figure on an axis of 20"), unit="1"),
        *(table_claim(m) for m in X1),
    ),
    presets={"smoke": dict(steps=(60, 60), keep=20), "paper": {}},
)  # fmt: skip
