"""Every classical method of the survey (Zhang and Yang 2021) on five structures of tasks.

Settings made for this library (the survey reports no such table): d=50, T=20, n=30, signal-to-noise ratio 5, weights of
the penalties by cross-validation inside the training tasks. Errors are exact population values given the fit,
`sqrt(||w_hat_t - w_t||^2 + sigma^2)`, mean over tasks. The oracle is the posterior mean of someone who knows the
structure (subspace, support, clusters, outliers) and the variances: no method can do better on average. `quick` has
coarser grids and fewer folds than the paper's five folds and twenty weights.
"""

import numpy as np

from experiments.linear_representation import methods
from experiments.linear_representation.protocol import convex, subspace
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import Absent, Quantity, best, bootstrap, value
from mtrl.harness.picture import plots
from mtrl.numerics import moments

STRUCTURES = ("low rank", "row sparse", "clusters", "outliers", "independent")  # of `representation.subspace`


class SurveyConfig(BaseConfig, seeds=6):
    """Classical multitask methods on tasks related in five ways."""

    structures: tuple[str, ...] = field(STRUCTURES, help="how the tasks are related", choices=STRUCTURES)
    methods: tuple[str, ...] = field(methods.NAMES, help="methods to compare", choices=methods.NAMES)
    dim: int = field(50, help="features d", lower=3)
    tasks: int = field(20, help="tasks T", lower=3)
    samples: int = field(30, help="samples per task n", lower=6)
    snr: float = field(5.0, help="signal variance over noise variance", lower=0.0, strict=True)
    folds: int = field(3, help="folds of the cross-validation", lower=2)
    points: int = field(10, help="penalty weights on the path", lower=2)
    ratio_min: float = field(1e-2, help="least weight relative to the largest", lower=0.0, strict=True)
    iterations: int = field(1000, help="FISTA iterations per weight (warm-started), at most", lower=1)
    gap: float = field(1e-4, help="relative duality gap at which they stop", lower=0.0, strict=True)
    ratios: tuple[float, ...] = field(
        (0.3, 0.6, 0.9), help="second weight relative to the first", lower=0.0, strict=True
    )


def draw_tasks(key, structure, snr, *, dim, tasks, samples):
    """Weights with the structure numbered `structure` and their law (`Structured`), noise deviation, and data."""
    keys = split_named(key, "weights", "inputs", "noise")
    options = [subspace.structured(keys["weights"], structure=s, dim=dim, tasks=tasks) for s in STRUCTURES]
    drawn = subspace.Structured(*(jnp.stack(part)[structure] for part in zip(*options, strict=True)))
    noise = 1 / jnp.sqrt(snr)
    x = jax.random.normal(keys["inputs"], (tasks, samples, dim))
    y = jnp.einsum("tnd,dt->tn", x, drawn.weights)
    return drawn, noise, x, y + noise * jax.random.normal(keys["noise"], (tasks, samples))


def mean_rmse(estimate, weights, noise):
    """Population error of every task, averaged over tasks."""
    return jnp.mean(jnp.sqrt(jnp.sum((estimate - weights) ** 2, axis=0) + noise**2))


def one_oracle(key, structure, snr, **sizes):
    """Mean test RMSE of the oracle."""
    drawn, noise, x, y = draw_tasks(key, structure, snr, **sizes)
    return mean_rmse(convex.oracle(x, y, drawn.coupling, drawn.covariance, noise=noise), drawn.weights, noise)


def one_method(key, structure, snr, *, name, folds, dim, tasks, samples, **options):
    """Mean test RMSE of one method."""
    drawn, noise, x, y = draw_tasks(key, structure, snr, dim=dim, tasks=tasks, samples=samples)
    fold = jnp.broadcast_to(jnp.arange(samples) % folds, (tasks, samples))
    chosen = methods.select(name, moments.fold_moments(x, y, fold, folds), clusters=3, **options)
    return {"rmse": mean_rmse(chosen.weights, drawn.weights, noise), "choice": chosen.index, "gap": chosen.gap}


