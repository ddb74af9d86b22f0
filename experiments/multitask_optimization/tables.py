"""The published table of Delta_m beside the four-task stand-in's.

python -m experiments.multitask_optimization --figure=tables (10 seeds, 300 updates of 32). The papers' data need downloads and networks of
their size: their columns are quoted, ours is a stand-in and is called one.
"""

import numpy as np

from experiments.multitask_optimization import published, training
from experiments.multitask_optimization.protocol import LOOKS, UPPER
from experiments.multitask_optimization.published import CITYSCAPES, NYUV2
from experiments.multitask_optimization.training import FOUR, PAPER, SMOKE, DigitsConfig
from mtrl.harness import Figure, dataset, field, over_seeds
from mtrl.harness.picture import plots


class TablesConfig(DigitsConfig, samples=1000, test=500, steps=300, batch=32):
    """The methods of the published table on four tasks of a digit."""

    methods: tuple[str, ...] = field(
        tuple(CITYSCAPES), help="methods of the table", choices=tuple(CITYSCAPES), distinct=True
    )


def run(config, seeds):
    """One cell."""
    parts, sizes = training.pictures_of(config), training.sizes_of(config)
    upper = tuple(name for name in config.methods if name in UPPER)
    plain = tuple(name for name in config.methods if name not in UPPER)
    scores, *_ = over_seeds(training.compared, seeds, parts, config.rate, kind=FOUR, methods=plain, **sizes)
    if upper:
        bare = tuple(name.removesuffix("_ub") for name in upper)
        more, *_ = over_seeds(
            training.compared, seeds, parts, config.rate, kind=FOUR, methods=bare, upper=True, **sizes
        )  # fmt: skip
        scores = np.concatenate([more[:, : len(upper)], scores], axis=1)
    change, _, _ = training.parted(scores, FOUR)
    change = change[:, [(*upper, *plain).index(name) for name in config.methods]]
    words = "Delta_m, lower is better"
    return dataset(
        seeds,
        {"method": list(config.methods)},
        delta_m_lower_is_better_four=(("seed", "method"), change, "%", f"{words}, stand-in"),
        cityscapes=("method", [CITYSCAPES[m] for m in config.methods], "%", f"{words}, Cityscapes"),
        nyuv2=("method", [NYUV2.get(m, np.nan) for m in config.methods], "%", f"{words}, NYUv2"),
    )


def draw(data, config):
    """The stand-in against the published numbers, Cityscapes left, NYUv2 right."""
    figure, axes = plots.panel(1, 2, width=5.2, height=4.0, sharey=True)
    ours = data["delta_m_lower_is_better_four"].transpose("seed", "method").values
    middle, half, looks = ours.mean(0), plots.style.half_width(ours), marked(config.methods)
    for ax, published_, words in ((axes[0, 0], CITYSCAPES, "Cityscapes"), (axes[0, 1], NYUV2, "NYUv2")):
        for method, y, error in zip(config.methods, middle, half, strict=True):
            if method in published_:
                look = looks[method]
                bar = dict(fmt=look.marker, color=look.color, capsize=2, label=look.words)
                ax.errorbar(published_[method], y, error, **bar)
        plots.finish(ax, x=f"{words}, Senushkin et al. [%]", legend=None)
    plots.legend_below(figure, axes[0], 5)
    plots.finish(axes[0, 0], y="four tasks of a digit, stand-in [%]", legend=None)
    figure.suptitle("Delta_m, lower is better")
    return figure


def marked(methods):
    """The looks with a marker of its own for every method of one colour."""
    markers, seen, found = plots.style.MARKERS, {}, {}
    for method in methods:
        color = LOOKS[method].color
        found[method] = LOOKS[method]._replace(marker=markers[seen.get(color, 0)])
        seen[color] = seen.get(color, 0) + 1
    return found


def tables(data, config):
    """Published numbers and ours."""
    ours = data["delta_m_lower_is_better_four"].transpose("seed", "method").values
    pairs = zip(config.methods, ours.mean(0), plots.style.half_width(ours), strict=True)
    rows = [[LOOKS[m].words, CITYSCAPES[m], NYUV2.get(m, ""), (float(y), float(e))] for m, y, e in pairs]
    heads = ["method", "Cityscapes, published", "NYUv2, published", "stand-in"]
    return [plots.Table("Delta_m [%], lower is better; ours ± half of the 95 % interval", heads, rows)]


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Published Delta_m beside the stand-in's",
    question="Do the published orders of the methods carry over to the stand-in?",
    optional=("nyuv2",),
    claims=(published.same_order("four", FOUR),),
    presets={
        "smoke": dict(SMOKE, methods=("mean", "aligned_mtl", "uw")),  # as of `digits`: one program
        "paper": PAPER,
    },
)  # fmt: skip
