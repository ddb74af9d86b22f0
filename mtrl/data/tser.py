"""Series with numeric targets in the `.ts` text format of the TSER archive (Tan et al. 2020)."""

import pathlib
import re
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import Path, read_text

_STAMPED = re.compile(r"\([^(),]*,([^(),]*)\)")  # (2016-01-11 17:00:00,21.5)


class SeriesSet(NamedTuple):
    """Cases of equal length."""

    series: np.ndarray  # (case, channel, time)
    targets: np.ndarray  # (case,)


def read_ts(path: Path) -> SeriesSet:
    """Read a file: `@` header lines, `@data`, then per line the channels separated by `:` and the target last; `#` begins a comment.

    Values with time stamps, `(2016-01-11 17:00:00,21.5)`, are taken without them. Missing values (`?` or NaN) are refused.

    Raises:
      BadInput: the file is missing, has no `@data` line or no cases, or a line does not fit; the line number is given.
    """
    lines = read_text(path, "a .ts file of the TSER archive").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if start is None:
        raise BadInput(f"{path} has no @data line, so it is not a .ts file; give the file as the archive ships it")
    cases, targets = [], []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if "?" in line:
            raise BadInput(f"{path} line {number} holds a missing value (?); fill it or drop the case")
        *channels, target = _STAMPED.sub(r"\1", line.strip()).split(":")
        try:
            case = np.array([[float(x) for x in channel.split(",")] for channel in channels])
            targets.append(float(target))
        except ValueError:
            raise BadInput(
                f"{path} line {number} is not lists of numbers of equal length with a target last; mend or drop it"
            ) from None
        if case.ndim != 2 or not np.isfinite(case).all() or not np.isfinite(targets[-1]):
            raise BadInput(f"{path} line {number} holds no channels or a value that is not finite; fill or drop it")
        if cases and case.shape != cases[0].shape:
            raise BadInput(
                f"{path} line {number} has {case.shape} channels x times, but the first case has {cases[0].shape}"
            )
        cases.append(case)
    if not cases:
        raise BadInput(f"{path} has no cases after @data; give the file as the archive ships it")
    return SeriesSet(np.stack(cases), np.array(targets))


def find_ts(place: Path) -> tuple[str, pathlib.Path, pathlib.Path]:
    """Name and the two files `<name>_TRAIN.ts` and `<name>_TEST.ts` of a folder that holds one such pair, or of one of the two files.

    Raises:
      BadInput: no pair, or several; names them.
    """
    place = pathlib.Path(place).expanduser()
    if place.suffix == ".ts":
        folder, names = place.parent, [re.sub(r"_(TRAIN|TEST)$", "", place.stem)]
    else:
        folder, names = place, sorted(path.stem.removesuffix("_TRAIN") for path in place.glob("*_TRAIN.ts"))
    if len(names) != 1:
        what = "no <name>_TRAIN.ts" if not names else f"several sets ({', '.join(names)}), give one of their files"
        raise BadInput(
            f"{place} holds {what}; expected the pair <name>_TRAIN.ts and <name>_TEST.ts of the TSER archive"
        )
    pair = [folder / f"{names[0]}_{split}.ts" for split in ("TRAIN", "TEST")]
    for path in pair:
        if not path.is_file():
            raise BadInput(f"{path} does not exist; the archive ships {pair[0].name} and {pair[1].name} together")
    return names[0], pair[0], pair[1]
