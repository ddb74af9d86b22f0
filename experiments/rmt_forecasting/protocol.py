"""What the figures share: data sets, looks, and variables of a data set for the seeds that ran on it.

The embedded stand-ins are not the paper's data and every label says so: autoregressive channels with a known amount in common, and the
quarterly US macro series that come with statsmodels.
"""

import difflib
import functools
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mtrl import data as readers
from mtrl import forecasting
from mtrl.harness import BadInput, BaseConfig, field, plots
from mtrl.harness.judge.measures import SEED, Absent, Quantity, value

UNIT = "squared standard deviations of the channel"
MSE = "test MSE [sd² of the channel]"
ETT = ("ETTh1", "ETTh2")
FILES = (*ETT, "Weather")  # the paper's; any other csv of a folder can be asked for by its name
STAND_INS = {"AR": (36, (500, 150, 250)), "macro": (8, (120, 30, 52))}  # look-back and rows of train, validation, test
AR_ROWS = 900
MACRO = ("realgdp", "realcons", "realinv", "realgovt", "realdpi", "cpi", "m1")
PAPER_BEST = {"ETTh1 H=96": 0.367, "ETTh2 H=96": 0.267, "Weather H=96": 0.148}  # best entries of the paper's table 1
UNIVARIATE = ("PatchTST", "DLinearU", "Transformer")  # of `forecasting`
SELECTIONS = ("val", "gcv", "oracle")

BESIDE = dict(loc="upper left", bbox_to_anchor=(1.0, 1.0))  # a legend to the right of the panel
LOOK = {
    **plots.looks(UNIVARIATE),
    **plots.looks(("pooled", "multitask", "window mean")),
    **plots.looks([f"{name} choice" for name in SELECTIONS]),
    "observed": plots.Look("observed on test windows", plots.style.COLORS[0]),
    "held_out": plots.Look("observed on held-out blocks\nof the training part", plots.style.COLORS[2], "^"),
    "gcv": plots.Look("GCV on train windows", plots.style.COLORS[1], "s", "--"),
    "train": plots.Look("train error", plots.style.COLORS[7], "", ":"),
    "theory": plots.Look("deterministic equivalent", "black"),
    "closed form": plots.Look("closed form's GCV choice", "black", "*"),
}


