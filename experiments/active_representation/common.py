"""What the figures share: rules, their colours, ridge grid and claims about orderings."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mtrl import representation
from mtrl.harness import Claim, at_least, jnp
from mtrl.harness.judge.measures import LAST, mean, value

RULE_NAMES = ("passive", "L2", "L1")
RULE_CHOICES = (*RULE_NAMES, "L21", "L12")  # of `representation.active.RULES`

COLOR = {
    "passive": "#0072B2", "L2": "#D55E00", "L1": "#009E73", "L21": "#CC79A7", "L12": "#E69F00",
    "random_k": "#56B4E9", "single_best": "#000000",
}  # fmt: skip
MARKER = {"passive": "o", "L2": "s", "L1": "^", "L21": "D", "L12": "v", "random_k": "P", "single_best": "X"}
PENALTIES = 10.0 ** np.arange(-4.0, 4.0)  # of target-only ridge, relative to the mean diagonal of X_0^T X_0


def rule_array(names: tuple[str, ...]) -> np.ndarray:
    """(rule, 2): p and q of each rule."""
    return np.array([tuple(representation.active.RULES[name]) for name in names], dtype=float)


def ridge_grid(x: Any) -> Any:
    """Penalties for target-only ridge in the units of `X_0^T X_0`."""
    return jnp.asarray(PENALTIES, x.dtype) * jnp.sum(x**2) / x.shape[-1]


def has_rules(*names: str) -> Callable[[Any], bool]:
    """A claim about these rules says nothing of data without them (`Claim.applies`)."""
    return lambda data: set(names) <= {str(rule) for rule in data.rule.values}


def z_score(samples: Any, quoted: float, seeds: int) -> float:
    """(our mean - quoted mean) over the standard error of the difference.

    The quoted mean is one of `seeds` draws whose spread is not given: ours stands for it.
    """
    samples = np.asarray(samples)
    return float((samples.mean() - quoted) / (samples.std(ddof=1) * np.sqrt(1 / seeds + 1 / samples.size)))


def ordering(better: str, worse: str, variable: str, paper: str, note: str = "") -> Claim:
    """Claim: the final mean of `variable` is lower for `better` than for `worse` (paired over seeds)."""

    final = value(variable, epoch=LAST)
    return Claim(
        text=f"mean final {variable.replace('_', ' ')}: {better} below {worse} (paired difference over seeds)",
        paper=paper,
        measure=mean(final.at(rule=worse) - final.at(rule=better)),
        accepts=at_least(0.0),
        note=note,
        unit="squared units of the target",
        stand_in=True,
        applies=has_rules(better, worse),
    )
