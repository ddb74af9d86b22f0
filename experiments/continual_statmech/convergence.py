"""The paper's Figure 2c: steps of gradient descent until the error stands still, against the load."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Claim, Figure, at_least, between, dataset, field, over_seeds, split_named
from mtrl.harness.judge.measures import Quantity, best, bootstrap, value
from mtrl.harness.picture import plots


class ConvergenceConfig(BaseConfig):
    """Full-batch gradient descent without momentum; the paper has N = 3000 and loads in steps of 0.02."""

    seeds: int = field(8, help="trials", lower=1)
    dim: int = field(200, help="inputs N", lower=2)
    steps: int = field(10000, help="steps", lower=2)
    window: int = field(1000, help="steps over which the error must stand still", lower=2, at_most="steps")
    threshold: float = field(5e-4, help="standard deviation of the error that counts as still", lower=0.0, strict=True)
    rate: float = field(0.01, help="learning rate", lower=0.0, strict=True)
    loads: tuple[float, ...] = field(
        tuple(np.round(np.arange(1, 2.01, 0.1), 2).tolist()), help="loads alpha", lower=0.0, strict=True, distinct=True
    )


def until_still(
    key: Any, count: Any, rate: Any, threshold: Any, *, dim: int, rows: int, steps: int, window: int
) -> Any:
    """(T_c, last error) of one trial."""
    import optax

    keys = split_named(key, "world", "start", "steps")
    teachers, (task, _) = protocol.world(keys["world"], (count, 1), dim=dim, most=(rows, 1), r0=0.0)
    algorithm = continual.bivcl(optimiser=optax.sgd(rate))
    state = algorithm.init(keys["start"], task)
    eps = protocol.epochs(keys["steps"], algorithm, state, task, teachers, count=steps)[1].eps1
    return continual.theory.convergence_time(eps.astype(float), window=window, threshold=threshold), eps[-1]


def run(config: ConvergenceConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    loads = np.sort(config.loads)
    fixed = dict(dim=config.dim, rows=round(loads[-1] * config.dim), steps=config.steps, window=config.window)
    numbers = np.float32(config.rate), config.threshold
    found = [over_seeds(until_still, seeds, round(a * config.dim), *numbers, in_turn=True, **fixed) for a in loads]
    times, eps = (np.stack(x, 1) for x in zip(*found, strict=True))
    return dataset(
        seeds,
        {"load": Axis(loads, words="examples per input, alpha")},
        time=(("seed", "load"), times.astype(float), "steps", "convergence time T_c"),
        eps=(("seed", "load"), eps, "share of inputs", protocol.EPS),
    )


def draw(data: Any, config: ConvergenceConfig) -> Any:
    """T_c, and the error at the end."""
    figure, axes = plots.panel(1, 2, width=4.6, height=3.6)
    look = plots.Look(f"gradient descent, N = {config.dim}", "C0")
    plots.points(axes[0, 0], data["time"], "load", look=look)
    plots.level(axes[0, 0], config.steps, "steps run")
    plots.points(axes[0, 1], data["eps"], "load", look=look)
    plots.finish(axes[0, 0], ylim=(0, 1.12 * config.steps))
    plots.finish(axes[0, 1], y="error at the last step [share of inputs]", legend=None)
    return figure


TIME = value("time")
LOADS_OF = Quantity(lambda data, config: data["load"].astype(float))
PEAK = bootstrap(lambda time, load: load[np.argmax(time)], TIME, LOADS_OF)
FIGURE = Figure(
    __name__,
    title="Steps until the error stands still, against the load (Figure 2c)",
    question="Does learning take longest near the load at which the error jumps to zero?",
    claims=(
        Claim.derived("T_c is largest near the jump: the load of its largest mean", "Figure 2c: T_c about the jump at 1.5 to 1.6, "
              "where learning is slow", PEAK, between(1.3, 1.8), unit="1",
              reason="two tenths either side of the jump, for its width at this N"),
        Claim.sanity("no trial is still before a window was seen: least mean T_c", "T_c >= 1000 by definition",
              best(TIME / (lambda config: float(config.window))), at_least(1.0), unit="windows"),
    ),
    presets={
        "smoke": dict(seeds=2, dim=20, steps=10, window=4, loads=(1.0, 1.5)),
        "paper": dict(seeds=20, dim=3000, loads=tuple(np.round(np.arange(1, 2.01, 0.02), 2).tolist())),
    },
)  # fmt: skip
