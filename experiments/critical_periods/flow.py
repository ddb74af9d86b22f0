"""Appendix: the exact flow of singular values against gradient descent, through a switch of task."""

from typing import Any

import numpy as np

from experiments.critical_periods.completions import (
    SMOKE,
    UNIT,
    CompletionConfig,
    few_ticks,
    lanes_of,
    two_tasks,
    ways_and_end,
)
from experiments.critical_periods.protocol import whole
from mtrl import dynamics
from mtrl.harness import Axis, Claim, Figure, at_most, dataset, field, jnp, over_seeds, split_named
from mtrl.harness.judge.measures import FIRST, LAST, mean, value, worst
from mtrl.harness.picture import plots


class Config(CompletionConfig, seeds=5, n=20, rank=1, count=200, switches=(0, 4000, 8000, 16_000), steps=4000):
    """The identity start with distinct singular values; the switch comes `steps` before the end."""

    first_rank: int = field(3, help="rank of the first matrix r1", lower=1, at_most="n")
    lr: float = field(0.1, help="step", lower=0.0, strict=True)
    noise: float = field(1e-5, help="standard deviation of the singular values at the start", lower=0.0, strict=True)
    depth: int = field(3, help="factors D", lower=2)
    records: int = field(25, help="records in each phase", lower=2)
    values: int = field(4, help="singular values that are shown", lower=1, at_most="n")


def both(
    key: Any, lane: Any, lr: Any, noise: Any, switches: Any, at: Any, *, n: int, rank: int, depth: int, before: int
) -> Any:
    """Singular values in descending order, and errors, of gradient descent and of the flow; (method, phase 1 or 2, ...)."""
    first, final = two_tasks(key, lane, n=n, rank=rank)
    options = dict(depth=depth, lr=lr, scale=lane["scale"], noise=noise)
    found = []
    for rule, product in (
        (dynamics.completion(start="identity", **options), dynamics.product),
        (dynamics.svd_flow(**options), dynamics.rebuilt),
    ):

        def seen(state, product=product):
            p = product(state)
            return jnp.linalg.svd(p, compute_uv=False), jnp.mean((p - final.target) ** 2)

        start = rule.init(split_named(key, "start")["start"], final)
        found.append(dynamics.switched(rule, start, first, final, switches=switches, at=at, before=before, record=seen))
    return found


def run(config: Config, seeds: np.ndarray) -> Any:
    """Both ways, from the same draws."""
    lane = {name: x[0] for name, x in lanes_of(config, 1, rank_1=config.first_rank).items()}
    at = np.linspace(0, config.steps, config.records).astype(int)
    before = max(config.records // len(config.switches), 1)
    sizes = dict(n=config.n, rank=config.rank, depth=config.depth, before=before)
    numbers = config.lr, config.noise, whole(config.switches), whole(at)
    (early, late), (flow_early, flow_late) = over_seeds(both, seeds, lane, *numbers, **sizes)
    for error in (late[1], flow_late[1]):
        dynamics.check_descended(error, at, depth=config.depth, lr=config.lr)
    times = ways_and_end(config, before, at)
    size = early[0].shape[-1]

    def trace(first, second):
        return np.concatenate([first[0].reshape(len(seeds), -1, size), second[0][:, -1]], 1)[..., : config.values]

    descent, flow = trace(early, late), trace(flow_early, flow_late)
    apart = np.abs(late[0] - flow_late[0]).max((-2, -1)) / late[0].max((-2, -1))
    names = ("seed", "point", "value")
    return dataset(
        seeds,
        {
            "switch": Axis(list(config.switches), "steps", "steps on the first task, T_c"), "point": np.arange(len(times)),
            "value": np.arange(1, config.values + 1),
        },
        descent=(names, descent, "1", "singular values of the product"),
        flow=(names, flow, "1", "singular values of the product"),
        time=("point", times, "steps", "step"),
        apart=(("seed", "switch"), apart, "1", "largest distance of singular values, relative to the largest"),
        error=(("seed", "switch"), late[1][..., -1], UNIT, "final error of M2"),
        flow_error=(("seed", "switch"), flow_late[1][..., -1], UNIT, "final error of M2"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Traces of one seed, distances, and final errors both ways."""
    figure, axes = plots.panel(1, 3, width=4.6, height=3.8)
    ax = axes[0, 0]
    for k, color in zip(range(config.values), plots.style.COLORS, strict=False):
        words = ("flow", "gradient descent") if k == 0 else (None, None)
        ax.plot(data["time"], data["flow"].isel(seed=0, value=k), color=color, label=words[0])
        ax.plot(data["time"], data["descent"].isel(seed=0, value=k), "o", color=color, markersize=3, label=words[1])
    ax.axvline(config.switches[-1], color="0.35", linestyle="--", label="switch of task, T_c")
    title = f"one seed, rank {config.first_rank}, then {config.rank}; D = {config.depth}"
    room = (0, 1.45 * float(data["flow"].isel(seed=0).max()))
    words = dict(x="step", y="singular values of the product", title=title)
    plots.finish(ax, **words, ylim=room, legend=dict(fontsize=7, loc="upper left"))
    plots.points(axes[0, 1], data["apart"], "switch", look=plots.Look("", plots.style.COLORS[0]))
    plots.finish(axes[0, 1], log="y", y="largest relative distance", title="singular values, flow against descent")
    plots.theory(axes[0, 2], data["flow_error"], "switch", look=plots.Look("flow", "0.35"))
    plots.points(axes[0, 2], data["error"], "switch", look=plots.Look("gradient descent", plots.style.COLORS[0]))
    title = f"n = {config.n}, {config.count} entries"
    plots.finish(axes[0, 2], y="final error of M2", legend=dict(fontsize=8), title=title)
    for ax in axes[0]:
        few_ticks(ax)
    return figure


FIGURE = Figure(
    __name__,
    title="Appendix: the exact flow of singular values against gradient descent through a switch of task",
    question="Does the exact flow of singular values predict gradient descent through a switch of task?",
    claims=(
        Claim("the flow follows gradient descent after the switch: largest relative distance of singular values", "appendix (figure)",
              worst(value("apart")), at_most(0.1), unit="1", reason="a tenth of the largest one: steps are finite"),
        Claim("the flow predicts the final error: largest difference over all T_c", "appendix (figure)",
              worst(abs(value("error") - value("flow_error"))), at_most(0.05), unit=UNIT, reason="a twentieth of the mean square entry"),
        Claim("the flow shows the harm of pre-training (error without minus with, largest T_c)", "appendix (figure)",
              mean(value("flow_error", switch=FIRST) - value("flow_error", switch=LAST)), at_most(0.0), unit=UNIT),
    ),
    presets={
        "smoke": dict(SMOKE, first_rank=2, records=4, values=2, scale=0.1, noise=0.01, lr=0.05, depth=2),
        "paper": dict(seeds=5, n=100, rank=2, first_rank=8, count=5000, lr=0.25, switches=(0, 10_000, 20_000, 40_000), steps=10_000,
                      values=10, records=100),
    },
)  # fmt: skip
