"""Data of the forecasting study: benchmark files with `--data_dir`, embedded stand-ins without.

The stand-ins are not the paper's data and every label says so: autoregressive channels with a known amount in common, and the quarterly
US macro series that come with statsmodels.
"""

import dataclasses
import difflib
import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mtrl import data as readers
from mtrl import forecasting
from mtrl.harness import BadInput, BaseConfig, field

FILES = ("ETTh1", "ETTh2", "Weather")  # the paper's; any other csv of a folder can be asked for by its name
ETT = ("ETTh1", "ETTh2")
STAND_INS = ("AR", "macro")
MACRO = ("realgdp", "realcons", "realinv", "realgovt", "realdpi", "cpi", "m1")
PAPER_BEST = {
    "ETTh1 H=96": 0.367,
    "ETTh2 H=96": 0.267,
    "Weather H=96": 0.148,
}  # Ilbert et al. 2024, table 1, best entry per data set
AR_ROWS, AR_LOOKBACK, AR_TRAIN, AR_VALIDATION = 900, 36, 500, 150
MACRO_LOOKBACK, MACRO_TRAIN, MACRO_VALIDATION = 8, 120, 30


@dataclasses.dataclass(frozen=True)
class DataConfig(BaseConfig):
    """Where the series come from."""

    data_dir: str = field(
        "",
        help="folder with ETTh1.csv, ETTh2.csv, Weather.csv or other series in csv (date,<channel>,...); empty: the embedded stand-ins",
        path=True,
    )
    series: tuple[str, ...] = field(
        ("all",),
        help="which data sets: AR, macro, or files of the folder without .csv; all for the benchmark files there, or else every csv",
        distinct=True,
    )
    lookback: int = field(336, help="look-back of the files (stand-ins have their own)", lower=1, unit="rows")
    horizons: tuple[int, ...] = field((96,), help="horizons of the files", lower=1, unit="rows", distinct=True)
    standin_horizon: int = field(4, help="horizon of the stand-ins", lower=1, unit="rows")
    shares: tuple[float, ...] = field(
        (0.5,), help="how much the AR stand-in's channels have in common", lower=0.0, upper=1.0, distinct=True
    )

    def validate(self):
        """The folder must exist and fit the wanted series, before anything runs."""
        names(self)


@dataclasses.dataclass(frozen=True)
class Problem:
    """One data set at one horizon.

    Attributes:
      label: name on the axes, e.g. "ETTh1 H=96".
      source: one of FILES or STAND_INS.
      series: raw values (row, channel), or None for the AR stand-in, which is drawn per seed.
      split: row ranges.
      lookback, horizon: L and H.
      learning_rate: of Adam.
      share: of the AR stand-in.
    """

    label: str
    source: str
    series: np.ndarray | None
    split: "forecasting.Split"
    lookback: int
    horizon: int
    learning_rate: float = 1e-3
    share: float = 0.5


def names(config: DataConfig) -> tuple[str, ...]:
    """The data sets a configuration asks for.

    Raises:
      BadInput: the folder does not exist or lacks a wanted file, or files are wanted without a folder.
    """
    if not config.data_dir:
        wanted = STAND_INS if "all" in config.series else config.series
        for name in wanted:
            if name in FILES:
                raise BadInput(f"series got {name}, which is a file; give its folder with --data_dir")
            if name not in STAND_INS:
                near = difflib.get_close_matches(name, (*STAND_INS, *FILES), n=1)
                hint = f"did you mean {near[0]}?" if near else "give the folder of the file with --data_dir"
                raise BadInput(f"series got {name}, but without --data_dir takes all, {', '.join(STAND_INS)}; {hint}")
        return tuple(wanted)
    folder = Path(config.data_dir)
    if not folder.is_dir():
        raise BadInput(
            f"data_dir got {folder}, which is not a folder; it must hold {', '.join(f'{name}.csv' for name in FILES)}"
        )
    there = _csv_files(folder)
    if "all" in config.series:
        if not there:
            raise BadInput(
                f"data_dir {folder} holds none of {', '.join(f'{name}.csv' for name in FILES)} nor any other csv; put at least one there"
            )
        return tuple(name for name in FILES if name in there) or tuple(there)
    for name in config.series:
        if name not in there and name not in STAND_INS:
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; the folder holds {', '.join(there) or 'no csv'}"
            raise BadInput(f"{folder / name}.csv: no such file; expected a csv with the header date,<channels>{hint}")
    return tuple(config.series)


def _csv_files(folder: Path) -> dict[str, Path]:
    """The csv files of a folder by name; the benchmark's go by their published names in whatever case (weather.csv)."""
    published = {name.lower(): name for name in FILES}
    return {published.get(path.stem.lower(), path.stem): path for path in sorted(folder.glob("*.csv"))}


def files(config: DataConfig) -> list[Path]:
    """The files that a configuration reads."""
    there = _csv_files(Path(config.data_dir)) if config.data_dir else {}
    return [there[name] for name in names(config) if name in there]


