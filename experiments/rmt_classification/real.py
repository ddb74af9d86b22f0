"""Real data: held-out error of +-1 labels, optimal labels and the single task for several sources of one target."""

import dataclasses

import numpy as np

from experiments.rmt_classification.real_tasks import DIGIT_SOURCES, check_sizes, load
from experiments.rmt_classification.splits import RULES, split_errors
from mtrl.harness import (
    Claim,
    Figure,
    OwnDataConfig,
    at_least,
    at_most,
    between,
    field,
    jnp,
    less_than_zero,
    over_seeds,
)
from mtrl.harness.judge.measures import mean, value

FLIP = "8 vs 3 (flip)"
# Reference run (columns held-out +-1, optimal, single; predicted +-1, optimal, single); see the note of the first claims.
REFERENCE = {
    "3 vs 9": (0.042, 0.026, 0.023, 0.034, 0.011, 0.013),
    "1 vs 7": (0.161, 0.037, 0.027, 0.146, 0.013, 0.014),
    FLIP: (0.947, 0.0055, 0.012, 0.904, 0.005, 0.011),
    "5 vs 6": (0.051, 0.022, 0.018, 0.022, 0.005, 0.006),
}


@dataclasses.dataclass(frozen=True)
class RealConfig(OwnDataConfig):
    """Handwritten digits 3 against 8 with a source pair, or the binary tasks of a file (stand-ins for the papers' data sets)."""

    seeds: int = field(300, help="number of train/held-out splits", lower=2)
    data_dir: str = field(
        "",
        help="own binary tasks (two labels): a csv, npz, mat or arff file, or a folder with one file a task; empty: scikit-learn's digits",
        path=True,
    )
    target_task: str = field("", help="name of the target task in the file; empty: the last one")
    source: int = field(75, help="training samples per class of the source", lower=2)
    target: int = field(10, help="training samples per class of the target", lower=2)
    gamma: float = field(0.1, help="strength of the task-specific parts", lower=0.0, strict=True)
    lam: float = field(1.0, help="strength of the shared part (large = much sharing)", lower=0.0, strict=True)
    single_gamma: float = field(1.0, help="gamma of the single-task machine", lower=0.0, strict=True)
    shrinkage: float = field(
        0.1, help="weight of the identity in the whitening covariance", lower=0.0, upper=1.0, strict=True
    )
    whiten: str = field(
        "pool",
        help="within-class covariance from all samples of the four classes, or from the training samples",
        choices=("pool", "training"),
    )
    min_std: float = field(
        0.5, help="features with a smaller standard deviation are dropped (digits; of a file constant ones)", lower=0.0
    )
    sources: int = field(8, help="most source tasks of a file, those with most samples of their rarer class", lower=1)


def run(config, seeds):
    """Held-out and predicted errors for every source."""
    import xarray as xr

    tasks = load(config)
    check_sizes(tasks, config)
    X, pool, target = jnp.asarray(tasks.X), jnp.asarray(tasks.pool), jnp.asarray(tasks.target)
    static = dict(n_source=config.source, n_target=config.target, shrinkage=config.shrinkage, whiten=config.whiten)
    strengths = (config.gamma, config.lam, config.single_gamma)
    pairs = [
        over_seeds(split_errors, seeds, X, pool, jnp.asarray(pair), target, *strengths, **static)
        for pair in tasks.sources.values()
    ]
    held, predicted = (np.stack(part, axis=1) for part in zip(*pairs, strict=True))
    units = {"units": "fraction"}
    return xr.Dataset(
        {
            "held_out": (("seed", "source", "rule"), held, units),
            "predicted": (("seed", "source", "rule"), predicted, units),
        },
        coords={"seed": seeds, "source": list(tasks.sources), "rule": list(RULES)},
        attrs={"title": tasks.title, "features": X.shape[1]},
    )


def draw(data, config):
    """Held-out error against predicted error, both on a log scale; one marker per source, one colour per rule."""
    from mtrl.harness import style

    figure, axes = style.subplots(1, 2, width=5.0, height=4.2)
    scatter, bars = axes[0]
    markers = "osD^vP*X"
    held, predicted = data["held_out"].mean("seed").clip(min=1e-4), data["predicted"].mean("seed").clip(min=1e-4)
    half = style.half_width(data["held_out"].values)
    for i, (color, rule) in enumerate(zip(style.COLORS, data["rule"].values.astype(str), strict=False)):
        y, spread = held.sel(rule=rule).values, half[:, i]
        bars.errorbar(
            np.arange(y.size) + 0.12 * (i - 1.5),
            y,
            spread,
            fmt="o",
            color=color,
            capsize=2,
            label=rule.replace("signed", "±1 labels"),
        )
        for j in range(y.size):
            scatter.plot(predicted.sel(rule=rule).values[j], y[j], markers[j % 8], color=color, markersize=7)
    if not config.data_dir:
        for j, values in enumerate(REFERENCE[str(s)] for s in data["source"].values):
            options = dict(label="reference run" if j == 0 else "", marker="_", markersize=14)
            style.paper(bars, [j - 0.18, j - 0.06, j + 0.18], values[:3], **options)
    for j, name in enumerate(data["source"].values.astype(str)):
        scatter.plot([], [], markers[j % 8], color="0.4", label=f"source {name}")
    ends = np.array([min(float(held.min()), float(predicted.min())) * 0.7, 1.3])
    scatter.plot(ends, ends, color="0.5", linestyle="--", linewidth=1, label="held out = predicted")
    scatter.set(xscale="log", yscale="log", xlabel="predicted error (fraction)", ylabel="held-out error (fraction)")
    scatter.legend(fontsize=7.5, loc="lower right")
    bars.set(yscale="log", ylabel="held-out error (fraction)", xlabel="source", ylim=(None, 1.3))
    bars.set_xticks(np.arange(held.sizes["source"]), data["source"].values.astype(str))
    figure.legend(*bars.get_legend_handles_labels(), loc="outside upper center", ncols=5)
    scatter.set_title(f"{data.attrs['title']}, {data.attrs['features']} features, {data.sizes['seed']} splits")
    return figure


