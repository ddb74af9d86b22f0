"""The paper's Figure 2: suboptimality against the number of logged interactions, and against the number of tasks."""

from typing import Any

import numpy as np

from experiments.off_policy import protocol
from experiments.off_policy.protocol import FLAT, HIER, LOOKS, LOSS, METHODS, ORACLE, UNIT, SyntheticConfig
from experiments.off_policy.reference import TABLE, table_claims
from mtrl.harness import Axis, Claim, Figure, at_least, dataset, field, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, mean, value, worst
from mtrl.harness.picture import plots


class PanelsConfig(SyntheticConfig):
    """Three panels: n at two widths of the hyper-prior, and m."""

    sigma_q: tuple[float, ...] = field((0.5, 1.0), help="hyper-prior widths", lower=0.0, strict=True, distinct=True)
    interactions: tuple[int, ...] = field(
        tuple(range(100, 1001, 100)), help="logged interactions n", lower=1, distinct=True
    )
    tasks: int = field(10, help="tasks m along n", lower=1)
    task_counts: tuple[int, ...] = field((5, 10, 20, 30, 40, 50), help="tasks m along m", lower=1, distinct=True)
    interactions_by_tasks: int = field(500, help="logged interactions n along m", lower=1)
    delta: float = field(0.1, help="chance of failure of the bounds", lower=0.0, upper=0.36, strict=True)


def run(config: PanelsConfig, seeds: np.ndarray) -> Any:
    """All panels."""
    ns, ms = np.sort(config.interactions), np.sort(config.task_counts)
    first = over_seeds(
        protocol.along_n, seeds, protocol.setting_of(config, tasks=float(config.tasks)), np.array(config.sigma_q), ns, config.delta,
        **protocol.sizes_of(config, most=config.tasks, count=int(ns[-1])), lanes="auto",
    )  # fmt: skip
    second = over_seeds(
        protocol.along_m, seeds, protocol.setting_of(config, sigma_q=max(config.sigma_q)), ms.astype(float), config.delta,
        **protocol.sizes_of(config, most=int(ms[-1]), count=config.interactions_by_tasks), lanes="auto",
    )  # fmt: skip
    n_dims, m_dims = ("seed", "sigma_q", "n", "method"), ("seed", "m", "method")
    return dataset(
        seeds,
        {
            "sigma_q": list(config.sigma_q), "method": list(METHODS), "n": Axis(ns, words="logged interactions n"),
            "m": Axis(ms, words="tasks m"),
        },
        by_n=(n_dims, first[0], UNIT, LOSS),
        by_m=(m_dims, second[0], UNIT, LOSS),
        bound_by_n=(n_dims, first[1], UNIT, "bound"),  # with their seeds: a mean of one cell's would not be another's
        bound_by_m=(m_dims, second[1], UNIT, "bound"),
    )  # fmt: skip


def draw(data: Any, config: PanelsConfig) -> Any:
    """One panel a width, one for m; bounds for their shape only."""
    panels = [("n", "by_n", {"sigma_q": s}, f"sigma_q = {s:g}, m = {config.tasks}") for s in data["sigma_q"].values]
    title = f"sigma_q = {max(config.sigma_q):g}, n = {config.interactions_by_tasks}"
    panels.append(("m", "by_m", {}, title))
    figure, axes = plots.panel(1, len(panels), width=4.3, height=4.3)
    for ax, (x, name, where, title) in zip(axes[0], panels, strict=True):
        part = data[name].sel(where)
        plots.points(ax, part, x, "method", LOOKS)
        bound = data[f"bound_{name}"].sel(where).mean("seed")
        if np.isfinite(bound.values).all():
            plots.theory(ax, bound, x, "method", LOOKS, scaled=part, words="bound,", linewidth=0.9)
        width, across = where.get("sigma_q", max(config.sigma_q)), x == "m"
        held = config.interactions_by_tasks if across else config.tasks
        fits = {k: v[0] for k, v in TABLE.items() if (k[2], k[across]) == (width, held)}
        for i in range(len(METHODS) if fits else 0):
            plots.program(ax, {k[not across]: ours[i] for k, ours in fits.items()}, "" if i else "independent program")
        plots.finish(ax, title=title, log="y", legend=None)
    plots.legend_below(figure, axes[0, :1])
    return figure


def at(method: str, **where: Any) -> Any:
    """Loss of a method."""
    return value("by_m" if "m" in where else "by_n", method=method, **where)


def gap(**where: Any) -> Any:
    """What FlatOPO loses to HierOPO."""
    return at(FLAT, **where) - at(HIER, **where)


FEW = dict(sigma_q=LAST, n=FIRST)
FIGURE = Figure(
    __name__,
    title="Off-policy learning of many tasks: HierOPO against an oracle and against every task alone",
    question="How much does a learned hierarchy improve the policies of many tasks, and how near is the oracle?",
    headline=True,
    optional=("bound_by_n", "bound_by_m"),
    claims=(
        Claim("HierOPO beats FlatOPO at every n and width (worst difference)", "Figure 2, left and middle (ordering)",
              worst(value("by_n", method=HIER) - value("by_n", method=FLAT)), less_than_zero, unit=UNIT),
        Claim("HierOPO beats FlatOPO at every m (worst difference)", "Figure 2, right (ordering)",
              worst(value("by_m", method=HIER) - value("by_m", method=FLAT)), less_than_zero, unit=UNIT),
        Claim("OracleOPO is at least as good as HierOPO at every n and width (worst difference)", "Figure 2 (ordering)",
              worst(value("by_n", method=ORACLE) - value("by_n", method=HIER)), less_than_zero, unit=UNIT),
        Claim("HierOPO is close to the oracle: share of FlatOPO's distance that it makes up, smallest n, widest hyper-prior",
              "Figure 2 (ordering)", bootstrap(protocol.closed, at(HIER, **FEW), at(ORACLE, **FEW), at(FLAT, **FEW)), at_least(0.5),
              unit="1", reason="nearer to the oracle than to FlatOPO"),
        Claim("the gap between FlatOPO and HierOPO is larger for the wider hyper-prior (smallest n)", "section 6.1 (ordering)",
              mean(gap(sigma_q=FIRST, n=FIRST) - gap(**FEW)), less_than_zero, unit=UNIT, applies=lambda data: data.sizes["sigma_q"] > 1),
        Claim("the gap is larger at the smallest n than at the largest", "section 6.1 (ordering)",
              mean(gap(sigma_q=LAST, n=LAST) - gap(**FEW)), less_than_zero, unit=UNIT, applies=lambda data: data.sizes["n"] > 1),
        Claim("the gap is larger with the most tasks than with the fewest", "section 6.1 (ordering)", mean(gap(m=FIRST) - gap(m=LAST)),
              less_than_zero, unit=UNIT, applies=lambda data: data.sizes["m"] > 1),
        *table_claims(),
    ),
    presets={
        "smoke": dict(seeds=2, interactions=(20, 60), task_counts=(2, 4), interactions_by_tasks=40, tasks=3, contexts=20),
        "paper": dict(seeds=1000, contexts=1000, seed_batch=100),
    },
)  # fmt: skip
