"""Reader of rating tables: MovieLens 1M (`ratings.dat`, cells between `::`, no header) and the later sets (`ratings.csv` with a header).

MovieLens 1M (Harper and Konstan 2015): 1,000,209 ratings of 6,040 users; ids from 1, those of movies with gaps.
ml-latest-small: 100,836 ratings.
"""

import pathlib
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import Path, number, read_text

DAT, CSV = "UserID::MovieID::Rating::Timestamp", "userId,movieId,rating,timestamp"
LOWEST, HIGHEST = 0.0, 5.0


class Ratings(NamedTuple):
    """One row a rating; users and movies are numbered anew from 0, in the order of the file's ids, and only those that occur."""

    user: np.ndarray  # (rating,) int64
    item: np.ndarray  # (rating,) int64
    rating: np.ndarray  # (rating,) float64, stars
    user_ids: np.ndarray  # (user,) the file's own
    item_ids: np.ndarray  # (item,) the file's own
    name: str  # "MovieLens 1M", or the folder's name


def read_movielens(path: Path) -> Ratings:
    """Read a folder that holds `ratings.dat` or `ratings.csv`, or such a file.

    Raises:
      BadInput: there is none; a line without the four cells (cells of a `.dat` lie between `::`), a cell that is no number, an id that
        is not a whole number of at least 1, stars outside 0 to 5, a movie rated twice by one user; with file and line.
    """
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        there = [path / name for name in ("ratings.dat", "ratings.csv") if (path / name).is_file()]
        if not there:
            raise BadInput(
                f"{path} holds neither ratings.dat ({DAT}) nor ratings.csv ({CSV}); give the folder of a MovieLens set"
            )
        path = there[0]
    dat = path.suffix != ".csv"
    form, separator = (DAT, "::") if dat else (CSV, ",")
    lines = read_text(path, f"lines {form}").splitlines()
    first = 0 if dat else 1
    if not dat and (
        not lines or [cell.strip().lower() for cell in lines[0].split(",")[:3]] != ["userid", "movieid", "rating"]
    ):
        raise BadInput(f"{path}, line 1: got {lines[0][:60] if lines else 'nothing'!r}; expected the header {CSV}")
    rows = []
    for at, line in enumerate(lines[first:], start=first + 1):
        cells = line.split(separator)
        if len(cells) == 4:
            rows.append(cells[:3])
        elif line.strip() or at < len(lines):
            raise BadInput(f"{path}, line {at}: got {line[:60]!r}; expected four cells as in {form}")
    if not rows:
        raise BadInput(f"{path} holds no ratings; expected lines {form}")
    try:
        table = np.array(rows, dtype=float)
    except ValueError:
        table = np.array(
            [[number(c, f"{path}, line {at}") for c in cells] for at, cells in enumerate(rows, start=first + 1)]
        )
    _check(path, table, first + 1)
    (user_ids, user), (item_ids, item) = (
        np.unique(table[:, i].astype(np.int64), return_inverse=True) for i in range(2)
    )
    name = "MovieLens 1M" if dat and len(table) == 1_000_209 else path.resolve().parent.name
    return Ratings(user, item, table[:, 2], user_ids, item_ids, name)


def _check(path: pathlib.Path, table: np.ndarray, first: int) -> None:
    """Ids and stars within their ranges, no pair twice."""
    for i, what in enumerate(("UserID", "MovieID")):
        bad = ~((table[:, i] >= 1) & (table[:, i] == np.floor(table[:, i])) & (table[:, i] < 2**53))
        if bad.any():
            at = int(np.argmax(bad))
            raise BadInput(
                f"{path}, line {at + first}: got the {what} {table[at, i]:g}, but ids are whole numbers of at least 1"
            )
    bad = ~((table[:, 2] >= LOWEST) & (table[:, 2] <= HIGHEST))
    if bad.any():
        at = int(np.argmax(bad))
        raise BadInput(
            f"{path}, line {at + first}: got the rating {table[at, 2]:g}, but stars go from {LOWEST:g} to {HIGHEST:g}"
        )
    _, places, counts = np.unique(table[:, :2], axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        at = int(places[np.argmax(counts > 1)])
        raise BadInput(
            f"{path}, line {at + first}: user {table[at, 0]:g} rates movie {table[at, 1]:g} more than once; keep one of the rows"
        )