def memory(config: DataConfig) -> int:
    """Bytes of the ridge on windows: a few Gram matrices, eigenbases and targets per channel, and one block of windows."""
    wanted = names(config)
    channels = 7 if set(wanted) <= {"ETTh1", "ETTh2", *STAND_INS} else 21
    lookback = config.lookback if set(wanted) - set(STAND_INS) else AR_LOOKBACK
    horizon = max(*config.horizons, config.standin_horizon)
    return 8 * channels * (8 * lookback * (lookback + horizon) + 2 * 256 * (lookback + horizon))


def warn_of_gcv(select: str) -> None:
    """GCV assumes independent samples, which overlapping windows are not."""
    if select == "gcv":
        warnings.warn(
            "overlapping windows are not independent samples: GCV on them is optimistic, --select=val is not",
            stacklevel=2,
        )


def at_position(position: int) -> Callable[[Any], bool]:
    """For `Claim.applies`: whether there is a data set at that position."""
    return lambda data: position < data.sizes["problem"]


def stands_in(position: int) -> Callable[[Any], bool]:
    """For `Claim.stand_in`: whether the data set at that position is none of the paper's."""
    return lambda data: not str(data.problem.values[position]).startswith(("ETTh1", "ETTh2", "Weather"))


def problems(config: DataConfig) -> list[Problem]:
    """Every (data set, horizon) of a configuration, checked."""
    return [problem for name in names(config) for problem in _problems_of(name, config)]


def _problems_of(name: str, config: DataConfig) -> list[Problem]:
    if name == "AR":
        split = forecasting.split_rows(AR_TRAIN, AR_VALIDATION, AR_ROWS - AR_TRAIN - AR_VALIDATION, AR_LOOKBACK)
        forecasting.check_windows(split, AR_ROWS, AR_LOOKBACK, config.standin_horizon, "AR stand-in")
        return [
            Problem(
                f"AR stand-in, share {share:g}", name, None, split, AR_LOOKBACK, config.standin_horizon, share=share
            )
            for share in config.shares
        ]
    if name == "macro":
        series, lookback = macro_series(), MACRO_LOOKBACK
        split = forecasting.split_rows(
            MACRO_TRAIN, MACRO_VALIDATION, len(series) - MACRO_TRAIN - MACRO_VALIDATION, lookback
        )
        forecasting.check_windows(split, len(series), lookback, config.standin_horizon, "macro stand-in")
        return [Problem("macro stand-in", name, series, split, lookback, config.standin_horizon)]
    series = read_file(str(_csv_files(Path(config.data_dir))[name]), name)
    if name in ETT:
        split = forecasting.ett_split(config.lookback)
    else:
        shortest = len(series) // 10 - max(config.horizons)  # rows of the validation part, 10 %, beyond the horizon
        if config.lookback > 7 * len(series) // 10 - max(config.horizons) or shortest < 1:
            horizon = max(1, len(series) // 40)
            raise BadInput(
                f"{name}.csv has {len(series)} rows, too few for lookback={config.lookback} and horizons up to {max(config.horizons)}; "
                f"give --lookback={2 * horizon} --horizons={horizon}"
            )
        split = forecasting.fraction_split(len(series), config.lookback)
    for horizon in config.horizons:
        forecasting.check_windows(split, len(series), config.lookback, horizon, f"{name}.csv")
    rate = 1e-4 if name == "Weather" else 1e-3
    return [Problem(f"{name} H={h}", name, series, split, config.lookback, h, rate) for h in config.horizons]


@functools.lru_cache(maxsize=4)
def read_file(path: str, name: str) -> np.ndarray:
    """Values of a file; ETT files must have their published header and a row every hour."""
    header, step = (readers.ETT_HEADER, readers.HOUR) if name in ETT else (None, None)
    values = readers.read_csv_series(path, header=header, step=step).values
    forecasting.check_series(values, path)
    return values


def check_results(problem: Problem, **errors: Any) -> None:
    """Refuse to store or draw errors that are not finite, of any replicate that ran.

    Raises:
      BadInput: NaN or infinity among them.
    """
    for name, values in errors.items():
        if not np.isfinite(values).all():
            raise BadInput(
                f"{problem.label}: the {name} errors hold {np.asarray(values)[~np.isfinite(values)][0]}; "
                "look for extreme values in the series, or train with a smaller learning rate or larger penalties"
            )


def macro_series() -> np.ndarray:
    """Quarterly growth of seven US series, 100 times the difference of logarithms, (202, 7); from statsmodels."""
    from statsmodels.datasets import macrodata

    levels = macrodata.load_pandas().data[list(MACRO)].to_numpy()  # pyright: ignore[reportOptionalSubscript]
    growth = 100 * np.diff(np.log(levels), axis=0)
    forecasting.check_series(growth, "macrodata")
    return growth
