"""Mean target test error: linear and ConvNet, all tasks and the k most relevant."""

import dataclasses

from experiments.active_representation import vision
from experiments.active_representation.vision import TITLE, over_targets, wrong
from mtrl.harness import Claim, Figure, at_least, field
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots, style

STEPS = (("L2", "passive"), ("L1", "L2"))


@dataclasses.dataclass(frozen=True)
class TableConfig(vision.VisionConfig):
    """All tasks against the k most relevant ones."""

    targets: int = field(8, help="targets, spread over corruptions and digits; 0 for all", lower=0)
    sparse: tuple[int, ...] = field((0, 10), help="tasks sampled beyond the floor; 0 for all", lower=0)


def cell(values) -> str:
    """Mean over targets with half of its 95 % interval."""
    means = values.mean("seed").values
    half = f" ± {float(style.half_width(means)):.2f}" if len(means) > 1 else ""
    return f"{means.mean():.2f}{half}"


def draw(data, config):
    """A column per rule and number of tasks, the last one target-only ridge."""
    methods = [(k, rule) for k in data["sparse"].values for rule in data["rule"].values]
    columns = [f"{f'k={k}' if k else 'all tasks'}: {rule}" for k, rule in methods] + ["target-only ridge"]
    images = data["test_images"]
    shown = {
        "error %": (data["wrong"] / images, data["target_only"] / images),
        "balanced %": (data["balanced"], data["target_only_balanced"]),
    }
    cells, rows = [], []
    for learner in vision.learners(data):
        for name, (ours, ridge) in shown.items():
            last = 100 * ours.isel(epoch=-1).sel(learner=learner)
            drawn = [last.sel(sparse=k, rule=rule) for k, rule in methods]
            rows.append(f"{TITLE[learner]}, {name}")
            cells.append([cell(x) for x in (*drawn, 100 * ridge.sel(learner=learner))])
    figure, axes = plots.panel(width=1.9 + 1.45 * len(columns), height=0.7 + 0.26 * (len(rows) + 1))
    plots.table(axes[0, 0], cells, columns, rows)
    targets, each = data.sizes["target"], vision.count(data.sizes["seed"])
    title = f"{config.dataset}: mean over {targets} targets, 95% t-interval over targets ({each} each)"
    plots.finish(axes[0, 0], title=title)
    return figure


def advantage(learner: str, better: str, worse: str, sparse: int):
    """Error of `worse` minus that of `better`, in points."""
    gap = wrong(learner=learner, sparse=sparse, rule=worse) - wrong(learner=learner, sparse=sparse, rule=better)
    return 100 * gap / value("test_images")


def claim(learner: str, text: str, paper: str, gap) -> Claim:
    """Claim: a gap in points is not negative, over targets."""
    return Claim(
        text=f"{TITLE[learner]}{text}",
        paper=f"Wang et al. 2023: {paper}",
        measure=mean(over_targets(gap)),
        accepts=at_least(0.0),
        unit="percentage points",
        stand_in=vision.is_stand_in,
        note=f"{vision.NOTES[learner]}; --targets=0 runs all",
    )


FIGURE = Figure(
    name="error_table",
    title="Mean target test error: linear and ConvNet, all tasks and the k most relevant",
    question=(
        "Averaged over all digit targets, do the active rules lower the test error, and does it help to keep only the most "
        "relevant tasks?"
    ),
    config=TableConfig,
    draw=draw,
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
