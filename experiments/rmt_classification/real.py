"""Real data: held-out error of +-1 labels, optimal labels and the single task for several sources of one target."""

import functools

import numpy as np

from experiments.rmt_classification import protocol
from experiments.rmt_classification.real_tasks import DIGIT_SOURCES, check_sizes, load
from mtrl.harness import Figure, OwnDataConfig, at_least, at_most, between, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import bootstrap, mean, value
from mtrl.harness.picture import plots, style

RULES = ("signed", "optimal", "optimal, training statistics", "single task")  # of `classification.splits`
FLIP = "8 vs 3 (flip)"
OTHERS = [name for name in DIGIT_SOURCES if name != FLIP]
REFERENCE = {  # held-out +-1, optimal, single; predicted +-1
    "3 vs 9": (0.042, 0.026, 0.023, 0.034),
    "1 vs 7": (0.161, 0.037, 0.027, 0.146),
    FLIP: (0.947, 0.0055, 0.012, 0.904),
    "5 vs 6": (0.051, 0.022, 0.018, 0.022),
}
KEYS = dict(zip(RULES, ("signed", "optimal", "practical", "single"), strict=True))
LOOK = {rule: protocol.LOOK[key]._replace(words=rule, marker="o") for rule, key in KEYS.items()}
LOOK["signed"] = LOOK["signed"]._replace(words="±1 labels")


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
        "pool", help="covariance within classes: of all samples, or the training ones", choices=("pool", "training")
    )
    min_std: float = field(
        0.5, help="features with a smaller standard deviation are dropped (digits; of a file constant ones)", lower=0.0
    )
    sources: int = field(8, help="most source tasks of a file, those with most samples of their rarer class", lower=1)


def run(config, seeds):
    """Held-out and predicted errors for every source."""
    tasks = load(config)
    check_sizes(tasks, config)
    static = dict(n_source=config.source, n_target=config.target, shrinkage=config.shrinkage, whiten=config.whiten)
    strengths, (X, pool), target = (config.gamma, config.lam, config.single_gamma), tasks[:2], np.array(tasks.target)
    pairs = [
        over_seeds(protocol.classification.split_errors, seeds, X, pool, np.array(pair), target, *strengths, **static)
        for pair in tasks.sources.values()
    ]
    held, predicted = (np.stack(part, axis=1) for part in zip(*pairs, strict=True))
    data = dataset(
        seeds,
        {"source": list(tasks.sources), "rule": list(RULES)},
        held_out=(("seed", "source", "rule"), held, "fraction", "held-out error"),
        predicted=(("seed", "source", "rule"), predicted, "fraction", "predicted error"),
    )
    return data.assign_attrs(title=tasks.title, features=X.shape[1])


def draw(data, config):
    """Held-out against predicted error, one marker a source; held-out error by source."""
    figure, axes = plots.panel(1, 2, width=5.0, height=4.2)
    scatter, by_source = axes[0]
    names, place = data["source"].values.astype(str), np.arange(data.sizes["source"])
    held, predicted = (data[name].mean("seed").clip(min=1e-4) for name in ("held_out", "predicted"))
    errors = data["held_out"].where(data["held_out"].mean("seed") > 0, 1e-4)  # 0 has no place on a logarithmic axis
    for i, (rule, look) in enumerate(LOOK.items()):
        shifted = errors.sel(rule=rule).assign_coords(source=place + 0.12 * (i - 1.5))
        plots.points(by_source, shifted, "source", look=look)
        for j, marker in zip(place, style.MARKERS * len(place), strict=False):
            at = float(predicted.sel(rule=rule)[j]), float(held.sel(rule=rule)[j])
            scatter.plot(*at, marker, color=look.color, markersize=7)
            if i == 0:
                scatter.plot([], [], marker, color="0.4", label=f"source {names[j]}")
    known = [] if config.data_dir else names
    for j, name in enumerate(known):
        table = dict(zip((j - 0.18, j - 0.06, j + 0.18), REFERENCE[name], strict=False))
        plots.program(by_source, table, "" if j else "reference run (independent program)")
    (left, right), (bottom, top) = ((0.7 * float(error.min()), 1.4 * float(error.max())) for error in (predicted, held))
    bottom = min([bottom, *(0.7 * number for name in known for number in REFERENCE[name][:3])])
    ends = [min(left, bottom), max(right, top)]
    scatter.plot(ends, ends, color="0.5", linestyle="--", linewidth=1, label="held out = predicted")
    title = f"{data.attrs['title']}, {data.attrs['features']} features, {data.sizes['seed']} splits"
    key = dict(fontsize=7.5, loc="lower right")
    words = dict(x="predicted error [fraction]", y="held-out error [fraction]")
    plots.finish(scatter, **words, title=title, log="xy", xlim=(left, right), ylim=(bottom, top), legend=key)
    plots.finish(by_source, x="source", y=words["y"], log="y", ylim=(bottom, top), legend=None)
    scatter.tick_params(which="minor", labelbottom=right < 10 * left)
    scatter.tick_params(axis="x", which="minor", rotation=30)
    by_source.set_xticks(place, names, rotation=0 if len(names) < 6 else 30)
    protocol.legend_below(figure, by_source)
    return figure


