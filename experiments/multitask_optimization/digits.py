"""All methods on two stand-ins from handwritten digits: Delta_m against single-task networks, losses along the training.

python -m experiments.multitask_optimization --figure=digits (10 seeds, 300 updates of 32; `--methods` has more). `--data_dir` is for
MNIST's or Fashion-MNIST's files. Delta_m is negative where a method beats one network a task.
"""

from experiments.multitask_optimization import protocol, published, training
from experiments.multitask_optimization.protocol import ALIGNED, LOOKS, MEAN, METHODS, MGDA, MORE, WEIGHTINGS
from experiments.multitask_optimization.training import FOUR, MULTI, PAPER, SETS, SMOKE, TASKS, DigitsConfig
from mtrl.harness import Claim, Figure, at_most, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, lowest, mean, value
from mtrl.harness.picture import plots

WORDS = "Delta_m, lower is better"
EVERY = (*METHODS, *MORE, *WEIGHTINGS)
QUICK = (*METHODS, "fairgrad", "upgrad", *(name for name in WEIGHTINGS if name != "igb_v2"))  # not agent and variants


class ComparedConfig(DigitsConfig, samples=1000, test=500, steps=300, batch=32):
    """Which methods are compared; the same weights, data and batches for all of them."""

    methods: tuple[str, ...] = field(QUICK, help="aggregators and loss weightings", choices=EVERY, distinct=True)


def run(config, seeds):
    """One cell."""
    parts, sizes, found = training.pictures_of(config), training.sizes_of(config), {}
    for short, kind in (("multi", MULTI), ("four", FOUR)):
        static = dict(kind=kind, methods=config.methods, **sizes)
        scores, losses, conflicts = over_seeds(training.compared, seeds, parts, config.rate, **static)
        change, scores, base = training.parted(scores, kind)
        losses, conflicts = losses[:, : len(config.methods)], conflicts[:, : len(config.methods)]
        found[f"delta_m_lower_is_better_{short}"] = (("seed", "method"), change, "%", WORDS)
        found[f"score_{short}"] = (("seed", "method", f"task_{short}"), scores, "1", "test score")
        found[f"baseline_{short}"] = (("seed", f"task_{short}"), base, "1", "test score of one network a task")
        found[f"loss_{short}"] = (("seed", "method", "step", f"task_{short}"), losses, "nat", "training loss")
        found[f"conflicts_{short}"] = (("seed", "method", "step"), 100 * conflicts, "%", "conflicting pairs of tasks")
    return dataset(
        seeds,
        {
            "method": list(config.methods),
            "step": training.stretches(config),
            "task_multi": list(TASKS[MULTI]),
            "task_four": list(TASKS[FOUR]),
        },
        **found,
    )


def draw(data, config):
    """Per stand-in Delta_m, the mean training loss, and the share of conflicts."""
    figure, axes = plots.panel(2, 3, width=4.3, height=3.3)
    name = config.data_dir and "own files" or "stand-in"
    for row, short, kind in zip(axes, ("multi", "four"), SETS, strict=True):
        plots.bars(row[0], data[f"delta_m_lower_is_better_{short}"], "method", LOOKS)
        plots.finish(row[0], title=f"{kind} ({name})", legend=None)
        loss = data[f"loss_{short}"].mean(f"task_{short}", keep_attrs=True)
        plots.curves(row[1], loss, "step", "method", LOOKS)
        plots.finish(row[1], y="training loss, mean of the tasks [nat]", log="y", legend=None)
        conflicts = data[f"conflicts_{short}"].mean("seed", keep_attrs=True)  # so many bands hide one another
        plots.curves(row[2], conflicts, "step", "method", LOOKS, linewidth=1.0)
        plots.finish(row[2], title="means over seeds", legend=None)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncol=8, fontsize=8)
    return figure


def delta(short, method):
    """Delta_m of a method."""
    return value(f"delta_m_lower_is_better_{short}", method=method)


def claims():
    """Orderings on both stand-ins."""
    for short, kind in (("multi", MULTI), ("four", FOUR)):
        paper = dict(unit="%", stand_in=True)
        for other, words, theirs in ((MEAN, "the mean", "14.30"), (MGDA, "MGDA", "20.62")):
            yield Claim(f"{kind}: Aligned-MTL beats {words} (difference of Delta_m)",
                        f"Senushkin et al., tables 1 to 3 (ordering: -0.02 and {theirs} on Cityscapes)",
                        mean(delta(short, ALIGNED) - delta(short, other)), less_than_zero, **paper)  # fmt: skip
        yield Claim(f"{kind}: Aligned-MTL is the best of all (Delta_m minus the lowest of the others)",
                    "Senushkin et al., tables 1 to 3 (ordering)", lowest(value(f"delta_m_lower_is_better_{short}"), ALIGNED),
                    less_than_zero, **paper)  # fmt: skip
        yield published.same_order(short, kind)
    first, last = (value("loss_multi", step=end).over("task_multi") for end in (FIRST, LAST))
    yield Claim.sanity(
        "every method learns: mean training loss at the end over that at the beginning, largest over the methods, two overlaid digits",
        "training works", protocol.worst_ratio(last, first), at_most(0.5, "half of the first loss"), unit="1",
    )  # fmt: skip


FIGURE = Figure(
    __name__,
    title="All methods on stand-ins from handwritten digits: Delta_m against one network a task",
    question="On stand-ins made from handwritten digits, which method comes closest to one network per task?",
    claims=tuple(claims()),
    presets={
        "smoke": dict(SMOKE, methods=(MEAN, ALIGNED, "uw")),
        "paper": dict(PAPER, batch=256, methods=EVERY),
    },
)  # fmt: skip
