"""What the figures of two pathways share: their configuration, their run, the groups of equal modes, and forms of claims.

Numbers called `reference` are those of an independent program at the paper's settings, of one run each, not by the paper's authors (whose
plotted values are not tabulated).
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from mtrl import dynamics
from mtrl.harness import Axis, BadInput, BaseConfig, Claim, between, field, jax, jnp, over_seeds
from mtrl.harness.judge.measures import Absent, Measure
from mtrl.harness.picture.plots import Look

PROGRAM = "an independent program at the paper's settings, one run, not by its authors"
COUNTED = (
    "its gates end a step earlier (it counts steps from 1): with gates a step shorter ours gives its early numbers"
)
PATHWAYS = ("a", "b")
COLORS = ("#0072B2", "#009E73", "#E69F00", "#CC79A7")  # of the groups of equal singular values
STRENGTH = "strength of a mode, K"


# One program serves all three figures.
SMOKE = dict(seeds=2, depth=2, width=8, steps=200, every=50, starts=(0,), length=50)


def check_gates(starts: tuple[int, ...], steps: int) -> None:
    """Check that gates start within training.

    Raises:
      BadInput: one does not.
    """
    if max(starts) > steps:
        raise BadInput(
            f"a gate starts at step {max(starts)}, but training has {steps} steps; start earlier or train longer"
        )


class PathwayConfig(BaseConfig, seeds=10):
    """Two pathways on the hierarchy of 8 items and 15 properties, both from one aligned start of size 0.01."""

    depth: int = field(4, help="matrices a pathway, D", lower=2)
    width: int = field(100, help="hidden units h", lower=8)
    steps: int = field(1000, help="steps of gradient descent", lower=1)
    lr: float = field(0.01, help="step dt", lower=0.0, strict=True)
    scale: float = field(0.01, help="K of every mode at the start", lower=0.0, strict=True)
    spread: float = field(0.1, help="relative standard deviation of K at the start", lower=0.0)
    starts: tuple[int, ...] = field(
        (0, 400, 750), help="first step of the gate on b", lower=0, unit="steps", distinct=True
    )
    length: int = field(150, help="length of the gate", lower=0, unit="steps")
    every: int = field(25, help="steps between records", lower=1)

    def validate(self) -> None:
        """Gates start within training."""
        check_gates(self.starts, self.steps)

    @property
    def at(self) -> np.ndarray:
        """Recorded steps."""
        return np.arange(0, self.steps + 1, self.every)


def levels() -> tuple[np.ndarray, np.ndarray]:
    """The group of equal singular values of every mode, and the value of every group."""
    s = np.asarray(dynamics.hierarchy().s)
    values, group = np.unique(np.round(-s, 9), return_inverse=True)
    return group, -values


def strengths(
    key: Any,
    gates: Any,
    at: Any,
    lesion: Any,
    lr: Any,
    scale: Any,
    spread: Any,
    *,
    depth: int,
    width: int,
    activation: str,
) -> Any:
    """K of gradient descent, (gate, record, pathway, mode); of the recursion too; and the final K matrices, (gate, pathway, mode, mode)."""
    task = dynamics.hierarchy()

    def one(gate):
        common = dict(depth=depth, lr=lr, scale=scale, spread=spread, gate_b=(gate[0], gate[1]), lesion=lesion)
        rule = dynamics.two_pathways(width=width, activation=activation, **common)
        seen = lambda state: jnp.stack(dynamics.pathway_strengths(state, task, activation))  # noqa: E731
        end, ours = dynamics.trajectory(rule, rule.init(key, task), task, at, record=seen)
        final = jnp.stack([dynamics.mode_matrix(layers, task, activation) for layers in (end.a, end.b)])
        scalar = dynamics.scalar_pathways(**common)
        seen = lambda state: jnp.stack([dynamics.strength(p, depth) for p in state[:2]])  # noqa: E731
        return ours, dynamics.trajectory(scalar, scalar.init(key, task.s), task.s, at, record=seen)[1], final

    return jax.vmap(one)(gates)


def followed(config: PathwayConfig, seeds: Any, lesion: int = -1, activation: str = "linear") -> tuple[np.ndarray, ...]:
    """`strengths` of all seeds."""
    numbers = (windows(config), whole(config.at), whole(lesion), config.lr, config.scale, config.spread)
    sizes = dict(depth=config.depth, width=config.width, activation=activation)
    return over_seeds(strengths, seeds, *numbers, lanes="auto", **sizes)


def windows(config: PathwayConfig) -> np.ndarray:
    """Gates, (gate, 2)."""
    return np.array([[start, start + config.length] for start in config.starts], np.int32)


def by_level(values: np.ndarray) -> np.ndarray:
    """Means over equal modes, (..., mode) -> (..., level)."""
    group, levels_ = levels()
    return np.stack([values[..., group == i].mean(-1) for i in range(len(levels_))], -1)


def axes_of(config: PathwayConfig) -> dict[str, Axis]:
    """Labels shared by the figures."""
    return {
        "start": Axis(np.array(config.starts), "steps", "start of the gate"),
        "step": Axis(config.at, "", "step"),
        "pathway": Axis(list(PATHWAYS)),
        "level": Axis(np.round(levels()[1], 4), "", "singular value s"),
    }


def level_looks(labels: Any, words: str = "s = {:.2f}") -> dict[float, Look]:
    """A colour a group."""
    return {float(s): Look(words.format(s), COLORS[i % 4]) for i, s in enumerate(labels)}


def draw_strengths(ax: Any, part: Any, line: Any, **keywords: Any) -> None:
    """K of both pathways against steps: markers for gradient descent, lines for the recursion; a filled, b hollow and dashed."""
    from mtrl.harness import plots

    look = level_looks(part["level"].values)
    for pathway, line_style, face in (("a", "-", None), ("b", "--", "white")):
        words = look if pathway == "a" else {s: one._replace(words="") for s, one in look.items()}
        lines = {s: one._replace(words="", line=line_style) for s, one in look.items()}
        plots.theory(ax, line.sel(pathway=pathway), "step", "level", lines, linewidth=1.2, **keywords)
        plots.points(ax, part.sel(pathway=pathway), "step", "level", words, markersize=3.5, markerfacecolor=face)


def changes(dim: str) -> Callable[[Any], Any]:
    """Differences between neighbours along a dimension; a claim on them does not apply where there is one value."""

    def between_neighbours(array):
        if array.sizes[dim] < 2:
            raise Absent(f"one {dim}")
        return array.diff(dim)

    return between_neighbours


def reference(
    text: str, number: float, measure: Measure, margin: float, *, unit: str, reason: str, **more: Any
) -> Claim:
    """A claim of the independent program's number, up to a margin."""
    region = between(number - margin, number + margin)
    return Claim.reference(
        text, f"{number:g}, {PROGRAM}", measure, region, unit=unit, value=number, reason=reason, **more
    )


def pairs(table: dict[Any, float]) -> str:
    """A published table in words."""
    return ", ".join(f"{label}: {number:g}" for label, number in table.items())


whole = functools.partial(np.asarray, dtype=np.int32)
