"""Series with numeric targets in the `.ts` text format of the TSER archive (Tan et al. 2020)."""

import pathlib
from typing import NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput


class SeriesSet(NamedTuple):
    """Cases of equal length."""

    series: np.ndarray  # (case, channel, time)
    targets: np.ndarray  # (case,)


def load_ts(folder: str, problem: str, split: str) -> SeriesSet:
    """Read `<folder>/<problem>_<split>.ts`: `@` header lines, `@data`, then per line the channels separated by `:` and the target last.

    Missing values (`?` or NaN) are refused: the archive's own files have some in other problems.

    Raises:
      BadInput: the file is missing, has no `@data` line or no cases, or a line does not fit; the line number is given.
    """
    path = pathlib.Path(folder) / f"{problem}_{split}.ts"
    if not path.is_file():
        raise BadInput(
            f"{path} does not exist; --data_dir must hold {problem}_TRAIN.ts and {problem}_TEST.ts of the TSER archive"
        )
    lines = path.read_text(errors="replace").splitlines()
    start = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if start is None:
        raise BadInput(f"{path} has no @data line, so it is not a .ts file; give the file as the archive ships it")
    cases, targets = [], []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if not line.strip():
            continue
        *channels, target = line.strip().split(":")
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
