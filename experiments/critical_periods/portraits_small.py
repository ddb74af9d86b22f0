"""Figure 7: phase portraits from small, balanced starts, where the early window lasts for as long as a mode needs to escape."""

from typing import Any

import numpy as np

from experiments.critical_periods.portraits import PortraitConfig, draw, portrait_data
from experiments.critical_periods.protocol import changes
from mtrl import dynamics
from mtrl.harness import Claim, Figure, at_least, at_most, evaluate, field, jnp, less_than_zero
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.judge.quantities import as_quantity


class Config(PortraitConfig, lr=0.01, depths=(2, 3, 4), steps=1_000_000, starts=(0, 500_000), lengths=(5, 10_000)):
    """p = 0.005 in every layer of both pathways: nothing is random."""

    seeds: int = field(1, help="nothing is random", lower=1, upper=1)
    scale: float = field(0.005, help="p of every layer at the start", lower=0.0, strict=True)

    def moments(self) -> list[int]:
        """Escapes, which last for a few steps only."""
        starts = [(depth, self.scale**depth) for depth in self.depths]
        return [int(float(dynamics.theory.escape_time(self.strength, k0, depth)) / self.lr) for depth, k0 in starts]


def splits(s: Any, duration: Any, scales: Any, *, depths: tuple[int, ...]) -> Any:
    """The closed form of K_b after the early gate, (depth,)."""
    return jnp.stack([dynamics.theory.gated_split(s, duration, d, k) for d, k in zip(depths, scales, strict=True)])


def run(config: Config, seeds: np.ndarray) -> Any:
    """One cell; all steps are made."""
    scales = np.array([config.scale**depth for depth in config.depths])
    split = evaluate(splits, config.strength, config.lengths[0] * config.lr, scales, depths=config.depths)
    found = portrait_data(config, seeds, start="small", scales=scales)
    early = found["final"].sel(gate="early", pathway="b").isel(seed=0).values
    words = {"units": "1", "long_name": "final K_b after the early gate"}
    return found.assign(split=("depth", split, words), early=("depth", early, words))


WHOLE = as_quantity(lambda config: config.strength)


def final(gate: str) -> Any:
    """K_b in the end."""
    return value("final", gate=gate, pathway="b").then(lambda array: array.isel(seed=0, drop=True))


def largest(x: Any) -> Any:
    """Over the depths."""
    return exact(x.then(lambda array: array.max("depth")))


FIGURE = Figure(
    __name__,
    draw=draw,
    title="Figure 7: phase portraits from small starts, b gated early (top) or late (bottom)",
    question="From small starts, how much of its share does a pathway lose to an early and to a late gate, at every depth?",
    claims=(
        Claim("the early gate takes more from b with every further depth: largest change of K_b", "Figure 7, top (ordering)",
              exact(final("early").then(lambda array: changes("depth")(array).max("depth"))), less_than_zero, unit="1"),
        Claim("the late gate does nothing: largest distance of K_b from s / 2", "Figure 7, bottom (in words)",
              largest(abs(final("late") - WHOLE / 2)), at_most(0.05), unit="1", reason="a hundredth of s / 2"),
        Claim.derived("the split formula gives K_b after the early gate: largest relative error",
              "p_b^(2-D) - p_a^(2-D) = (D-2) s Te, p_a^D + p_b^D = s", largest(abs(value("early") / value("split") - 1)), at_most(0.1),
              unit="1", reason="a tenth, for steps that are not small",
              note="the paper's step is as long as the fastest time, 1 / (D s^(2-2/D)); with a tenth of it the largest error is 0.024"),
        Claim.sanity("training ends on K_a + K_b = s: smallest sum over s", "fixed points of the field",
              exact((value("final").over("pathway", how="sum") / WHOLE).then(lambda array: array.min())), at_least(0.999), 
              unit="1", reason="a thousandth"),
    ),
    presets={"smoke": dict(depths=(2, 3), scale=0.5, steps=400, starts=(0, 200), lengths=(5, 20), records=5), "paper": dict()},
)  # fmt: skip
