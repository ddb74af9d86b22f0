"""The forecasting table: univariate networks with and without the multitask penalty, beside multivariate ones (table 1).

The paper picks the penalty with the test set ("oracle"), here validation is the default; `--select=gcv` takes the penalty the closed form's
GCV chooses from the training windows.
"""

import dataclasses
import itertools

import numpy as np

from experiments.rmt_forecasting import networks, protocol
from experiments.rmt_forecasting.networks import MODELS, MULTIVARIATE, UNIVARIATE
from experiments.rmt_forecasting.protocol import BESIDE, LOOK, MSE, PAPER_BEST, UNIT, on
from mtrl.harness import Claim, Figure, dataset, field, less_than_zero, plots
from mtrl.harness.judge.measures import SEED, Absent, Quantity, bootstrap

LEVEL = 0.05  # of the Student t test


@dataclasses.dataclass(frozen=True)
class TableConfig(networks.NetworkConfig):
    """Every network of the table; pairs (lam_inv, gamma_inv) are the product of the two lists."""

    models: tuple[str, ...] = field(MODELS, help="columns", choices=MODELS)
    lam_inv: tuple[float, ...] = networks.penalties("the shared head", 0.001, 0.1)
    gamma_inv: tuple[float, ...] = networks.penalties("the channels' own heads", 0.1, 1.0)
    select: str = field("val", help="how the penalty is selected", choices=protocol.SELECTIONS)


def run(config, seeds):
    """Errors of one column per cell; pair 0 is no penalty, pair 1 the closed form's GCV choice, then the grid."""
    protocol.warn_of_gcv(config.select)
    labels, pairs, trained = networks.train_all(config, config.models[0], seeds)
    dims, units = ("problem", "model", "seed", "pair"), {"test": UNIT, "validation": UNIT, "epochs": "epochs"}
    return dataset(
        seeds,
        {"problem": labels, "model": config.models, "pair": np.arange(pairs.shape[1])},
        **{name: (dims, getattr(trained, name)[:, None], unit) for name, unit in units.items()},
        lam_inv=(("model", "problem", "pair"), pairs[None, ..., 0]),
        gamma_inv=(("model", "problem", "pair"), pairs[None, ..., 1]),
    )


def errors(position, model):
    """Test errors of the penalised pairs, the scores that choose among them, and the test error without penalty."""
    test, validation = (on(position, name, model=model, pair=slice(1, None)) for name in ("test", "validation"))
    first = test.then(lambda array: 0 * array + array["pair"])  # the closed form's GCV choice
    scores = {"val": validation, "oracle": test, "gcv": first}
    score = Quantity(lambda data, config: scores[config.select](data, config))
    return test, score, on(position, "test", model=model, pair=0)


def with_and_without(data, config, position, model):
    """Test errors per seed with the selected penalty and without any."""
    test, scores, plain = (part(data, config) for part in errors(position, model))
    return test.isel(pair=int(scores.mean(SEED).argmin("pair"))), plain


def rows_of(data, config):
    """The cells of the table: with | without | multivariate | paper's best; `*` marks a significant win of the penalty (one-sided t)."""
    from scipy import stats

    rows = []
    for i, label in enumerate(data["problem"].values):
        cells = dict.fromkeys([*UNIVARIATE, *(f"{model} alone" for model in MODELS)], "")
        for model in data["model"].values:
            alone = on(i, "test", model=model, pair=0)(data, config)
            cells[f"{model} alone"] = f"{float(alone.mean()):.3f}"
            if model in UNIVARIATE:
                ours, _ = with_and_without(data, config, i, model)
                wins = stats.ttest_ind(ours, alone, alternative="less").pvalue < LEVEL
                cells[model] = f"{float(ours.mean()):.3f}{'*' if wins else ''}"
        rows.append([*cells.values(), f"{PAPER_BEST[label]:.3f}" if label in PAPER_BEST else "-"])
    return rows


