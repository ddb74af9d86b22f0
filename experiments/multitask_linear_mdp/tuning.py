"""How far the ordering depends on beta and conf, and what is left of it when every method has its own best constants.

Protocol, the same for all methods: the grid `betas` x `confs` (methods without a survivor set: `betas` alone); the constants with
the lowest mean cumulative regret per task on tuning seeds (the evaluation seeds plus 10000, never used for evaluation); then one
run with them on the evaluation seeds. The ridge is common.
"""

import dataclasses

import numpy as np

from experiments.multitask_linear_mdp.race import FINITE_CLASS, race, settings
from experiments.multitask_linear_mdp.regret import (
    ARGMIN_OWN,
    ARGMIN_SHARED,
    KNOWN,
    METHODS,
    OWN,
    SHARED,
    TABULAR,
    UNIFORM,
    WorldConfig,
    compete,
)
from mtrl.harness import Claim, Figure, field, less_than_zero, mean_interval, over_seeds, style
from mtrl.mdp.checks import check_radius

OFFSET = 10_000
TUNED = METHODS[:-1]


@dataclasses.dataclass(frozen=True)
class TuningConfig(WorldConfig):
    """A grid for all methods alike, and noise-free and noisy rewards."""

    betas: tuple[float, ...] = field((0.03, 0.1, 0.3, 1.0), help="bonus multipliers tried", lower=0.0)
    confs: tuple[float, ...] = field((0.01, 0.03, 0.1, 0.3), help="survivor budgets tried", lower=0.0)
    noises: tuple[float, ...] = field((0.0, 0.5), help="standard deviation of the observed rewards", lower=0.0)
    tuning_seeds: int = field(8, help="seeds used for tuning only", lower=1)


def grid(config):
    """Lanes of the whole grid: conf changes fastest, the four uses of multitask LSVI one after another."""
    betas, confs = np.asarray(config.betas), np.asarray(config.confs)
    pairs = np.stack(np.meshgrid(betas, confs, indexing="ij"), -1).reshape(-1, 2)
    alone = np.stack([betas, np.zeros_like(betas)], -1)
    table = np.concatenate([pairs, pairs, alone, alone])
    one, own = np.zeros(config.tasks, np.int32), np.arange(config.tasks, dtype=np.int32)
    counts = (len(pairs), len(pairs), len(betas), len(betas))
    teams = np.repeat(np.stack([one, own, one, own]), counts, axis=0)
    single = np.repeat([False, False, True, True], counts)
    return {
        "lsvi": settings(beta=table[:, 0], conf=table[:, 1], ridge=config.ridge, teams=teams, single=single),
        "known": settings(beta=betas, ridge=config.ridge),
        "tabular": settings(beta=betas, ridge=config.ridge),
        "uniform": {},
    }


def run(config, seeds):
    """One cell: one noise level."""
    import xarray as xr

    check_radius(beta=config.betas, conf=config.confs)
    (noise,) = config.noises
    tuning = np.asarray(seeds)[: config.tuning_seeds] + OFFSET
    records = over_seeds(
        race, tuning, noise, grid(config), world=config.world, entrants=FINITE_CLASS, episodes=config.episodes
    )
    totals = {name: np.asarray(record.regret).sum(-1) for name, record in records.items()}  # (seed, lane)
    b, c = len(config.betas), len(config.confs)
    shared, own, argmin_shared, argmin_own = np.split(totals["lsvi"], [b * c, 2 * b * c, 2 * b * c + b], axis=1)
    surface = np.stack([shared.reshape(-1, b, c), own.reshape(-1, b, c)], axis=1)
    alone = {ARGMIN_SHARED: argmin_shared, ARGMIN_OWN: argmin_own, KNOWN: totals["known"], TABULAR: totals["tabular"]}
    beta, conf = {UNIFORM: 0.0}, {}
    for i, name in enumerate((SHARED, OWN)):
        at = np.unravel_index(np.argmin(surface[:, i].mean(0)), (b, c))
        beta[name], conf[name] = config.betas[at[0]], config.confs[at[1]]
    for name, table in alone.items():
        beta[name] = config.betas[int(np.argmin(table.mean(0)))]
    regret, _, _ = compete(config, seeds, noise, beta, conf)
    lines = np.stack([alone[name] for name in (ARGMIN_SHARED, ARGMIN_OWN, KNOWN, TABULAR)], axis=1)
    regret_units = {"units": "return", "long_name": "cumulative regret per task"}
    data = xr.Dataset(
        {
            "surface": (("tuning_seed", "sharing", "beta", "conf"), surface, regret_units),
            "line": (("tuning_seed", "alone", "beta"), lines, regret_units),
            "tuned": (("seed", "method"), regret.sum(-1), regret_units),
            "best_beta": ("method", [beta[name] for name in METHODS]),
            "best_conf": ("method", [conf.get(name, np.nan) for name in METHODS]),
        },
        coords={
            "seed": seeds, "tuning_seed": tuning, "method": list(METHODS), "sharing": [SHARED, OWN],
            "alone": list(alone), "beta": list(config.betas), "conf": list(config.confs),
        },
    )  # fmt: skip
    return data.expand_dims(noise=[noise])


def constants(part, name):
    """A method's name with its tuned constants."""
    beta, conf = (float(part[x].sel({"method": name})) for x in ("best_beta", "best_conf"))
    return f"{name}\nbeta {beta:g}" + ("" if np.isnan(conf) else f", conf {conf:g}")


