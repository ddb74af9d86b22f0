"""Test risk against samples, noise, alignment, number of tasks and dimension: prediction as lines, simulation as points.

The last panel holds the four limits of the estimator, each simulated by its own solver (`solvers.special_cases`)."""

import numpy as np

from experiments.rmt_regression.protocol import RISK, SIMULATED, agreement, claim, derived, quiet
from experiments.rmt_regression.sweeps_risk import (
    SWEEPS,
    grid_of,
    line_of,
    predicted,
    predicted_limits,
    simulated,
    simulated_limits,
)
from mtrl.harness import BadInput, BaseConfig, Figure, at_least, at_most, dataset, evaluate, field, over_seeds
from mtrl.harness.judge import quantities
from mtrl.harness.judge.measures import Absent, Quantity, exact, value
from mtrl.harness.picture import plots

LOOK = {
    "curve": plots.looks(
        {"independent": "γ = 100, λ = 0", "shared": "γ = 100, λ = 100", "matched": "Bayes coupling B*"}
    ),
    "limit": plots.looks(
        {
            "ridges": "independent ridges, γ = 1, λ = 0",
            "pooled": "pooled ridge, γ → 0, λ = 1",
            "free_centre": "free centre, γ = 1, λ → ∞",
            "least_squares": "least squares, γ → ∞, λ = 0",
        }
    ),
}
# Matched coupling, alpha = .5, sig2 = .3, from an independent program.
REFERENCE = {0.25: 0.712, 0.5: 0.641, 1.0: 0.543, 1.5: 0.483, 2.5: 0.419, 4.0: 0.376}


class SweepsConfig(BaseConfig):
    """Average test risk along one quantity, the others at their defaults."""

    seeds: int = field(40, help="training sets", lower=1)
    sweeps: tuple[str, ...] = field(tuple(SWEEPS), help="quantities to sweep", choices=tuple(SWEEPS))
    dim: int = field(64, help="dimension d", lower=4)
    ratio: float = field(1.5, help="samples per dimension n_t/d where it is not swept", lower=0.0, strict=True)
    alpha: float = field(0.5, help="cosine of the hyperplanes where it is not swept", lower=-1, upper=1)
    noise: float = field(0.3, help="noise variance where it is not swept", lower=0.0, strict=True)
    ratios: tuple[float, ...] = field(
        (0.25, 0.5, 0.8, 1.0, 1.25, 1.5, 2.5, 4.0), help="swept n_t/d", lower=0.0, strict=True
    )
    noises: tuple[float, ...] = field(
        (0.05, 0.2, 0.5, 1.0, 2.0, 3.0), help="swept noise variances", lower=0.0, strict=True
    )
    alphas: tuple[float, ...] = field(
        (-1.0, -0.5, 0.0, 0.5, 0.9, 1.0), help="swept cosines, two tasks", lower=-1, upper=1
    )
    tasks: tuple[int, ...] = field((1, 2, 4, 8), help="swept numbers of tasks", lower=1)
    dims: tuple[int, ...] = field((16, 32, 64, 128), help="swept dimensions", lower=4)
    limit_ratios: tuple[float, ...] = field(
        (0.7, 1.5, 2.0, 3.0, 4.0), help="n_t/d of the limits; a free centre needs more than 1/2", lower=0.5, strict=True
    )

    def validate(self):
        """Every task keeps samples, and the cosine exists for every number of tasks."""
        from mtrl.random_matrix.problem import check_alignment

        for sweep in self.sweeps:
            for _, point in grid_of(self, sweep):
                check_alignment(point["alpha"], point["tasks"])
                if point["dim"] < point["tasks"]:
                    raise BadInput(
                        f"tasks got {point['tasks']}, but hyperplanes of chosen cosines need dim >= tasks; dim is {point['dim']}"
                    )


def run(config, seeds):
    """One cell: one sweep."""
    sweep = config.sweeps[0]
    curves, axis = SWEEPS[sweep].curves, f"{sweep}_value"
    predict, simulate = (predicted_limits, simulated_limits) if sweep == "limits" else (predicted, simulated)
    theory, simulation, points = [], [], grid_of(config, sweep)
    for _, p in points:
        at = (np.array([p["alpha"]]), np.array([p["noise"]]), np.array([p["count"] / p["dim"]]))
        theory += list(evaluate(predict, *at, tasks=p["tasks"]))
        sizes = {name: p[name] for name in ("tasks", "dim", "count")}
        simulation.append(over_seeds(simulate, seeds, p["alpha"], p["noise"], **sizes))
    fine, line = line_of(config, sweep, predict, np.array(theory))
    return dataset(
        seeds,
        {axis: [swept for swept, _ in points], f"{sweep}_line": fine, curves: list(LOOK[curves])},
        **{
            f"theory_{sweep}": ((axis, curves), theory, *RISK),
            f"line_{sweep}": ((f"{sweep}_line", curves), line, *RISK),
            f"simulation_{sweep}": (("seed", axis, curves), np.stack(simulation, 1), *RISK),
        },
    )


