"""Sweeps over any field: every point a complete result of its own, plus one collated dataset and two overviews."""

import hashlib
import json
import pathlib
from typing import TYPE_CHECKING, Any, NamedTuple

from mtrl.harness.config import check_distinct
from mtrl.harness.flags import typed
from mtrl.harness.picture import overview, style
from mtrl.harness.run import carry, store
from mtrl.harness.run.produce import Job
from mtrl.harness.study import Figure, Study
from mtrl.harness.swept import Sweep
from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

LONGEST_NAME = 100  # bytes


class Swept(NamedTuple):
    """One figure over its points."""

    figure: Figure
    folder: pathlib.Path
    sweep: Sweep
    jobs: list[Job]


def make(
    study: Study, figure: Figure, folder: pathlib.Path, sweep: Sweep, base: tuple[str, dict[str, Any]], x64: bool
) -> Swept:
    """One job per point, in `<folder>/sweep/<field>=<value>,.../`; all configurations are checked before any runs.

    Args:
      study: of the figure.
      figure: what is swept.
      folder: of the figure.
      sweep: the points.
      base: preset and overrides that all points share.
      x64: precision.
    """
    preset, overrides = base
    points = sweep.points()
    names = [_short(",".join(f"{k}={v.replace('/', '_')}" for k, v in point.items())) for point in points]
    check_distinct("sweep", names)
    configs = [figure.configure(preset, {**overrides, **typed(figure.config, point)}) for point in points]
    jobs = [
        Job(study, figure, config, folder / "sweep" / name, x64, name)
        for name, config in zip(names, configs, strict=True)
    ]
    return Swept(figure, folder, sweep, jobs)


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


def _joined(parts: list[Any], dim: str) -> Any:
    import xarray as xr

    return xr.concat(parts, dim=dim, join="outer", data_vars="all", coords="different", compat="equals")


def collate(swept: Swept, made: list[Job]) -> "xr.Dataset":
    """One dataset over the points that were made.

    A whole grid has a leading dim `sweep_<field>` per swept field. Points of a list, and a grid of which some failed, have one dim `point`
    with the coordinates `sweep_<field>` along it.
    """
    fields, axes = swept.sweep.fields, swept.sweep.axes
    data = [store.read_dataset(job.folder / "data.nc") for job in made]
    parts = iter([part.drop_attrs(deep=False) for part in data])
    kept = {k: v for k, v in data[0].attrs.items() if k not in (store.DIGEST, "config")}
    if swept.sweep.rows or len(made) < len(swept.jobs):
        points = [
            point
            for job, point in zip(swept.jobs, swept.sweep.points(), strict=True)
            if job.folder in {j.folder for j in made}
        ]
        whole = _joined(list(parts), "point")
        whole = whole.assign_coords(
            {f"sweep_{name}": ("point", _coordinate([point[name] for point in points])) for name in fields}
        )
    else:

        def stack(depth: int) -> "xr.Dataset":
            if depth == len(fields):
                return next(parts)
            dim = f"sweep_{fields[depth]}"
            joined = _joined([stack(depth + 1) for _ in axes[fields[depth]]], dim)
            return joined.assign_coords({dim: _coordinate(axes[fields[depth]])})

        whole = stack(0)
    return whole.assign_attrs(kept, sweep=json.dumps(swept.sweep))


def _refuse_other(swept: Swept) -> None:
    """Refuse to replace the collated dataset of another sweep."""
    path = swept.folder / "sweep.nc"
    if not path.is_file():
        return
    axes, rows = json.loads(store.read_dataset(path).attrs["sweep"])
    if (stored := Sweep(axes, tuple(rows))) != swept.sweep:
        raise BadInput(
            f"{path} holds another sweep ({stored.words()}); choose another --out, or add --overwrite to replace it"
        )


def write_whole(swept: Swept, made: list[Job]) -> None:
    """`sweep.nc`, `sweep.png` (claims against the swept fields) and `sweep_figures.png` (the figure at each point)."""
    store.write_dataset(swept.folder / "sweep.nc", collate(swept, made))
    points = {job.folder: point for job, point in zip(swept.jobs, swept.sweep.points(), strict=True)}
    judged = [(points[job.folder], json.loads((job.folder / "claims.json").read_text())) for job in made]
    regions = {claim.text: claim.accepts for claim in swept.figure.claims}
    with style.house():
        if (drawn := overview.claims(judged, regions, swept.sweep.fields)) is not None:
            for suffix, content in style.pictures(drawn).items():
                store.write_bytes(swept.folder / f"sweep.{suffix}", content)
        shown = made[: overview.MOST]
        figures = [job.figure.draw(store.read_dataset(job.folder / "data.nc"), job.config) for job in shown]
        sheet = overview.contact_sheet(figures, [points[job.folder] for job in shown], len(made))
        store.write_bytes(swept.folder / "sweep_figures.png", style.pictures(sheet, ("png",))["png"])


def run(sweeps: list[Swept], overwrite: bool = False, **how: Any) -> carry.Results:
    """Make every point of every figure, all cells at once; each figure's whole is written when its last point is drawn.

    Raises:
      BadInput: a folder holds another sweep, or as `carry.make_all`.
      Incomplete: some points failed; the wholes are made of the others.
    """
    for swept in sweeps:
        if not overwrite:
            _refuse_other(swept)
    home = {job.folder: number for number, swept in enumerate(sweeps) for job in swept.jobs}
    left = [len(swept.jobs) for swept in sweeps]

    def after(job: Job) -> None:
        number = home[job.folder]
        left[number] -= 1
        if not left[number]:
            write_whole(sweeps[number], sweeps[number].jobs)

    try:
        return carry.make_all(
            [job for swept in sweeps for job in swept.jobs], overwrite=overwrite, after_each=after, **how
        )
    except carry.Incomplete as error:
        done = {job.folder for job, _ in error.results}
        for number, swept in enumerate(sweeps):
            if left[number] and (made := [job for job in swept.jobs if job.folder in done]):
                write_whole(swept, made)
        raise
