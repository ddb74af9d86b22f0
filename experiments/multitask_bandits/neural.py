"""Neural contextual bandits on images of digits: one network for M tasks.

Stand-in for the paper's experiment on MNIST, whose reward table, network and horizon are not published: each task shows five random
images a round, the mean reward depends on the digit only. The embedded data are scikit-learn's 8x8 digits; `--data_dir` takes IDX files.
"""

from typing import Any

import numpy as np

from experiments.multitask_bandits.protocol import LOOK, PER_TASK, REWARD, most, task_looks, tuned
from mtrl import bandits
from mtrl.harness import Axis, BadInput, BaseConfig, Entrant, dataset, field, jnp
from mtrl.harness.picture import plots
from mtrl.numerics import checks

BONUSES = ("last_layer", "gradient", "optimistic_net")  # of `bandits.BONUSES`
# Reward tables of `mtrl.bandits.images`: of rank 2; nothing to share but the digit; which of two digits is larger (Yang et al. 2021).
VALUES = ("low_rank", "permutation", "pairs")
TITLES = dict(zip(VALUES, ("values of rank 2", "control: permuted values", "pairs of digits"), strict=True))

RIDGE = 0.1  # of LinUCB, as of the network's heads
REPLICA_OFFSET = 10_000_019  # between the seeds of replicas
SHARED, GREEDY, BUDGETS, LINUCB, RANDOM = "neural GFUCB", "greedy", "budget per task", "LinUCB on pixels", "uniform"
BASELINES = (GREEDY, BUDGETS, LINUCB, RANDOM)
# Regret per task after 100 rounds in an independent program on the embedded digits with values of rank 2 (no errors given).
REFERENCE = {1: 10.2, 10: 9.5, 40: 7.7}
REFERENCE_BASELINES = {LINUCB: 12.6, RANDOM: 30.4}


class NeuralConfig(BaseConfig, seeds=16):
    """One network for M image bandits, against M networks (M = 1), greedy, LinUCB and uniform."""

    tasks: tuple[int, ...] = field((1, 10, 40), help="numbers of tasks M; 1 is the single-task baseline", lower=1)
    rounds: int = field(100, help="rounds per task T", lower=2)
    values: str = field("low_rank", help="reward table of the digits", choices=VALUES)
    bonuses: tuple[str, ...] = field(("last_layer",), help="confidence sets of neural GFUCB", choices=BONUSES)
    baseline_tasks: int = field(40, help="M at which the baselines run too; 0 for none", lower=0)
    replicas: int = field(1, help="single-task runs averaged into each seed at M = 1", lower=1)
    arms: int = field(5, help="images shown per task (2 for pairs)", lower=2)
    noise: float = field(0.1, help="noise standard deviation", lower=0.0)
    width: int = field(128, help="hidden units", lower=1)
    rank: int = field(4, help="representation dimension k", lower=1)
    convolution: bool = field(False, help="small ConvNet in front of the MLP")
    refit_every: int = field(5, help="rounds between refits", lower=1)
    steps: int = field(150, help="Adam steps per refit", lower=1)
    alphas: tuple[float, ...] = field((0.2,), help="widths tried on tuning seeds; one is used as it is", lower=0.0)
    late: int = field(30, help="rounds at the end whose regret is compared", lower=1, at_most="rounds")
    data_dir: str = field("", help="folder with MNIST's IDX files; empty for the embedded digits", path=True)

    def validate(self) -> None:
        """Cross-field checks."""
        checks.check_whole(refit_every=self.refit_every, upper=self.rounds, hint="else the network is never fitted")
        checks.check_rank(self.rank, self.width, what="the width")
        if self.values == "pairs" and max(self.tasks) > 45:
            raise BadInput(f"tasks got {max(self.tasks)}, but ten digits make 45 pairs; give at most 45")

    @property
    def shared(self) -> list[str]:
        """Names of the shared networks."""
        return [SHARED] if len(self.bonuses) == 1 else [f"{SHARED}, {bonus}" for bonus in self.bonuses]


def load(data_dir: str) -> tuple[np.ndarray, np.ndarray]:
    """Flattened images in [0, 1] and labels."""
    from mtrl.data import has_part, load_digits, load_mnist

    part = "train" if data_dir and has_part(data_dir, "train") else "test"
    pictures, labels = load_mnist(data_dir, part) if data_dir else load_digits()
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1), np.asarray(labels, np.int32)


