"""Mean target test error: linear and ConvNet, all tasks and the k most relevant."""

from experiments.active_representation import vision
from experiments.active_representation.vision import TITLE, over_targets, wrong
from mtrl.harness import Claim, Figure, at_least
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots, style

STEPS = (("L2", "passive"), ("L1", "L2"))


class TableConfig(vision.VisionConfig, targets=8, sparse=(0, 10)):
    """All tasks against the k most relevant ones."""


def rows_of(data):
    """(learner, name of the error, words of a method, errors per target in percent) of every entry."""
    images = data["test_images"]
    shown = {
        "error": (100 * data["wrong"] / images, 100 * data["target_only"] / images),
        "balanced error": (100 * data["balanced"], 100 * data["target_only_balanced"]),
    }
    for learner in vision.learners(data):
        for name, (ours, ridge) in shown.items():
            last = ours.isel(epoch=-1).sel(learner=learner)
            for k in data["sparse"].values:
                for rule in data["rule"].values:
                    words = f"{f'k={k}' if k else 'all tasks'}: {rule}"
                    yield learner, name, words, last.sel(sparse=k, rule=rule).mean("seed").values
            yield learner, name, "target-only ridge", ridge.sel(learner=learner).mean("seed").values


def draw(data, config):
    """Left the error, right the balanced one: a place per rule and number of tasks, the last one target-only ridge."""
    figure, axes = plots.panel(1, 2, width=5.2, height=3.9)
    learners, entries = vision.learners(data), list(rows_of(data))
    looks = plots.looks({learner: TITLE[learner] for learner in learners})
    words = list(dict.fromkeys(entry[2] for entry in entries))
    for learner, name, method, errors in entries:
        ax, i = axes[0, int(name != "error")], learners.index(learner)
        at, look = words.index(method) + 0.16 * (i - (len(learners) - 1) / 2), looks[learner]
        label = look.words if method == words[0] else None
        ax.errorbar(
            at, errors.mean(), style.half_width(errors), fmt=look.marker, color=look.color, capsize=2, label=label
        )
    targets, each = data.sizes["target"], vision.count(data.sizes["seed"])
    for ax, name in zip(axes[0], ("error", "balanced error"), strict=True):
        ax.set_xticks(range(len(words)), words, rotation=35, ha="right")
        plots.finish(ax, y=f"test {name} [%]", ylim=(0, None), legend=None)
    plots.legend_below(figure, axes[0, :1])
    figure.suptitle(f"{config.dataset}: mean over {targets} targets, 95% t-interval over targets ({each} each)")
    return figure


def tables(data, config):
    """The means over targets with half of their intervals."""
    entries = list(rows_of(data))
    words = list(dict.fromkeys(entry[2] for entry in entries))
    found = {}
    for learner, name, method, errors in entries:
        half = float(style.half_width(errors)) if len(errors) > 1 else 0.0
        found.setdefault(f"{TITLE[learner]}, {name}", {})[method] = (float(errors.mean()), half)
    rows = [[name, *(cells[method] for method in words)] for name, cells in found.items()]
    return [plots.Table("Test error [%], mean over targets ± half of its 95 % interval", ["", *words], rows)]


def advantage(learner: str, better: str, worse: str, sparse: int):
    """Error of `worse` minus that of `better`, in points."""
    gap = wrong(learner=learner, sparse=sparse, rule=worse) - wrong(learner=learner, sparse=sparse, rule=better)
    return 100 * gap / value("test_images")


def claim(learner: str, text: str, paper: str, gap) -> Claim:
    """Claim: a gap in points is not negative, over targets."""
    return Claim(text=f"{TITLE[learner]}{text}", paper=f"Wang et al. 2023: {paper}", measure=mean(over_targets(gap)),
                 accepts=at_least(0.0), unit="percentage points", stand_in=vision.is_stand_in,
                 note=f"{vision.NOTES[learner]}; --targets=0 runs all")  # fmt: skip


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Mean target test error: linear and ConvNet, all tasks and the k most relevant",
    question=(
        "Averaged over all digit targets, do the active rules lower the test error, and does it help to keep only the most "
        "relevant tasks?"
    ),
    claims=(
        *(
            claim(
                learner,
                f", {where}: {better} at most {worse} in mean target error (difference in points, over targets)",
                "L1 <= L2 <= passive in both columns",
                advantage(learner, better, worse, sparse),
            )
            for learner in TITLE
            for sparse, where in ((0, "all tasks"), (10, "k=10"))
            for better, worse in STEPS
        ),
        *(
            claim(
                learner,
                ": L1 gains more over passive with k=10 than with all tasks (points of error, over targets)",
                "larger gain in the sparse column",
                advantage(learner, "L1", "passive", 10) - advantage(learner, "L1", "passive", 0),
            )
            for learner in TITLE
        ),
    ),
    presets={"smoke": {**vision.SMOKE, "rules": ("L1",)}, "paper": vision.FULL},
    **vision.COMMON,
)