def draw(data, config):
    """The table above, the change the penalty makes below."""
    labels = list(data["problem"].values)
    heights = [0.5 + 0.28 * len(labels), 1.6]
    figure, axes = plots.panel(2, 1, width=11.5, height=1.5 + 0.45 * len(labels), height_ratios=heights)
    (top, ax), rows = axes[:, 0], rows_of(data, config)
    columns = [f"{m}\n{word}" for word in ("with", "without") for m in UNIVARIATE] + [f"{m}\n" for m in MULTIVARIATE]
    drawn = plots.table(top, rows, [*columns, "paper's best\n(table 1)"], labels, scale=1.9)
    for i, row in enumerate(rows):
        numbers = np.array([float(text.rstrip("*")) if text else np.inf for text in row[:-1]])
        for column in np.flatnonzero(numbers == numbers.min()):
            drawn[i + 1, column].get_text().set_fontweight("bold")
    brief = "small networks, short training" if config.sizes == "small" else "published sizes"
    ran = [str(on(i, "test", pair=0)(data, config).sizes[SEED]) for i in range(len(labels))]
    words = f"{MSE}, mean of {' and '.join(dict.fromkeys(ran))} seeds ({brief}, penalty chosen by {config.select})"
    top.set_title(f"{words}; * = penalty wins, t test p < .05")
    for i, model in itertools.product(range(len(labels)), UNIVARIATE):
        if model in data["model"].values:
            ours, plain = with_and_without(data, config, i, model)
            place = i + 0.15 * (UNIVARIATE.index(model) - 1)
            change = (100 * (ours - plain) / float(plain.mean())).expand_dims(place=[place])
            plots.points(ax, change, "place", look=LOOK[model]._replace(words="" if i else model))
    plots.level(ax, 0, color="black", linewidth=0.8)
    places = dict(xticks=range(len(labels)), xticklabels=labels, xlim=(-0.5, len(labels) - 0.5))
    plots.finish(ax, x="data set", y="change of test MSE\nby the penalty [%]", **places, legend=BESIDE)
    return figure


def gap_to_multivariate(data, config):
    """Best penalised univariate over best multivariate on the first data set, minus 1; both chosen in every resample."""
    there = set(data["model"].values)
    own = [part for model in UNIVARIATE if model in there for part in errors(0, model)[:2]]
    mixed = [errors(0, model)[2] for model in MULTIVARIATE if model in there]
    if not own or not mixed:
        raise Absent("one kind of network alone")

    def gap(*means):
        pairs = zip(means[: len(own) : 2], means[1 : len(own) : 2], strict=True)
        return min(test[np.argmin(score)] for test, score in pairs) / min(means[len(own) :]) - 1

    return bootstrap(gap, *own, *mixed)(data, config)


FIGURE = Figure(
    name="table",
    title="Forecasting with and without the multitask penalty, beside multivariate networks",
    question="Does the multitask penalty lower the test error of univariate forecasters, and do they match multivariate networks?",
    config=TableConfig,
    run=run,
    draw=draw,
    claims=(
        *(
            Claim(
                f"{word} data set: the multitask penalty lowers the test error of {model} (relative change)",
                "table 1: with the penalty below without (ordering)",
                networks.change_by(*errors(i, model)),
                less_than_zero,
                unit="relative",
                stand_in=protocol.stands_in(i),
                note="seeds vary the training alone, on one series",
            )
            for i, word in enumerate(("first", "second"))
            for model in UNIVARIATE
        ),
        Claim(
            "first data set: the best penalised univariate network is no worse than the best multivariate one (relative gap)",
            "table 1: univariate with the penalty becomes competitive with multivariate (ordering)",
            gap_to_multivariate,
            less_than_zero,
            unit="relative",
            stand_in=protocol.stands_in(0),
        ),
    ),
    split=("models",),
    memory=protocol.memory,
    inputs=protocol.files,
    presets={
        "smoke": networks.SMOKE | dict(models=("DLinearU", "DLinearM")),
        "paper": networks.PAPER | dict(lam_inv=networks.powers(-5, -1), gamma_inv=networks.powers(-3, 1)),
    },
)
