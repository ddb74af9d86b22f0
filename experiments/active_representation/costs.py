"""Costs of opening tasks and prices per sample: sparse relevance against dense."""

import dataclasses

import numpy as np

from mtrl import representation
from mtrl.harness import (
    BaseConfig,
    Claim,
    Figure,
    Interval,
    at_least,
    at_most,
    between,
    evaluate,
    exact,
    field,
    style,
)
from mtrl.harness.judge.measures import best, mean, value

# Cost ratios nu2 / nu1 of an independent program on one draw, K = 5, M = 60. The draw was identified among NumPy's
# generators 0..399 as the one whose ratios agree in all digits.
QUOTED_DRAW, QUOTED_POWERS, QUOTED_RATIOS = 5, (1.0, 0.5, 0.1, 0.02), (2.70, 5.82, 10.8, 11.8)


@dataclasses.dataclass(frozen=True)
class CostConfig(BaseConfig):
    """Closed forms on Gaussian heads."""

    seeds: int = field(20, help="draws of Gaussian W and w", lower=1)
    powers: tuple[float, ...] = field(
        (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0), help="exponent a of the cost n^a", lower=0.0, strict=True
    )
    spreads: tuple[float, ...] = field((0.0, 0.5, 1.0, 1.5, 2.0), help="standard deviation of the log price", lower=0.0)
    rank: int = field(5, help="representation dimension K", lower=1)
    tasks: int = field(60, help="source tasks M", lower=1)
    accuracy: float = field(0.1, help="accuracy eps", lower=0.0, strict=True)

    def validate(self):
        """Costs are concave for a <= 1 only."""
        from mtrl.harness import BadInput

        if max(self.powers) > 1:
            raise BadInput(f"powers go up to {max(self.powers)}, but the cost n^a needs a <= 1; lower --powers")


def power_cost(nu, power, accuracy):
    """Total cost and tasks sampled beyond a negligible count."""
    counts, total = representation.active.power_cost_allocation(nu, power=power, accuracy=accuracy)
    return total, representation.active.step_cost(counts, floor=1e-9)


def spend_value(nu, prices):
    """`sum nu^2 / n` at spend 1 under the best allocation for this nu."""
    counts = representation.active.priced_allocation(nu, prices, spend=1.0)
    return ((nu**2)[counts > 0] / counts[counts > 0]).sum()


def quoted_draw() -> np.ndarray:
    """Cost ratios nu2 / nu1 on the draw of the quoted numbers; eps cancels."""
    rng = np.random.default_rng(QUOTED_DRAW)
    heads, head = rng.normal(size=(5, 60)), rng.normal(size=5)
    relevance = (representation.active.l1_relevance_exact(heads, head), np.linalg.pinv(heads) @ head)
    l1, l2 = ([float(evaluate(power_cost, nu, a, 1.0)[0]) for a in QUOTED_POWERS] for nu in relevance)
    return np.array(l2) / np.array(l1)


def run(config: CostConfig, seeds):
    """Costs of nu1 and nu2 on each draw; prices log-normal."""
    import xarray as xr

    names = ("L1", "L2")
    cost = np.empty((len(seeds), 2, len(config.powers)))
    opened = np.empty((len(seeds), 2))
    value = np.empty((len(seeds), 3, len(config.spreads)))
    for i, seed in enumerate(seeds):
        rng = np.random.default_rng([int(seed), config.rank, config.tasks])
        heads, head = rng.normal(size=(config.rank, config.tasks)), rng.normal(size=config.rank)
        log_price = rng.normal(size=config.tasks)
        relevance = (representation.active.l1_relevance_exact(heads, head), np.linalg.pinv(heads) @ head)
        for j, nu in enumerate(relevance):
            for k, power in enumerate(config.powers):
                cost[i, j, k], opened[i, j] = evaluate(power_cost, nu, power, config.accuracy)
        for k, spread in enumerate(config.spreads):
            prices = np.exp(spread * log_price)
            aware = representation.active.priced_l1_relevance_exact(heads, head, prices)
            value[i, :, k] = [float(spend_value(nu, prices)) for nu in (*relevance, aware)]
    return xr.Dataset(
        {
            "cost": (("seed", "relevance", "power"), cost, {"units": "cost of n^a"}),
            "opened": (("seed", "relevance"), opened, {"units": "tasks"}),
            "rank": config.rank,
            "quoted_draw": ("quoted_power", quoted_draw(), {"units": "1"}),
            "value": (("seed", "chosen", "spread"), value, {"units": "sum nu^2/n at spend 1"}),
        },
        coords={
            "seed": np.asarray(seeds),
            "relevance": list(names),
            "power": list(config.powers),
            "chosen": ["L1", "L2", "priced L1"],
            "spread": list(config.spreads),
            "quoted_power": list(QUOTED_POWERS),
        },
    )