def gap(rule, over, sources=None):
    """Held-out error of `rule` minus that of `over`, averaged over sources, paired over splits."""
    held = value("held_out") if sources is None else value("held_out", source=list(sources))
    return mean((held.at(rule=rule) - held.at(rule=over)).over("source"))


def on_digits(data):
    """A claim about these digits says nothing of other tasks."""
    return FLIP in data["source"].values


OTHERS = [name for name in DIGIT_SOURCES if name != FLIP]
CLAIMS = (
    Claim(
        "+-1 labels fail completely when the source's labels are flipped: held-out error",
        "abstract: standard multi-task learning may dramatically fail; reference run on these digits .947",
        mean(value("held_out", rule="signed", source=FLIP)),
        at_least(0.85),
        unit="fraction",
        reason="nearly all wrong; the paper gives no number for flipped labels",
        stand_in=True,
        applies=on_digits,
        note="stand-in data; the reference run drew source samples from the held-out ones, which moved .92 to .947",
    ),
    Claim(
        "that failure is predicted: held-out over predicted error at the flipped source",
        "real-data figures: theory matches practice; reference run .947/.904 = 1.05",
        mean(value("held_out", rule="signed", source=FLIP) / value("predicted", rule="signed", source=FLIP)),
        between(0.9, 1.1),
        unit="ratio",
        value=1.0,
        reason="10 % either way, ours: the paper gives no number",
        applies=on_digits,
        stand_in=True,
    ),
    Claim(
        "optimal labels repair the flip: held-out error",
        "section 3: label optimisation uses negatively related tasks; reference run .0055",
        mean(value("held_out", rule="optimal", source=FLIP)),
        at_most(0.02),
        unit="fraction",
        reason="as low as with a helpful source; ours",
        applies=on_digits,
        stand_in=True,
        note="with disjoint source and held-out samples; .0055 needs source samples of the same digits in the held-out set",
    ),
    Claim(
        "with the flipped source, optimal labels beat the single task: held-out error difference",
        "section 3: the optimised machine gains from every related task; reference run .0055 - .012",
        gap("optimal", "single task", [FLIP]),
        less_than_zero,
        applies=on_digits,
        unit="fraction",
        stand_in=True,
    ),
    Claim(
        "optimal labels beat +-1 labels, mean over sources: held-out error difference",
        "tables of real data: the optimised labels outperform +-1 labels",
        gap("optimal", "signed"),
        less_than_zero,
        unit="fraction",
        stand_in=True,
    ),
    Claim(
        "optimal labels at fixed (gamma, lam) beat the single task on the other sources: held-out error difference",
        "tables of real data: multi-task beats single-task",
        gap("optimal", "single task", OTHERS),
        less_than_zero,
        applies=on_digits,
        unit="fraction",
        stand_in=True,
        note="the theory's single covariance is to blame: Gaussian samples with the digits' means and each class's own covariance show the "
        "same loss (.004 to .009), with the common covariance none (-.001 to .001)",
    ),
    Claim(
        "the error of optimal labels is predicted: held-out minus predicted error, mean over sources",
        "real-data figures: theory matches practice; an unpublished independent program on these digits: .026 against .011 and the like",
        mean((value("held_out", rule="optimal") - value("predicted", rule="optimal")).over("source")),
        between(-0.005, 0.005),
        applies=on_digits,
        unit="fraction",
        value=0.0,
        reason="half a percentage point, as asked of Gaussian samples",
        stand_in=True,
        note="small errors come out larger than predicted: the classes differ in covariance, and are not Gaussian",
    ),
    *(
        Claim(
            f"predicted error of +-1 labels, source {name}",
            f"unpublished independent program on these digits: {REFERENCE[name][3]:g}",
            mean(value("predicted", rule="signed", source=name)),
            between(REFERENCE[name][3] - 6e-4, REFERENCE[name][3] + 6e-4),
            applies=on_digits,
            kind="reference",
            unit="fraction",
            value=REFERENCE[name][3],
            reason="half of the third decimal",
            stand_in=True,
        )
        for name in DIGIT_SOURCES
    ),
)

FIGURE = Figure(
    name="real",
    title="Real data: held-out against predicted error for several sources",
    config=RealConfig,
    run=run,
    draw=draw,
    claims=CLAIMS,
    presets={"smoke": dict(seeds=2, source=20, target=6), "paper": dict(seeds=1000, seed_batch=50)},
)
