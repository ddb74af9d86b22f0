"""The best coupling against alignment, noise, task-specific strength and samples: exact minimiser, large-n formula, choice by GCV."""

import numpy as np

from experiments.rmt_regression.protocol import claim, regression, sample_count, simulate_path
from mtrl.harness import BaseConfig, Claim, Figure, at_least, at_most, between, dataset, evaluate, field, over_seeds
from mtrl.harness.judge.measures import Absent, Quantity, exact, mean, value
from mtrl.harness.picture import plots

LABELS = {
    "alpha": "cosine α of the hyperplanes",
    "noise": "noise variance σ²",
    "gamma": "task-specific strength γ",
    "ratio": "samples per dimension n/d",
}
AXES = tuple(LABELS)
RANGES = {"alpha": (0.0, 1.0), "noise": (0.05, 1.5), "gamma": (0.1, 10.0), "ratio": (0.4, 4.0)}
# (gamma, alpha, noise) and the exact best lam at n/d = .5, 1.5, 2.5, from an independent program for the equations.
REFERENCE_RATIOS = (0.5, 1.5, 2.5)
REFERENCE = {
    (10.0, 0.9, 0.1): (22.64, 6.71, 5.04),
    (1.0, 0.0, 0.2): (0.78, 1.05, 1.28),
    (3.0, 0.5, 0.2): (2.57, 2.39, 2.32),
}


class CouplingConfig(BaseConfig):
    """Best shared strength at a fixed task-specific one; two tasks, one quantity swept at a time."""

    seeds: int = field(40, help="training sets whose GCV chooses", lower=1)
    axes: tuple[str, ...] = field(AXES, help="quantities to sweep", choices=AXES)
    alpha: float = field(0.5, help="cosine where it is not swept", lower=-1, upper=1)
    noise: float = field(0.2, help="noise variance where it is not swept", lower=0.0, strict=True)
    gamma: float = field(3.0, help="task-specific strength where it is not swept", lower=0.0, strict=True)
    ratio: float = field(1.5, help="n_t/d where it is not swept", lower=0.0, strict=True)
    dim: int = field(100, help="dimension d of the simulation", lower=4)
    points: int = field(41, help="points of the theory lines", lower=3)
    dots: int = field(5, help="simulated points per panel", lower=2)
    grid: int = field(40, help="couplings GCV chooses from", lower=5)

    def validate(self):
        """Every ratio leaves samples, the swept ones too."""
        sample_count(min(self.ratio, RANGES["ratio"][0]), self.dim)


def spaced(axis, points):
    """Linear for the cosine, logarithmic for the positive quantities."""
    return (np.linspace if axis == "alpha" else np.geomspace)(*RANGES[axis], points)


def run(config, seeds):
    """One cell: one swept quantity."""
    axis = config.axes[0]
    base = {name: getattr(config, name) for name in ("alpha", "gamma", "noise", "ratio")}
    grid = np.concatenate([[0.0], np.geomspace(0.01, 100, config.grid - 1)])
    x_line, x_dot = spaced(axis, config.points), spaced(axis, config.dots)
    swept = {**base, axis: x_line}
    best, formula = evaluate(
        regression.best_shared_along, *(np.broadcast_to(v, x_line.shape).astype(float) for v in swept.values())
    )
    gamma, alpha, noise, ratio = np.array([(*at, ratio) for at in REFERENCE for ratio in REFERENCE_RATIOS]).T
    chosen, excess = [], []
    for place in x_dot:
        p = {**base, axis: float(place)}
        count, setting = sample_count(p["ratio"], config.dim), (p["alpha"], p["gamma"], p["noise"])
        seen = over_seeds(simulate_path, seeds, *setting, grid, dim=config.dim, counts=(count, count))
        chosen.append(grid[seen.gcv.argmin(1)])
        excess.append(evaluate(regression.excess_over_best, *setting, count / config.dim, chosen[-1]))
    strength = ("1", "best shared strength λ*")
    return dataset(
        seeds,
        {f"{axis}_line": x_line, f"{axis}_dot": x_dot},
        **{
            f"exact_{axis}": (f"{axis}_line", best, *strength),
            f"large_n_{axis}": (f"{axis}_line", formula, *strength),
            f"gcv_{axis}": (("seed", f"{axis}_dot"), np.stack(chosen, 1), *strength),
            f"excess_{axis}": (("seed", f"{axis}_dot"), np.stack(excess, 1), "1"),
            "best_lam": ("setting", evaluate(regression.best_shared_along, alpha, gamma, noise, ratio)[0], *strength),
            "program": ("setting", np.ravel(list(REFERENCE.values())), *strength),
        },
    )


