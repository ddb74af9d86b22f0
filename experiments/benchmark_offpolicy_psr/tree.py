"""The recursion on the tree of trajectories against NumPy: the largest total variation of two models, and the policy that shows it."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_offpolicy_psr import literal, programs, protocol
from mtrl import mdp
from mtrl.harness import BaseConfig, Claim, Figure, dataset, evaluate, field, jnp, over_seeds, timing
from mtrl.harness.judge import limits
from mtrl.harness.picture import plots

WORDS = {
    "ours": "this project",
    "value": "this project,\nvalue alone",
    "numpy": "NumPy, stage\nby stage",
    "loop": "NumPy, history\nby history",
}
LOOK = plots.looks(WORDS)
AGAINST = {"numpy": "ours", "loop": "ours"}


class TreeConfig(BaseConfig):
    """Two random POMDPs; every method finds max_pi TV of their laws."""

    seeds: int = field(5, help="pairs of models whose results are compared; the first is timed", lower=1)
    states: int = field(3, help="latent states S", lower=1)
    observations: int = field(4, help="observations O", lower=2)
    actions: int = field(3, help="actions A", lower=2)
    horizon: int = field(6, help="horizon H", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def run(config: TreeConfig, seeds: np.ndarray) -> Any:
    """Timings on the first pair; values and policies on every pair."""
    size = dict(states=config.states, observations=config.observations, actions=config.actions, horizon=config.horizon)
    laws = over_seeds(programs.tables, seeds, lanes="auto", **size)
    p, q = laws[0]
    ready = (jnp.asarray(p), jnp.asarray(q))
    calls = {
        "ours": functools.partial(evaluate, programs.furthest, *ready),
        "value": functools.partial(evaluate, mdp.psr.distance, *ready),
        "numpy": functools.partial(literal.by_stage, p, q),
        "loop": functools.partial(literal.by_history, p, q),
    }
    seconds, least = timing.seconds_of(calls, config.repeats), limits.least(calls, "ours", "value")
    methods = (functools.partial(evaluate, programs.furthest), literal.by_stage, literal.by_history)
    found = [[method(*pair) for pair in laws] for method in methods]
    alone = [evaluate(mdp.psr.distance, *pair) for pair in laws]
    values = [[value for value, _ in row] for row in found]
    policies = [zip(laws, (policy for _, policy in row), strict=True) for row in found]
    worths = [[evaluate(programs.worth, *pair, policy) for pair, policy in row] for row in policies]
    return dataset(
        seeds,
        {
            "method": list(LOOK),
            "policy_of": ["ours", "numpy", "loop"],
            "repeat": np.arange(config.repeats),
            "limited_by": limits.BOUNDS,
        },
        seconds=(("method", "repeat"), seconds, "s", "wall time"),
        seconds_least=(("method", "limited_by"), [least[name] for name in LOOK], "s", least.words),
        distance=(("method", "seed"), [values[0], alone, *values[1:]], "", "max-policy total variation"),
        worth=(("policy_of", "seed"), worths, "", "total variation under the policy that was found"),
    )


def draw(data: Any, config: TreeConfig) -> Any:
    """Bars of seconds, and the distances of both."""
    figure, axes = plots.panel(1, 2, width=5.0, height=3.5)
    left, right = axes[0]
    entries = config.observations**config.horizon * config.actions ** (config.horizon - 1)
    title = f"O = {config.observations}, A = {config.actions}, H = {config.horizon}: {entries:,} trajectories"
    protocol.bars(left, data, config, LOOK, AGAINST, title=title)
    theirs, ours = (data["distance"].sel({"method": name}, drop=True) for name in ("loop", "ours"))
    at = ("theirs", np.sort(theirs.values))
    order = np.argsort(theirs.values)
    for array, look, show in (
        (theirs, LOOK["loop"]._replace(words="equal"), plots.theory),
        (ours, LOOK["ours"], plots.points),
    ):
        show(right, array.isel(seed=order).rename(seed="theirs").assign_coords(theirs=at), "theirs", look=look)
    words = dict(x="max-policy total variation, NumPy history by history", y="max-policy total variation, this project")
    plots.finish(right, title=f"{data.sizes['seed']} pairs of models", **words)
    return figure


def times(slow: str) -> Any:
    """Seconds of a method over ours."""
    return protocol.times(slow, "ours", "recursion on the tree", WORDS[slow].replace("\n", " "))


FIGURE = Figure(
    __name__, size=lambda c, at: f"O = {c.observations}, A = {c.actions}, H = {c.horizon}",
    title="The recursion on the tree of trajectories against NumPy",
    question="How much faster is the recursion on the tree of trajectories than NumPy, with the same total variations?",
    presets={"smoke": dict(seeds=2, states=2, observations=2, actions=2, horizon=3, repeats=2), "paper": dict(seeds=20)},
    claims=(
        Claim.faster("times faster than NumPy, whole stages at once", 5.0, times("numpy"),
                        "both give the value and the policy; the harder of the two references"),
        Claim.faster("times faster than NumPy, history by history", 5.0, times("loop"), "the literal recursion"),
        protocol.same("all give the same total variations (largest relative deviation)", "same recursion", ("distance",), "loop",
                      1e-12, "rounding of a sum of non-negative terms"),
        protocol.same("all find policies that show it (total variation under them, largest relative deviation)", "same recursion",
                      ("worth",), "loop", 1e-12, "rounding; policies may differ where actions are equally good", dim="policy_of"),
    ),
)  # fmt: skip
