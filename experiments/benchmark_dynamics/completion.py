"""Matrix completion at many T_c: one first task with branches against running each anew, a literal loop, and PyTorch where installed."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_dynamics import literal, peers, programs
from experiments.benchmark_dynamics.protocol import LOOP, OURS, calling, faster
from mtrl.harness import BadInput, BaseConfig, Figure, dataset, field, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.judge.claims import Claim, at_most
from mtrl.harness.judge.measures import exact, times_faster, value
from mtrl.harness.picture import plots

PLANS = ("the paper's T_c", "a dense grid")
WAYS = {
    "literal": LOOP,
    "torch": plots.Look("PyTorch, shared\nand one batch", "#CC79A7"),
    "anew": plots.Look("every T_c anew", "#E69F00"),
    "in turn": plots.Look("shared, in turn", "#009E73"),
    "branches": OURS,
}


class Config(BaseConfig):
    """The paper's list of T_c and its final task, both divided by 100; and many T_c with a short final task."""

    seeds: int = field(2, help="runs done together", lower=1)
    n: int = field(30, help="rows and columns", lower=2)
    count: int = field(360, help="observed entries", lower=1)
    lr: float = field(0.4, help="step", lower=0.0, strict=True)
    switches: tuple[int, ...] = field((0, 10, 50, 100, 200, 400, 600, 800, 1000), help="T_c", lower=0, distinct=True)
    steps: int = field(300, help="steps on the final task", lower=1)
    grid: int = field(20, help="T_c of the dense grid, evenly spaced up to the largest", lower=2)
    short: int = field(50, help="steps on the final task of the dense grid", lower=1)
    repeats: int = field(5, help="interleaved repetitions", lower=2)

    def validate(self) -> None:
        """T_c ascends."""
        if list(self.switches) != sorted(self.switches):
            raise BadInput(f"switches got {self.switches}, but must ascend; sort them")


