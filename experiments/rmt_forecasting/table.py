"""The forecasting table: univariate networks with and without the multitask penalty, beside multivariate ones (table 1).

The paper picks the penalty with the test set ("oracle"), here validation is the default; `--select=gcv` takes the penalty the closed form's
GCV chooses from the training windows.
"""

import numpy as np

from experiments.rmt_forecasting import networks, protocol
from experiments.rmt_forecasting.networks import MODELS, MULTIVARIATE, UNIVARIATE
from experiments.rmt_forecasting.protocol import LOOK, MSE, PAPER_BEST, UNIT, on
from mtrl.harness import Claim, Figure, dataset, field, less_than_zero, plots
from mtrl.harness.judge.measures import SEED, Absent, Quantity, bootstrap


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


def columns_of(data, config, position):
    """Words of a column -> test errors per seed of a data set: univariate networks with and without the penalty, then multivariate ones."""
    there, found = list(data["model"].values), {}
    for model in [m for m in UNIVARIATE if m in there]:
        found[f"{model} with"], found[f"{model} without"] = with_and_without(data, config, position, model)
    for model in [m for m in MULTIVARIATE if m in there]:
        found[model] = on(position, "test", model=model, pair=0)(data, config)
    return found


def draw(data, config):
    """A row per data set: left the errors of every network, right the change that the penalty makes."""
    labels = list(data["problem"].values)
    figure, axes = plots.panel(len(labels), 2, width=5.2, height=3.6, width_ratios=(1.7, 1))
    colors = plots.style.COLORS
    for i, (label, (left, right)) in enumerate(zip(labels, axes, strict=True)):
        columns = columns_of(data, config, i)
        for place, (name, seen) in enumerate(columns.items()):
            color = colors[0] if name.endswith(" with") else colors[1] if name.endswith(" without") else colors[7]
            plots.points(left, seen.expand_dims(place=[place]), "place", look=plots.Look("", color))
        if label in PAPER_BEST:
            plots.level(left, PAPER_BEST[label], "paper's best (table 1)", color="black", linestyle=":")
        plots.finish(left, x=" ", y=MSE, title=label)
        left.set_xticks(range(len(columns)), list(columns), rotation=35, ha="right")
        for place, model in enumerate(UNIVARIATE):
            if model in data["model"].values:
                ours, plain = with_and_without(data, config, i, model)
                change = (100 * (ours - plain) / float(plain.mean())).expand_dims(place=[place])
                plots.points(right, change, "place", look=LOOK[model]._replace(words=""))
        plots.level(right, 0, color="black", linewidth=0.8)
        places = dict(xticks=range(len(UNIVARIATE)), xticklabels=UNIVARIATE, xlim=(-0.5, len(UNIVARIATE) - 0.5))
        plots.finish(right, x=" ", y="change of test MSE\nby the penalty [%]", **places, legend=None)
    brief = "small networks, short training" if config.sizes == "small" else "published sizes"
    figure.suptitle(
        f"{brief}, penalty chosen by {config.select}; blue with it, orange without, grey multivariate", fontsize=10
    )
    return figure


def tables(data, config):
    """Test errors of all networks, and whether the penalty wins (one-sided t test)."""
    from scipy import stats

    rows, heads = [], {}
    for i, label in enumerate(data["problem"].values):
        columns = columns_of(data, config, i)
        heads = {
            **dict.fromkeys(columns),
            **{f"{m}: penalty wins, p": None for m in UNIVARIATE if f"{m} with" in columns},
        }
        wins = [
            float(stats.ttest_ind(columns[f"{m} with"], columns[f"{m} without"], alternative="less").pvalue)
            for m in UNIVARIATE
            if f"{m} with" in columns
        ]
        rows.append([str(label), *(float(seen.mean()) for seen in columns.values()), *wins, PAPER_BEST.get(label, "")])
    caption = f"{MSE}, mean over seeds; p of a one-sided t test that the penalty lowers it"
    return [plots.Table(caption, ["data set", *heads, "paper's best (table 1)"], rows)]


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
    __name__,
    tables=tables,
    title="Forecasting with and without the multitask penalty, beside multivariate networks",
    question="Does the multitask penalty lower the test error of univariate forecasters, and do they match multivariate networks?",
    claims=(
        *(Claim(f"{word} data set: the multitask penalty lowers the test error of {model} (relative change)",
                "table 1: with the penalty below without (ordering)", networks.change_by(*errors(i, model)), less_than_zero,
                unit="relative", stand_in=protocol.stands_in(i), note="seeds vary the training alone, on one series")
          for i, word in enumerate(("first", "second"))
          for model in UNIVARIATE),
        Claim("first data set: the best penalised univariate network is no worse than the best multivariate one (relative gap)",
              "table 1: univariate with the penalty becomes competitive with multivariate (ordering)", gap_to_multivariate,
              less_than_zero, unit="relative", stand_in=protocol.stands_in(0)),
    ),
    split=("models",),
    memory=protocol.memory,
    inputs=protocol.files,
    presets={
        "smoke": networks.SMOKE | dict(models=("DLinearU", "DLinearM")),
        "paper": networks.PAPER | dict(lam_inv=networks.powers(-5, -1), gamma_inv=networks.powers(-3, 1)),
    },
)  # fmt: skip
