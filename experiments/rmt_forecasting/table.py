"""The forecasting table: univariate networks with and without the multitask penalty, beside multivariate ones (table 1).

`python -m experiments.rmt_forecasting --figure=table [--data_dir=DIR] [--preset=paper]`. The paper's best entries at H = 96: ETTh1 .367,
ETTh2 .267, Weather .148; the paper picks the penalty with the test set ("oracle"), here validation is the default. `--select=gcv` takes the
penalty the closed form's GCV chooses from the training windows. The penalties multiply: LARGE lam_inv means little sharing.
"""

import dataclasses
import itertools

import numpy as np

from experiments.rmt_forecasting.networks import MODELS, PAPER, UNIVARIATE, NetworkConfig, theory_penalty, train
from experiments.rmt_forecasting.problems import PAPER_BEST, files, memory, problems, stands_in, warn_of_gcv
from experiments.rmt_forecasting.ridge import SELECTIONS
from mtrl import forecasting
from mtrl.harness import Claim, Figure, Interval, field, less_than_zero
from mtrl.harness.judge.measures import Absent, Measure, Quantity, bootstrap

LEVEL = 0.05  # of the Student t test


@dataclasses.dataclass(frozen=True)
class TableConfig(NetworkConfig):
    """Every network of the table; pairs (lam_inv, gamma_inv) are the product of the two lists."""

    models: tuple[str, ...] = field(MODELS, help="columns", choices=MODELS)
    lam_inv: tuple[float, ...] = field(
        (0.001, 0.1), help="MULTIPLIED penalties of the shared head", lower=0.0, strict=True, distinct=True
    )
    gamma_inv: tuple[float, ...] = field(
        (0.1, 1.0), help="MULTIPLIED penalties of the channels' own heads", lower=0.0, strict=True, distinct=True
    )
    select: str = field("val", help="how the penalty is selected", choices=SELECTIONS)


def run(config: TableConfig, seeds):
    """Test and validation errors of one column per cell; pair 0 is no penalty, pair 1 the closed form's GCV choice, then the grid."""
    import xarray as xr

    warn_of_gcv(config.select)
    found = problems(config)
    grid = list(itertools.product(config.lam_inv, config.gamma_inv))
    (model,) = config.models
    shape = (len(found), 1, len(seeds), 2 + len(grid))
    fields = {name: np.full(shape, np.nan) for name in ("test", "validation", "epochs")}
    penalised = model in UNIVARIATE
    unknown = (np.nan, np.nan)
    pairs = np.array([[(0.0, 0.0), theory_penalty(p) if penalised else unknown, *grid] for p in found])
    for i, problem in enumerate(found):
        used = pairs[i] if penalised else pairs[i, :1]
        trained = train(problem, config, model, used, seeds)
        for name, values in fields.items():
            values[i, 0, :, : len(used)] = getattr(trained, name)
    dims = ("problem", "model", "seed", "pair")
    data = xr.Dataset(
        {
            **{name: (dims, values) for name, values in fields.items()},
            "lam_inv": (("model", "problem", "pair"), pairs[None, ..., 0]),
            "gamma_inv": (("model", "problem", "pair"), pairs[None, ..., 1]),
        },
        coords={
            "problem": [problem.label for problem in found],
            "model": [model],
            "seed": np.asarray(seeds),
            "pair": np.arange(2 + len(grid)),
        },
        attrs={"selected_by": config.select},
    )
    data.test.attrs["units"] = data.validation.attrs["units"] = "squared standard deviations of the channel"
    data.epochs.attrs["units"] = "epochs"
    return data


def chosen_pair(data, label: str, model: str, select: str = "") -> int:
    """The penalised pair with the smallest mean validation (or oracle: test) error over seeds; gcv: the closed form's."""
    select = select or data.attrs["selected_by"]
    if select == "gcv":
        return 1
    table = data["validation" if select == "val" else "test"].sel(problem=label, model=model).mean("seed")
    return int(np.argmin(table.values[1:])) + 1


def with_and_without(data, label: str, model: str):
    """Test errors per seed with the selected penalty and without any."""
    errors = data.test.sel(problem=label, model=model).dropna("seed", how="all")
    return errors.isel(pair=chosen_pair(data, label, model)).values, errors.isel(pair=0).values


def significant(smaller: np.ndarray, larger: np.ndarray) -> bool:
    """Student t test over seeds, one-sided, p < .05: the first mean is below the second."""
    from scipy import stats

    return bool(stats.ttest_ind(smaller, larger, alternative="less").pvalue < LEVEL)


def rows_of(data) -> list[list[str]]:
    """The cells of the table: with | without | multivariate | paper's best; `*` marks a significant win of the penalty."""
    rows = []
    for label in data.problem.values:
        row = []
        for model in UNIVARIATE:
            if model in data.model.values:
                ours, plain = with_and_without(data, label, model)
                row.append(f"{ours.mean():.3f}{'*' if significant(ours, plain) else ''}")
            else:
                row.append("")
        for model in MODELS:
            there = model in data.model.values
            row.append(f"{float(data.test.sel(problem=label, model=model).isel(pair=0).mean()):.3f}" if there else "")
        rows.append([*row, f"{PAPER_BEST[label]:.3f}" if label in PAPER_BEST else "-"])
    return rows


