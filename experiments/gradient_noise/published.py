"""The paper's numbers on models that are remade at theory scale only (figures `memory` and `restarts`), for context."""

from typing import Any

import numpy as np

from mtrl.harness import BaseConfig, Claim, Figure, between, dataset
from mtrl.harness.judge.measures import exact, value
from mtrl.harness.picture import plots

# error or failures in percent, without and with noise (Tables 2 to 5 and sections 4.2 to 4.5)
ERRORS = {
    "memory network, one stage, validation": (19.5, 16.6),
    "memory network, two stages, validation": (10.9, 10.8),
    "neural programmer, five columns": (4.7, 1.3),
    "neural programmer, with dropout": (2.6, 0.8),
    "neural programmer, text": (2.4, 1.2),
}
# successful runs without and with noise, of how many
RUNS = {
    "neural programmer, one column": (1, 9, 216),
    "random-access machine": (3.9, 33.9, 300),
    "neural GPU, below 1 % error": (28, 58, 7290),
    "neural GPU, below 2 % error": (90, 159, 7290),
    "neural GPU, below 3 % error": (172, 282, 7290),
    "neural GPU, below 5 % error": (387, 570, 7290),
}


class PublishedConfig(BaseConfig):
    """Nothing is run."""

    seeds: int = 1


def run(config: PublishedConfig, seeds: np.ndarray) -> Any:
    """The numbers, in percent."""
    runs = 100 * np.array([(a / n, b / n) for a, b, n in RUNS.values()])
    ways = ["without", "with"]
    return dataset(
        None,
        {"model": list(ERRORS), "search": list(RUNS), "noise": ways},
        error=(("model", "noise"), np.array(list(ERRORS.values())), "%", "error"),
        success=(("search", "noise"), runs, "%", "runs that succeed"),
    )


def draw(data: Any, config: PublishedConfig) -> Any:
    """The paper's numbers as hollow markers."""
    figure, axes = plots.panel(1, 2, width=6.0, height=3.2)
    for ax, name, dim in zip(axes[0], ("error", "success"), ("model", "search"), strict=True):
        rows = np.arange(data.sizes[dim])
        for way, marker in (("without", "o"), ("with", "D")):
            look = dict(mfc="white" if way == "without" else "0.6", mec="black", label=f"{way} noise")
            ax.plot(data[name].sel(noise=way), rows, marker, **look)
        ax.set_yticks(rows, data[dim].values)
        ax.invert_yaxis()
        log = "x" if name == "success" else ""
        plots.finish(ax, x=plots.axis_words(data[name]), title="paper, at its own scale", log=log)
    return figure


def share(name: str, **where: Any) -> Any:
    """With noise over without."""
    return value(name, noise="with", **where) / value(name, noise="without", **where)


FIGURE = Figure(
    __name__,
    title="The paper's numbers on models of a scale not remade here",
    question="What do the published numbers say on models of a scale not remade here?",
    claims=(
        Claim.sanity("the neural programmer's errors fall by 72 %: arithmetic of the published numbers", "abstract: 72 % relative",
              exact(1 - share("error", model="neural programmer, five columns")), between(0.715, 0.725), unit="1", value=0.72,
              reason="rounding"),
        Claim.sanity("twice as many neural GPUs below 1 % error: arithmetic of the published numbers",
              "section 4.5: 58 and 28 of 7290 runs", exact(share("success", search="neural GPU, below 1 % error")), between(2.065, 2.075),
              unit="1", value=2.07, reason="rounding"),
    ),
)  # fmt: skip
