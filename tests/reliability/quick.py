"""A study whose cells take a few hundredths of a second each, to be killed, starved and run twice at once."""

import sys
import time

import numpy as np

from mtrl.harness import BaseConfig, Claim, Figure, Study, between, field, main, mean_interval, style

CELLS = 12  # of the sweep below
SWEEP = ("--figure=walk", "--seeds=4", "--seed_batch=2", "--sweep.scale=1,2")


class WalkConfig(BaseConfig):
    """A random walk of NumPy."""

    lengths: tuple[int, ...] = field((10, 20, 30), help="steps", lower=1)
    scale: float = field(1.0, help="size of a step", lower=0.0, strict=True)
    pause: float = field(0.02, help="how long a cell takes at least", lower=0.0, unit="s")


def run_walk(config, seeds):
    import xarray as xr

    walks = [
        [config.scale * np.random.default_rng([seed, n]).normal(size=(n, 2000)).sum(0) for n in config.lengths]
        for seed in seeds
    ]
    time.sleep(config.pause)
    return xr.Dataset(
        {"end": (("seed", "length", "walk"), np.array(walks))}, coords={"seed": seeds, "length": list(config.lengths)}
    )


def draw_walk(data, config):
    figure, axes = style.subplots()
    style.band(axes[0, 0], data["length"], data["end"].mean("walk"), label="walks")
    return figure


def mean_end(data):
    return mean_interval(data["end"].isel(length=0).mean("walk").values)


STUDY = Study(
    "quick",
    "Nobody 2026",
    "a study to be killed",
    (
        Figure(
            __name__,
            name="walk",
            title="Where walks end",
            run=run_walk,
            draw=draw_walk,
            claims=(Claim("walks end at zero", "Table 1", mean_end, between(-5, 5)),),
            split=("lengths",),
        ),
    ),
    package="tests.reliability",
)


if __name__ == "__main__":
    main(STUDY, sys.argv[1:])