def run(config, seeds):
    """One structure, all methods."""
    where = (seeds, STRUCTURES.index(config.structures[0]), config.snr)
    sizes = {name: getattr(config, name) for name in ("dim", "tasks", "samples")}
    search = {name: getattr(config, name) for name in ("folds", "points", "ratio_min", "iterations", "gap", "ratios")}
    rows = [over_seeds(one_method, *where, name=name, in_turn=True, **sizes, **search) for name in config.methods]
    unit = ("root mean squared prediction error", "test RMSE, mean over tasks")
    dims, found = ("method", "seed"), {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    return dataset(
        seeds,
        {"method": config.methods},
        rmse=(dims, found["rmse"], *unit),
        choice=(dims, found["choice"]),
        gap=(dims, found["gap"]),
        oracle=("seed", over_seeds(one_oracle, *where, **sizes), *unit),
    )


def draw(data, config):
    """A panel per structure: the error of every method, filled where it is made for the structure, ringed where it is among the best."""
    structures, names = list(data["structures"].values), list(data["method"].values)
    canvas, axes = plots.panel(1, len(structures), width=2.5, height=4.4, sharey=True)
    mean, error = errors_of(data)
    for column, (ax, structure) in enumerate(zip(axes[0], structures, strict=True)):
        own = np.array([methods.MADE_FOR[name] == structure for name in names])
        limit = mean[:, column].min() + error[mean[:, column].argmin(), column]
        best_ones = np.flatnonzero(mean[:, column] <= limit)
        rows = np.arange(len(names))
        for chosen, fill, words in ((own, "#0072B2", "made for the structure"), (~own, "white", "other methods")):
            bars = dict(fmt="o", color="#0072B2", mfc=fill, ms=5, capsize=2, label=words)
            ax.errorbar(mean[chosen, column], rows[chosen], xerr=error[chosen, column], **bars)
        rings = dict(marker="o", ms=10, mfc="none", mec="#D55E00", linestyle="none")
        ax.plot(mean[best_ones, column], best_ones, **rings, label="best, or within one standard error of it")
        ax.axvline(
            float(data["oracle"].sel(structures=structure).mean()), color="0.35", label="oracle: knows the structure"
        )
        ax.axvline(1 / np.sqrt(config.snr), color="0.35", linestyle=":", label="true weights")
        ax.set_yticks(rows, names)
        plots.finish(ax, x="test RMSE", title=structure, legend=None)
    axes[0, 0].invert_yaxis()
    plots.legend_below(canvas, axes[0], 3)
    canvas.suptitle(
        f"d = {config.dim}, T = {config.tasks}, n = {config.samples}, {data.sizes['seed']} seeds; bars: one standard error"
    )
    return canvas


def errors_of(data):
    """Mean errors and their standard errors, (method, structure)."""
    rmse = data["rmse"].transpose("method", "structures", "seed")
    spread = rmse.std("seed", ddof=1) if data.sizes["seed"] > 1 else 0 * rmse.mean("seed")
    return rmse.mean("seed").values, spread.values / np.sqrt(data.sizes["seed"])


def tables(data, config):
    """Every error with its standard error."""
    structures = list(data["structures"].values)
    rows = [
        [str(name), *zip(*pair, strict=True)]
        for name, *pair in zip(data["method"].values, *errors_of(data), strict=True)
    ]
    rows.append(["oracle: knows the structure", *(float(data["oracle"].sel(structures=s).mean()) for s in structures)])
    rows.append(["true weights", *[float(1 / np.sqrt(config.snr))] * len(structures)])
    return [plots.Table("Test RMSE, mean over tasks ± one standard error over seeds", ["method", *structures], rows)]


def _dominance(structure):
    """Best of the methods made for a structure minus the best of the others, both chosen in every resample, in standard errors of the
    best of the former."""

    def rmse(own):
        def get(data, config):
            names = [m for m in data["method"].values if (methods.MADE_FOR[str(m)] == structure) == own]
            if not names or data.sizes["seed"] < 2:
                raise Absent(f"no method of either side, or one seed, for {structure}")
            return value("rmse", structures=structure, method=names)(data, config)

        return Quantity(get)

    def error(data, config):
        best_own = rmse(True)(data, config).transpose("method", "seed")
        best_own = best_own[int(np.argmin(best_own.mean("seed").values))]
        return float(best_own.std("seed", ddof=1)) / np.sqrt(best_own.size)

    return bootstrap(lambda a, b, e: (np.min(a) - np.min(b)) / max(e, 1e-12), rmse(True), rmse(False), Quantity(error))


# Why a method made for a structure need not lead on it.
WHY = {
    "low rank": "; trace norm, MTFL and CMTL all penalise singular values alone and differ by a fraction of that",
    "clusters": "; three clusters are also rank three plus scatter, which robust MTL and the trace norm fit, and relaxed CMTL "
    "depends on W through its singular values alone: it cannot tell clusters from any other low rank. On a finer grid, 12 "
    "weights and 5 eta, it came within .001 of the trace norm",
    "outliers": "; two outliers of twenty tasks cost the trace norm two more directions only, so robust MTL, which contains it "
    "as lam_s reaches lam_l, gains about .001, and only where the grid comes near that end",
    "independent": "; robust MTL and robust features keep a group penalty per task, which is single-task shrinkage too",
}

TINY = dict(dim=6, tasks=4, samples=9, points=2, iterations=100, ratios=(0.5,))

FIGURE = Figure(
    __name__, name="task_structures", aliases=("S1",), split={"structures": "structures"},
    title="Classical methods on five task structures",
    question="Which classical multitask method is best on which kind of relatedness?",
    tables=tables,
    claims=(
        *(
            Claim(f"{structure}: a method made for it is best, or within one standard error of the best other",
                  "expected diagonal of the survey's taxonomy, section 2", _dominance(structure),
                  at_most(1.0, "as the table marks its best entries"), unit="standard errors of the best method made for it",
                  stand_in=True,
                  note=f"gap to the best other method, in standard errors of the method{WHY.get(structure, '')}")
            for structure in STRUCTURES
        ),
        Claim.derived("no method beats the oracle that knows the structure (least excess RMSE over methods, structures)",
                      "the posterior mean has the least expected squared error; derived for this library",
                      best(value("rmse") - value("oracle")),
                      at_least(0.0, "no estimator has a lower expected error than the posterior mean"), unit="test RMSE"),
    ),
    presets={
        "smoke": dict(seeds=2, structures=("row sparse",), methods=("single-task ridge", "MTFS", "dirty"), **TINY),
        "paper": dict(seeds=30, folds=5, points=20, ratio_min=1e-3, gap=1e-6, ratios=(0.1, 0.3, 0.5, 0.7, 0.9)),
    },
)  # fmt: skip
