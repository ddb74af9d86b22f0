"""What both phase portraits share: traces of a mode from both kinds of start under a gate, the field, and the drawing."""

from typing import Any

import numpy as np

from experiments.critical_periods.protocol import check_gates, whole
from mtrl import dynamics
from mtrl.harness import Axis, BaseConfig, dataset, evaluate, field, jax, jnp, over_seeds
from mtrl.harness.picture import plots


class PortraitConfig(BaseConfig):
    """One mode, two pathways, b gated early or late."""

    strength: float = field(10.0, help="singular value s", lower=0.0, strict=True)
    scale: float = field(0.01, help="size of the start", lower=0.0, strict=True)
    lr: float = field(1e-3, help="step dt", lower=0.0, strict=True)
    depths: tuple[int, ...] = field((2, 5, 8, 13), help="matrices a pathway, D", lower=2, distinct=True)
    steps: int = field(1000, help="steps", lower=1)
    starts: tuple[int, ...] = field(
        (0, 100), help="first step of the gate on b, early and late", lower=0, length=2, unit="steps", distinct=True
    )
    lengths: tuple[int, ...] = field((15, 15), help="length of each gate", lower=0, length=2, unit="steps")
    records: int = field(60, help="recorded points of a trace", lower=4)

    def validate(self) -> None:
        """Gates start within training."""
        check_gates(self.starts, self.steps)

    @property
    def at(self) -> np.ndarray:
        """Recorded steps, dense at the start of training, at both ends of every gate and about the `moments`."""
        ends = [0, *(end for gate in zip(self.starts, self.lengths, strict=True) for end in (gate[0], sum(gate)))]
        each = [begin + np.geomspace(1, max(self.steps - begin, 1), self.records) - 1 for begin in ends]
        about = [moment + np.arange(-60, 61) for moment in self.moments()]
        return np.unique(np.clip(np.concatenate([*each, *about, [self.steps]]), 0, self.steps).astype(np.int32))

    def moments(self) -> list[int]:
        """Further steps about which a trace is recorded."""
        return []


def traces(key: Any, s: Any, depths: Any, gates: Any, at: Any, lr: Any, scales: Any, *, start: str) -> Any:
    """K, (gate, depth, record, pathway), of one mode from a random start."""

    def one(gate, depth, scale):
        rule = dynamics.scalar_pathways(
            depth=depth, lr=lr, scale=scale, spread=0.0, gate_b=(gate[0], gate[1]), start=start
        )
        seen = lambda state: jnp.stack([dynamics.strength(p, depth, start)[0] for p in state[:2]])  # noqa: E731
        return dynamics.trajectory(rule, rule.init(key, s), s, at, record=seen)[1]

    return jax.vmap(lambda gate: jax.vmap(lambda depth, scale: one(gate, depth, scale))(depths, scales))(gates)


def fields_of(k_a: Any, k_b: Any, s: Any, depths: Any, *, start: str) -> Any:
    """(depth, pathway, K_b, K_a)."""
    return jax.vmap(lambda depth: jnp.stack(dynamics.portrait(k_a, k_b, s, depth=depth, start=start)))(depths)


def portrait_data(config: PortraitConfig, seeds: np.ndarray, *, start: str, scales: Any, **more: tuple) -> Any:
    """Traces and the field on a grid."""
    gates = np.array(
        [[begin, begin + length] for begin, length in zip(config.starts, config.lengths, strict=True)], np.int32
    )
    numbers = (
        np.array([config.strength]),
        np.array(config.depths, float),
        gates,
        whole(config.at),
        config.lr,
        np.asarray(scales),
    )
    found = over_seeds(traces, seeds, *numbers, start=start)
    grid = np.linspace(0.0, config.strength, 21)
    k_a, k_b = np.meshgrid(grid, grid)
    fields = evaluate(fields_of, k_a, k_b, config.strength, np.array(config.depths, float), start=start)
    return dataset(
        seeds,
        {
            "gate": ["early", "late"], "depth": Axis(list(config.depths), "", "depth D"), "step": config.at, "pathway": ["a", "b"],
            "k_a": grid, "k_b": grid,
        },
        trace=(("seed", "gate", "depth", "step", "pathway"), found, "1", "K"),
        final=(("seed", "gate", "depth", "pathway"), found[:, :, :, -1], "1", "final K"),
        field=(("depth", "pathway", "k_b", "k_a"), fields, "1 / time", "dK / dt"),
        **more,
    )  # fmt: skip


def draw(data: Any, config: PortraitConfig) -> Any:
    """Columns of depth, rows of gates: streamlines of the field, the line K_a + K_b = s, traces and where they end."""
    figure, axes = plots.panel(2, len(config.depths), width=3.0, height=2.9, sharex=True, sharey=True)
    k, s = data["k_a"].values, config.strength
    for i, gate in enumerate(data["gate"].values):
        for j, (ax, depth) in enumerate(zip(axes[i], config.depths, strict=True)):
            along = np.asarray(data["field"].sel(depth=depth))
            size = np.hypot(*along)
            unit = along / np.where(size > 0, size, 1)
            ax.streamplot(k, k, unit[0], unit[1], color="0.8", density=0.7, linewidth=0.7, arrowsize=0.7, zorder=1)
            ax.plot([0, s], [s, 0], color="0.35", linewidth=1.2, label="K_a + K_b = s")
            here = data.sel(gate=gate, depth=depth)
            for seed in range(data.sizes["seed"]):
                path = here["trace"].isel(seed=seed).transpose("pathway", "step").values
                words = ("trace", "end") if seed == 0 else (None, None)
                ax.plot(
                    *path,
                    color="#0072B2",
                    alpha=0.35 if data.sizes["seed"] > 1 else 1.0,
                    linewidth=0.8,
                    label=words[0],
                    zorder=2,
                )
                ax.plot(*path[:, -1], "o", color="#D55E00", markersize=3, label=words[1], zorder=3)
            first, last = config.starts[i], config.starts[i] + config.lengths[i]
            mean = float(here["final"].sel(pathway="b").mean())
            words = dict(
                title=f"D = {depth}, b gated {first}-{last}\nmean final K_b {mean:.2f}",
                xlim=(-0.3, 1.05 * s),
                ylim=(-0.3, 1.05 * s),
            )
            labels = dict(x="K_a" if i else "", y="" if j else "K_b")
            plots.finish(ax, **labels, **words, legend=dict(fontsize=7, loc="upper right") if i == j == 0 else None)
            ax.title.set_fontsize(8.5)
            ax.set_aspect("equal")
    return figure