def run(config: Config, seeds: np.ndarray) -> Any:
    """All ways from the same starts."""
    arrays = over_seeds(programs.problem, seeds, n=config.n, count=config.count)
    plans = {
        PLANS[0]: (np.array(config.switches, np.int32), np.array([config.steps], np.int32)),
        PLANS[1]: (
            np.linspace(0, config.switches[-1], config.grid).astype(np.int32),
            np.array([config.short], np.int32),
        ),
    }
    ways, calls, steps = [way for way in WAYS if way != "torch" or peers.installed()], {}, []
    for plan, (switches, at) in plans.items():
        calls[f"branches {plan}"] = calling(programs.branches, *arrays, config.lr, switches, at)
        calls[f"anew {plan}"] = functools.partial(programs.one_by_one, *arrays, config.lr, switches, at)
        calls[f"in turn {plan}"] = calling(programs.shared, *arrays, config.lr, switches, at)
        numbers = *arrays, config.lr, switches, int(at[0])
        calls[f"literal {plan}"] = functools.partial(literal.switched, *numbers)
        if "torch" in ways:
            calls[f"torch {plan}"] = peers.quickest(functools.partial(peers.switched, *numbers))
        steps.append([int(switches.sum() + len(switches) * at[0]), int(switches[-1] + len(switches) * at[0])])
    seconds = timing.compare(calls, config.repeats)
    found = {name: np.asarray(call()) for name, call in calls.items()}
    apart = [max(np.abs(found[f"{way} {plan}"] - found[f"literal {plan}"]).max() for way in ways) for plan in PLANS]
    least = limits.least(calls, *(f"branches {plan}" for plan in PLANS))
    return dataset(
        None,
        {"plan": list(PLANS), "way": ways, "repeat": np.arange(config.repeats), "sharing": ["anew", "shared"],
         "limited_by": limits.BOUNDS},
        seconds=(("plan", "way", "repeat"), [[seconds[f"{way} {plan}"] for way in ways] for plan in PLANS], "s", "wall time"),
        seconds_least=(("plan", "way", "limited_by"), [[least[f"{way} {plan}"] for way in ways] for plan in PLANS], "s", least.words),
        steps=(("plan", "sharing"), steps, "1", "steps of gradient descent"),
        apart=("plan", apart, "1", "largest difference of final errors"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """Seconds of every way, and what they are made of."""
    figure, axes = plots.panel(1, 2, width=5.4, height=3.8, sharey=True)
    for ax, plan in zip(axes[0], PLANS, strict=True):
        here = data.sel(plan=plan)
        ways = {way: look for way, look in WAYS.items() if way in here["way"].values}
        plots.bars(ax, here["seconds"].rename(repeat="seed"), "way", ways, upright=True)
        least = here["seconds"].mean("repeat")
        for i, way in enumerate(ways):
            ratio = float(least.sel(way=way) / least.sel(way="branches"))
            ax.text(i, 1.2 * float(here["seconds"].sel(way=way).max()), f"{ratio:.1f}", ha="center", va="bottom")
        few = here["steps"].values
        title = f"{plan}: {few[0] / few[1]:.1f} times fewer steps"
        room = (0.3 * float(data["seconds"].min()), 3 * float(data["seconds"].max()))
        plots.finish(ax, y="wall time [s], over branches above", log="y", title=title, ylim=room)
        ax.tick_params(axis="x", labelsize=8)
    return figure


PROGRAMS = {"anew": "every T_c anew (ours)", "literal": "NumPy loop", "torch": "PyTorch, shared and one batch"}


def over(slow: str, fast: str, plan: str) -> Any:
    """A way's wall time over that of another."""
    what = f"matrix completion, {plan}" + (", sharing alone" if fast == "in turn" else "")
    return times_faster(*(value("seconds", way=way, plan=plan) for way in (slow, fast)), what, PROGRAMS[slow])


LIMIT = {PLANS[0]: "the limit: sharing saves steps alone, 1.6 times with the paper's list of T_c"}
BOUND = "; steps alone allow (sum T_c + m T) / (max T_c + m T), 1.6 with the paper's list"

FIGURE = Figure(
    __name__, size=lambda c, at: f"{c.seeds} runs, n = {c.n}, {c.count} entries, {len(c.switches)} or {c.grid} T_c up to {c.switches[-1]}",
    title="Matrix completion at many T_c: branches of one first task against every one anew, a literal NumPy loop and PyTorch",
    question="How much time does sharing one first task among all lengths of pre-training save in matrix completion?",
    claims=(
        *(faster(f"sharing the first task alone, {plan}: at least 4 times faster than every T_c anew", 4.0,
                 over("anew", "in turn", plan), "seconds anew over shared", BOUND, LIMIT.get(plan, "")) for plan in PLANS),
        *(faster(f"branches in one batch, {plan}: faster than every T_c anew", 1.0,
                 over("anew", "branches", plan), "seconds anew over branches") for plan in PLANS),
        *(faster(f"branches in one batch, {plan}: at least 4 times faster than a literal loop", 4.0,
                 over("literal", "branches", plan), "literal seconds over ours") for plan in PLANS),
        *(faster(f"branches in one batch, {plan}: faster than PyTorch with the same branches in one batch", 1.0,
                 over("torch", "branches", plan), "PyTorch's seconds over ours") for plan in PLANS),
        Claim.sanity("all ways agree: largest difference of final errors", "the same steps from the same starts",
              exact(value("apart").then(lambda array: array.max("plan"))), at_most(1e-9), unit="1", reason="rounding"),
    ),
    presets={
        "smoke": dict(seeds=1, n=4, count=10, switches=(0, 5, 10), steps=4, grid=3, short=2, repeats=2),
        "paper": dict(seeds=4, n=100, count=2000, lr=0.2, repeats=3),
    },
)  # fmt: skip
