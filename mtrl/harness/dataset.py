"""Results as labelled datasets, without the ceremony."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Axis(NamedTuple):
    """Labels of a dimension with what stands along the axis of a picture."""

    labels: Any
    unit: str = ""
    words: str = ""


def _attributes(unit: str = "", words: str = "") -> dict[str, str]:
    return {name: text for name, text in (("units", unit), ("long_name", words)) if text}


def dataset(seeds: Any = None, coords: Mapping[str, Any] | None = None, **variables: tuple) -> Any:
    """A labelled dataset: `dataset(seeds, {"method": names}, regret=(("method", "seed"), array, "return", "regret per task"))`.

    Args:
      seeds: coordinate of the dimension `seed`, if there is one.
      coords: dimension -> labels, or an `Axis`.
      **variables: name -> (dims, array, unit[, words for the axis]); dims is a string or a tuple of strings.

    Returns:
      xarray Dataset; the harness adds the dimensions of split fields that are not there.
    """
    import xarray as xr

    axes = {dim: labels if isinstance(labels, Axis) else Axis(labels) for dim, labels in (coords or {}).items()}
    if seeds is not None:
        axes["seed"] = Axis(seeds)
    return xr.Dataset(
        {name: (dims, np.asarray(array), _attributes(*more)) for name, (dims, array, *more) in variables.items()},
        coords={dim: (dim, np.asarray(axis.labels), _attributes(axis.unit, axis.words)) for dim, axis in axes.items()},
    )
