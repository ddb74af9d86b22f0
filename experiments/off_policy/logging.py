"""Logs that do not explore: tasks met by Zipf's law, and logging policies shy of actions that matter, where coverage gamma is small."""

from typing import Any

import numpy as np

from experiments.off_policy import protocol
from experiments.off_policy.protocol import FLAT, HIER, LOOKS, LOSS, METHODS, UNIT, SyntheticConfig
from mtrl import bandits
from mtrl.harness import Axis, Claim, Figure, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots


class LoggingConfig(SyntheticConfig):
    """Logging policies P(a) ~ exp(-shy r^2) in the expected reward r: uniform at 0; below 0 for the best and the worst actions."""

    tasks: int = field(10, help="tasks m", lower=1)
    interactions: int = field(500, help="logged interactions n", lower=1)
    sigma_q: float = field(1.0, help="hyper-prior width", lower=0.0, strict=True)
    shies: tuple[float, ...] = field(
        (-16.0, -8.0, -4.0, 0.0, 4.0, 8.0, 16.0), help="of the logging policy", distinct=True
    )
    skews: tuple[float, ...] = field((0.0, 0.5, 1.0, 1.5, 2.0), help="Zipf exponents", lower=0.0, distinct=True)
    alphas: tuple[float, ...] = field((0.0, 0.1, 1.0), help="width multipliers", lower=0.0, distinct=True)


def one(key: Any, setting: Any, alphas: Any, **sizes: int) -> Any:
    """Losses (method, alpha), coverage, and the logging policy's loss."""
    here, op = protocol.world(key, setting, **sizes), bandits.off_policy
    data = protocol.all_data(here)
    found = protocol.posteriors(here, data).values()
    losses = [jax.vmap(lambda a, p=p: protocol.loss(here, p, a))(alphas) for p in found]
    mine = protocol.over_tasks(here, op.logging_suboptimality(here.contexts, here.drawn.theta, shy=setting["shy"]))
    return jnp.stack(losses), op.theory.coverage(data, op.optimal_gram(here.contexts, here.drawn.theta)), mine


def sweep(key: Any, setting: Any, shies: Any, skews: Any, alphas: Any, **sizes: int) -> Any:
    """Along shyness at equal frequencies, then along the skew at uniform logging; one program."""
    pairs = jnp.concatenate([jnp.stack([shies, 0 * shies], 1), jnp.stack([0 * skews, skews], 1)])
    return jax.lax.map(lambda p: one(key, dict(setting, shy=p[0], skew=p[1]), alphas, **sizes), pairs)


def run(config: LoggingConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    setting = protocol.setting_of(config, sigma_q=config.sigma_q, tasks=float(config.tasks))
    shies, skews = np.sort(config.shies), np.sort(config.skews)
    losses, gamma, logging = over_seeds(
        sweep, seeds, setting, shies, skews, np.array(config.alphas),
        **protocol.sizes_of(config, most=config.tasks, count=config.interactions),
    )  # fmt: skip
    cut, dims = len(shies), ("method", "alpha")
    return dataset(
        seeds,
        {
            "method": list(METHODS), "alpha": list(config.alphas), "shy": Axis(shies, words="shyness of the logging policy"),
            "skew": Axis(skews, words="Zipf exponent of the tasks' frequencies"),
        },
        by_shy=(("seed", "shy", *dims), losses[:, :cut], UNIT, LOSS),
        by_skew=(("seed", "skew", *dims), losses[:, cut:], UNIT, LOSS),
        coverage=(("seed", "shy"), gamma[:, :cut], "1", "coverage gamma of the optimal actions"),
        logging=(("seed", "shy"), logging[:, :cut], UNIT, LOSS),
    )  # fmt: skip


def draw(data: Any, config: LoggingConfig) -> Any:
    """Coverage, loss against shyness for each width, loss against skew."""
    figure, axes = plots.panel(1, 3, width=4.4, height=3.8)
    plots.points(axes[0, 0], data["coverage"], "shy")
    plots.finish(axes[0, 0], title="what the log covers", log="y")
    middle = data["by_shy"].sel({"method": HIER})
    words = [f"{HIER}, alpha = {a:g}" for a in data["alpha"].values]
    names = dict(zip(data["alpha"].values.tolist(), plots.looks(words).values(), strict=True))
    plots.points(axes[0, 1], middle, "shy", "alpha", names)
    plots.curves(axes[0, 1], data["logging"], "shy", look=LOOKS["logging policy"])
    plots.finish(axes[0, 1], title=f"equal frequencies, n = {config.interactions}", log="y", legend=dict(fontsize=7))
    middle = data["by_skew"].sel(alpha=data["alpha"].values[min(1, data.sizes["alpha"] - 1)])
    plots.points(axes[0, 2], middle, "skew", "method", LOOKS)
    plots.finish(axes[0, 2], title=f"uniform logging, alpha = {float(middle['alpha']):g}", log="y")
    for ax in axes[0, :2]:
        plots.zero_and_logs(ax, width=4.0, ticks=(-10, -3, 0, 3, 10))
    return figure


def at(method: str, alpha: float = 0.1, name: str = "by_shy", **where: Any) -> Any:
    """Loss."""
    return value(name, method=method, alpha=alpha, **where)


def gap(skew: Any) -> Any:
    """What FlatOPO loses to HierOPO."""
    return at(FLAT, name="by_skew", skew=skew) - at(HIER, name="by_skew", skew=skew)


FIGURE = Figure(
    __name__,
    title="Logs that do not explore: skewed task frequencies, and logging policies shy of actions that matter",
    question="Does pessimism pay when the log does not explore?",
    claims=(
        Claim.sanity("a policy shy of actions that matter covers the optimal ones less than uniform logging",
              "assumption of section 5 (gamma)", mean(value("coverage", shy=LAST) - value("coverage", shy=0.0)), less_than_zero, unit="1"),
        Claim.derived("HierOPO loses more on such a log than on one bold both ways", "Theorem 2: the bound grows as gamma falls (ordering)",
              mean(at(HIER, shy=FIRST) - at(HIER, shy=LAST)), less_than_zero, unit=UNIT),
        Claim.derived("pessimism pays on such a log: HierOPO at alpha = 1 loses less than greedy",
              "section 1: against poor coverage (ordering)", mean(at(HIER, 1.0, shy=LAST) - at(HIER, 0.0, shy=LAST)), less_than_zero,
              unit=UNIT,
              note="told the true hierarchy, the posterior mean is nearly Bayes-optimal on average over the model, whatever the log: width "
              "can win in the worst case or under a wrong hierarchy, hardly in this mean"),
        Claim.derived("the gap between FlatOPO and HierOPO grows with the skew of the task frequencies",
              "section 6.1: largest when data per task are few (ordering)", mean(gap(FIRST) - gap(LAST)), less_than_zero,
              unit=UNIT, applies=lambda data: data.sizes["skew"] > 1),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=3, interactions=60, contexts=20, shies=(0.0, 16.0), skews=(0.0, 1.0)),
        "paper": dict(seeds=1000, contexts=1000, seed_batch=100),
    },
)  # fmt: skip
