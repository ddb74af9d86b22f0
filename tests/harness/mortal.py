"""A study whose cells fail as told: they kill their worker, raise, or take their time."""

import os
import pathlib
import signal
import sys
import time

import numpy as np

from mtrl.harness import BaseConfig, Figure, Study, field, main
from tests.harness import tiny


class MortalConfig(BaseConfig):
    """One cell a point."""

    points: tuple[int, ...] = field((0, 1, 2), help="cells")
    mark: str = field("", help="file in which point 1 notes that it has killed its worker")
    kills: int = field(0, help="how many workers point 1 kills")
    wrong: int = field(-1, help="point that raises")
    seconds: float = field(0.0, help="what a cell takes at least")


def run_mortal(config, seeds):
    import xarray as xr

    (point,) = config.points
    mark = pathlib.Path(config.mark)
    if point == 1 and config.mark and len(mark.read_text()) < config.kills:
        mark.write_text(mark.read_text() + "x")
        os.kill(os.getpid(), signal.SIGKILL)
    if point == config.wrong:
        raise RuntimeError(f"point {point} is wrong\nand this line is not shown")
    time.sleep(config.seconds)
    values = np.random.default_rng(point).normal(size=(len(seeds), 1))
    return xr.Dataset({"mean": (("seed", "size"), values)}, coords={"seed": seeds, "size": [point]})


FIGURE = Figure(
    __name__,
    name="figure",
    title="Cells that fail as told",
    run=run_mortal,
    draw=tiny.draw_mean,
    split=("points",),
    presets={"smoke": dict(seeds=2)},
)
STUDY = Study("mortal", "Nobody 2026", "cells that fail as told", (FIGURE,), package="tests.harness")

if __name__ == "__main__":
    main(STUDY, sys.argv[1:])
