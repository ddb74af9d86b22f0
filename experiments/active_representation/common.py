"""What the figures share: rules, their colours, ridge grid and claims about orderings."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from mtrl.harness import Claim, at_least, mean_interval
from mtrl.representation.allocation import RULES

RULE_NAMES = ("passive", "L2", "L1")
COLOR = {"passive": "#0072B2", "L2": "#D55E00", "L1": "#009E73", "L(2,1)": "#CC79A7", "L(1,2)": "#E69F00"}
MARKER = {"passive": "o", "L2": "s", "L1": "^", "L(2,1)": "D", "L(1,2)": "v"}
PENALTIES = 10.0 ** np.arange(-4.0, 4.0)  # of target-only ridge, relative to the mean diagonal of X_0^T X_0


def rule_array(names: tuple[str, ...]) -> np.ndarray:
    """(rule, 2): p and q of each rule."""
    return np.array([tuple(RULES[name]) for name in names], dtype=float)


def ridge_grid(x: Any) -> Any:
    """Penalties for target-only ridge in the units of `X_0^T X_0`."""
    return jnp.asarray(PENALTIES, x.dtype) * jnp.sum(x**2) / x.shape[-1]


def ordering(better: str, worse: str, variable: str, paper: str, note: str = "") -> Claim:
    """Claim: the final mean of `variable` is lower for `better` than for `worse` (paired over seeds)."""

    def measure(data):
        final = data[variable].isel(epoch=-1)
        return mean_interval(final.sel(rule=worse).values - final.sel(rule=better).values)

    return Claim(
        text=f"mean final {variable.replace('_', ' ')}: {better} below {worse} (paired difference over seeds)",
        paper=paper,
        measure=measure,
        accepts=at_least(0.0),
        note=note,
    )
