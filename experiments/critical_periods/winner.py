"""How the window closes with depth: the share of a gated pathway against the length of the gate, and the split formula."""

from typing import Any

import numpy as np

from experiments.critical_periods.protocol import changes, reference
from mtrl import dynamics
from mtrl.harness import Axis, BaseConfig, Figure, dataset, evaluate, field, jax, jnp, over_seeds
from mtrl.harness.judge.claims import Claim, at_most, less_than_zero
from mtrl.harness.judge.measures import bootstrap, mean, value, worst
from mtrl.harness.picture import plots

# Of the formula, gate over 0.3 of the escape time, K0 = 1e-4, s = 3.
SHARES = {2: 0.0434, 3: 9.1e-4, 4: 3.6e-4, 6: 2.0e-4}


class Config(BaseConfig):
    """One mode from small starts, gates as fractions of its escape time."""

    seeds: int = field(10, help="number of random starts", lower=1)
    strength: float = field(3.0, help="singular value s", lower=0.0, strict=True)
    scale: float = field(1e-4, help="K at the start, K0", lower=0.0, strict=True)
    spread: float = field(0.1, help="relative standard deviation of K at the start", lower=0.0)
    depths: tuple[int, ...] = field((2, 3, 4, 6), help="matrices a pathway, D", lower=2, distinct=True)
    fractions: tuple[float, ...] = field((0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9), help="length of the gate over the escape time",
                                         lower=0.0, upper=1.0, strict=True, distinct=True)  # fmt: skip
    resolution: int = field(4000, help="steps in an escape time", lower=10)


def shares(
    key: Any, s: Any, depths: Any, escape: Any, fractions: Any, scale: Any, spread: Any, *, resolution: int
) -> Any:
    """Final share of b, (depth, fraction); training lasts for three escape times."""

    def one(depth, time, fraction):
        gate = (0, jnp.round(fraction * resolution).astype(jnp.int32))
        rule = dynamics.scalar_pathways(depth=depth, lr=time / resolution, scale=scale, spread=spread, gate_b=gate)
        end, _ = dynamics.trajectory(rule, rule.init(key, s), s, jnp.array([3 * resolution], jnp.int32))
        return dynamics.strength(end.p_b, depth)[0] / s[0]

    return jax.vmap(lambda d, t: jax.vmap(lambda f: one(d, t, f))(fractions))(depths, escape)


def formulas(s: Any, k0: Any, fractions: Any, *, depths: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Escape times (depth,); the split formula and its leading order, (depth, fraction)."""
    theory = dynamics.theory
    escape = jnp.stack([theory.escape_time(s, k0, float(depth)) for depth in depths])
    split = [theory.gated_split(s, fractions * time, depth) / s for depth, time in zip(depths, escape, strict=True)]
    return escape, jnp.stack(split), jnp.stack([theory.winner_share(fractions, s, k0, depth) for depth in depths])


def run(config: Config, seeds: np.ndarray) -> Any:
    """Simulation and formulas."""
    depths, fractions, s = np.array(config.depths, float), np.array(config.fractions), config.strength
    escape, split, order = evaluate(formulas, s, config.scale, fractions, depths=config.depths)
    numbers = (np.array([s]), depths, escape, fractions, config.scale, config.spread)
    found = over_seeds(shares, seeds, *numbers, resolution=config.resolution)
    words = "final share of b, K_b / s"
    return dataset(
        seeds,
        {"depth": list(config.depths), "fraction": Axis(fractions, "", "length of the gate over the escape time, f")},
        share=(("seed", "depth", "fraction"), found, "1", words),
        split=(("depth", "fraction"), split, "1", words),
        order=(("depth", "fraction"), order, "1", words),
        escape=("depth", escape, "time", "escape time"),
    )


def draw(data: Any, config: Config) -> Any:
    """Share against the length of the gate."""
    figure, axes = plots.panel(1, 1, width=6.4, height=4.6)
    ax = axes[0, 0]
    look = plots.looks({d: f"D = {d}" for d in config.depths})
    first = config.depths[0]
    lines = {d: one._replace(words="split formula" if d == first else "") for d, one in look.items()}
    leading = "its leading order in K0"
    order = {d: one._replace(words=leading if d == first else "", line=":") for d, one in look.items()}
    plots.theory(ax, data["split"], "fraction", "depth", lines)
    plots.theory(ax, data["order"], "fraction", "depth", order)
    plots.points(ax, data["share"], "fraction", "depth", look)
    for depth in config.depths:
        words = "independent program" if depth == first else ""
        plots.program(ax, {0.3: SHARES[depth]} if depth in SHARES else {}, words)
    title = f"b gated from the first step, s = {config.strength:g}, K0 = {config.scale:g}"
    plots.finish(ax, title=title, log="y", legend=dict(fontsize=8, ncol=2, loc="upper right"), ylim=(1e-5, 3))
    return figure


def short(array: Any) -> Any:
    """Gates up to half of the escape time."""
    return array.where(array["fraction"] <= 0.5, drop=True)


def formula(depth: int) -> Claim:
    """The formula against the independent program's number."""
    number = SHARES[depth]
    return reference(f"share of b after a gate over 0.3 of the escape time, D = {depth}", number,
                 mean(value("share", depth=depth, fraction=0.3)), 0.1 * number, unit="1",
                 reason="a tenth: strengths at the start vary by as much, and shares of deep pathways with them")  # fmt: skip


FIGURE = Figure(
    __name__,
    title="Share of a gated pathway against the length of the gate: graded with two matrices, the winner takes all beyond",
    question="From which length of the gate on does the winner take all, and how does that depend on the depth?",
    claims=(
        *(formula(depth) for depth in SHARES),
        Claim.derived("the split formula gives the share at every depth, gates up to half of the escape time: largest relative error",
              "p_b^(2-D) - p_a^(2-D) = (D-2) s Te (log ratio s Te for D = 2), p_a^D + p_b^D = s, exact as K0 -> 0",
              bootstrap(lambda x, y: np.max(np.abs(x / y - 1)), value("share").then(short), value("split").then(short)), at_most(0.1),
              unit="1", reason="K0 varies by a tenth between runs"),
        Claim("deeper pathways lose more to the same fraction of the escape time: largest change of the share with depth, f = 0.3",
              "abstract: critical periods sharpen with depth (ordering)",
              worst(value("share", fraction=0.3).then(changes("depth"))), less_than_zero, unit="1"),
    ),
    presets={
        "smoke": dict(seeds=2, depths=(2, 3), fractions=(0.1, 0.3), resolution=50),
        "paper": dict(seeds=100, resolution=20_000),
    },
)  # fmt: skip
