"""From a validated configuration to the six files of a figure."""

import dataclasses
import hashlib
import json
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any

from mtrl.harness.config import as_dict, from_dict
from mtrl.harness.judge.claims import evaluate_claim
from mtrl.harness.picture import style
from mtrl.harness.run import devices, engine, records, sources, store
from mtrl.harness.run.cells import Cell, make_cells
from mtrl.harness.run.provenance import inputs_digest, versions
from mtrl.harness.study import Figure, Study
from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr


FILES = {"figure.png", "figure.pdf", "data.nc", "claims.json", "config.json", "run.json"}
TIMES = ("wall_time_seconds", "compile_seconds")
# What a cell's file says of its making; of a figure this stands in run.json, so that data.nc holds what the configuration decides alone.
PROVENANCE = (
    "git_commit",
    "git_dirty",
    "versions",
    "python",
    "device",
    "precision",
    "flags",
    "source_digest",
    *TIMES,
)
_ADVICE = "choose another --out, or add --overwrite to replace them"


@dataclasses.dataclass(frozen=True)
class Job:
    """One figure with its configuration and the folder its files go to; `point` names it within a sweep."""

    study: Study
    figure: Figure
    config: Any
    folder: pathlib.Path
    x64: bool = True
    point: str = ""

    def cells(self) -> list[Cell]:
        """The cells this job is made of."""
        source = inputs_digest(sources.computed_by(self.figure), self.figure.reads(self.config))
        return make_cells(self.study, self.figure, self.config, self.x64, source)

    def stamps(self) -> dict[str, str]:
        """For run.json, as digests: all that the data are made from, pins too; of that the sources; the sources that draw and judge."""
        names = [cell.name for cell in self.cells()]
        return {
            "made_from": hashlib.sha256(json.dumps([names, versions()]).encode()).hexdigest()[:16],
            "computed_by": sources.computed_by(self.figure),
            "drawn_by": sources.drawn_by(self.figure, self.study.module),
        }

    def description(self) -> dict[str, Any]:
        """What config.json says."""
        return {"study": self.study.name, "figure": self.figure.name, "x64": self.x64, "config": as_dict(self.config)}


def prepare(job: Job, overwrite: bool) -> None:
    """Check, before anything runs, that the folder may be used; leaves nothing there.

    An empty folder, or one that holds the same configuration (then the run resumes), is fine; anything else is refused.

    Raises:
      BadInput: the folder holds other files or another configuration, is not writable, or the work does not fit in memory.
    """
    check_folder(job, overwrite)
    check_writable(job.folder)
    for folder in (job.folder, job.folder / "cells"):
        store.remove_leftovers(folder)


def check_folder(job: Job, overwrite: bool) -> None:
    """What `prepare` checks by looking alone.

    Raises:
      BadInput: the folder has too long a name, holds other files or another configuration, or the work does not fit in memory.
    """
    if job.figure.memory is not None:
        devices.check_memory(job.figure.memory(job.config), f"{job.study.name}/{job.figure.name}")
    try:
        there = job.folder.is_dir()
    except OSError as error:
        raise BadInput(f"cannot make {job.folder} ({error.strerror}); choose another --out") from None
    if overwrite or not there:
        return
    config_file, data_file = job.folder / "config.json", job.folder / "data.nc"
    # A kill between the first cell and config.json leaves cells alone: they are named by their content, so they are safe to keep.
    names = {path.name for path in job.folder.iterdir() if not path.name.startswith(("cells", "sweep", "."))}
    if "config.json" not in names and names <= FILES and (stored := _described_by(data_file)) is not None:
        return _refuse_other(job, stored)
    if names and not config_file.is_file():
        raise BadInput(f"{job.folder} is not empty and holds files of something else; {_ADVICE}")
    if not names:
        return
    try:
        _refuse_other(job, json.loads(config_file.read_text()))
    except (json.JSONDecodeError, AttributeError):
        raise BadInput(f"{config_file} is not a configuration of this project; {_ADVICE}") from None


def _described_by(path: pathlib.Path) -> dict[str, Any] | None:
    """What config.json would say of a data.nc that came alone; None of a file that is not this project's."""
    try:
        found = store.read_dataset(path).attrs
        return {
            "study": found["study"],
            "figure": found["figure"],
            "x64": found["precision"] == "float64",
            "config": json.loads(found["config"]),
        }
    except (BadInput, KeyError, TypeError, ValueError):
        return None


def _refuse_other(job: Job, stored: dict[str, Any]) -> None:
    """Refuse a folder that belongs to another configuration."""
    ours = job.description()
    if stored != ours:
        before, now = stored.get("config", {}), ours["config"]
        odd = [f"{k}={before.get(k)} not {now[k]}" for k in now if before.get(k) != now[k]] or ["precision or study"]
        raise BadInput(f"{job.folder} holds results of another configuration ({'; '.join(odd[:3])}); {_ADVICE}")


