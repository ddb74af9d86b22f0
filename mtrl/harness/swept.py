"""What is swept: from `--sweep.<field>=...` and `--sweep_file` to the points."""

import itertools
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtrl.harness.config import check_distinct
from mtrl.harness.study import unknown
from mtrl.numerics.errors import BadInput

SWEEP = "sweep."
_FORMS = 'an object, {"field": [value, ...]}, for a grid, or a list of objects, [{"field": value}, ...], for points'


class Sweep(NamedTuple):
    """The points of a sweep: every row with every combination of the axes.

    Attributes:
      axes: field -> texts of its values.
      rows: texts of the fields, point by point, for what is no grid.
    """

    axes: dict[str, list[str]]
    rows: tuple[dict[str, str], ...] = ()

    @property
    def fields(self) -> list[str]:
        """Names of what is swept; the first is the horizontal axis."""
        return [*(self.rows[0] if self.rows else {}), *self.axes]

    def points(self) -> list[dict[str, str]]:
        """Texts of the swept fields, point by point."""
        products = [dict(zip(self.axes, values, strict=True)) for values in itertools.product(*self.axes.values())]
        return [{**row, **product} for row in self.rows or ({},) for product in products]

    def checked(self) -> "Sweep":
        """The sweep itself.

        Raises:
          BadInput: a point comes twice.
        """
        for name, texts in self.axes.items():
            check_distinct(f"{SWEEP}{name}", texts)
        check_distinct("the sweep", [", ".join(f"{k}={v}" for k, v in row.items()) for row in self.rows])
        return self

    def words(self) -> str:
        """As flags."""
        rows = [f"{len(self.rows)} points of a file over {', '.join(self.rows[0])}"] if self.rows else []
        return " ".join([*rows, *(f"--{SWEEP}{name}={','.join(texts)}" for name, texts in self.axes.items())])


def split(text: str) -> list[str]:
    """The values of a flag: separated by ';' if there is one (the values are lists), else by ','."""
    return [part.strip() for part in text.split(";" if ";" in text else ",")]


def _text(path: pathlib.Path, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and value and not any(isinstance(entry, list | dict) for entry in value):
        return ",".join(_text(path, name, entry) for entry in value)
    if isinstance(value, dict | list):
        raise BadInput(
            f"{path} gives {name} the value {json.dumps(value)}; it takes a number, a text or a list of them"
        )
    return "none" if value is None else str(value)


def read_file(path: pathlib.Path, known: Sequence[str]) -> Sweep:
    """The sweep that a JSON file describes.

    Args:
      path: an object field -> list of values is a grid; a list of objects field -> value are points, all over the same fields.
      known: fields that can be swept.

    Raises:
      BadInput: no such file, no JSON, another form, an unknown field, or a point that comes twice.
    """
    try:
        found = json.loads(path.read_text())
    except OSError as error:
        raise BadInput(f"--sweep_file got {path}, which cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise BadInput(f"--sweep_file got {path}, which is not JSON ({error}); it takes {_FORMS}") from None
    rows: list[dict[str, Any]] = found if isinstance(found, list) else []
    if not found or not isinstance(found, list | dict) or not all(isinstance(row, dict) and row for row in rows):
        raise BadInput(f"--sweep_file got {path}, which holds something else; it takes {_FORMS}")
    for name in dict.fromkeys(name for row in rows or [found] for name in row):
        if name not in known:
            raise BadInput(f"{path}: {unknown('field', name, list(known))}")
    if isinstance(found, dict):
        for name, values in found.items():
            if not isinstance(values, list) or not values:
                raise BadInput(f"{path} gives {name} the value {json.dumps(values)}; a grid takes a list of values")
        return Sweep({name: [_text(path, name, value) for value in values] for name, values in found.items()}).checked()
    for number, row in enumerate(rows):
        if odd := sorted(set(row) ^ set(rows[0])):
            raise BadInput(
                f"{path}: point {number + 1} and the first differ in {', '.join(odd)}; give every point the same fields"
            )
    texts = [{name: _text(path, name, row[name]) for name in rows[0]} for row in rows]
    return Sweep({}, tuple(texts)).checked()


def joined(flags: Mapping[str, list[str]], file: Sweep | None) -> Sweep | None:
    """What flags and file sweep together, or None where neither sweeps.

    Raises:
      BadInput: both name one field, or a value comes twice.
    """
    if not flags and file is None:
        return None
    file = file or Sweep({})
    for name in flags:
        if name in file.fields:
            raise BadInput(f"{name} is swept by --{SWEEP}{name} and by --sweep_file; keep one of the two")
    return Sweep({**file.axes, **flags}, file.rows).checked()