def run(config: NeuralConfig, seeds: np.ndarray) -> Any:
    """All methods at one M."""
    (tasks,) = config.tasks
    pictures, labels = load(config.data_dir)
    side = int(np.sqrt(pictures.shape[1])) if config.convolution else 0
    network = dict(capacity=config.rounds, rank=config.rank, hidden=(config.width,), side=side)
    network |= dict(refit_every=config.refit_every, steps=config.steps)
    problem = bandits.digit_images(tasks=tasks, values=config.values, arms=config.arms)
    world = dict(rounds=config.rounds, inputs=(jnp.asarray(pictures), jnp.asarray(labels), jnp.float32(config.noise)))
    grid = {"alpha": np.asarray(config.alphas, np.float32)}
    shared = [
        Entrant(name, bandits.neural_gfucb, {**network, "bonus": bonus}, grid)
        for name, bonus in zip(config.shared, config.bonuses, strict=True)
    ]
    rivals = [
        Entrant(GREEDY, bandits.last_layer, network, {"alpha": np.float32(0.0)}),
        Entrant(BUDGETS, bandits.last_layer, {**network, "coupled": False}, grid),
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
    # The same methods in every cell, so that cells join; NaN where a baseline does not run at this M.
    methods = [*config.shared, *(BASELINES if config.baseline_tasks else ())]
    missing = np.full((len(seeds), config.rounds), np.nan)
    regret = np.stack([curves.get(name, missing) for name in methods])[None]
    before = regret[..., -1 - config.late] if config.late < config.rounds else 0.0
    dims, rounds = ("tasks", "method", "seed"), np.arange(1, config.rounds + 1)
    return dataset(
        seeds,
        {"tasks": [tasks], "method": methods, "round": Axis(rounds, words="round t")},
        regret=((*dims, "round"), regret, REWARD, PER_TASK),
        total=(dims, regret[..., -1], REWARD, PER_TASK),
        late=(dims, (regret[..., -1] - before) / config.late, "reward per task and round"),
        width=(("tasks", "method"), [[float(chosen.get(name, {}).get("alpha", 0.0)) for name in methods]]),
    )


def draw(data: Any, config: NeuralConfig) -> Any:
    """Left (for several M): the shared network for every M. Right: all methods at the largest M."""
    here = data.sel(tasks=most(config)).dropna("method", how="all", subset=["total"])
    compared = here.sizes["method"] > 1
    alone = data.sizes["tasks"] > 1 or not compared
    figure, axes = plots.panel(1, alone + compared, width=4.6 if alone and compared else 6.8)
    referred = config.values == "low_rank" and config.rounds == 100 and not config.data_dir
    words, end = dict(x="round t", y="regret per task, Reg/M [reward]"), 1.03 * config.rounds

    def references(ax, table, looks):
        """The independent program's numbers, in the colours of the curves, with one entry of the legend."""
        found = [name for name in table if referred and name in looks]
        for name in found:
            text = "independent program" if name == found[0] else ""
            plots.program(ax, {end: table[name]}, text, color=looks[name].color)

    if alone:
        ax, looks = axes[0, 0], task_looks(data, f"{config.shared[0]}, ")
        plots.curves(ax, data["regret"].sel({"method": config.shared[0]}), "round", "tasks", looks)
        references(ax, REFERENCE, looks)
        plots.finish(ax, title=TITLES[config.values], ylim=(0, None), legend="best", **words)
    if compared:
        ax, top = axes[0, -1], float(here["regret"].mean("seed").max())
        shown, looks = plots.with_ends(here["regret"], "round", "method", LOOK)
        plots.curves(ax, shown, "round", "method", looks)
        references(ax, REFERENCE_BASELINES, LOOK)
        title = f"{TITLES[config.values]}, methods at M = {most(config)}"
        plots.finish(ax, title=title, log="y", ylim=(0.02 * top, 1.5 * top), legend=None, **words)
        handles = ax.get_legend_handles_labels()
        figure.legend(*handles, loc="outside right upper", fontsize=8, title="at the end, from the top")
    return figure
