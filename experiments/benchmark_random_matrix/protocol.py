"""What the figures share: the simulated path of risks, seconds of methods timed in turn, their bars and their claims."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mtrl import random_matrix
from mtrl.harness import Claim, at_least, jax, jnp, split_named, timing
from mtrl.harness.judge.measures import Measure, Quantity, exact, times_faster, value
from mtrl.harness.picture import plots

GOAL = "this project's goal"


def simulate_path(key, alpha, gamma, noise, lams, *, dim: int):
    """Draw a problem of two tasks with n_t = d and a training set; exact risk of the fit at every lam, from one eigendecomposition."""
    keys = split_named(key, "problem", "data")
    model = random_matrix.aligned_model(keys["problem"], tasks=2, dim=dim, alpha=alpha, noise=noise)
    path = random_matrix.regression.prepare_path(
        random_matrix.sample_tasks(keys["data"], model, counts=(dim, dim)), gamma=jnp.full(2, gamma, model.W.dtype)
    )
    return jax.lax.map(
        lambda lam: random_matrix.exact_risk(model, random_matrix.regression.fit_at(path, lam).W).mean(),
        lams,
        batch_size=8,
    )


def seconds_of(calls: Mapping[str, Callable], repeats: int) -> np.ndarray:
    """Seconds (method, repeat) of calls made in turn."""
    timed = timing.compare(dict(calls), repeats)
    return np.stack([timed[name] for name in calls])


def times(slow: str, fast: str, what: str = "", peer: str = "") -> Measure:
    """Seconds of a method over those of another."""
    return times_faster(value("seconds", method=slow), value("seconds", method=fast), what, peer)


def faster(text: str, goal: float, measure: Measure, note: str = "") -> Claim:
    """Claim: at least that many times faster."""
    paper = f"goal: {goal:g}" if goal > 1 else "goal: faster"
    return Claim.speed(text, paper, measure, at_least(goal), unit="times", reason=GOAL, note=note)


def deviation(name: str, reference: str, *, dim: str = "method") -> Measure:
    """Largest distance of a variable's entries along `dim` to those at a label, over the largest there."""

    def largest(array: Any) -> Any:
        at = array.sel({dim: reference}, drop=True)
        return abs(array - at).max(skipna=False) / abs(at).max(skipna=False)

    return exact(value(name).then(largest))


def bars(
    ax: Any, seconds: Quantity, look: Mapping[str, plots.Look], fast: str, data: Any, config: Any, **words
) -> None:
    """Seconds per method with their interval; above, the seconds and how many times those of `fast`."""
    array = seconds(data, config).rename(repeat="seed")
    look = {name: one for name, one in look.items() if name in array["method"].values}
    plots.bars(ax, array, "method", look, upright=True)
    for place, name in enumerate(look):
        rounds, ratio = array.sel({"method": name}), times(name, fast)(data, config).value
        text = f"{float(rounds.mean()):.3g} s" + (
            "" if name == fast else f"\n{ratio:.2g}x" if ratio < 10 else f"\n{ratio:,.0f}x"
        )
        ax.text(place, 1.4 * float(rounds.max()), text, ha="center", fontsize=8.5)
    ax.tick_params(axis="x", labelsize=7)
    plots.finish(ax, log="y", ylim=(None, 10 * float(array.max())), **words)
