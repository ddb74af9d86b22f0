"""Copies of results in the gallery."""

import json
import pathlib
from typing import Any

from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput

LARGEST = 1_500_000  # bytes of data.nc that the gallery keeps; larger data is remade with one command


def publish(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copy a figure's picture, claims, configuration and small data into the gallery.

    Where all of that is there already byte for byte, the record of the earlier run stays: remaking changes nothing.
    """
    contents = [
        name for name in ("figure.png", "figure.pdf", "claims.json", "config.json", "data.nc") if _kept(source / name)
    ]
    same = all(_same(source / name, target / name) for name in contents)
    for name in ("figure.png", "figure.pdf", "claims.json", "config.json", "run.json", "data.nc"):
        if name == "run.json" and (not (source / name).is_file() or (same and _stamps(source) == _stamps(target))):
            continue
        if _kept(source / name):
            store.write_bytes(target / name, (source / name).read_bytes())
        else:
            (target / name).unlink(missing_ok=True)


def _kept(path: pathlib.Path) -> bool:
    return path.is_file() and (path.name != "data.nc" or path.stat().st_size <= LARGEST)


def _same(ours: pathlib.Path, theirs: pathlib.Path) -> bool:
    return theirs.is_file() and ours.read_bytes() == theirs.read_bytes()


def _stamps(folder: pathlib.Path) -> dict[str, str | None]:
    run = json.loads((folder / "run.json").read_text()) if (folder / "run.json").is_file() else {}
    return {name: run.get(name) for name in ("made_from", "drawn_by")}


def is_fresh(folder: pathlib.Path, stamps: dict[str, str]) -> bool:
    """Whether a published figure is of today's sources, configuration, inputs and pins, or its data are and can be drawn anew."""
    there = _stamps(folder)
    drawn = there["drawn_by"] == stamps["drawn_by"] or (folder / "data.nc").is_file()
    return (folder / "figure.png").is_file() and there["made_from"] == stamps["made_from"] and drawn


def publish_variant(source: pathlib.Path, gallery: pathlib.Path, variant: str) -> pathlib.Path:
    """Add a result folder to the gallery as `<figure>-<variant>`, beside the figure made from the embedded data; returns that folder.

    Raises:
      BadInput: the folder holds no result, or the variant has no name.
    """
    if not variant.isidentifier():
        raise BadInput(
            f"--variant got '{variant}', but takes a short name of letters, digits and _, e.g. --variant=ett"
        )
    if not (source / "claims.json").is_file():
        raise BadInput(f"{source} holds no result; give the folder of one figure, <out>/<study>/<figure>")
    stored = json.loads((source / "config.json").read_text())
    target = gallery / stored["study"] / f"{stored['figure']}-{variant}"
    publish(source, target)
    _forget_places(target, stored)
    return target


def _forget_places(folder: pathlib.Path, stored: dict[str, Any]) -> None:
    """Of the files that were read keep the names, not where they lay on one machine."""
    config = {
        name: pathlib.Path(value).name if isinstance(value, str) and pathlib.Path(value).is_absolute() else value
        for name, value in stored["config"].items()
    }
    if config != stored["config"]:
        store.write_json(folder / "config.json", {**stored, "config": config})
        if (folder / "data.nc").is_file():
            data = store.read_dataset(folder / "data.nc")
            store.write_dataset(folder / "data.nc", data.assign_attrs(config=json.dumps(config)))
