"""Value gap of the greedy policies of the fitted laws against episodes, under its bound 2 TV*. Own design: the paper has no experiments."""

from experiments.multitask_psr.fits import fit_errors
from experiments.multitask_psr.protocol import JOINT, KNOWN, LOOKS, SEPARATE, FitConfig, derived, own
from mtrl.harness import Figure, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import LAST, mean, value, worst
from mtrl.harness.picture import plots

METHODS = (SEPARATE, JOINT, KNOWN)


class GapConfig(FitConfig, episodes=(30, 100, 300, 1000, 3000)):
    """Rewards uniform on [0, 1] for every trajectory and task; alone, all together, and with T known."""

    teams: tuple[int, ...] = field((1, 16), help="tasks that share: alone and together", lower=1, length=2)


def run(config, seeds):
    """One cell."""
    static = dict(episodes=config.episodes, horizon=config.horizon, steps=config.steps)
    _, tv, gap = over_seeds(fit_errors, seeds, config.sharings, config.spread, in_turn=True, **static)
    dims = ("seed", "episodes", "method")
    return dataset(
        seeds,
        {"episodes": list(config.episodes), "method": list(METHODS)},
        gap=(dims, gap, "return", "value gap per task"),
        bound=(dims, 2 * tv, "return", "2 TV* per task"),
    )


def draw(data, config):
    """Gaps and bounds."""
    figure, axes = plots.panel(width=5.4, height=4.0)
    look = {name: LOOKS[name] for name in METHODS}
    plots.points(axes[0, 0], data["gap"], "episodes", "method", look)
    plots.theory(axes[0, 0], data["bound"], "episodes", "method", look, words="bound 2 TV*,")
    words = dict(x="episodes per task, K", y="value gap per task [return]")
    plots.finish(axes[0, 0], **words, log="xy", legend={"fontsize": 8})
    return own(figure)


GAP, BOUND = value("gap"), value("bound")

FIGURE = Figure(
    __name__,
    title="Value gap of greedy policies against episodes, joint, separate and with T known, under 2 TV* (own design)",
    question="How much value do greedy policies lose under joint, separate and known-transition models, and is it below the bound?",
    claims=(
        derived("the gap is below 2 TV* everywhere: gap minus bound, worst point",
              "value gap <= 2 R_max TV for every task (planning in one law, acting in the other)", worst(GAP - BOUND), less_than_zero,
              unit="return"),
        derived("sharing lowers the gap at every K: joint minus separate, worst K", "average suboptimality",
              worst(GAP.at(method=JOINT) - GAP.at(method=SEPARATE)), less_than_zero, unit="return"),
        derived("a known T lowers it further, at the largest K", "fewer parameters",
              mean(GAP.at(method=KNOWN, episodes=LAST) - GAP.at(method=JOINT, episodes=LAST)), less_than_zero, unit="return"),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=4, teams=(1, 4), episodes=(50, 200), horizon=3, steps=3),
        "paper": dict(seeds=100),
    },
)  # fmt: skip