def draw(data, config):
    """One row per noise level: ordering over the grid, regret against beta, tuned regret."""
    rows = data.sizes["noise"]
    figure, axes = style.subplots(rows, 3, width=4.3, height=3.4)
    for row, noise in enumerate(data["noise"].values):
        part = data.sel(noise=noise)
        mean = part["surface"].mean("tuning_seed")
        ratio = np.log2(mean.sel(sharing=OWN) / mean.sel(sharing=SHARED)).transpose("beta", "conf").values
        ax = axes[row, 0]
        image = ax.imshow(ratio, cmap="PuOr", vmin=-1.5, vmax=1.5, origin="lower", aspect="auto")
        for i, j in np.ndindex(*ratio.shape):
            ax.text(j, i, f"{2 ** ratio[i, j]:.2f}", ha="center", va="center", fontsize=8)
        ax.set_xticks(range(len(config.confs)), [f"{x:g}" for x in config.confs])
        ax.set_yticks(range(len(config.betas)), [f"{x:g}" for x in config.betas])
        ax.grid(False)
        ax.set(xlabel="conf", ylabel="beta", title=f"noise {noise:g}: own survivors over shared")
        figure.colorbar(image, ax=ax, label="log2 ratio of regret per task")
        ax = axes[row, 1]
        for name in (SHARED, OWN):
            style.band(
                ax,
                data["beta"],
                part["surface"].sel(sharing=name).min("conf"),
                label=f"{name}, best conf",
                color=style.COLORS[METHODS.index(name)],
            )
        for name in part["alone"].values:
            i = METHODS.index(name)
            style.band(
                ax,
                data["beta"],
                part["line"].sel(alone=name),
                label=name,
                color=style.COLORS[i],
                marker=style.MARKERS[i],
            )
        style.log_ticks(ax, data["beta"])
        ax.set(yscale="log", xlabel="beta", ylabel="regret per task [return]", title="tuning seeds")
        ax.set_ylim(None, 3.5 * float(part["line"].mean("tuning_seed").max()))
        ax.legend(fontsize=6.8, ncols=2)
        ax = axes[row, 2]
        tuned = part["tuned"].sel({"method": list(TUNED)})
        ax.barh(
            range(len(TUNED)),
            tuned.mean("seed"),
            xerr=style.half_width(tuned.values.reshape(-1, len(TUNED))),
            color=style.COLORS[: len(TUNED)],
        )
        labels = [constants(part, name) for name in TUNED]
        ax.set_yticks(range(len(TUNED)), labels, fontsize=7.5)
        ax.invert_yaxis()
        ax.set(xlabel="regret per task [return]", title="other seeds, tuned per method")
    return figure


def tuned_difference(smaller, larger, noise):
    """Paired difference on the evaluation seeds at the lowest (0) or highest (-1) noise."""

    def measure(data):
        part = data["tuned"].isel(noise=noise)
        return mean_interval((part.sel({"method": smaller}) - part.sel({"method": larger})).values)

    return measure


def mean_ordering(data):
    """log(shared / per task) without noise, averaged over the grid for every tuning seed."""
    part = data["surface"].isel(noise=0)
    return mean_interval(np.log(part.sel(sharing=SHARED) / part.sel(sharing=OWN)).mean(("beta", "conf")).values)


PAPER = "Lu et al. 2022: sharing lowers the regret"
LIMIT = "theory: M -> infinity tends to known phi"


def ordering(text, paper, smaller, larger, noise, note=""):
    """A claim that one tuned method beats another."""
    where = "without noise" if noise == 0 else "at the highest noise"
    measure = tuned_difference(smaller, larger, noise)
    return Claim(f"{text}, each tuned, {where}", paper, measure, less_than_zero, note)


FIGURE = Figure(
    name="tuning",
    title="Sensitivity of the ordering to beta and conf, and the ordering with every method tuned alike",
    config=TuningConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            "sharing beats learning alone at the same beta and conf, averaged over the grid (log ratio, no noise)",
            PAPER,
            mean_ordering,
            less_than_zero,
            note="over tuning seeds; the heat map shows where it holds",
        ),
        ordering("sharing beats learning alone", PAPER, SHARED, OWN, 0),
        ordering("sharing beats learning alone", PAPER, SHARED, OWN, -1),
        ordering("known phi is a floor", LIMIT, KNOWN, SHARED, 0),
        ordering("known phi is a floor", LIMIT, KNOWN, SHARED, -1),
        ordering("sharing beats tabular LSVI-UCB", "k directions instead of S A pairs", SHARED, TABULAR, -1),
        ordering("the shared survivor set beats argmin only", "argmin only fails", SHARED, ARGMIN_SHARED, 0),
        ordering("the per-task survivor set beats argmin only", "argmin only fails", OWN, ARGMIN_OWN, 0),
    ),
    split=("noises",),
    presets={
        "smoke": dict(
            seeds=2,
            tuning_seeds=2,
            episodes=12,
            states=5,
            candidates=6,
            tasks=4,
            betas=(0.1, 0.3),
            confs=(0.03, 0.1),
            noises=(0.0,),
        ),
        "paper": dict(
            seeds=200,
            tuning_seeds=50,
            episodes=500,
            betas=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
            confs=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        ),
    },
)
