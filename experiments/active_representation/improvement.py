"""Wrong predictions of passive sampling minus those of each active rule, per target."""

import numpy as np

from experiments.active_representation import vision
from experiments.active_representation.protocol import LOOK
from experiments.active_representation.vision import TITLE, over_targets, wrong
from mtrl.harness import BadInput, Claim, Figure, at_least
from mtrl.harness.judge.measures import FIRST, share
from mtrl.harness.picture import plots


class ImprovementConfig(vision.VisionConfig):
    """Every rule against passive sampling."""

    def validate(self):
        """Passive sampling is the reference."""
        super().validate()
        if "passive" not in self.rules:
            rules = ",".join(self.rules)
            raise BadInput(f"rules got {rules}, but improvements are over passive; add passive to --rules")


def draw(data, config):
    """Gains of every rule, sorted; target-only ridge as reference."""
    errors = data["wrong"].isel(epoch=-1, sparse=0).mean("seed")
    figure, axes = plots.panel(1, data.sizes["learner"], width=5.2, height=4.3)
    for ax, learner in zip(axes[0], vision.learners(data), strict=True):
        passive = errors.sel(learner=learner, rule="passive")
        rivals = {rule: errors.sel(learner=learner, rule=rule) for rule in config.rules if rule != "passive"}
        looks = {rule: LOOK[rule]._replace(marker="o-") for rule in rivals}
        rivals["ridge"] = data["target_only"].sel(learner=learner).mean("seed")
        looks["ridge"] = plots.Look("target-only ridge", "#999999", "x--")
        for name, rival in rivals.items():
            gain = passive - rival
            places = gain.copy(data=np.sort(gain)[::-1]).assign_coords(target=np.arange(1, gain.size + 1))
            words = f"better on {int((gain > 0).sum())}, worse on {int((gain < 0).sum())} of {gain.size}"
            look = looks[name]._replace(words=f"{looks[name].words}: {words}")
            plots.points(ax, places, "target", look=look, markersize=4)
        plots.level(ax, 0)
        y = f"wrong: passive minus method\n[of {int(data['test_images'])} test images]"
        legend = dict(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=8.5)
        plots.finish(ax, x="targets, sorted for each curve", y=y, title=TITLE[learner], legend=legend)
    figure.suptitle(f"One-against-all on {config.dataset}, {vision.count(data.sizes['seed'])} per target")
    return figure


def errors_of(rule: str, learner: str):
    """Wrong predictions of a rule with all tasks."""
    return wrong(learner=learner, sparse=FIRST, rule=rule)


PAPERS = {
    "L2": "Chen et al. 2022: positive for a clear majority of the 160 targets in both panels",
    "L1": "Wang et al. 2023: active below passive",
}

FIGURE = Figure(
    __name__,
    name="target_improvement",
    title="Wrong predictions of passive minus active, per target, linear and ConvNet",
    question="For how many of the digit targets does active sampling make fewer wrong predictions than passive sampling?",
    claims=tuple(
        Claim(text=f"{TITLE[learner]}: {rule} makes fewer errors than passive on most targets (share of targets, ties count against)",
              paper=paper, measure=share(over_targets(wrong(learner=learner, sparse=FIRST,
              rule="passive") - wrong(learner=learner, sparse=FIRST, rule=rule)) > 0), accepts=at_least(0.5, "a majority"),
              unit="share of targets", stand_in=vision.is_stand_in,
              note=f"{vision.NOTES[learner]}; 16 targets decide a share of 0.75 and more, or 0.25 and less: --targets=0 runs all")
        for rule, paper in PAPERS.items()
        for learner in TITLE
    ),
    presets={"smoke": vision.SMOKE, "paper": vision.FULL},
    **vision.COMMON,
)  # fmt: skip