def draw_spread(ax, seen, predicted):
    """Spread of single draws against the 1/sqrt(d) law, and the bias of the prediction beside its Monte Carlo error."""
    seen = seen.transpose("seed", "dimension_value")
    x, colors = seen["dimension_value"].values, plots.looks("abc")
    spread = seen.std("seed", ddof=1).values / seen.mean("seed").values
    bias = np.abs(seen.mean("seed").values / predicted.values - 1)
    green, blue = colors["c"].color, colors["a"].color
    ax.loglog(x, spread, "o", color=green, label="spread of one draw, simulation")
    ax.loglog(x, spread[-1] * np.sqrt(x[-1] / x), color=green, label="1/√d law")
    ax.loglog(x, bias, "s", color=blue, label="|bias| of the prediction")
    ax.loglog(x, spread / np.sqrt(len(seen)), "--", color=blue, label="its Monte Carlo error")
    low, high = ax.get_ylim()
    words = dict(x="dimension d", y="relative to the risk (B*)", ticks=x)
    plots.finish(ax, **words, ylim=(low, high * (high / low) ** 0.6), legend=dict(loc="upper right", fontsize=7.5))


def draw_sweep(ax, data, config, sweep):
    """Lines and points of one sweep, one colour per curve."""
    curves, x = SWEEPS[sweep].curves, f"{sweep}_value"
    plots.theory(ax, data[f"line_{sweep}"], f"{sweep}_line", curves, LOOK[curves])
    plots.points(ax, data[f"simulation_{sweep}"], x, curves, quiet(LOOK[curves]), ms=4)
    if sweep == "samples" and (config.alpha, config.noise) == (0.5, 0.3):
        plots.program(ax, REFERENCE, "independent program")
    legend = dict(fontsize=7.5) if sweep == "limits" else None
    plots.finish(ax, x=SWEEPS[sweep].words, y=RISK[1], legend=legend)
    if sweep == "tasks":
        plots.finish(ax, ticks=data[x], legend=None)
    if sweep in ("samples", "limits"):
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        high = min(high, 3.0) if curves == "limit" else high
        ticks = [tick for tick in (0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0) if low <= tick <= high]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.tick_params(axis="y", which="minor", left=False, labelleft=False)
        ax.set_ylim(low, high)


def present(data):
    """The sweeps a dataset holds."""
    return [sweep for sweep in SWEEPS if f"theory_{sweep}" in data]


def draw(data, config):
    """One panel per sweep; for the dimension, the spread of single draws."""
    figure, axes = plots.panel(2, 3, width=4.0, height=3.4)
    for ax, sweep in zip(axes.ravel(), present(data), strict=False):
        if sweep == "dimension":
            matched = (data[f"{kind}_dimension"].sel(curve="matched") for kind in ("simulation", "theory"))
            draw_spread(ax, *matched)
        else:
            draw_sweep(ax, data, config, sweep)
    for ax in axes.ravel()[len(present(data)) :]:
        ax.axis("off")
    axes[0, 0].errorbar([], [], [], fmt=SIMULATED.marker, color=SIMULATED.color, label=SIMULATED.words)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=5)
    return figure


def matched(kind):
    """Simulation or prediction of the matched coupling on every sweep that is there, one after another."""

    def get(data, config):
        import xarray as xr

        parts = [
            data[f"{kind}_{sweep}"]
            .sel(curve="matched", drop=True)
            .rename({f"{sweep}_value": "point"})
            .drop_vars("point")
            for sweep in present(data)
            if sweep != "limits"
        ]
        if not parts:
            raise Absent("no sweep")
        return xr.concat(parts, "point")

    return Quantity(get)


def _over_others(risk):
    """Risk at n = d over the highest at any other n/d."""
    return quantities.pick(risk, "samples_value", 1.0) / risk.drop_sel(samples_value=1.0).max(skipna=False)


def _largest_step(risk):
    if risk.size < 2:
        raise Absent("one point has no step")
    return np.diff(risk.values).max()


AT_PEAK = dict(curve="shared", samples_value=1.0)
FIGURE = Figure(
    __name__,
    title="Risk against samples (double descent), noise, alignment, number of tasks and dimension",
    question=(
        "How does the risk change with samples, noise, alignment, tasks and dimension, and does the right coupling remove the "
        "double-descent peak?"
    ),
    split=("sweeps",),
    presets={
        "smoke": dict(seeds=2, sweeps=("samples", "limits"), dim=8, ratios=(0.5, 1.0), dims=(8,), limit_ratios=(1.5,)),
        "paper": dict(seeds=200, dim=200, dims=(50, 100, 200, 400), tasks=(1, 2, 4, 8, 16)),
    },
    claims=(
        agreement("simulated risk of the matched coupling equals the prediction on every sweep",
                  "Figure 2 and appendix: theory and points coincide", 0.02, matched("simulation"), matched("theory")),
        derived("under-regularised sharing keeps the double-descent peak: predicted risk at n = d over the highest elsewhere",
                "derived here", exact(value("theory_samples", curve="shared").then(_over_others)),
                at_least(1.0, "above 1 the highest risk is at n = d"), unit="ratio"),
        derived("the matched coupling has no peak: its predicted risk falls with every sample added (largest step)",
                "derived: Bayes coupling", exact(value("theory_samples", curve="matched").then(_largest_step)), at_most(0.0)),
        claim("more tasks never raise the matched risk (largest step)", "Section 4: transfer between aligned tasks",
              exact(value("theory_tasks", curve="matched").then(_largest_step)), at_most(0.0)),
        agreement("the peak itself is predicted, n = d", "Theorem: concentration", 0.1, value("simulation_samples", **AT_PEAK),
                  value("theory_samples", **AT_PEAK), reason="10 % is ours: at the peak the risk of d = 64 fluctuates most"),
        agreement("each limit (independent, pooled, free centre, least squares) follows its own prediction",
                  "Section 3: special cases", 0.02, value("simulation_limits"), value("theory_limits")),
    ),
)  # fmt: skip
