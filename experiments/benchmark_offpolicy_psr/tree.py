"""The recursion on the tree of trajectories against NumPy: the largest total variation of two models, and the policy that shows it."""

import functools
from typing import Any

import numpy as np

from experiments.benchmark_offpolicy_psr import protocol
from mtrl import mdp
from mtrl.harness import BaseConfig, Figure, dataset, evaluate, field, jnp, over_seeds
from mtrl.harness.picture import plots

LOOK = plots.looks(
    {
        "ours": "this project",
        "value": "this project,\nvalue alone",
        "numpy": "NumPy, stage\nby stage",
        "loop": "NumPy, history\nby history",
    }
)
AGAINST = {"numpy": "ours", "loop": "ours"}


class TreeConfig(BaseConfig):
    """Two random POMDPs; every method finds max_pi TV of their laws."""

    seeds: int = field(5, help="pairs of models whose results are compared; the first is timed", lower=1)
    states: int = field(3, help="latent states S", lower=1)
    observations: int = field(4, help="observations O", lower=2)
    actions: int = field(3, help="actions A", lower=2)
    horizon: int = field(6, help="horizon H", lower=2)
    repeats: int = field(5, help="interleaved repetitions", lower=2)


def tables(key: Any, *, states: int, observations: int, actions: int, horizon: int) -> Any:
    """Laws of the trajectories of two models."""
    models = mdp.psr.sample_shared(key, tasks=2, states=states, actions=actions, observations=observations)
    return jnp.stack(
        [mdp.psr.trajectory_table(mdp.psr.POMDP(*(x[n] for x in models)), horizon=horizon) for n in range(2)]
    )


def ours(p: Any, q: Any) -> tuple:
    """Value, and the policy's tables."""
    found = mdp.psr.best(jnp.abs(p - q))
    return found.value / 2, found.policy


def by_stage(p: np.ndarray, q: np.ndarray) -> tuple:
    """The same recursion in NumPy, whole stages at once; the policy as action numbers."""
    value, policy = np.abs(p - q).sum(-1), []
    while value.ndim:
        policy.append(value.argmax(-1))
        value = value.max(-1).sum(-1)
    return value / 2, policy[::-1]


def by_history(p: np.ndarray, q: np.ndarray) -> tuple:
    """The recursion as it is written: a call per history, NumPy for the sum over the last observation."""
    stages = (p.ndim - 1) // 2
    policy = [np.zeros(p.shape[: 2 * h + 1], int) for h in range(stages)]

    def best(part, history):
        if part.ndim == 1:
            return part.sum()
        total = 0.0
        for o in range(part.shape[0]):
            values = [best(part[o, a], (*history, o, a)) for a in range(part.shape[1])]
            policy[len(history) // 2][(*history, o)] = action = int(np.argmax(values))
            total += values[action]
        return total

    return best(np.abs(p - q), ()) / 2, policy


def worth(p: Any, q: Any, policy: Any) -> Any:
    """Total variation under a policy, of action numbers or tables of chances."""
    numbers = policy[0].dtype.kind == "i"
    chances = tuple(jnp.eye(p.shape[1])[x] for x in policy) if numbers else tuple(policy)
    return mdp.psr.policy_value(jnp.abs(p - q), chances) / 2


def run(config: TreeConfig, seeds: np.ndarray) -> Any:
    """Timings on the first pair; values and policies on every pair."""
    size = dict(states=config.states, observations=config.observations, actions=config.actions, horizon=config.horizon)
    laws = over_seeds(tables, seeds, **size)
    p, q = laws[0]
    ready = (jnp.asarray(p), jnp.asarray(q))
    calls = {
        "ours": functools.partial(evaluate, ours, *ready),
        "value": functools.partial(evaluate, mdp.psr.distance, *ready),
        "numpy": functools.partial(by_stage, p, q),
        "loop": functools.partial(by_history, p, q),
    }
    seconds = protocol.seconds_of(calls, config.repeats)
    found = [[method(*pair) for pair in laws] for method in (functools.partial(evaluate, ours), by_stage, by_history)]
    alone = [evaluate(mdp.psr.distance, *pair) for pair in laws]
    values = [[value for value, _ in row] for row in found]
    worths = [[evaluate(worth, *pair, policy) for pair, (_, policy) in zip(laws, row, strict=True)] for row in found]
    return dataset(
        seeds,
        {"method": list(LOOK), "policy_of": ["ours", "numpy", "loop"], "repeat": np.arange(config.repeats)},
        seconds=(("method", "repeat"), seconds, "s", "wall time"),
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


FIGURE = Figure(
    __name__,
    title="The recursion on the tree of trajectories against NumPy",
    question="How much faster is the recursion on the tree of trajectories than NumPy, with the same total variations?",
    presets={"smoke": dict(seeds=2, states=2, observations=2, actions=2, horizon=3, repeats=2), "paper": dict(seeds=20)},
    claims=(
        protocol.faster(
            "times faster than NumPy, whole stages at once", 5.0, protocol.times("numpy", "ours"),
            "both give the value and the policy; the harder of the two references",
        ),
        protocol.faster("times faster than NumPy, history by history", 5.0, protocol.times("loop", "ours"), "the literal recursion"),
        protocol.same("all give the same total variations (largest relative deviation)", "same recursion", ("distance",), "loop",
                      1e-12, "rounding of a sum of non-negative terms"),
        protocol.same("all find policies that show it (total variation under them, largest relative deviation)", "same recursion",
                      ("worth",), "loop", 1e-12, "rounding; policies may differ where actions are equally good", dim="policy_of"),
    ),
)  # fmt: skip
