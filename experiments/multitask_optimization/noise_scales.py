"""Noise of very different sizes: uncertainty weighting recovers the variances of its tasks.

python -m experiments.multitask_optimization --figure=noise_scales (10 seeds, five outputs with noise from 1 to 100). Expected: e^{s_i} at
the residual variance of least squares, sigma_i^2 (1 - dim/samples).
"""

import numpy as np

from mtrl import optimization
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_most, dataset, field, over_seeds, split_named
from mtrl.harness.judge.measures import bootstrap, log, value, worst
from mtrl.harness.picture import plots


class NoiseConfig(BaseConfig):
    """T-output linear regression."""

    seeds: int = field(20, help="data sets", lower=2)
    samples: int = field(500, help="samples n", lower=2)
    dim: int = field(5, help="inputs d", lower=1)
    tasks: int = field(5, help="outputs T", lower=2)
    widest: float = field(100.0, help="largest noise; the smallest is 1", lower=1.0)
    rate: float = field(0.1, help="Adam's first learning rate", lower=0.0, strict=True)
    steps: int = field(20_000, help="steps of Adam, a multiple of 50", lower=50)


def learned(key, widest, rate, *, samples, dim, tasks, steps):
    """(s along 50 stretches, residual variances, noise)."""
    problem = optimization.noise_scales
    data = problem.sample(split_named(key, "data")["data"], samples=samples, dim=dim, tasks=tasks, widest=widest)
    s = problem.learned_log_variances(data, rate=rate, steps=steps, records=50)
    return s, problem.residual_variances(data), data.noise


def run(config, seeds):
    """One cell."""
    sizes = {name: getattr(config, name) for name in ("samples", "dim", "tasks", "steps")}
    s, residual, noise = over_seeds(learned, seeds, config.widest, config.rate, **sizes)
    return dataset(
        seeds,
        {
            "sigma": Axis(np.round(noise[0], 3), words="standard deviation of the noise"),
            "step": Axis((np.arange(50) + 1) * (config.steps // 50), words="step of Adam"),
        },
        s=(("seed", "step", "sigma"), s, "1", "s = log variance learned by UW"),
        variance=(("seed", "sigma"), np.exp(s[:, -1]), "1", "variance"),
        residual=(("seed", "sigma"), residual, "1", "residual variance of least squares"),
        expected=("sigma", noise[0] ** 2 * (1 - config.dim / config.samples), "1", "variance"),
    )


def draw(data, config):
    """Variances against the noise; the logarithm along the training."""
    figure, axes = plots.panel(1, 2, width=4.8)
    plots.theory(axes[0, 0], data["expected"], "sigma", words="expected residual variance")
    learnt = plots.Look("learned by uncertainty weighting", plots.style.COLORS[1])
    plots.points(axes[0, 0], data["variance"], "sigma", look=learnt)
    plots.finish(axes[0, 0], log="xy", legend="upper left")
    look = plots.looks({v: f"sigma = {v:.3g}" for v in data["sigma"].values})
    plots.curves(axes[0, 1], data["s"], "step", "sigma", look)
    for v in data["sigma"].values:
        level = float(np.log(data["expected"].sel(sigma=v)))
        axes[0, 1].axhline(level, color=look[v].color, linewidth=0.8, linestyle=":")
    plots.finish(axes[0, 1], log="x", y="s (dotted: log of the expected variance)", legend={"fontsize": 7})
    return figure


FIGURE = Figure(
    __name__,
    title="Noise of very different sizes: uncertainty weighting finds the variances",
    question="When the outputs' noise differs widely, does uncertainty weighting find the variances?",
    claims=(
        Claim.derived("s_i ends at the logarithm of the residual variance: largest distance over the outputs",
              "the inner optimum of Kendall et al.'s objective, s = log L", worst(abs(log(value("variance")) - log(value("residual")))),
              at_most(0.01, "one per cent of a variance"), unit="1"),
        Claim("the variances are those of the noise: largest distance of the mean learned variance to sigma^2 (1 - d/n), relative",
              "Kendall et al., section 3.2 (the weights are the tasks' homoscedastic noise)",
              bootstrap(lambda found, wanted: float(np.max(np.abs(found / wanted - 1))), value("variance"), value("expected")),
              at_most(0.1, "a tenth: three standard errors of a mean of 20 variances of 500 samples are 0.04"), unit="1", stand_in=True),
    ),
    presets={"smoke": dict(seeds=2, steps=50, samples=20, dim=2, tasks=2), "paper": dict(seeds=100, samples=5000)},
)  # fmt: skip
