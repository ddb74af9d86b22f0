"""Neural contextual bandits on images of digits: one network for M tasks.

Stand-in for the paper's neural experiment on MNIST, whose reward table, network and horizon are not published: every
round each task shows five random images, the mean reward depends on the digit only. `low_rank`: the table has rank 2
before scaling, so that tasks share a small code; `permutation`: control, nothing to share but the digit; `pairs`: 45
tasks "which digit is larger" (Yang et al. 2021). The embedded data are scikit-learn's 8x8 digits; `--data_dir` takes
MNIST's IDX files.
"""

import dataclasses
from typing import Any

import numpy as np

from experiments.multitask_bandits.common import tuned
from mtrl import bandits
from mtrl.harness import BadInput, BaseConfig, Entrant, field, jnp
from mtrl.numerics import checks

BONUSES = ("last_layer", "gradient", "optimistic_net")  # of `bandits.BONUSES`
VALUES = ("low_rank", "permutation", "pairs")  # of `mtrl.bandits.images`

RIDGE = 0.1  # of LinUCB, as of the network's heads
REPLICA_OFFSET = 10_000_019  # between the seeds of replicas
SHARED, GREEDY, PER_TASK, LINUCB, RANDOM = "neural GFUCB", "greedy", "budget per task", "LinUCB on pixels", "uniform"
BASELINES = (GREEDY, PER_TASK, LINUCB, RANDOM)
# Regret per task after 100 rounds in an independent run on the embedded digits with values of rank 2 (no errors given).
REFERENCE = {1: 10.2, 10: 9.5, 40: 7.7}
REFERENCE_BASELINES = {LINUCB: 12.6, RANDOM: 30.4}


@dataclasses.dataclass(frozen=True)
class NeuralConfig(BaseConfig):
    """One network for M image bandits, against M networks (M = 1), greedy, LinUCB and uniform."""

    seeds: int = field(16, help="number of random seeds", lower=1)
    tasks: tuple[int, ...] = field((1, 10, 40), help="numbers of tasks M; 1 is the single-task baseline", lower=1)
    rounds: int = field(100, help="rounds per task T", lower=2)
    values: str = field("low_rank", help="reward table of the digits", choices=VALUES)
    bonuses: tuple[str, ...] = field(("last_layer",), help="confidence sets of neural GFUCB", choices=BONUSES)
    baseline_tasks: int = field(
        40, help="M at which greedy, per-task budgets, LinUCB and uniform run too; 0 for none", lower=0
    )
    replicas: int = field(
        1,
        help="single-task runs averaged into each seed at M = 1, whose regret otherwise rests on one task per seed",
        lower=1,
    )
    arms: int = field(5, help="images shown per task (2 for pairs)", lower=2)
    noise: float = field(0.1, help="noise standard deviation", lower=0.0)
    width: int = field(128, help="hidden units", lower=1)
    rank: int = field(4, help="representation dimension k", lower=1)
    convolution: bool = field(False, help="small ConvNet in front of the MLP")
    refit_every: int = field(5, help="rounds between refits", lower=1)
    steps: int = field(150, help="Adam steps per refit", lower=1)
    alphas: tuple[float, ...] = field(
        (0.2,), help="widths tried on tuning seeds; one value is used as it is", lower=0.0
    )
    late: int = field(30, help="rounds at the end whose regret is compared", lower=1)
    data_dir: str = field("", help="folder with MNIST's IDX files; empty for the embedded digits", path=True)

    def validate(self) -> None:
        """Cross-field checks."""
        checks.check_whole(refit_every=self.refit_every, upper=self.rounds, hint="else the network is never fitted")
        checks.check_rank(self.rank, self.width, what="the width")
        if self.late > self.rounds:
            raise BadInput(f"late got {self.late}, but must be at most the {self.rounds} rounds")
        if self.values == "pairs" and max(self.tasks) > 45:
            raise BadInput(f"tasks got {max(self.tasks)}, but ten digits make 45 pairs; give at most 45")


def load(data_dir: str) -> tuple[np.ndarray, np.ndarray]:
    """Flattened images in [0, 1] and labels."""
    from mtrl.data import has_part, load_digits, load_mnist

    if data_dir:
        part = "train" if has_part(data_dir, "train") else "test"
        pictures, labels = load_mnist(data_dir, part)
    else:
        pictures, labels = load_digits()
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1), np.asarray(labels, np.int32)


def settings(config: NeuralConfig, dim: int) -> dict[str, Any]:
    """The network of a configuration."""
    side = int(np.sqrt(dim)) if config.convolution else 0
    names = dict(capacity=config.rounds, rank=config.rank, hidden=(config.width,), side=side)
    return dict(names, refit_every=config.refit_every, steps=config.steps)


