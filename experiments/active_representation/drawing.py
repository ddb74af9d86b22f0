"""Drawings of the image figures; they read only the dataset."""

import numpy as np

from experiments.active_representation.common import COLOR
from mtrl.harness import style

TITLE = {"linear": "linear", "convnet": "ConvNet"}  # in the order of the panels


def learners(data):
    """The learners there are, linear first."""
    return [name for name in TITLE if name in data.learner.values]


def count(seeds):
    """A number of seeds in words."""
    return f"mean of {seeds} seeds" if seeds > 1 else "one seed"


def improvement(data, config):
    """Per target: wrong predictions of passive minus those of each active rule, sorted; target-only ridge as reference."""
    wrong = data.wrong.isel(epoch=-1, sparse=0).mean("seed")
    figure, axes = style.subplots(1, data.sizes["learner"], width=5.2, height=3.8)
    for ax, learner in zip(axes[0], learners(data), strict=True):
        one = wrong.sel(learner=learner)
        gains = {
            rule: (one.sel(rule="passive") - one.sel(rule=rule)).values for rule in one.rule.values if rule != "passive"
        }
        for rule, gain in gains.items():
            order = np.sort(gain)[::-1]
            ax.plot(np.arange(1, len(order) + 1), order, "o-", ms=4, color=COLOR[str(rule)],
                    label=f"{rule}: better on {np.sum(gain > 0)}, worse on {np.sum(gain < 0)} of {len(gain)}")  # fmt: skip
        ridge = (one.sel(rule="passive") - data.target_only.mean("seed").sel(learner=learner)).values
        ax.plot(np.arange(1, len(ridge) + 1), np.sort(ridge)[::-1], "x--", ms=4, color="#999999",
                label=f"target-only ridge: better on {np.sum(ridge > 0)} of {len(ridge)}")  # fmt: skip
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(xlabel="targets, sorted for each curve", title=TITLE[str(learner)])
        ax.set_ylabel(f"wrong: passive minus method\n(of {int(data.test_images)} test images)")
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.45 * (high - low))
        ax.legend(loc="upper right", fontsize=7.5)
    figure.suptitle(f"One-against-all on {config.dataset}, {count(data.sizes['seed'])} per target", fontsize=10.5)
    return figure


def sample_map(data, config):
    """Mean n_t of the last epoch, corruptions by digits; learners in rows, targets in columns."""
    from matplotlib.colors import LogNorm

    counts = data.counts.isel(sparse=0, rule=0).mean("seed")
    rows, columns = data.sizes["learner"], data.sizes["target"]
    height = 0.7 + 0.19 * data.sizes["corruption"]
    figure, axes = style.subplots(rows, columns, width=4.6, height=max(2.4, height))
    low, high = float(counts.min()), float(counts.max())
    for i, learner in enumerate(learners(data)):
        for j, target in enumerate(data.target.values):
            ax = axes[i, j]
            shown = ax.imshow(counts.sel(learner=learner, target=target), aspect="auto", cmap="viridis",
                              norm=LogNorm(max(low, 1), max(high, 2)))  # fmt: skip
            ax.set_yticks(range(data.sizes["corruption"]), data.corruption.values, fontsize=7)
            ax.set_xticks(range(10))
            ax.grid(False)
            ax.set(xlabel="digit", title=f"{TITLE[str(learner)]}: target {target}")
            corruption, digit = str(target).split("/")
            row = list(data.corruption.values).index(corruption)
            ax.plot(int(digit), row, "x", color="#D55E00", ms=7, mew=2)
    bar = figure.colorbar(shown, ax=axes.ravel().tolist(), shrink=0.7)
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000) if low <= t <= high]
    bar.set_ticks(ticks, labels=[str(t) for t in ticks])
    bar.ax.minorticks_off()
    bar.set_label("samples $n_t$ in the last epoch (cross: the target)")
    rule = str(data.rule.values[0])
    figure.suptitle(f"Rule {rule} on {config.dataset}, {count(data.sizes['seed'])}", fontsize=10.5)
    return figure


def table(data, config):
    """Mean target test error with its 95% t-interval over seeds and targets."""
    share = 100 * data.wrong.isel(epoch=-1) / data.test_images
    columns = [
        f"{'all tasks' if k == 0 else f'k={k}'}: {rule}" for k in data.sparse.values for rule in data.rule.values
    ]
    columns.append("target-only ridge")
    cells, rows = [], []
    for learner in learners(data):
        for name, values, ridge in (
            ("error %", share, 100 * data.target_only / data.test_images),
            ("balanced %", 100 * data.balanced.isel(epoch=-1), 100 * data.target_only_balanced),
        ):
            rows.append(f"{TITLE[str(learner)]}, {name}")
            drawn = [
                values.sel(learner=learner, sparse=k, rule=rule)
                for k in data.sparse.values
                for rule in data.rule.values
            ]
            cells.append([_cell(x) for x in (*drawn, ridge.sel(learner=learner))])
    figure, axes = style.subplots(1, 1, width=1.9 + 1.45 * len(columns), height=0.7 + 0.26 * (len(rows) + 1))
    style.table(axes[0, 0], cells, columns, rows)
    targets, seeds = data.sizes["target"], data.sizes["seed"]
    axes[0, 0].set_title(
        f"{config.dataset}: mean over {targets} targets, 95% t-interval over targets ({count(seeds)} each)"
    )
    return figure


def _cell(values):
    samples = values.mean("seed").values
    return (
        f"{samples.mean():.2f} ± {float(style.half_width(samples)):.2f}"
        if len(samples) > 1
        else f"{samples.mean():.2f}"
    )
