"""Figure 2: what each of two pathways learns of every mode when one of them is gated early, in the middle, or late."""

from typing import Any

import numpy as np

from experiments.critical_periods import protocol
from experiments.critical_periods.protocol import PROGRAM, STRENGTH, PathwayConfig, pairs
from mtrl import dynamics
from mtrl.harness import Claim, Figure, at_most, dataset, evaluate, jax
from mtrl.harness.judge.measures import Quantity, bootstrap, exact, near, value, worst
from mtrl.harness.picture import plots

S1, S2, S3, S4 = 3.873, 2.6458, 1.7321, 1.0
SHARES = {
    0: {S1: 0.003, S2: 0.006, S3: 0.017, S4: 0.065},
    400: {S1: 0.5, S2: 0.5, S3: 0.5, S4: 0.153},
    750: {S1: 0.5, S2: 0.5, S3: 0.5, S4: 0.5},
}


class Config(PathwayConfig):
    """D = 4, gates of 150 steps from step 0, 400 and 750."""


def equal_starts(gates: Any, at: Any, lr: Any, scale: Any, *, depth: int) -> Any:
    """Final share of b of every mode from equal starts, without randomness, (gate, mode)."""
    s = dynamics.hierarchy().s

    def one(gate):
        rule = dynamics.scalar_pathways(depth=depth, lr=lr, scale=scale, spread=0.0, gate_b=(gate[0], gate[1]))
        end, _ = dynamics.trajectory(rule, rule.init(jax.random.key(0), s), s, at)
        return dynamics.strength(end.p_b, depth) / s

    return jax.vmap(one)(gates)


def early_gate(levels: Any, duration: Any, scale: Any, lr: Any, *, depth: int) -> tuple[Any, Any]:
    """The closed form of b's share after a gate from step 0, and the steps until a mode escapes, (level,)."""
    split = dynamics.theory.gated_split(levels, duration, depth, scale) / levels
    return split, dynamics.theory.escape_time(levels, scale, float(depth)) / lr


def table_of(starts: tuple[int, ...]) -> dict[str, tuple]:
    """The independent program's shares, where it has them all."""
    if not set(starts) <= set(SHARES):
        return {}
    table = [list(SHARES[start].values()) for start in starts]
    return {"program": (("start", "level"), table, "1", "final share of b")}


def run(config: Config, seeds: np.ndarray) -> Any:
    """Gradient descent, the recursion, and the closed form of the early gate."""
    gates, at = protocol.windows(config), protocol.whole(config.at)
    found, scalar, _ = protocol.followed(config, seeds)
    same = evaluate(equal_starts, gates, at[-1:], config.lr, config.scale, depth=config.depth)
    group, levels = protocol.levels()
    share = protocol.by_level(found[:, :, -1, 1] / np.asarray(dynamics.hierarchy().s))
    numbers = levels, config.length * config.lr, config.scale, config.lr
    early, escape = evaluate(early_gate, *numbers, depth=config.depth)
    dims = ("seed", "start", "step", "pathway", "level")
    return dataset(
        seeds,
        protocol.axes_of(config),
        strength=(dims, protocol.by_level(found), "1", STRENGTH),
        recursion=(dims, protocol.by_level(scalar), "1", STRENGTH),
        difference=("seed", np.abs(found - scalar).max((1, 2, 3, 4)), "1", "largest distance of descent and recursion"),
        share=(("seed", "start", "level"), share, "1", "final share of b, K_b / s"),
        equal=(("start", "level"), protocol.by_level(same), "1", "final share of b from equal starts"),
        split=("level", early, "1", "final share of b after a gate from step 0"),
        **table_of(config.starts),
        escape=("level", escape, "steps", "escape time"),
    )  # fmt: skip