def draw(data, config):
    """Cost against a, ratio of costs with opened tasks, value against price spread."""
    figure, axes = style.subplots(1, 3, width=4.0, height=3.5)
    ax = axes[0, 0]
    for name, color in zip(("L1", "L2"), (style.COLORS[2], style.COLORS[1]), strict=True):
        style.band(ax, data.power, data.cost.sel(relevance=name), label=name, color=color, points=False)
    ax.set(yscale="log", xlabel="exponent a of the cost $n^a$", ylabel="total cost (units of $n^a$)")
    ax.legend()
    ax = axes[0, 1]
    ratio = _ratios(data)
    style.band(ax, data.power, ratio, label="cost L2 / L1, mean and 95% band", color=style.COLORS[1])
    ax.plot(data.quoted_power, data.quoted_draw, "_", ms=14, mew=1.5, color="black", label="one draw")
    style.paper(ax, QUOTED_POWERS, QUOTED_RATIOS, label="independent program, that draw")
    ax.axhline(config.tasks / config.rank, color="black", linestyle=":", label="limit M/K")
    ax.set(xlabel="exponent a of the cost $n^a$", ylabel="ratio of costs")
    opened = data.opened.mean("seed")
    text = ", ".join(f"{name} {float(opened.sel(relevance=name)):.1f}" for name in ("L1", "L2"))
    ax.set_title(f"tasks opened (mean): {text}")
    ax.legend()
    ax = axes[0, 2]
    best = data.value.sel(chosen="priced L1", drop=True)
    for name, color in (("L1", style.COLORS[2]), ("L2", style.COLORS[1])):
        style.band(
            ax,
            data.spread,
            (data.value.sel(chosen=name, drop=True) / best).transpose("seed", "spread"),
            label=f"{name} / price-aware L1",
            color=color,
        )
    ax.axhline(1, color="black", linestyle=":")
    ax.set(xlabel="spread of log price", ylabel="ratio of v at equal spend", title="price per sample", yscale="log")
    ax.legend()
    return figure


def _ratios(data):
    """(seed, power) cost of L2 over cost of L1."""
    l2, l1 = (data.cost.sel(relevance=name, drop=True) for name in ("L2", "L1"))
    return (l2 / l1).transpose("seed", "power")


L1, L2 = (value("cost", relevance=name) for name in ("L1", "L2"))
RATIO = L2 / L1


def below_one(ratio):
    """The ratios at exponents below 1; at 1 the order is the definition of the two solutions."""
    return ratio.where(ratio.power < 1, drop=True)


def quoted_ratios(data):
    """Largest relative difference of the cost ratios on the quoted draw."""
    return exact(np.max(np.abs(data.quoted_draw.values / QUOTED_RATIOS - 1)))


def most_opened(data):
    """Largest number of tasks the L1 solution opens, over the rank."""
    worst = float(data.opened.sel(relevance="L1").max(skipna=False)) / float(data["rank"])
    return Interval(worst, worst, worst)


FIGURE = Figure(
    name="costs",
    title="Cost of opening tasks and prices per sample: least-L1 against least-L2 relevance",
    config=CostConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            text="the L1 line is below the L2 line at every exponent below 1: smallest mean cost ratio L2 / L1",
            paper="Wang et al. 2023: sparse relevance saves where opening tasks is expensive",
            measure=best(RATIO.then(below_one)),
            accepts=at_least(1.0),
            unit="ratio",
            reason="at 1 both cost the same",
        ),
        Claim(
            text="as a falls to 0 the cost ratio tends to M/K: mean ratio at a = 0.02 over M/K",
            paper="closed form derived here: the ratio of the numbers of opened tasks",
            measure=mean(RATIO.at(power=0.02) / (lambda config: config.tasks / config.rank)),
            accepts=between(0.95, 1.05),
            kind="derived",
            unit="ratio",
            value=1.0,
            reason="5 % is ours: a = 0.02 is not yet 0",
        ),
        Claim(
            text="the L1 solution opens at most K tasks: largest number opened over K",
            paper="Wang et al. 2023: at most K tasks",
            measure=most_opened,
            accepts=at_most(1.0),
            kind="sanity",
            unit="ratio",
            reason="a vertex of the linear programme has at most K entries",
        ),
        Claim(
            text="cost ratios L2 / L1 at a = 1, 0.5, 0.1, 0.02 on one draw: largest relative difference",
            paper="independent NumPy program, K=5, M=60: 2.70, 5.82, 10.8, 11.8",
            measure=quoted_ratios,
            accepts=at_most(0.005),
            kind="reference",
            unit="relative",
            reason="three digits are quoted: up to 0.5%",
        ),
    ),
    presets={"smoke": dict(seeds=2, powers=(0.05, 0.5, 1.0), spreads=(0.0, 1.0)), "paper": dict(seeds=200)},
)
