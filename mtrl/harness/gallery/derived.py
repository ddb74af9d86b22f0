"""What the pages offer beside a run's own files, made from the published data: the picture as SVG, means, a figure's own tables."""

import json
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from mtrl.harness.picture import style
from mtrl.harness.run import store
from mtrl.harness.study import Figure

LARGEST_SVG = (
    400_000  # bytes; above it marks and lines are stored as pixels, and where that is no less the page shows the PNG
)
LARGEST_CSV = 1_000_000
SEED = "seed"


def add_derived(folder: pathlib.Path, figure: Figure, config: Any, source: pathlib.Path | None = None) -> None:
    """Write `figure.svg`, `means.csv` and `tables.json` of a published figure; a file without data, or too large, is not there.

    Args:
      folder: of the gallery.
      figure, config: what is there.
      source: folder whose `data.nc` is read, where that of the gallery is left out for its size.
    """
    source = source or folder
    made: dict[str, bytes] = {}
    if (source / "data.nc").is_file():
        data = store.read_dataset(source / "data.nc")
        with style.house():
            made["figure.svg"] = style.pictures(figure.draw(data, config), ["svg"])["svg"]
            if len(made["figure.svg"]) > LARGEST_SVG:
                drawn = figure.draw(data, config)
                style.rasterise(drawn)
                made["figure.svg"] = style.pictures(drawn, ["svg"])["svg"]
        made["means.csv"] = means(data).encode()
        if figure.tables is not None:
            shown = [table._asdict() for table in figure.tables(data, config)]
            made["tables.json"] = (json.dumps(shown, indent=1, default=_plain) + "\n").encode()
    for name, most in (("figure.svg", LARGEST_SVG), ("means.csv", LARGEST_CSV), ("tables.json", LARGEST_CSV)):
        target, content = folder / name, made.get(name)
        if content is None or len(content) > most:
            target.unlink(missing_ok=True)
        elif not target.is_file() or target.read_bytes() != content:
            store.write_bytes(target, content)


def means(data: Any) -> str:
    """Comma-separated rows: every numeric variable's entries, with the mean over seeds and half of its 95 % interval where it has seeds."""
    dims = [str(dim) for dim in data.dims if dim != SEED]
    rows = [["variable", "unit", *dims, "mean", "half_width_95", "seeds"]]
    for name, array in data.data_vars.items():
        if array.dtype.kind in "fiub":
            rows += [[str(name), array.attrs.get("units", ""), *row] for row in _rows(array, dims)]
    return "\n".join(",".join(map(_cell, row)) for row in rows) + "\n"


def _rows(array: Any, dims: list[str]) -> Iterable[list[Any]]:
    seeds = array.sizes.get(SEED, 0)
    mean = array.mean(SEED) if seeds else array
    half = style.half_width(array.transpose(SEED, ...).values).ravel() if seeds else [""] * mean.size
    own = [str(dim) for dim in mean.dims]
    for place, width in zip(np.ndindex(mean.shape), half, strict=True):
        labels = {dim: mean[dim].values[i] for dim, i in zip(own, place, strict=True)}
        yield [*(labels.get(dim, "") for dim in dims), mean.values[place], width, seeds or ""]


def _plain(value: Any) -> Any:
    """A NumPy or labelled number as JSON knows it."""
    return value.item()


def _cell(value: Any) -> str:
    text = f"{value:.6g}" if hasattr(value, "dtype") and value.dtype.kind == "f" else str(value)
    return f'"{text}"' if "," in text or '"' in text else text