def check_writable(folder: pathlib.Path) -> None:
    """Refuse a folder that cannot be made or written in, by trying it beside the nearest folder that exists; leaves nothing there.

    Raises:
      BadInput: a part of the path is a file or has too long a name, or the place is read-only.
    """
    place = folder
    try:
        while not place.exists() and place != place.parent:
            place = place.parent
    except OSError as error:
        raise BadInput(f"cannot make {folder} ({error.strerror}); choose another --out") from None
    if not place.is_dir():
        raise BadInput(f"cannot make {folder}: {place} is a file, not a folder; choose another --out")
    try:
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError
        os.rmdir(
            tempfile.mkdtemp(dir=place, prefix=".mtrl-")
        )  # root passes the first test even where nothing can be made
    except OSError:
        raise BadInput(f"cannot write in {place}; choose a writable folder with --out") from None


def collate(paths: list[pathlib.Path]) -> tuple["xr.Dataset", dict[str, Any]]:
    """One dataset from the cell files, joined by their coordinates with the seed axis kept, and where it came from."""
    import xarray as xr

    # without the files' encodings: a joined text coordinate would be cut to the first cell's width when written
    parts = [store.read_dataset(path).drop_encoding() for path in paths]
    made = [records.read(path.with_suffix(".json")) for path in paths]
    if not any("seed" in part.dims for part in parts):  # a closed form says the same for every batch of seeds
        parts = list({part.attrs[store.DIGEST]: part for part in parts}.values())
    if len(parts) == 1:
        data = parts[0]
    else:
        data: Any = xr.combine_by_coords(
            [part.drop_attrs(deep=False) for part in parts],
            combine_attrs="drop_conflicts",
            join="outer",
            data_vars="minimal",
            coords="minimal",
            compat="equals",
        )
        data = data.assign_attrs(parts[0].attrs)
    ours = {store.DIGEST, "config", "seeds", *PROVENANCE}
    kept = {name: value for name, value in data.attrs.items() if name not in ours}
    origin = {name: made[0][name] for name in PROVENANCE if name in made[0] and name not in TIMES}
    # of a time that some cell did not record the sum would say too little
    took = {
        name: float(sum(record[name] for record in made)) for name in TIMES if all(name in record for record in made)
    }
    return data.drop_attrs(deep=False).assign_attrs(kept), {**origin, **took, "cells": len(paths)}


def claim(job: Job, overwrite: bool) -> None:
    """Take the folder: of several processes that start in it at once, the first to finish a cell has it.

    Raises:
      BadInput: another process has taken it for another configuration meanwhile.
    """
    description, config_file = job.description(), job.folder / "config.json"
    if overwrite:
        store.write_json(config_file, description)
    _refuse_other(job, store.claim_json(config_file, description))


def finish(job: Job, cells: list[Cell]) -> None:
    """Write data.nc and run.json from the cells' files.

    Raises:
      BadInput: a file is damaged, or another process has taken the folder for another configuration meanwhile.
    """
    data, origin = collate([engine.cell_path(job.folder, cell) for cell in cells])
    precision = "float64" if job.x64 else "float32"
    names = {"study": job.study.name, "figure": job.figure.name, "config": json.dumps(as_dict(job.config))}
    claim(job, overwrite=False)
    store.write_dataset(job.folder / "data.nc", data.assign_attrs(names, precision=precision))
    store.write_json(job.folder / "run.json", {**origin, **job.stamps()})


def render(job: Job) -> list[dict[str, Any]]:
    """Draw the figure and judge the claims, from data.nc alone; returns the claim records."""
    data = store.read_dataset(job.folder / "data.nc")
    if json.loads(data.attrs["config"]) != as_dict(job.config):
        raise BadInput(
            f"{job.folder}/data.nc is of another configuration than config.json (a run that replaces it was stopped); "
            "run again without --plot_only to finish"
        )
    judged = [evaluate_claim(claim, data, job.config) for claim in job.figure.claims if claim.applies(data)]
    records = [record for record in judged if record is not None]
    with style.house():
        made = style.pictures(job.figure.draw(data, job.config))
    for suffix, content in made.items():
        store.write_bytes(job.folder / f"figure.{suffix}", content)
    store.write_json(job.folder / "claims.json", records)
    return records


def stored_job(study: Study, figure: Figure, folder: pathlib.Path) -> Job:
    """The job a folder was made by, for `--plot_only`.

    Raises:
      BadInput: the folder holds no results, or those of something else.
    """
    path = folder / "config.json"
    if not path.is_file() and not (folder / "data.nc").is_file():
        raise BadInput(f"{path} does not exist, so there is nothing to plot; run without --plot_only first")
    try:
        stored: Any = json.loads(path.read_text()) if path.is_file() else _described_by(folder / "data.nc")
        names = (stored["study"], stored["figure"])
        values, x64 = stored["config"], stored["x64"]
    except (json.JSONDecodeError, KeyError, TypeError):
        raise BadInput(f"{path} is missing or is not a configuration of this project; choose another --out") from None
    if names != (study.name, figure.name):
        raise BadInput(
            f"{path} belongs to {names[0]}/{names[1]}, not to {study.name}/{figure.name}; choose another --out"
        )
    return Job(study, figure, from_dict(figure.config, values), folder, x64)