def draw(data, config):
    """The table above, the change the penalty makes below."""
    from mtrl.harness import style

    labels = list(data.problem.values)
    figure, axes = style.subplots(
        2, 1, width=11.5, height=1.5 + 0.45 * len(labels), height_ratios=[0.5 + 0.28 * len(labels), 1.6]
    )
    columns = (
        [f"{m}\nwith" for m in UNIVARIATE]
        + [f"{m}\nwithout" for m in UNIVARIATE]
        + [f"{m}\n" for m in forecasting.MULTIVARIATE]
        + ["paper's best\n(table 1)"]
    )
    rows = rows_of(data)
    drawn = style.table(axes[0, 0], rows, columns, labels)
    for (row, column), cell in drawn.get_celld().items():
        if row == 0:
            cell.set_height(1.7 * cell.get_height())
        if row > 0 and 0 <= column < len(MODELS) + len(UNIVARIATE):
            numbers = [float(x.rstrip("*")) for x in rows[row - 1][:-1] if x]
            text = cell.get_text().get_text().rstrip("*")
            if text and float(text) == min(numbers):
                cell.get_text().set_fontweight("bold")
    brief = "small networks, short training" if config.sizes == "small" else "published sizes"
    counts = [data.test.sel(problem=label, pair=0).dropna("seed").sizes["seed"] for label in labels]
    count = " and ".join(str(n) for n in dict.fromkeys(counts))
    axes[0, 0].set_title(
        f"test MSE, mean of {count} seeds ({brief}, penalty chosen by {config.select}); * = penalty wins, t test p < .05"
    )
    ax = axes[1, 0]
    there = [model for model in UNIVARIATE if model in data.model.values]
    for i, model in enumerate(there):
        for k, label in enumerate(labels):
            ours, plain = with_and_without(data, label, model)
            change = 100 * (ours - plain) / plain.mean()
            name = model if k == 0 else ""
            style.band(
                ax, [k + 0.15 * (i - 1)], change[:, None], label=name, color=style.COLORS[i], marker=style.MARKERS[i]
            )
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylabel("change of test MSE\nby the penalty (%)")
    if there:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def errors_of(label_at: int, model: str) -> tuple[Quantity, Quantity]:
    """Test errors (pair,) of a model on the data set at a position, and the scores (pair,) that choose; over the seeds that trained."""

    def part(name):
        def get(data, config):
            if model not in data.model.values or label_at >= data.sizes["problem"]:
                raise Absent(f"no {model} on data set {label_at}")
            by = data.attrs["selected_by"]
            found = data["validation" if name == "score" and by == "val" else "test"]
            found = found.isel(problem=label_at).sel(model=model).dropna("seed", how="all").transpose("seed", "pair")
            if name == "score" and by == "gcv":  # the closed form's choice is the first penalised pair
                return found.copy(data=np.broadcast_to(np.arange(found.sizes["pair"], dtype=float), found.shape))
            return found

        return Quantity(get)

    return part("test"), part("score")


def selected(test: np.ndarray, score: np.ndarray) -> float:
    """Error at the penalised pair with the lowest score."""
    return test[1 + np.argmin(score[1:])]


def change(position: int, model: str) -> Measure:
    """Relative change of the test error by the selected penalty, which every resample chooses anew."""
    return bootstrap(lambda test, score: selected(test, score) / test[0] - 1, *errors_of(position, model))


def gap_to_multivariate(data, config) -> Interval:
    """Best penalised univariate over best multivariate on the first data set, minus 1; both chosen in every resample."""
    own = [model for model in UNIVARIATE if model in data.model.values]
    mixed = [model for model in forecasting.MULTIVARIATE if model in data.model.values]
    if not own or not mixed:
        raise Absent("one kind of network alone")
    parts = [part for model in own for part in errors_of(0, model)] + [errors_of(0, model)[0] for model in mixed]

    def gap(*means):
        pairs = zip(means[: 2 * len(own) : 2], means[1 : 2 * len(own) : 2], strict=True)
        return min(selected(*pair) for pair in pairs) / min(test[0] for test in means[2 * len(own) :]) - 1

    return bootstrap(gap, *parts)(data, config)


def _helps(model: str, position: int, word: str) -> Claim:
    return Claim(
        text=f"{word} data set: the multitask penalty lowers the test error of {model} (relative change)",
        paper="table 1: with the penalty below without (ordering)",
        measure=change(position, model),
        accepts=less_than_zero,
        unit="relative",
        stand_in=stands_in(position),
        note="seeds vary the training alone, on one series",
    )


FIGURE = Figure(
    name="table",
    title="Forecasting with and without the multitask penalty, beside multivariate networks",
    config=TableConfig,
    run=run,
    draw=draw,
    claims=(
        *(_helps(model, i, word) for i, word in enumerate(("first", "second")) for model in UNIVARIATE),
        Claim(
            text="first data set: the best penalised univariate network is no worse than the best multivariate one (relative gap)",
            paper="table 1: univariate with the penalty becomes competitive with multivariate (ordering)",
            measure=gap_to_multivariate,
            accepts=less_than_zero,
            unit="relative",
            stand_in=stands_in(0),
        ),
    ),
    split=("models",),
    memory=memory,
    inputs=files,
    presets={
        "smoke": dict(
            series=("AR",),
            seeds=2,
            epochs=2,
            updates=3,
            lam_inv=(0.1,),
            gamma_inv=(1.0,),
            models=("DLinearU", "DLinearM"),
        ),
        "paper": dict(**PAPER, lam_inv=(1e-5, 1e-4, 1e-3, 1e-2, 1e-1), gamma_inv=(1e-3, 1e-2, 1e-1, 1.0, 10.0)),
    },
)
