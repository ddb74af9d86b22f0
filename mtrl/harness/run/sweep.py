"""Sweeps over any field: every point a complete result of its own, plus one collated dataset and an overview figure."""

import hashlib
import itertools
import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from mtrl.harness.config import check_distinct
from mtrl.harness.flags import SWEEP, typed
from mtrl.harness.picture import style
from mtrl.harness.run import carry, store
from mtrl.harness.run.produce import Job
from mtrl.harness.study import Figure, Study
from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

LONGEST_NAME = 100  # bytes


def points(
    figure: Figure, preset: str, overrides: dict[str, Any], sweep: dict[str, list[str]]
) -> list[tuple[dict[str, str], Any]]:
    """(texts of the swept fields, validated configuration) for every point of the grid; all are checked before any runs."""
    for name, texts in sweep.items():
        check_distinct(f"{SWEEP}{name}", texts)
    made = []
    for values in itertools.product(*sweep.values()):
        texts = dict(zip(sweep, values, strict=True))
        made.append((texts, figure.configure(preset, {**overrides, **typed(figure.config, texts)})))
    return made


def make_jobs(
    study: Study, figure: Figure, folder: pathlib.Path, grid: list[tuple[dict[str, str], Any]], x64: bool
) -> list[Job]:
    """One job per point, in `<folder>/sweep/<field>=<value>,.../`."""
    names = [_short(",".join(f"{k}={v.replace('/', '_')}" for k, v in texts.items())) for texts, _ in grid]
    check_distinct("sweep", names)
    return [
        Job(study, figure, config, folder / "sweep" / name, x64, name)
        for name, (_, config) in zip(names, grid, strict=True)
    ]


def _short(name: str) -> str:
    """A folder's name that any file system takes: the end of a long one is replaced by its digest."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return (
        f"{name.encode()[: LONGEST_NAME - 17].decode(errors='ignore')}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    )


def _coordinate(texts: list[str]) -> list[Any]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return texts


def collate(jobs: list[Job], sweep: dict[str, list[str]]) -> "xr.Dataset":
    """One dataset with a leading dim `sweep_<field>` per swept field."""
    import xarray as xr

    parts = iter([store.read_dataset(job.folder / "data.nc") for job in jobs])
    names = list(sweep)

    def stack(depth: int) -> "xr.Dataset":
        if depth == len(names):
            return next(parts).drop_attrs(deep=False)
        inner = [stack(depth + 1) for _ in sweep[names[depth]]]
        dim = f"sweep_{names[depth]}"
        joined = xr.concat(inner, dim=dim, join="outer", data_vars="all", coords="different", compat="equals")
        return joined.assign_coords({dim: _coordinate(sweep[names[depth]])})

    attributes = store.read_dataset(jobs[0].folder / "data.nc").attrs
    kept = {k: v for k, v in attributes.items() if k not in (store.DIGEST, "config")}
    return stack(0).transpose(*(f"sweep_{name}" for name in names), ...).assign_attrs(kept, sweep=json.dumps(sweep))


def overview(data: "xr.Dataset", sweep: dict[str, list[str]]) -> Any:
    """Mean of every numeric variable against the first swept field, one colour per combination of the others."""
    dims = [f"sweep_{name}" for name in sweep]
    shown = [name for name, v in data.data_vars.items() if dims[0] in v.dims and v.dtype.kind == "f"][:9]
    if not shown:
        raise BadInput("nothing numeric depends on the swept field; sweep another one")
    columns = min(3, len(shown))
    figure, axes = style.subplots(-(-len(shown) // columns), columns)
    for ax, name in itertools.zip_longest(axes.ravel(), shown):
        if name is None:
            ax.axis("off")
            continue
        variable = data[name]
        means = variable.mean([d for d in variable.dims if d not in dims], skipna=True)
        x = np.arange(means.sizes[dims[0]]) if means[dims[0]].dtype.kind in "OUT" else means[dims[0]].values
        others = [d for d in dims[1:] if d in means.dims]
        for index in itertools.product(*(range(means.sizes[d]) for d in others)):
            line = means.isel(dict(zip(others, index, strict=True))).transpose(dims[0])
            label = ", ".join(
                f"{d[6:]}={means[d].values[i]:g}" if means[d].dtype.kind == "f" else str(means[d].values[i])
                for d, i in zip(others, index, strict=True)
            )
            drawn = ax.plot(x, line.values, marker="o", label=label or None)
            if "seed" in variable.dims:
                seeds = variable.isel(dict(zip(others, index, strict=True)))
                half = style.half_width(
                    seeds.mean([d for d in seeds.dims if d not in ("seed", dims[0])]).transpose("seed", dims[0])
                )
                ax.fill_between(
                    x, line.values - half, line.values + half, color=drawn[0].get_color(), alpha=0.2, linewidth=0
                )
        if means[dims[0]].dtype.kind in "OUT":
            ax.set_xticks(x, means[dims[0]].values)
        unit = variable.attrs.get("units", "")
        ax.set_xlabel(dims[0][6:])
        ax.set_ylabel(f"mean {name}" + (f" [{unit}]" if unit not in ("", "1") else ""))
        if others:
            ax.legend()
    return figure


def _refuse_other_sweep(path: pathlib.Path, sweep: dict[str, list[str]]) -> None:
    """Refuse to replace the collated dataset of another sweep."""
    if path.is_file() and (stored := json.loads(store.read_dataset(path).attrs["sweep"])) != sweep:
        there = " ".join(f"--{SWEEP}{name}={','.join(texts)}" for name, texts in stored.items())
        raise BadInput(f"{path} holds another sweep ({there}); choose another --out, or add --overwrite to replace it")


def run(
    study: Study,
    figure: Figure,
    folder: pathlib.Path,
    grid: list[tuple[dict[str, str], Any]],
    sweep: dict[str, list[str]],
    x64: bool,
    **options: Any,
) -> list:
    """Make every point, then `sweep.nc`, `sweep.png` and `sweep.pdf` in the figure's folder."""
    jobs = make_jobs(study, figure, folder, grid, x64)
    if not options.get("overwrite"):
        _refuse_other_sweep(folder / "sweep.nc", sweep)
    results = carry.make_all(jobs, **options)
    data = collate(jobs, sweep)
    store.write_dataset(folder / "sweep.nc", data)
    with style.house():
        made = style.pictures(overview(data, sweep))
    for suffix, content in made.items():
        store.write_bytes(folder / f"sweep.{suffix}", content)
    return results
