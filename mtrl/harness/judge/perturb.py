"""Standard perturbations of a result: a claim that none of them turns cannot fail, and says nothing."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from mtrl.harness.judge.claims import REPRODUCED, Claim, evaluate_claim

SEED = "seed"


def _reversed(data: Any, dim: str) -> Any:
    """Values in reverse order along a dimension, labels where they were."""
    return data.assign(
        {
            name: (v.dims, v.isel({dim: slice(None, None, -1)}).values, v.attrs)
            for name, v in data.data_vars.items()
            if dim in v.dims
        }
    )


def _exchanged(data: Any, dim: str, i: int, j: int) -> Any:
    """Values of two labels exchanged, labels where they were."""
    order = np.arange(data.sizes[dim])
    order[[i, j]] = j, i
    return data.assign(
        {name: (v.dims, v.isel({dim: order}).values, v.attrs) for name, v in data.data_vars.items() if dim in v.dims}
    )


def _scaled(data: Any, dim: str, place: int, by: float = 2.0) -> Any:
    """Values at one label of a dimension times a factor."""
    factor = np.ones(data.sizes[dim])
    factor[place] = by
    return data.assign(
        {
            name: v * factor.reshape([-1 if d == dim else 1 for d in v.dims])
            for name, v in data.data_vars.items()
            if dim in v.dims and v.dtype.kind == "f"
        }
    )


def _raised(data: Any, dim: str, place: int) -> Any:
    """Values at one label of a dimension plus ten times the largest finite size: moved beyond their spread, which stays."""
    moved = {}
    for name, v in data.data_vars.items():
        if dim in v.dims and v.dtype.kind == "f":
            most = np.abs(v.values[np.isfinite(v.values)]).max(initial=0.0)
            at = np.zeros(data.sizes[dim])
            at[place] = 10 * most + 1
            moved[name] = v + at.reshape([-1 if d == dim else 1 for d in v.dims])
    return data.assign(moved)


def perturbations(data: Any) -> Iterator[tuple[str, Any]]:
    """(name, dataset), the cheap ones first.

    A dimension's values in reverse order; two labels in words, or two variables of one shape, exchanged; one of them in
    place of the other; a variable times 1.1 and 2 (and
    over them); the first or last label's values doubled (one side of a comparison); one seed, or one entry of what has no seeds, an
    outlier; NaN.
    """
    for dim in data.dims:
        if dim != SEED and data.sizes[dim] > 1:
            yield f"{dim} reversed", _reversed(data, dim)
    names = [name for name, variable in data.data_vars.items() if variable.dtype.kind in "fiu"]
    for dim in data.dims:
        if dim in data.coords and data[dim].dtype.kind in "OUST":
            for i, j in itertools.combinations(range(data.sizes[dim]), 2):
                yield f"{data[dim].values[i]} and {data[dim].values[j]} exchanged", _exchanged(data, dim, i, j)
    for a, b in itertools.combinations(names, 2):
        if data[a].dims == data[b].dims:
            yield f"{a} and {b} exchanged", data.assign({a: data[b], b: data[a]})
            yield f"{a} in place of {b}", data.assign({b: data[a]})
            yield f"{b} in place of {a}", data.assign({a: data[b]})
    for factor in (1.1, 2.0, 1 / 1.1, 0.5):
        for name in names:
            yield f"{name} x {factor:.3g}", data.assign({name: data[name] * factor})
    for dim in data.dims:
        if dim != SEED and data.sizes[dim] > 1:
            yield f"first {dim} x 2", _scaled(data, dim, 0)
            yield f"last {dim} x 2", _scaled(data, dim, -1)
    for name in names:
        if SEED not in data[name].dims and data[name].size:
            values = data[name].values.copy()
            values.flat[0] = 100 * np.nanmax(np.abs(values), initial=0.0) + 1
            yield f"an entry of {name} an outlier", data.assign({name: (data[name].dims, values, data[name].attrs)})
        if SEED in data[name].dims:
            first = (data[name][SEED] == data[name][SEED][0]).values
            gross = 100 * np.abs(data[name]).max() + 1
            shape = [first.size if dim == SEED else 1 for dim in data[name].dims]
            yield (
                f"a seed of {name} an outlier",
                data.assign({name: data[name].where(~first.reshape(shape) | (data[name] * 0 != 0), gross)}),
            )
    yield "NaN", data.assign({name: data[name] * np.nan for name in names})


def remote(data: Any) -> Iterator[tuple[str, Any]]:
    """(name, dataset) with all of one label in words ten times smaller, or raised beyond all spread: what a claim would need that is missed
    by far, or hidden by few seeds."""
    for dim in data.dims:
        if dim in data.coords and data[dim].dtype.kind in "OUST":
            for i in range(data.sizes[dim]):
                yield f"{data[dim].values[i]} / 10", _scaled(data, dim, i, 0.1)
                yield f"{data[dim].values[i]} raised", _raised(data, dim, i)


def turns(claim: Claim, data: Any, config: Any) -> Iterator[str]:
    """The perturbations that change a claim's verdict, one after the other; none means that nothing does.

    What is reproduced must be turned by the small ones; what is not may need a `remote` one to be met at all.
    """
    before = evaluate_claim(claim, data, config)
    if before is None:
        yield "does not apply"
        return
    more = remote(data) if before["verdict"] != REPRODUCED else ()
    for name, changed in itertools.chain(more, perturbations(data)):
        after = evaluate_claim(claim, changed, config)
        if after is None or after["verdict"] != before["verdict"]:
            yield name


def turned_by(claim: Claim, data: Any, config: Any) -> list[str]:
    """All perturbations that change a claim's verdict; empty means that nothing does."""
    return list(turns(claim, data, config))
