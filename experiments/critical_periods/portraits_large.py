"""Figure 1: phase portraits from large, unbalanced starts: deeper pathways are handed over more completely by the same early gate."""

from typing import Any

import numpy as np

from experiments.critical_periods.portraits import PortraitConfig, draw, portrait_data
from experiments.critical_periods.protocol import COUNTED, changes, reference
from mtrl.harness import Claim, Figure, at_least, at_most, field, less_than_zero
from mtrl.harness.judge.measures import lowest_of, mean, value, worst
from mtrl.harness.judge.quantities import as_quantity

# Mean of K_b and its standard deviation over starts.
EARLY = {2: (4.31, 0.1), 5: (1.77, 0.1), 8: (0.88, 0.1), 13: (0.44, 0.1)}
LATE = {2: (4.5, 0.07), 5: (4.9, 0.45), 8: (5.0, 0.86), 13: (5.0, 1.4)}
ROUNDING = {"early": 0.005, "late": 0.05}
STARTS = 100  # of the independent program


class Config(PortraitConfig):
    """100 starts p ~ N(0, 0.01^2) in each pathway."""

    seeds: int = field(100, help="number of random starts", lower=1)


def run(config: Config, seeds: np.ndarray) -> Any:
    """One cell."""
    return portrait_data(config, seeds, start="large", scales=[config.scale] * len(config.depths))


WHOLE, HALF = as_quantity(lambda config: config.strength), as_quantity(lambda config: config.strength / 2)


def share(gate: str, depth: Any) -> Any:
    """Final K_b."""
    return value("final", gate=gate, depth=depth, pathway="b")


def table_claim(gate: str, depth: int, table: dict[int, tuple[float, float]]) -> Claim:
    """Mean K_b of the independent program."""
    number, sd = table[depth]
    margin = ROUNDING[gate] + 3 * sd * (2 / STARTS) ** 0.5
    return reference(f"mean final K_b, {gate} gate, D = {depth}", number, mean(share(gate, depth)), margin, unit="1",
                 reason=f"three standard errors of two means of {STARTS} starts with standard deviation {sd:g}, and rounding",
                 note=COUNTED if gate == "early" else "")  # fmt: skip


def steps_of(x: Any) -> Any:
    """Differences between neighbouring depths."""
    return x.then(changes("depth"))


FIGURE = Figure(
    __name__,
    draw=draw,
    title="Figure 1: phase portraits from large starts, b gated early (top) or late (bottom)",
    question="From large starts, how much of its share does a pathway lose to an early and to a late gate, at every depth?",
    claims=(
        Claim("the early gate takes more from b with every further depth: largest change of mean K_b", "Figure 1, top (ordering)",
              worst(steps_of(value("final", gate="early", pathway="b"))), less_than_zero, unit="1"),
        Claim("the late gate takes less than the early one at every depth: largest of early minus late", "Figure 1 (ordering)",
              worst(value("final", gate="early", pathway="b") - value("final", gate="late", pathway="b")), less_than_zero, unit="1"),
        Claim("a late gate leaves b its half: smallest over depths of mean K_b - s / 2", "Figure 1, bottom (in words)",
              lowest_of(value("final", gate="late", pathway="b") - HALF, "depth"), at_least(-0.5), unit="1", reason="a tenth of s / 2",
              note="D = 2 has not yet reached the line when the gate begins; the independent program has 4.5 there too"),
        *(table_claim("early", depth, EARLY) for depth in EARLY),
        *(table_claim("late", depth, LATE) for depth in LATE),
        Claim.sanity("training ends on K_a + K_b = s: largest distance of the means", "fixed points of the field",
              worst(abs(value("final").over("pathway", how="sum") - WHOLE)), at_most(0.01), unit="1", reason="a thousandth of s"),
    ),
    presets={"smoke": dict(seeds=2, depths=(2, 5), steps=300, records=5), "paper": dict()},
)  # fmt: skip