def draw(data: Any, config: Config) -> Any:
    """K against steps for each gate; final shares at the right."""
    figure, axes = plots.panel(-(-(len(config.starts) + 1) // 2), 2, width=5.0, height=3.6)
    for ax, start in zip(axes.ravel(), config.starts, strict=False):
        here = data.sel(start=start)
        protocol.draw_strengths(ax, here["strength"], here["recursion"])
        ax.axvspan(start, start + config.length, color="0.85", zorder=0)
        legend = dict(fontsize=7, title_fontsize=7.5, title="filled a, hollow b", ncol=2, loc=(0.55, 0.08))
        plots.finish(ax, title=f"b gated from step {start}", legend=legend if ax is axes[0, 0] else None)
    last = axes.ravel()[len(config.starts)]
    for ax in axes.ravel()[len(config.starts) + 1 :]:
        ax.remove()
    looks = {start: look._replace(words=f"gate from {start}") for start, look in plots.looks(config.starts).items()}
    plots.points(last, data["share"], "level", "start", looks)
    if 0 in config.starts:
        plots.theory(last, data["split"], "level", look=looks[0], words="split formula,")
    for start, table in SHARES.items():
        plots.program(last, table, "" if start else "independent program")
    legend = dict(fontsize=7, loc="center right")
    plots.finish(last, title="what b has learnt in the end", legend=legend, ylim=(-0.02, 0.56))
    return figure


def table_claim(start: int) -> Claim:
    """The independent program's final shares of one gate."""
    table = SHARES[start]
    return Claim.reference(f"final shares of b, gate from step {start}: largest distance to the table, in standard deviations of a run",
                 f"{pairs(table)}, {PROGRAM}", near(value("share", start=start), table, "level", rounding=6e-4), at_most(1.0),
                 unit="standard deviations",
                 reason="a run without randomness should lie among the random ones, within one spread of their mean")  # fmt: skip


def exact_claim(start: int) -> Claim:
    """The same from equal starts."""
    distance = abs(value("equal", start=start) - value("program", start=start)).over("level", how="max")
    return Claim.reference(f"final shares of b from equal starts, gate from step {start}: largest distance to the table",
                 f"{pairs(SHARES[start])}, {PROGRAM}", exact(distance), at_most(6e-4), unit="1",
                 reason="rounding of its last digit, and of the last of ours", note=protocol.COUNTED)  # fmt: skip


def ends(weak: bool) -> Quantity:
    """Shares of b after the middle gate, of the weak or of the other modes."""
    return value("share", start=400, level=[S4] if weak else [S1, S2, S3])


FIGURE = Figure(
    __name__,
    title="Figure 2: what two pathways learn of every mode when one is gated early, in the middle, or late (D = 4)",
    question="If one of two pathways is gated early, in the middle or late, which modes does it lose for good?",
    claims=(
        Claim("a gate from the first step on hands every mode to the other pathway: largest share of b", "Figure 2, left (ordering)",
              worst(value("share", start=0)), at_most(0.25), unit="1", reason="half of the fair share of one half"),
        Claim("a gate in the middle takes the weak modes alone: largest share of b among them", "Figure 2, middle (ordering)",
              worst(ends(True)), at_most(0.25), unit="1", reason="half of the fair share"),
        Claim("a gate in the middle leaves the strong modes: largest loss of b's fair share", "Figure 2, middle (ordering)",
              worst(0.5 - ends(False)), at_most(0.05), unit="1", reason="a tenth of the fair share"),
        Claim("a late gate does nothing: largest loss of b's fair share", "Figure 2, right (ordering)",
              worst(0.5 - value("share", start=750)), at_most(0.05), unit="1", reason="a tenth of the fair share"),
        *(claim(start) for claim in (exact_claim, table_claim) for start in SHARES),
        Claim.derived("the split formula gives b's share after the early gate: largest relative error over the modes",
              "p_b^(2-D) - p_a^(2-D) = (D - 2) s Te, p_a^D + p_b^D = s, in the limit of small starts",
              bootstrap(lambda x, y: np.max(np.abs(x / y - 1)), value("share", start=0), value("split")), at_most(0.25), unit="1",
              reason="a start of 0.01 is not small beside the weakest share"),
        Claim.sanity("gradient descent on matrices is the scalar recursion: largest distance",
              "appendix: aligned balanced layers decouple", worst(value("difference")), at_most(1e-10), unit="1",
              reason="rounding of 1000 steps in 64 bits"),
    ),
    presets={"smoke": dict(protocol.SMOKE), "paper": dict(seeds=50, every=10)},
    headline=True,
)  # fmt: skip