def present(data):
    """The sweeps a dataset holds."""
    return [axis for axis in AXES if f"exact_{axis}" in data]


def draw(data, config):
    """Exact minimiser and formula as lines, the median GCV choice with its quartiles as points."""
    shown = present(data)
    figure, panels = plots.panel(-(-len(shown) // 2), min(len(shown), 2), width=4.8, height=3.4)
    exact_look, formula, gcv = plots.looks(
        ("exact minimiser", "formula, n → ∞", "chosen by GCV: median, quartiles")
    ).values()
    for ax in panels.ravel()[len(shown) :]:
        ax.remove()
    for ax, axis in zip(panels.ravel(), shown, strict=False):
        plots.theory(ax, data[f"exact_{axis}"], f"{axis}_line", look=exact_look)
        plots.theory(ax, data[f"large_n_{axis}"], f"{axis}_line", look=formula, linestyle="--")
        low, middle, high = np.quantile(data[f"gcv_{axis}"].transpose("seed", ...), [0.25, 0.5, 0.75], axis=0)
        bars = [middle - low, high - middle]
        ax.errorbar(data[f"{axis}_dot"], middle, bars, fmt="o", color=gcv.color, capsize=2, label=gcv.words)
        ticks = {"noise": (0.05, 0.2, 0.5, 1.5), "gamma": (0.1, 0.3, 1, 3, 10)}.get(axis)
        plots.finish(ax, x=LABELS[axis], y="best shared strength λ*", ticks=ticks, legend=None)
        plots.zero_and_logs(ax, "y", 0.3, (0, 0.3, 1, 3, 10))
        ax.set_ylim(bottom=0)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=3)
    return figure


def smallest_step(sign):
    """Smallest step of lam* along an axis, times a sign, over the steps that do not stay at 0."""

    def step(best):
        best = best.values
        moves = ~((best[1:] == 0) & (best[:-1] == 0))
        if not moves.any():
            raise Absent("lam* is 0 everywhere")
        return (sign * np.diff(best))[moves].min()

    return step


def _excess(data, config):
    """Predicted excess risk of the GCV choice over the best lam, mean over all points."""
    parts = [data[f"excess_{axis}"].transpose("seed", ...) for axis in present(data)]
    return parts[0].isel({parts[0].dims[1]: 0}, drop=True).copy(data=np.concatenate(parts, axis=1).mean(1))


GAMMA_NOTE = (
    "the formula misses that what gamma does not fit acts as noise: as gamma -> 0 the exact minimiser tends, at every n/d, to the shared "
    "energy over noise plus unshared energy, .75/(.2 + .125) = 2.31 here (formula: 3.75), from where it rises before it falls"
)
STEPS = (
    ("alpha", 1.0, "lam* grows with the alignment (smallest step)", "a strict rise", ""),
    ("noise", -1.0, "lam* falls as the noise grows until it is 0 (smallest fall)", "a strict fall where lam* is positive", ""),
    ("gamma", -1.0, "lam* falls as gamma grows until it is 0 (smallest fall)", "a strict fall where lam* is positive", GAMMA_NOTE),
)  # fmt: skip
FIGURE = Figure(
    __name__,
    title="Optimal coupling: exact, large-n formula, and chosen from the data alone",
    question="How strong should the coupling be, and can the large-sample formula or the data alone say so?",
    split=("axes",),
    presets={
        "smoke": dict(seeds=2, axes=("alpha",), dim=20, points=4, dots=2, grid=6),
        "paper": dict(seeds=200, dim=400, dots=9),
    },
    claims=(
        *(claim(text, "Section 4, lam* = (n/d) SNR - gamma/2", exact(value(f"exact_{axis}").then(smallest_step(sign))),
                at_least(1e-6), unit="1", reason=reason, note=note)
          for axis, sign, text, reason, note in STEPS),
        claim("the coupling chosen by GCV costs little (mean excess of predicted risk over the best)", "Section 4.3",
              mean(Quantity(_excess)), between(0.0, 0.02, "the paper gives no number; 2 % is ours"), unit="relative"),
        Claim.reference("exact minimisers equal an independent solution (largest relative deviation)",
              "unpublished independent program for the fixed-point equations: nine settings, two decimals",
              exact(abs(value("best_lam") / value("program") - 1).over("setting", how="max")),
              at_most(0.0065, "half of the last decimal of the smallest, .78"), unit="relative"),
    ),
)  # fmt: skip
