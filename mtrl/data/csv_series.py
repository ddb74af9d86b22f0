"""Reader of multichannel series in csv: a `date` column, then one column per channel (the ETT and Weather benchmark files).

ETT (Zhou et al. 2021): header `date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT`, hourly from 2016-07-01 00:00:00, 17420 rows. Weather: `date` and 21
channels, the last `OT`, every 10 minutes of 2020.
"""

import csv
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

ETT_HEADER = ("date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


class CsvSeries(NamedTuple):
    """A series as read, in the file's own units."""

    values: np.ndarray  # (row, channel) float64
    channels: tuple[str, ...]
    dates: tuple[str, ...]  # one per row, as written


def read_csv_series(path: str | Path, *, header: tuple[str, ...] | None = None, rows: int = 1) -> CsvSeries:
    """Read and check a file.

    Args:
      path: file to read.
      header: the exact header expected; None takes any header that starts with `date` and names at least one channel.
      rows: the least number of data rows needed.

    Raises:
      BadInput: the file is missing or empty, its header differs, a line has too many or too few cells, a cell is not a finite number, or
        there are too few rows; the message names file, line (the header is line 1) and what was expected there.
    """
    path = Path(path)
    expected = ",".join(header) if header else "date,<channel>,..."
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; expected a csv with the header {expected}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: not a readable csv ({error}); expected the header {expected}") from None
    got = tuple(cell.strip() for cell in lines[0]) if lines else ()
    if "date" not in got[:1]:
        raise BadInput(
            f"{path}, line 1: the header has no first column `date`, got {','.join(got) or 'nothing'}; expected {expected}"
        )
    if (header is not None and got != header) or len(got) < 2:
        raise BadInput(f"{path}, line 1: got the header {','.join(got)}; expected {expected}")
    body = lines[1:]
    while body and not body[-1]:  # blank lines at the end
        body.pop()
    values = np.empty((len(body), len(got) - 1))
    for line, cells in enumerate(body, start=2):
        if len(cells) != len(got):
            raise BadInput(
                f"{path}, line {line}: got {len(cells)} cells; expected {len(got)} as in the header {','.join(got)}"
            )
        for column, cell in enumerate(cells[1:]):
            values[line - 2, column] = _number(cell, path, line, got[column + 1])
    if len(body) < rows:
        raise BadInput(
            f"{path}, line {len(body) + 1}: the file ends after {len(body)} data rows, but {rows} are needed; get the whole file"
        )
    return CsvSeries(values, got[1:], tuple(cells[0] for cells in body))


def _number(cell: str, path: Path, line: int, column: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise BadInput(f"{path}, line {line}, column {column}: got {cell!r}; expected a number") from None
    if not math.isfinite(value):
        raise BadInput(
            f"{path}, line {line}, column {column}: got {cell}; expected a finite number, fill or cut missing values first"
        )
    return value