def on_digits(data):
    """A claim about these digits says nothing of other tasks."""
    return FLIP in data["source"].values


def gap(rule, over, **where):
    """Held-out error of a rule minus that of another, averaged over sources, paired over splits."""
    held = value("held_out", **where)
    return mean((held.at(rule=rule) - held.at(rule=over)).over("source"))


anywhere = functools.partial(protocol.fraction, stand_in=True)
claim = functools.partial(anywhere, applies=on_digits)
FLIPPED, HELD_OUT = value("held_out", rule="signed", source=FLIP), value("held_out", rule="optimal")

FIGURE = Figure(
    __name__,
    title="Real data: held-out against predicted error for several sources",
    question="On real data, is the held-out error the predicted one, and do optimal labels repair a flipped source?",
    claims=(
        claim("+-1 labels fail completely when the source's labels are flipped: held-out error",
              "abstract: standard multi-task learning may dramatically fail; reference run on these digits .947", mean(FLIPPED),
              at_least(0.85, "nearly all wrong; the paper gives no number for flipped labels"),
              note="the reference run drew source samples from the held-out ones, which moved .92 to .947"),
        claim("that failure is predicted: held-out over predicted error at the flipped source",
              "real-data figures: theory matches practice; reference run .947/.904 = 1.05",
              mean(FLIPPED / value("predicted", rule="signed", source=FLIP)),
              between(0.9, 1.1, "10 % either way, ours: the paper gives no number"), unit="ratio", value=1.0),
        claim("optimal labels repair the flip: held-out error",
              "section 3: label optimisation uses negatively related tasks; reference run .0055", mean(HELD_OUT.at(source=FLIP)),
              at_most(0.02, "as low as with a helpful source; ours"),
              note="with disjoint source and held-out samples; .0055 needs source samples of the same digits in the held-out set"),
        claim("with the flipped source, optimal labels beat the single task: held-out error difference",
              "section 3: the optimised machine gains from every related task; reference run .0055 - .012",
              gap("optimal", "single task", source=[FLIP]), less_than_zero),
        anywhere("optimal labels beat +-1 labels, mean over sources: held-out error difference",
                 "tables of real data: the optimised labels outperform +-1 labels", gap("optimal", "signed"), less_than_zero),
        claim("optimal labels at fixed (gamma, lam) beat the single task on the other sources: held-out error difference",
              "tables of real data: multi-task beats single-task", gap("optimal", "single task", source=OTHERS), less_than_zero,
              note="the theory's single covariance is to blame: Gaussian samples with each class's own covariance show the same loss "
                   "(.004 to .009), with the common covariance none (-.001 to .001)"),
        claim("the error of optimal labels is predicted: held-out against predicted error, mean distance over sources",
              "real-data figures: theory matches practice; an independent program on these digits: .026 against .011 and the like",
              bootstrap(lambda gap: np.mean(np.abs(gap)), HELD_OUT - value("predicted", rule="optimal")),
              at_most(0.005, "half a percentage point, as asked of Gaussian samples"), value=0.0,
              note="small errors come out larger than predicted: the classes differ in covariance, and are not Gaussian"),
        *(protocol.reference(f"predicted error of +-1 labels, source {name}",
                f"unpublished independent program on these digits: {number:g}", mean(value("predicted", rule="signed", source=name)),
                between(number - 6e-4, number + 6e-4, "half of the third decimal"), value=number, stand_in=True, applies=on_digits)
          for name, (*_, number) in REFERENCE.items()),
    ),
    presets={"smoke": dict(seeds=2, source=20, target=6), "paper": dict(seeds=1000, seed_batch=50)},
)  # fmt: skip
