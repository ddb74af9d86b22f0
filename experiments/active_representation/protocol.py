"""What the figures share: rules and their looks, the sampler, risks against samples bought, orderings, distances to quoted numbers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from mtrl._later import Later
from mtrl.harness import Claim, at_least, at_most, jnp
from mtrl.harness.judge.measures import LAST, Absent, Measure, Quantity, bootstrap, mean, value
from mtrl.harness.picture import plots

if TYPE_CHECKING:
    from mtrl.representation import active
else:
    active = Later("mtrl.representation.active")

RULE_NAMES = ("passive", "L2", "L1")
RULE_CHOICES = (*RULE_NAMES, "L21", "L12")  # of `active.RULES`
WORDS = {"random_k": "k random tasks", "single_best": "best single task"}
LOOK = plots.looks({name: WORDS.get(name, name) for name in (*RULE_CHOICES, *WORDS)})
PENALTIES = 10.0 ** np.arange(-4.0, 4.0)  # of target-only ridge, relative to the mean diagonal of X_0^T X_0
RISK = "response^2"


def rule_array(names):
    """(rule, 2): p and q of each rule."""
    return np.array([tuple(active.RULES[name]) for name in names], dtype=float)


def check_sizes(config, *, dim: int, tasks: int) -> None:
    """Refuse what cannot be identified or bought."""
    active.check_identified(config.rank, dim=dim, tasks=tasks, target_samples=config.target_samples)
    active.check_lasso_ratio(config.lasso_ratio)
    active.check_totals(config.totals, tasks=tasks, floor=config.floor, rank=config.rank)


def ridge_estimate(x: Any, y: Any) -> Any:
    """Target-only ridge, its penalty chosen from a grid in the units of `X_0^T X_0`."""
    return active.target_only_ridge(x, y, jnp.asarray(PENALTIES, x.dtype) * jnp.sum(x**2) / x.shape[-1]).theta


def linear_estimates(learned: Any) -> Any:
    """(epoch, dim): the target's regression vector after each epoch."""
    return jnp.einsum("eik,ek->ei", learned.representation, learned.target_head)


def risk_lines(ax: Any, data: Any, risk: Any, title: str) -> None:
    """Risk of every rule after each epoch against the samples bought, target-only ridge as a level."""
    for rule in data["rule"].values:
        spent = data["spent"].sel(rule=rule).mean("seed").values
        look = LOOK[rule]._replace(marker=f"{LOOK[rule].marker}-")
        plots.points(ax, risk.sel(rule=rule).assign_coords(epoch=spent), "epoch", look=look, linewidth=0.7)
    plots.level(ax, data["target_only"].mean(), "target-only ridge", color="#999999", linestyle="--")
    ticks = data["spent"].mean("seed").values.ravel()
    words = "source samples bought, all epochs [samples]"
    plots.finish(ax, x=words, title=title, log="y", ticks=ticks, legend=None)


def ordering(
    better: str, worse: str, variable: str, paper: str, prefix: str = "", note: str = "", **where: Any
) -> Claim:
    """Claim: the final mean of `variable` is lower for `better` than for `worse` (paired over seeds)."""
    final = value(variable, epoch=LAST, **where)
    return Claim(text=f"{prefix}mean final {variable.replace('_', ' ')}: {better} below {worse} (paired difference over seeds)",
                 paper=paper, measure=mean(final.at(rule=worse) - final.at(rule=better)), accepts=at_least(0.0), note=note,
                 unit="squared units of the target", stand_in=True)  # fmt: skip


def is_default(config: Any, names: str) -> bool:
    """Whether these fields stand at their defaults: quoted numbers are of that configuration."""
    return all(getattr(config, name) == getattr(type(config), name) for name in names.split())


def only_if(condition: Callable[[Any], bool], label: Any) -> Callable[[Any], Any]:
    """A label under a condition; elsewhere a claim about it does not apply."""

    def get(config):
        if not condition(config):
            raise Absent("the quoted numbers are of another configuration")
        return label

    return get


def quoted(numbers: Any, **coords: Any) -> Quantity:
    """An independent program's numbers with their labels, a mapping by rule; arithmetic keeps the labels that the data share."""
    if isinstance(numbers, dict):
        numbers, coords = list(numbers.values()), {"rule": list(numbers)}

    def get(data, config):
        import xarray as xr

        return xr.DataArray(np.array(numbers), coords, list(coords))

    return Quantity(get)


def z_scores(x: Quantity, numbers: Quantity, seeds: int) -> Quantity:
    """(ours - quoted) over the standard error of the difference of the means, per seed.

    A quoted mean is one of `seeds` draws whose spread is not given: ours stands for it.
    """

    def get(data, config):
        ours, theirs = x(data, config), numbers(data, config)
        count = ours.sizes["seed"]
        if count < 2:
            raise Absent("one seed has no standard error")
        scores = (ours - theirs) / (ours.std("seed", ddof=1) * np.sqrt(1 / seeds + 1 / count))
        if not scores.size:
            raise Absent("no label is among the quoted ones")
        return scores

    return Quantity(get)


def largest(x: Quantity) -> Measure:
    """The largest absolute seed mean over all other dimensions, chosen anew in every resample."""
    return bootstrap(lambda means: np.max(np.abs(means)), x)


def agreement(scores: Quantity, count: int, text: str, paper: str) -> Claim:
    """Claim: our means agree with the quoted ones, the largest |z| of `count`."""
    return Claim.reference(text=text, paper=paper, measure=largest(scores),
                           accepts=at_most(3.0, f"the largest of {count}: one false alarm in {round(370 / count)}"),
                           unit="standard errors", note="standard error of the quoted means taken from our spread")  # fmt: skip