def run(config: NeuralConfig, seeds: np.ndarray) -> Any:
    """All methods at one M."""
    import xarray as xr

    (tasks,) = config.tasks
    pictures, labels = load(config.data_dir)
    network = settings(config, pictures.shape[1])
    problem = bandits.digit_images(tasks=tasks, values=config.values, arms=config.arms)
    world = dict(rounds=config.rounds, inputs=(jnp.asarray(pictures), jnp.asarray(labels), jnp.float32(config.noise)))
    grid = {"alpha": np.asarray(config.alphas, np.float32)}
    shared = [
        Entrant(
            SHARED if len(config.bonuses) == 1 else f"{SHARED}, {bonus}",
            bandits.neural_gfucb,
            {**network, "bonus": bonus},
            grid,
        )
        for bonus in config.bonuses
    ]
    rivals = [
        Entrant(GREEDY, bandits.last_layer, network, {"alpha": np.float32(0.0)}),
        Entrant(PER_TASK, bandits.last_layer, {**network, "coupled": False}, grid),
        Entrant(LINUCB, bandits.linucb, grid={**grid, "ridge": np.float32(RIDGE)}),
        Entrant(RANDOM, bandits.uniform),
    ]
    replicas = config.replicas if tasks == 1 else 1
    copies = (np.arange(replicas)[:, None] * REPLICA_OFFSET + np.asarray(seeds)).ravel()
    curves, chosen = tuned(shared, problem, copies, **world)
    curves = {name: curve.reshape(replicas, len(seeds), -1).mean(0) for name, curve in curves.items()}
    if tasks == config.baseline_tasks:
        more, played = tuned(rivals, problem, seeds, **world)
        curves, chosen = {**curves, **more}, {**chosen, **played}
    widths = {name: float(hyper.get("alpha", 0.0)) for name, hyper in chosen.items()}
    # The same methods in every cell, so that cells join; NaN where a baseline does not run at this M.
    methods = [*curves, *(name for name in BASELINES if config.baseline_tasks and name not in curves)]
    missing = np.full((len(seeds), config.rounds), np.nan)
    values = np.stack([curves.get(name, missing) for name in methods])[None]
    before = values[..., -1 - config.late] if config.late < config.rounds else 0.0
    data = xr.Dataset(
        {
            "regret": (("tasks", "method", "seed", "round"), values),
            "total": (("tasks", "method", "seed"), values[..., -1]),
            "late": (("tasks", "method", "seed"), (values[..., -1] - before) / config.late),
            "width": (("tasks", "method"), [[widths.get(name, 0.0) for name in methods]]),
        },
        coords={"tasks": [tasks], "method": methods, "seed": seeds, "round": np.arange(1, config.rounds + 1)},
    )
    data["regret"].attrs["units"] = data["total"].attrs["units"] = "reward per task"
    data["late"].attrs["units"] = "reward per task and round"
    return data


def draw(data: Any, config: NeuralConfig) -> Any:
    """Left (for several M): the shared network for every M. Right: all methods at the largest M."""
    from mtrl.harness import style

    shared = [str(name) for name in data["method"].values if str(name).startswith(SHARED)]
    largest = data["tasks"].values.max()
    here = data.sel(tasks=largest).dropna("method", how="all", subset=["total"])
    order = [*shared, *(name for name in BASELINES if name in here["method"].values)]
    compared = len(order) > 1
    panels = int(data.sizes["tasks"] > 1 or not compared) + int(compared)
    figure, axes = style.subplots(1, panels, width=4.6 if panels == 2 else 6.8, height=3.6)
    rounds = data["round"].values
    end = float(rounds[-1])
    referred = config.values == "low_rank" and config.rounds == 100 and not config.data_dir
    names = {"low_rank": "values of rank 2", "permutation": "control: permuted values", "pairs": "pairs of digits"}
    if panels == 2 or not compared:
        left = axes[0, 0]
        for j, tasks in enumerate(data["tasks"].values):
            samples = data["regret"].sel(dict(tasks=tasks, method=shared[0])).values
            style.band(left, rounds, samples, label=f"{shared[0]}, M = {tasks}", color=style.COLORS[j], points=False)
            if referred and tasks in REFERENCE:
                style.paper(left, [1.03 * end], [REFERENCE[int(tasks)]], label="", markeredgecolor=style.COLORS[j])
        if referred:
            style.paper(left, [], [], label="reference run")
        left.set(title=names[config.values], xlabel="round t", ylabel="regret per task, Reg/M [reward]")
        left.set_ylim(0, 1.3 * left.get_ylim()[1])
        left.legend(loc="upper left")
    if compared:
        right = axes[0, -1]
        for j, method in enumerate(order):
            samples = here["regret"].sel(dict(method=method)).values
            style.band(right, rounds, samples, label=method, color=style.COLORS[j], points=False)
            if referred and method in REFERENCE_BASELINES:
                value = REFERENCE_BASELINES[method]
                style.paper(right, [1.03 * end], [value], label="", markeredgecolor=style.COLORS[j])
        top = float(here["regret"].mean("seed").max())
        right.set(
            yscale="log", ylim=(0.02 * top, 1.5 * top), xlabel="round t", ylabel="regret per task, Reg/M [reward]"
        )
        right.set_title(f"{names[config.values]}, methods at M = {largest}")
        figure.legend(*right.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure
