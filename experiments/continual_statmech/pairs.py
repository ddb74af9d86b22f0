"""Runs of two tasks, one after the other, with their theory: what Figures 1b, c, 3 and the appendix share."""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import Axis, BaseConfig, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.picture import plots

UNIT = "share of inputs"
WORDS = "examples per input of task 2, alpha2"


class PairsConfig(BaseConfig):
    """Full-batch Adam with decoupled decay; the paper has N = 1000, 5000 and 20000 epochs."""

    seeds: int = field(6, help="trials", lower=1)
    dim: int = field(200, help="inputs N", lower=2)
    epochs: tuple[int, ...] = field((5000, 8000), help="epochs of either task", lower=1, length=2)
    rates: tuple[float, ...] = field((1e-3, 5e-3), help="learning rates of either task", lower=0.0, length=2)
    decay: float = field(1e-3, help="decoupled weight decay", lower=0.0)
    load_first: float = field(2.0, help="load of task 1, alpha1", lower=0.0, strict=True)
    gamma_first: float = field(0.0, help="weight of a KL term to zero fields in task 1", lower=0.0)
    loads: tuple[float, ...] = field(
        (0.1, 0.5, 1.0, 2.0, 3.0, 5.0), help="simulated loads alpha2", lower=0.0, distinct=True
    )
    gammas: tuple[float, ...] = field((1.0, 0.1), help="weights of the KL term", lower=0.0, distinct=True)
    overlaps: tuple[float, ...] = field(
        (-0.5, 0.0, 0.5), help="teacher overlaps r0", lower=-1.0, upper=1.0, distinct=True
    )
    beta: float = field(20.0, help="inverse temperature of the theory", lower=0.0, strict=True)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)
    points: int = field(15, help="loads of the theory, once in equal steps and once in equal ratios", lower=3)


def after_both(
    key: Any,
    lanes: Any,
    rates: Any,
    decay: Any,
    gamma_first: Any,
    *,
    dim: int,
    counts: tuple[int, int],
    epochs: tuple[int, int],
) -> Any:
    """Errors (lane, task) after task 2, and that of task 1 before it; a lane is (gamma, r0) and shares task 1 with the others."""
    import optax

    keys = split_named(key, "world", "start", "steps")

    def world(r0):
        return protocol.world(keys["world"], counts, dim=dim, most=counts, r0=r0)

    teachers, (task, _) = world(0.0)
    adam = optax.adamw(rates[0], weight_decay=decay)
    first = continual.bivcl(optimiser=adam, gamma=gamma_first, anchor=jnp.zeros(dim, np.float32))
    state, seen = protocol.epochs(
        keys["steps"], first, first.init(keys["start"], task), task, teachers, count=epochs[0], every=epochs[0]
    )

    def lane(both):
        gamma, r0 = both
        pair, (_, second) = world(r0)
        rule = continual.bivcl(
            optimiser=optax.adamw(rates[1], weight_decay=decay), gamma=gamma, anchor=state.theta, start=state.theta
        )
        begun = rule.init(keys["start"], second)
        last = protocol.epochs(keys["steps"], rule, begun, second, pair, count=epochs[1], every=epochs[1])[1]
        return jnp.stack([last.eps1[-1], last.eps2[-1]])

    return jax.lax.map(lane, lanes), seen.eps1[-1]


def run(config: PairsConfig, seeds: np.ndarray) -> Any:
    """One cell: (seed, gamma, r0, load, task), and the theory on its own loads and on those of the simulation."""
    loads, f32 = np.sort(config.loads), np.float32
    lanes = np.array([(g, r) for g in config.gammas for r in config.overlaps], f32)
    numbers = (lanes[:, 0], lanes[:, 1]), np.array(config.rates, f32), f32(config.decay), f32(config.gamma_first)
    first = continual.problem.examples_of(config.load_first, config.dim)
    ends, before = [], None
    for load in loads:
        counts = first, continual.problem.examples_of(float(load), config.dim)
        end, before = over_seeds(
            after_both, seeds, *numbers, in_turn=True, dim=config.dim, counts=counts, epochs=config.epochs
        )
        ends.append(end.reshape(len(seeds), len(config.gammas), len(config.overlaps), 2))
    even = np.linspace(loads[-1] / config.points, loads[-1], config.points)
    grid = np.unique(np.round(np.r_[np.geomspace(min(0.01, loads[0]), loads[-1], config.points), even, loads], 10))
    at = np.searchsorted(grid, np.round(loads, 10))
    found, theory = protocol.two_task_theory(grid, config.overlaps, config.gammas, config, config.gamma_first)
    both = protocol.masked(protocol.error_of(np.stack([theory.p1, theory.p2], -1)), theory.converged[..., None])
    dims = ("gamma", "r0", "grid", "task")
    return dataset(
        seeds,
        {"gamma": list(config.gammas), "r0": list(config.overlaps), "task": [1, 2],
         "load": Axis(loads, "1", WORDS), "grid": Axis(grid, "1", WORDS)},
        eps=(("seed", "gamma", "r0", "load", "task"), np.stack(ends, 3), UNIT, protocol.EPS),
        before=("seed", before, UNIT, "error on task 1 before task 2"),
        eps_theory=(dims, both, UNIT, protocol.EPS),
        eps_at=(("gamma", "r0", "load", "task"), both[:, :, at], UNIT, protocol.EPS),
        residual=(dims[:3], theory.residual, "1", "residual of the saddle point"),
        before_theory=((), protocol.error_of(found.p), UNIT, "error on task 1 before task 2"),
    )  # fmt: skip


def draw(data: Any, config: PairsConfig) -> Any:
    """A row per gamma: errors on task 1 and on task 2."""
    figure, axes = plots.panel(data.sizes["gamma"], 2, width=4.8, height=3.4)
    mark = ", x: cut off" if "eps_cut" in data else ""
    looks = plots.looks({float(r0): f"r0 = {r0:g}" for r0 in data["r0"].values})
    for row, gamma in zip(axes, data["gamma"].values, strict=True):
        for ax, task in zip(row, (1, 2), strict=True):
            part = data.sel(gamma=gamma, task=task)
            bare = {r0: look._replace(words="") for r0, look in looks.items()}
            plots.theory(ax, part["eps_theory"], "grid", "r0", looks)
            plots.points(ax, part["eps"], "load", "r0", bare)
            cut = {r0: look._replace(marker="x") for r0, look in bare.items()}
            if "eps_cut" in part:
                plots.points(ax, part["eps_cut"], "load", "r0", cut)
            legend = "best" if ax is axes[0, 0] else None
            words = dict(x=WORDS, y=f"eps{task} [{UNIT}]", title=f"task {task}, gamma = {gamma:g}; lines: theory{mark}")
            plots.finish(ax, **words, log="x" if gamma < 0.5 else "", ylim=(-0.02, 0.74), legend=legend)
    return figure


def optional() -> tuple[str, ...]:
    """Variables that are NaN where the saddle point did not converge."""
    return ("eps_theory", "eps_at", "eps_cut")
