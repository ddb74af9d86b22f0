"""Quadratics with a known Pareto set: which of its points each method stops at, how far from the preferred one, and from two starts.

python -m experiments.multitask_optimization --figure=quadratics (20 problems, 2 tasks, condition 1e3). Expected: the mean, CAGrad and
Aligned-MTL end at the minimiser of the equal-weight sum from both starts, the others at Pareto points that differ between the starts.
"""

import numpy as np

from experiments.multitask_optimization import protocol
from experiments.multitask_optimization.protocol import ALIGNED, CAGRAD, IMTL, LOOKS, MEAN, METHODS, MGDA, NASH, PCGRAD
from mtrl import optimization
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

ANYWHERE = (MGDA, IMTL, NASH, PCGRAD)
PREFERRED = {
    MEAN: "its own objective",
    CAGRAD: "CAGrad, theorem 3.2: c < 1 converges to a stationary point of the mean",
    ALIGNED: "Senushkin et al., theorem 1",
}


class QuadraticsConfig(BaseConfig):
    """Random bases and centres, two starts each; Adam with a rate that falls to a thousandth."""

    seeds: int = field(20, help="problems", lower=2)
    tasks: int = field(2, help="tasks T; more than two solve a quadratic program a step", lower=2, upper=10)
    dim: int = field(5, help="parameters", lower=2)
    condition: float = field(1e3, help="condition number of every Hessian", lower=1.0)
    rate: float = field(0.03, help="Adam's first learning rate", lower=0.0, strict=True)
    steps: int = field(20_000, help="steps of Adam", lower=10)


def stops(key, condition, rate, *, tasks, dim, steps):
    """Per method and start: distance to the preferred point and the certificate, relative to the spread of the single-task optima."""
    problems, keys = optimization.quadratics, split_named(key, "problem", "starts")
    problem = problems.sample(keys["problem"], tasks=tasks, dim=dim, condition=condition)
    starts = 3 * jax.random.normal(keys["starts"], (2, dim))
    preferred = problems.pareto_point(problem, jnp.full(tasks, 1 / tasks))
    size = jnp.sqrt(jnp.mean(jnp.sum((problem.centres - preferred) ** 2, axis=-1)))

    def from_both(rule):
        chain = optimization.path.chained(rule, optimization.path.falling_adam(rate, steps))

        def one(start):
            path = optimization.path.descend(
                chain, lambda x: problems.losses(problem, x), start, steps=steps, keep=steps
            )
            found = problems.stop(problem, path.x[-1])
            return path.x[-1], found.weights, found.slope

        return jax.vmap(one)(starts)

    x, weights, slope = protocol.on_every(METHODS, tasks, from_both)  # (method, start, ...)
    away = jnp.linalg.norm(x - preferred, axis=-1) / size
    return away, jnp.linalg.norm(x[:, 0] - x[:, 1], axis=-1) / size, weights, slope


def run(config, seeds):
    """One cell."""
    away, apart, weights, slope = over_seeds(
        stops, seeds, config.condition, config.rate, tasks=config.tasks, dim=config.dim, steps=config.steps
    )
    dims, unit = ("seed", "method", "start"), "1"
    return dataset(
        seeds,
        {"method": list(METHODS), "start": ["first", "second"], "task": np.arange(1, config.tasks + 1)},
        away=(dims, away, unit, "distance to the preferred Pareto point / spread of the optima"),
        apart=(dims[:2], apart, unit, "distance between the ends of two starts / spread of the optima"),
        weights=((*dims, "task"), weights, unit, "weight of the Pareto point"),
        slope=(dims, slope, unit, "least weighted sum of unit gradients"),
    )


def draw(data, config):
    """Distances, ends of two starts, and the weights picked (hollow: from the second start)."""
    figure, axes = plots.panel(1, 3, width=4.4, height=3.6)
    for ax, name in zip(axes[0], ("away", "apart"), strict=False):
        part = data[name].mean("start", keep_attrs=True) if "start" in data[name].dims else data[name]
        plots.bars(ax, part, "method", LOOKS)
        plots.finish(ax, x=part.attrs["long_name"].replace(" / ", "\n/ "), legend=None)
    for row, method in enumerate(METHODS):
        picked = data["weights"].sel({"method": method}).isel(task=0).values
        look = LOOKS[method]
        for start, face in enumerate((look.color, "white")):
            places = np.full(len(picked), row + 0.2 * start - 0.1)
            axes[0, 2].plot(picked[:, start], places, look.marker, color=look.color, markerfacecolor=face, markersize=4)
    axes[0, 2].axvline(1 / config.tasks, color="0.35", linewidth=1.2)
    axes[0, 2].set_yticks(range(len(METHODS)), [LOOKS[m].words for m in METHODS])
    axes[0, 2].invert_yaxis()
    plots.finish(axes[0, 2], x="weight of task 1 (line: preferred)", legend=None)
    return figure


def of(name, method, start="first"):
    """A quantity of one method."""
    return value(name, method=method, **({} if name == "apart" else {"start": start}))


SLOW = (
    "its direction is as long as the smallest singular value: from a few starts a path comes close to the optimum of one task, where that "
    "vanishes, and is still there after the last step"
)

FIGURE = Figure(
    __name__,
    title="Quadratics with a known Pareto set: which point each method stops at",
    question="On quadratics with a known Pareto set, at which point of it does each method stop?",
    claims=(
        *(Claim.derived(f"{LOOKS[m].words} ends at the minimiser of the equal-weight sum: distance to it", source, mean(of("away", m)),
                at_most(0.01, "a hundredth of the spread of the single-task optima"), note=SLOW if m == ALIGNED else "", unit="1")
          for m, source in PREFERRED.items()),
        *(Claim(f"{LOOKS[m].words} stops at a Pareto point that depends on the start: distance between the ends of two starts",
                "Senushkin et al., section 3 (an arbitrary Pareto-stationary point)", mean(of("apart", m)),
                at_least(0.02, "twice what counts as the same point"), unit="1", stand_in=True) for m in ANYWHERE),
        *(Claim.derived(f"{LOOKS[m].words} stops at the Pareto set: least weighted sum of unit gradients",
                "a fixed point of the method is Pareto stationary", mean(of("slope", m)), at_most(0.05, "a twentieth of one gradient"),
                unit="1") for m in ANYWHERE),
    ),
    presets={"smoke": dict(seeds=2, steps=20, dim=2), "paper": dict(seeds=200, steps=60_000)},
)  # fmt: skip
