"""Theory against simulation: train and test risk against the coupling, one colour per alignment of the tasks."""

import dataclasses

import numpy as np

from experiments.rmt_regression.common import RISK, gap_interval, lam_axis, predicted_path, sample_count, simulate_path
from experiments.rmt_regression.decomposition import best_lam
from mtrl.harness import BaseConfig, Claim, Figure, at_least, between, evaluate, exact, field, over_seeds, style
from mtrl.harness.judge import measures

REFERENCE_LAMS = (0.0, 0.5, 2.0, 20.0)
REFERENCE = {  # predicted risks at n_t/d = gamma = 1, sig2 = .3, from an independent implementation of the same equations
    "test": {
        0.0: (0.6119, 0.5964, 0.6151, 0.8145),
        0.5: (0.6119, 0.5679, 0.5471, 0.6722),
        1.0: (0.6119, 0.5394, 0.4792, 0.5300),
    },
    "train": {
        0.0: (0.3279, 0.2701, 0.2131, 0.1691),
        0.5: (0.3279, 0.2572, 0.1896, 0.1395),
        1.0: (0.3279, 0.2443, 0.1660, 0.1100),
    },
}


@dataclasses.dataclass(frozen=True)
class AlignmentConfig(BaseConfig):
    """Train and test risk against the coupling for several alignments; n_t = d."""

    seeds: int = field(200, help="training sets", lower=1)
    alphas: tuple[float, ...] = field((-0.5, 0.0, 0.5, 1.0), help="cosines of the two hyperplanes", lower=-1, upper=1)
    ratio: float = field(1.0, help="samples per dimension n_t/d", lower=0.0, strict=True)
    gamma: float = field(1.0, help="strength of the task-specific parts", lower=0.0, strict=True)
    noise: float = field(0.3, help="noise variance", lower=0.0, strict=True)
    dim: int = field(100, help="dimension d", lower=4)
    lams: tuple[float, ...] = field((0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0), help="simulated couplings", lower=0.0)

    def validate(self):
        """The ratio leaves samples."""
        sample_count(self.ratio, self.dim)

    @property
    def has_reference(self) -> bool:
        """Whether the settings are those of the independent solution."""
        return (self.ratio, self.gamma, self.noise) == (1.0, 1.0, 0.3)


def run(config, seeds):
    """One cell: one alignment."""
    import xarray as xr

    alpha = config.alphas[0]
    count = sample_count(config.ratio, config.dim)
    fine = np.concatenate([[0.0], np.geomspace(0.02, max(config.lams[-1], 20.0), 80)])
    lams = np.array(config.lams)
    line = predicted_path(alpha, config.gamma, config.noise, fine, count / config.dim, tasks=2)
    dots = predicted_path(alpha, config.gamma, config.noise, lams, count / config.dim, tasks=2)
    seen = over_seeds(
        simulate_path, seeds, alpha, config.gamma, config.noise, lams, dim=config.dim, counts=(count, count)
    )
    best = evaluate(best_lam, alpha, config.gamma, config.noise, count / config.dim)
    one = predicted_path(alpha, config.gamma, config.noise, np.array([0.0, 1.0]), count / config.dim, tasks=2).test
    return xr.Dataset(
        {
            "theory": (("alpha", "split", "lam_line"), np.stack([line.test, line.train])[None]),
            "theory_at_dots": (("alpha", "split", "lam"), np.stack([dots.test, dots.train])[None]),
            "simulation": (
                ("alpha", "split", "seed", "lam"),
                np.stack([seen.test, seen.train])[None],
                {"units": "squared target units"},
            ),
            "best_lam": ("alpha", [float(best.argument)]),
            "effect_of_one": ("alpha", [float(one[1] - one[0])]),
        },
        coords={"alpha": [alpha], "split": ["test", "train"], "lam_line": fine, "lam": lams, "seed": seeds},
    )


