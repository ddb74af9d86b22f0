"""Labelled quantities of a result: picked by label, combined by arithmetic, read only when a claim is judged."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mtrl.harness.judge.claims import Absent

SEED = "seed"


class _End:
    """The first or last label of a dimension, in the order of the data."""

    def __init__(self, index: int, word: str):
        self.index, self.word = index, word

    def __repr__(self) -> str:
        return self.word


FIRST, LAST = _End(0, "FIRST"), _End(-1, "LAST")


def same(label: Any, wanted: Any) -> np.ndarray:
    """Where a coordinate equals a label; numbers up to rounding."""
    if isinstance(wanted, str) or label.dtype.kind not in "fiu":
        return label == wanted
    return np.isclose(label.astype(float), float(wanted), rtol=1e-9, atol=0)


def pick(array: Any, dim: str, wanted: Any) -> Any:
    """The array at a label (the dimension goes), several labels or positions (it stays), FIRST or LAST; `Absent` if there is none."""
    if dim not in array.dims:
        raise Absent(f"{array.name} has no dimension {dim}")
    if isinstance(wanted, _End):
        return array.isel({dim: wanted.index}, drop=True)
    if isinstance(wanted, slice):
        return array.isel({dim: wanted})
    labels, several = array[dim].values, isinstance(wanted, (list, tuple))
    index = []
    for one in wanted if several else [wanted]:
        found = np.flatnonzero(same(labels, one))
        if not found.size:
            raise Absent(f"{array.name} has no {dim} {one}")
        index.append(int(found[0]))
    return array.isel({dim: index if several else index[0]}, drop=not several)


class Quantity:
    """A labelled array computed from `(data, config)`, with arithmetic; dimensions are matched by name, seeds pair by pair."""

    def __init__(self, get: Callable[[Any, Any], Any]):
        self.get = get

    def __call__(self, data: Any, config: Any) -> Any:
        """The array."""
        return self.get(data, config)

    def then(self, fn: Callable[[Any], Any]) -> "Quantity":
        """The quantity after a function of the labelled array."""
        return Quantity(lambda data, config: fn(self(data, config)))

    def at(self, **where: Any) -> "Quantity":
        """The quantity at labels; see `value`."""

        def picked(data, config):
            array = self(data, config)
            for dim, wanted in where.items():
                array = pick(array, dim, wanted(config) if callable(wanted) else wanted)
            return array

        return Quantity(picked)

    def over(self, *dims: str, how: str = "mean") -> "Quantity":
        """Reduced over dimensions other than the seed: mean, sum, min, max, ...; NaN stays NaN."""
        return self.then(lambda array: getattr(array, how)(list(dims), skipna=False))

    def _with(self, other: Any, fn: Callable[[Any, Any], Any]) -> "Quantity":
        other = as_quantity(other)
        return Quantity(lambda data, config: fn(self(data, config), other(data, config)))

    def __add__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: b / a)

    def __neg__(self) -> "Quantity":
        return self.then(lambda a: -a)

    def __abs__(self) -> "Quantity":
        return self.then(abs)

    def __lt__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a < b)

    def __gt__(self, other: Any) -> "Quantity":
        return self._with(other, lambda a, b: a > b)


def as_quantity(x: Any) -> Quantity:
    """A number, an array or a function of the configuration as a quantity."""
    if isinstance(x, Quantity):
        return x
    return Quantity(lambda data, config: x(config) if callable(x) else x)


def value(name: str, **where: Any) -> Quantity:
    """A variable of the result at labels.

    Args:
      name: of the variable.
      **where: dimension -> a label, a list of labels, `FIRST`, `LAST`, a slice of positions, or a function of the configuration that
        gives one.

    Raises (when judged):
      Absent: no such variable, dimension or label.
    """

    def get(data, config):
        if name not in data.variables:
            raise Absent(f"no variable {name}")
        return data[name]

    return Quantity(get).at(**where)


def log(x: Quantity) -> Quantity:
    """Natural logarithm."""
    return x.then(np.log)