class DataConfig(BaseConfig):
    """Where the series come from."""

    data_dir: str = field("", help="folder with series in csv (date,<channel>,...); empty: the stand-ins", path=True)
    series: tuple[str, ...] = field(
        ("all",),
        help="AR, macro, names of csv files there, or all (the benchmark's files, or else every csv)",
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


class Problem(NamedTuple):
    """One data set at one horizon."""

    label: str  # on the axes, e.g. "ETTh1 H=96"
    source: str  # name of the file, or one of STAND_INS
    series: np.ndarray | None  # raw values (row, channel); None for the AR stand-in, which is drawn per seed
    sizes: dict[str, Any]  # split, look-back L, horizon H
    share: float = 0.5  # of the AR stand-in

    @property
    def windows(self) -> list[np.ndarray]:
        """Where the windows of the train, validation and test rows begin."""
        lookback, horizon = self.sizes["lookback"], self.sizes["horizon"]
        return [forecasting.window_starts(span, lookback, horizon) for span in self.sizes["split"]]


def csv_files(config: DataConfig) -> dict[str, Path]:
    """The csv files of the folder by name; the benchmark's go by their published names in whatever case (weather.csv)."""
    published = {name.lower(): name for name in FILES}
    paths = sorted(Path(config.data_dir).glob("*.csv")) if config.data_dir else ()
    return {published.get(path.stem.lower(), path.stem): path for path in paths}


def names(config: DataConfig) -> tuple[str, ...]:
    """The data sets a configuration asks for; refuses folders that do not exist and names that are not there."""
    folder, there, wanted = Path(config.data_dir), csv_files(config), ", ".join(f"{name}.csv" for name in FILES)
    if not folder.is_dir():
        raise BadInput(f"data_dir got {folder}, which is not a folder; it must hold {wanted}")
    if "all" in config.series and config.data_dir and not there:
        raise BadInput(f"data_dir {folder} holds none of {wanted} nor any other csv; put at least one there")
    if "all" in config.series:
        return tuple(name for name in FILES if name in there) or tuple(there) or tuple(STAND_INS)
    known = (*there, *STAND_INS)
    for name in (name for name in config.series if name not in known):
        near = [x for x in difflib.get_close_matches(name, (*known, *FILES), n=1) if x != name]
        hint = f"did you mean {near[0]}?" if near else "give the folder of its csv (date,<channel>,...) with --data_dir"
        raise BadInput(f"series got {name}, but there are all, {', '.join(known)}; {hint}")
    return config.series


def files(config: DataConfig) -> list[Path]:
    """The files that a configuration reads."""
    return [path for name, path in csv_files(config).items() if name in names(config)]


def memory(config: DataConfig) -> int:
    """Bytes of the ridge on windows: a few Gram matrices, eigenbases and targets per channel, and one block of windows."""
    wanted = set(names(config))
    channels = 7 if wanted <= {*ETT, *STAND_INS} else 21
    lookback = config.lookback if wanted - set(STAND_INS) else STAND_INS["AR"][0]
    horizon = max(*config.horizons, config.standin_horizon)
    return 8 * channels * (8 * lookback * (lookback + horizon) + 2 * 256 * (lookback + horizon))


def problems(config: DataConfig) -> list[Problem]:
    """Every (data set, horizon) of a configuration, checked."""
    return [p for name in names(config) for p in (_stand_ins if name in STAND_INS else _benchmarks)(name, config)]


def _stand_ins(name: str, config: DataConfig) -> list[Problem]:
    (lookback, rows), label = STAND_INS[name], f"{name} stand-in"
    split = forecasting.split_rows(*rows, lookback)
    forecasting.check_windows(split, sum(rows), lookback, config.standin_horizon, label)
    sizes = dict(split=split, lookback=lookback, horizon=config.standin_horizon)
    if name == "macro":
        return [Problem(label, name, macro_series(), sizes)]
    return [Problem(f"{label}, share {share:g}", name, None, sizes, share) for share in config.shares]


def _benchmarks(name: str, config: DataConfig) -> list[Problem]:
    series, lookback, longest = read_file(str(csv_files(config)[name]), name), config.lookback, max(config.horizons)
    rows, fits = len(series), max(1, len(series) // 40)  # 70 % of them are for training, 10 % for validation
    if name not in ETT and (lookback > 7 * rows // 10 - longest or rows // 10 <= longest):
        what = f"{name}.csv has {rows} rows, too few for lookback={lookback} and horizons up to {longest}"
        raise BadInput(f"{what}; give --lookback={2 * fits} --horizons={fits}")
    split = forecasting.ett_split(lookback) if name in ETT else forecasting.fraction_split(rows, lookback)
    for horizon in config.horizons:
        forecasting.check_windows(split, rows, lookback, horizon, f"{name}.csv")
    sizes = [dict(split=split, lookback=lookback, horizon=horizon) for horizon in config.horizons]
    return [Problem(f"{name} H={own['horizon']}", name, series, own) for own in sizes]


@functools.lru_cache(maxsize=4)
def read_file(path: str, name: str) -> np.ndarray:
    """Values of a file; ETT files must have their published header and a row every hour."""
    header, step = (readers.ETT_HEADER, readers.HOUR) if name in ETT else (None, None)
    values = readers.read_csv_series(path, header=header, step=step).values
    forecasting.check_series(values, path)
    return values


def macro_series() -> np.ndarray:
    """Quarterly growth of seven US series, 100 times the difference of logarithms, (202, 7); from statsmodels."""
    from statsmodels.datasets import macrodata

    levels = macrodata.load_pandas().data[list(MACRO)].to_numpy()  # pyright: ignore[reportOptionalSubscript]
    return 100 * np.diff(np.log(levels), axis=0)


def check_results(problem: Problem, **errors: Any) -> None:
    """Refuse to store errors that are not finite, of any replicate that ran."""
    for name, values in errors.items():
        bad = np.asarray(values)[~np.isfinite(values)]
        if bad.size:
            what = "look for extreme values in the series, or train with a smaller learning rate or larger penalties"
            raise BadInput(f"{problem.label}: the {name} errors hold {bad[0]}; {what}")


def warn_of_gcv(select: str) -> None:
    """GCV assumes independent samples, which overlapping windows are not."""
    if select == "gcv":
        warnings.warn("overlapping windows are not independent samples: GCV on them is optimistic", stacklevel=2)


def stands_in(position: int) -> Any:
    """For `Claim.stand_in`: whether the data set at that position is none of the paper's."""
    return lambda data: not str(data["problem"].values[position]).startswith(FILES)


def on(position: int, name: str, **where: Any) -> Quantity:
    """A variable on the data set at a position, for the seeds (or replicates) that ran on it; `Absent` if there are none."""

    def part(array):
        array = array.rename(replicate=SEED) if "replicate" in array.dims else array
        ran = array.isel(problem=slice(position, position + 1)).dropna(SEED, how="all")
        if not ran.size:
            raise Absent(f"nothing of {name} on data set {position}")
        return ran.isel(problem=0, drop=True)

    return value(name, **where).then(part)
