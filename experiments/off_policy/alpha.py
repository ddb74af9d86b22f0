"""How pessimistic: the width multiplier from greedy to the theory's, with the controls pooled, empirical Bayes and logging policy."""

from typing import Any

import numpy as np

from experiments.off_policy import protocol
from experiments.off_policy.protocol import ALPHA, FLAT, HIER, LEARNT, LOGGING, LOOKS, LOSS, METHODS, POOLED, UNIT
from mtrl import bandits
from mtrl.harness import Axis, Claim, Figure, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots

EVERYONE = (*METHODS, POOLED, LEARNT, LOGGING)


class AlphaConfig(protocol.SyntheticConfig):
    """Two sizes of the log."""

    tasks: int = field(10, help="tasks m", lower=1)
    interactions: tuple[int, ...] = field((100, 500), help="logged interactions n", lower=1, distinct=True)
    sigma_q: float = field(1.0, help="hyper-prior width", lower=0.0, strict=True)
    alphas: tuple[float, ...] = field(
        (0.0, 0.01, 0.1, 1.0), help="width multipliers, besides the theory's", lower=0.0, distinct=True
    )
    delta: float = field(0.1, help="chance of failure of the theory's width", lower=0.0, upper=0.36, strict=True)


def sweep(key: Any, setting: Any, ns: Any, alphas: Any, **sizes: int) -> Any:
    """(n, method, alpha); the logging policy has neither."""
    here, op = protocol.world(key, setting, **sizes), bandits.off_policy
    logging = protocol.over_tasks(here, op.logging_suboptimality(here.contexts, here.drawn.theta))

    def at(data):
        others = op.pooled_opo(data, here.prior), protocol.learnt(data, sizes["dim"])
        found = [*protocol.posteriors(here, data).values(), *others]
        each = [jax.vmap(lambda a, p=p: protocol.loss(here, p, a))(alphas) for p in found]
        return jnp.stack([*each, jnp.full_like(alphas, logging)])

    return jax.vmap(at)(protocol.first_data(here, ns))


def run(config: AlphaConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    setting = protocol.setting_of(config, sigma_q=config.sigma_q, tasks=float(config.tasks))
    alphas = np.array([*sorted(config.alphas), float(bandits.off_policy.theory.alpha(config.dim, config.delta))])
    ns = np.sort(config.interactions)
    sizes = protocol.sizes_of(config, most=config.tasks, count=int(ns[-1]))
    losses = over_seeds(sweep, seeds, setting, ns, alphas, **sizes)
    return dataset(
        seeds,
        {"n": ns, "method": list(EVERYONE), "alpha": Axis(alphas, words="width multiplier alpha")},
        loss=(("seed", "n", "method", "alpha"), losses, UNIT, LOSS),
    )  # fmt: skip


def draw(data: Any, config: AlphaConfig) -> Any:
    """One panel a size; alpha on an axis that is linear near 0."""
    figure, axes = plots.panel(1, data.sizes["n"], width=4.8, height=3.8)
    for ax, n in zip(axes[0], data["n"].values, strict=True):
        part = data["loss"].sel(n=n)
        plots.points(ax, part.sel({"method": list(EVERYONE[:-1])}), "alpha", "method", LOOKS)
        plots.level(ax, part.sel({"method": LOGGING}).mean(), LOGGING)
        ax.axvline(ALPHA, color="0.8", zorder=0)
        look = dict(title=f"n = {n}, m = {config.tasks}", log="y")
        plots.finish(ax, **look, legend=None)
        plots.zero_and_logs(ax, width=0.01, ticks=[float(f"{a:.3g}") for a in data["alpha"].values])
        ax.set_xlim(-0.004, 1.6 * float(data["alpha"].max()))
    plots.legend_below(figure, axes[0, :1])
    return figure


def at(method: str, alpha: Any = ALPHA, n: Any = FIRST) -> Any:
    """Loss."""
    return value("loss", method=method, alpha=alpha, n=n)


FIGURE = Figure(
    __name__,
    title="Width multiplier from greedy to the theory's, with controls",
    question="How pessimistic should the policies be, from greedy to the width that the theory asks for?",
    claims=(
        Claim.derived("under uniform logging greedy (alpha = 0) is at least as good as the paper's alpha = 0.1, HierOPO, smallest n",
              "the posterior mean is Bayes-optimal on average over the model", mean(at(HIER, 0.0) - at(HIER)), less_than_zero, unit=UNIT),
        Claim.derived("the theory's width loses to alpha = 0.1, HierOPO, smallest n",
              "section 6: alpha = 0.1 in all experiments (ordering)", mean(at(HIER) - at(HIER, LAST)), less_than_zero, unit=UNIT),
        Claim.derived("HierOPO beats FlatOPO at the theory's width too, smallest n", "Figure 2 (ordering) at another alpha",
              mean(at(HIER, LAST) - at(FLAT, LAST)), less_than_zero, unit=UNIT),
        Claim.derived("HierOPO beats learning one parameter for all tasks, largest n", "tasks differ: sigma_0 = sigma (ordering)",
              mean(at(HIER, n=LAST) - at(POOLED, n=LAST)), less_than_zero, unit=UNIT),
        Claim.derived("a hierarchy learnt from the log beats FlatOPO, which is told its prior, smallest n", "design of this project",
              mean(at(LEARNT) - at(FLAT)), less_than_zero, unit=UNIT),
        Claim.sanity("FlatOPO beats the policy that made the log, smallest n", "off-policy learning improves (ordering)",
              mean(at(FLAT) - at(LOGGING)), less_than_zero, unit=UNIT),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=3, interactions=(30,), contexts=20, alphas=(0.0, 0.1)),
        "paper": dict(seeds=1000, contexts=1000, seed_batch=100),
    },
)  # fmt: skip
