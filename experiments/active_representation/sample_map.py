"""Where the samples of the last epoch go: corruption by digit."""

from experiments.active_representation import vision
from experiments.active_representation.protocol import RULE_CHOICES
from experiments.active_representation.vision import TITLE
from mtrl.harness import BadInput, Claim, Figure, at_least, field
from mtrl.harness.judge.measures import Quantity, mean
from mtrl.harness.picture import plots

TICKS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
TASK = ["corruption", "digit"]


class SamplesConfig(vision.VisionConfig):
    """Allocation of the last epoch for named targets."""

    seeds: int = field(12, help="number of random seeds", lower=1)
    rules: tuple[str, ...] = field(("L1",), help="allocation rule shown", choices=RULE_CHOICES, length=1)
    named: tuple[str, ...] = field(("glass_blur/2", "brightness/0"), help="targets as corruption/digit")

    def validate(self):
        """Named targets must exist."""
        super().validate()
        self.chosen()

    def chosen(self) -> list[tuple[int, int]]:
        """(corruption number, digit) of every named target."""
        found = []
        for name in self.named:
            corruption, _, digit = name.partition("/")
            if corruption not in self.corruptions or digit not in tuple("0123456789"):
                known = ", ".join(self.corruptions)
                raise BadInput(f"unknown target '{name}'; write corruption/digit with one of {known}")
            found.append((self.corruptions.index(corruption), int(digit)))
        return found


def draw(data, config):
    """Mean n_t of the last epoch; learners in rows, targets in columns."""
    from matplotlib.colors import LogNorm

    counts = data["counts"].isel(sparse=0, rule=0).mean("seed")
    height = max(2.4, 0.7 + 0.19 * data.sizes["corruption"])
    figure, axes = plots.panel(data.sizes["learner"], data.sizes["target"], height=height)
    low, high = float(counts.min()), float(counts.max())
    norm = LogNorm(max(low, 1), max(high, 2))
    for row, learner in zip(axes, vision.learners(data), strict=True):
        for ax, name, (corruption, digit) in zip(row, config.named, config.chosen(), strict=True):
            one = counts.sel(learner=learner, target=name)
            shown = plots.heat(ax, one, "digit", "corruption", bar=False, origin="upper", norm=norm)
            ax.plot(digit, corruption, "x", color="#D55E00", ms=7, mew=2)
            ax.tick_params(axis="y", labelsize=7)
            plots.finish(ax, title=f"{TITLE[learner]}: target {name}")
    bar = figure.colorbar(shown, ax=axes.ravel().tolist(), shrink=0.7)
    bar.set_ticks(ticks := [t for t in TICKS if low <= t <= high], labels=[str(t) for t in ticks])
    bar.ax.minorticks_off()
    bar.set_label("n_t in the last epoch [samples] (cross: the target)")
    figure.suptitle(f"Rule {config.rules[0]} on {config.dataset}, {vision.count(data.sizes['seed'])}")
    return figure


def excess_share(data, config):
    """Share of the samples beyond the floor on tasks with the target's digit or corruption, minus those tasks' share."""
    import xarray as xr

    counts = data["counts"].isel(sparse=0, rule=0)
    mass = (counts - counts.min(TASK)).fillna(0.0)
    corruption, digit = zip(*[str(name).split("/") for name in data["target"].values], strict=True)
    related = (data["corruption"] == xr.DataArray(list(corruption), dims="target")) | (
        data["digit"] == xr.DataArray([int(j) for j in digit], dims="target")
    )
    tasks = data.sizes["corruption"] * data.sizes["digit"]
    return mass.where(related, 0).sum(TASK) / mass.sum(TASK) - (related.sum(TASK) - 1) / (tasks - 1)


FIGURE = Figure(
    __name__,
    title="Where the samples go: corruption by digit",
    question="Do the samples go to source tasks that share the target's digit or its corruption?",
    claims=tuple(
        Claim(text=f"{TITLE[learner]}: tasks with the target's digit or corruption get more than their share (excess share)",
              paper="both papers' heat maps: often the same digit or a related corruption",
              measure=mean(Quantity(excess_share).at(learner=learner).over("target")), accepts=at_least(0.0),
              unit="share of samples", stand_in=vision.is_stand_in,
              note=f"on the stand-in unless run on MNIST-C{vision.UNTRAINED if learner == 'convnet' else ''}")
        for learner in TITLE
    ),
    presets={
        "smoke": {**vision.SMOKE, "rules": ("L1",), "sparse": (0, 10), "named": ("glass_blur/2",)},
        "paper": vision.FULL,
    },
    **vision.COMMON,
)  # fmt: skip