def draw(data, config):
    """Test and train panels; lines predict, points are simulated, hollow circles an independent solution of the equations."""
    figure, axes = style.subplots(1, 2, width=4.8, height=3.8)
    for ax, split in zip(axes[0], ("test", "train"), strict=True):
        for alpha, color in zip(data["alpha"].values, style.COLORS, strict=False):
            part = data.sel(alpha=alpha, split=split)
            style.theory(ax, part["lam_line"], part["theory"], label=f"α = {alpha:g}", color=color)
            style.band(ax, part["lam"], part["simulation"], color=color)
            if config.has_reference and alpha in REFERENCE[split]:
                style.paper(ax, REFERENCE_LAMS, REFERENCE[split][alpha], label="")
        lam_axis(ax)
        ax.set_title(f"{split} risk, n/d = {config.ratio:g}, γ = {config.gamma:g}, σ² = {config.noise:g}")
    axes[0, 0].set_ylabel(RISK)
    style.band(axes[0, 0], [], np.zeros((2, 0)), label="simulation, 95 % band", color="0.3")
    if config.has_reference:
        style.paper(axes[0, 0], [], [], label="independent solution of the equations")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncol=len(data["alpha"]) + 2)
    return figure


def agreement(split):
    """Mean relative deviation of simulation from theory."""

    def measure(data):
        part = data.sel(split=split)
        simulated = part["simulation"].transpose("seed", "alpha", "lam").values
        return gap_interval(simulated, part["theory_at_dots"].transpose("alpha", "lam").values)

    return measure


def growth(data):
    """Smallest step of lam* as alpha grows."""
    best = data.sortby("alpha")["best_lam"].values
    if len(best) < 2:
        raise measures.Absent("one alignment has no step")
    return exact(np.diff(best).min())


def against_reference(data, config):
    """Largest deviation of test and train risk from the independent solution, on the couplings both have."""
    alphas = list(REFERENCE["test"])
    held = set(alphas) <= set(data["alpha"].values) and set(REFERENCE_LAMS) <= set(data["lam"].values)
    if not (held and config.has_reference):
        raise measures.Absent("the independent solution is of other settings")
    part = data["theory_at_dots"].sel(split=list(REFERENCE), alpha=alphas, lam=list(REFERENCE_LAMS))
    theirs = np.array([[REFERENCE[split][alpha] for alpha in alphas] for split in REFERENCE])
    return exact(np.abs(part.transpose("split", "alpha", "lam").values - theirs).max())


FIGURE = Figure(
    name="alignment",
    headline=True,
    title="Theory against simulation for several alignments of the tasks",
    config=AlignmentConfig,
    run=run,
    draw=draw,
    split=("alphas",),
    presets={"smoke": dict(seeds=2, dim=20, alphas=(0.0, 1.0), lams=(0.0, 1.0)), "paper": dict(seeds=200, dim=400)},
    claims=(
        Claim("simulated test risk equals the prediction (mean relative deviation)", "Figure 2: theory and points coincide",
              agreement("test"), between(-0.02, 0.02), unit="relative", reason="2 % is ours: the finite d = 100"),
        Claim("simulated train risk equals the prediction (mean relative deviation)", "Figure 2: theory and points coincide",
              agreement("train"), between(-0.03, 0.03), unit="relative", reason="3 % is ours: the finite d = 100"),
        Claim("the optimal coupling grows with the alignment (smallest step)", "Section 4: lam* grows with alpha",
              growth, at_least(1e-6), unit="1", reason="a strict rise"),
        Claim("sharing harms opposed tasks: lam = 1 at alpha = -0.5 raises the risk", "Section 4: negative transfer",
              measures.exact(measures.value("effect_of_one", alpha=-0.5)), at_least(0.0), unit="squared target units"),
        Claim("predictions equal an independent solution of the equations (largest deviation)",
              "unpublished independent solution of the fixed-point equations, four digits (hollow circles)",
              against_reference, between(0.0, 6e-5), kind="reference", unit="squared target units", reason="half of the fourth digit"),
    ),
)  # fmt: skip
