"""Reader of multichannel series in csv: a `date` column, then one column per channel (the files of the forecasting benchmarks).

ETT (Zhou et al. 2021): header `date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT`, hourly from 2016-07-01 00:00:00, 17420 rows. Weather: `date` and 21
channels, the last `OT`, every 10 minutes of 2020. Exchange rate and illness (Lai et al. 2018): days and weeks, last column `OT`.
"""

import array
import csv
import datetime
import io
import warnings
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import Path, number, parsing, read_text

ETT_HEADER = ("date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
HOUR = datetime.timedelta(hours=1)
_FORMATS = ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
_FAR = 5.0  # ranges of the rest that a repeated value lies outside of to be called a mark of missing values


class CsvSeries(NamedTuple):
    """A series as read, in the file's own units."""

    values: np.ndarray  # (row, channel) float64
    channels: tuple[str, ...]
    dates: tuple[str, ...]  # one per row, as written


def read_csv_series(
    path: Path, *, header: tuple[str, ...] | None = None, rows: int = 1, step: datetime.timedelta | None = None
) -> CsvSeries:
    """Read and check a file; commas, semicolons or tabs between the cells.

    Warns of rows with the date of the row before, of steps that differ from the usual one, and of a value far outside the rest of its
    channel that stands there more than once (-9999, say: a mark of missing values).

    Args:
      path: file to read.
      header: the exact header expected; None takes any header that starts with `date` and names at least one channel.
      rows: the least number of data rows needed.
      step: the time between rows that the file must have; None takes any.

    Raises:
      BadInput: the file is missing or empty, its header differs, a line has too many or too few cells, a cell is not a finite number, a
        date is none or lies before the one above it, the usual step is not `step`, or there are too few rows; the message names file, line
        (the header is line 1) and what was expected there.
    """
    expected = ",".join(header) if header else "date,<channel>,..."
    text = read_text(path, f"a csv with the header {expected}")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    got, values, dates = (), array.array("d"), []
    with parsing(path, "csv", f"expected the header {expected}"):
        for line, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
            if line == 1:
                got = _header(path, cells, header, expected)
            elif cells and any(cell.strip() for cell in cells):
                if len(dates) != line - 2 or len(cells) != len(got):
                    count = 0 if len(dates) != line - 2 else len(cells)
                    at = len(dates) + 2
                    raise BadInput(
                        f"{path}, line {at}: got {count} cells; expected {len(got)} as in the header {','.join(got)}"
                    )
                dates.append(cells[0])
                values.extend(
                    number(c, f"{path}, line {line}, column {name}") for c, name in zip(cells[1:], got[1:], strict=True)
                )
    if not got:
        _header(path, [], header, expected)
    if len(dates) < rows:
        raise BadInput(
            f"{path}, line {len(dates) + 1}: the file ends after {len(dates)} data rows, but {rows} are needed; get the whole file"
        )
    _check_dates(path, dates, step)
    table = np.array(values).reshape(len(dates), len(got) - 1)
    _warn_of_marks(path, table, got[1:])
    return CsvSeries(table, got[1:], tuple(dates))


def _header(path: Path, cells: list[str], header: tuple[str, ...] | None, expected: str) -> tuple[str, ...]:
    got = tuple(cell.strip() for cell in cells)
    if got[:1] and got[0].lower() in ("date", "datetime", "date time", "time", "timestamp"):
        got = ("date", *got[1:])
    if "date" not in got[:1]:
        index = " (drop the column of row numbers)" if got[:1] == ("",) else ""
        raise BadInput(
            f"{path}, line 1: the header has no first column `date`, got {','.join(got) or 'nothing'}; expected {expected}{index}"
        )
    if (header is not None and got != header) or len(got) < 2:
        raise BadInput(f"{path}, line 1: got the header {','.join(got)}; expected {expected}")
    twice = [name for name in got if got.count(name) > 1]
    if twice:
        raise BadInput(f"{path}, line 1: two columns are called {twice[0]!r}; give each its own name")
    return got


def _moment(text: str, path: Path, line: int) -> datetime.datetime:
    text = text.strip()
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    raise BadInput(f"{path}, line {line}, column date: got {text[:40]!r}; expected a date such as 2016-07-01 00:00:00")


def _check_dates(path: Path, dates: list[str], step: datetime.timedelta | None) -> None:
    if len(dates) < 2:
        return
    moments = np.array([_moment(text, path, line) for line, text in enumerate(dates, start=2)], "datetime64[us]")
    steps = np.diff(moments)
    zero = np.timedelta64(0, "us")
    back = np.flatnonzero(steps < zero)
    if len(back):
        raise BadInput(
            f"{path}, line {back[0] + 3}: {dates[back[0] + 1]} comes after {dates[back[0]]}; sort the rows by time, oldest first"
        )
    usual = np.sort(steps)[len(steps) // 2]
    if step is not None and usual != np.timedelta64(step):
        raise BadInput(
            f"{path}: rows are {usual.astype(object)} apart, but this file has one every {step}; get the right file"
        )
    again, odd = np.flatnonzero(steps == zero), np.flatnonzero((steps != usual) & (steps != zero))
    # months and years differ in length
    calendar = usual >= np.timedelta64(28, "D") and (abs(steps[odd] - usual) < usual / 4).all()
    said = [
        *([f"{len(again)} rows have the date of the row before (first on line {again[0] + 3})"] if len(again) else []),
        *(
            [f"{len(odd)} steps are not the usual {usual.astype(object)} (first on line {odd[0] + 3})"]
            if len(odd) and not calendar
            else []
        ),
    ]
    if said:
        warnings.warn(f"{path}: {' and '.join(said)}; windows across them mix times", stacklevel=3)


def _warn_of_marks(path: Path, table: np.ndarray, channels: tuple[str, ...]) -> None:
    for name, column in zip(channels, table.T, strict=True):
        for value in {column.min(), column.max()} if len(column) else ():
            rest = column[column != value]
            count = len(column) - len(rest)
            if len(rest) < 2 or (count == 1 and abs(value) not in (999.0, 9999.0, 99999.0)):
                continue
            low, high = rest.min(), rest.max()
            if max(low - value, value - high) > _FAR * (high - low) > 0:
                warnings.warn(
                    f"{path}: column {name} holds {value:g} in {count} rows, far outside the rest ({low:.4g} to {high:.4g}); if it marks "
                    "missing values, fill or cut them",
                    stacklevel=3,
                )
