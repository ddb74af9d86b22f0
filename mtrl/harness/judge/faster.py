"""The measure of claims on speed: how many times faster one side is than the other, at every size that was timed."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from mtrl.harness.judge.claims import Absent, Interval, mean_interval
from mtrl.harness.judge.quantities import Quantity


class Sides(NamedTuple):
    """Two sides timed in turn, at one size.

    Attributes:
      labels: dimension -> label of the size, empty where there is one alone.
      fast, slow: geometric means over the rounds, in the unit they are stored in.
      ratio: geometric mean of slow over fast with its t-interval, paired within the rounds.
    """

    labels: dict[str, Any]
    fast: float
    slow: float
    ratio: Interval


@dataclasses.dataclass(frozen=True)
class Faster:
    """Measure: how many times faster, at the size where that is least; see `times_faster`."""

    slow: Quantity
    fast: Quantity
    what: str = ""
    peer: str = ""

    def sides(self, data: Any, config: Any) -> list[Sides]:
        """Both sides at every size at which both were timed.

        Raises:
          Absent: there is none: a side has no label, or no number anywhere.
          TypeError: a side has no rounds, or sizes that the other has not.
        """
        slow, fast = (x(data, config) for x in (self.slow, self.fast))
        if set(slow.dims) != set(fast.dims) or "repeat" not in slow.dims:
            raise TypeError(
                f"both sides need the dimension repeat and the same sizes, but have {slow.dims}, {fast.dims}"
            )
        over = [dim for dim in slow.dims if dim != "repeat"]
        found = []
        for place in np.ndindex(*(slow.sizes[dim] for dim in over)):
            at = dict(zip(over, place, strict=True))
            rounds = [np.asarray(x.isel(at).values, dtype=float) for x in (fast, slow)]
            if any(np.isnan(x).all() for x in rounds):
                continue
            ratio = mean_interval(np.log(rounds[1] / rounds[0]))
            mine, other = (float(np.exp(np.log(x).mean())) for x in rounds)
            labels = {dim: slow[dim].values[i] for dim, i in at.items()}
            found.append(Sides(labels, mine, other, Interval(*np.exp(ratio).tolist())))
        if not found:
            raise Absent("one of the sides was not timed")
        return found

    def __call__(self, data: Any, config: Any) -> Interval:
        """The least of all sizes, ends of the interval likewise."""
        return Interval(*np.array([size.ratio for size in self.sides(data, config)]).min(0).tolist())


def times_faster(slow: Quantity, fast: Quantity, what: str = "", peer: str = "") -> Faster:
    """How many times faster: geometric mean of slow over fast, paired within the timed rounds (dimension `repeat`), with its t-interval.

    Args:
      slow, fast: times; another dimension that they keep is one of sizes: each is a row of the gallery's table of speeds, the least counts.
      what: what is timed, in words of that table.
      peer: what it is compared with, likewise; "" keeps it out of the table (a growth, say).
    """
    return Faster(slow, fast, what, peer)
