"""How far the ordering depends on beta, conf and the ridge, and what is left of it when every method has its own best constants.

Protocol, the same for all methods: the grid `ridges` x `betas` x `confs` (methods without a survivor set: `ridges` x `betas`); the
constants with the lowest mean cumulative regret per task on tuning seeds (the evaluation seeds plus 10000, never used for
evaluation); then one run with them on the evaluation seeds. The ridge is a constant like the others: beta / sqrt(ridge) is the
largest bonus there is, that of a direction never visited.
"""

import numpy as np

from experiments.multitask_linear_mdp import protocol
from experiments.multitask_linear_mdp.protocol import ARGMIN_OWN, ARGMIN_SHARED, KNOWN, LOOKS, OWN, SHARED, TABULAR
from mtrl import mdp
from mtrl.harness import Claim, Entrant, Figure, compete, dataset, field, grid
from mtrl.harness.judge.measures import FIRST, LAST, lowest, mean, value
from mtrl.harness.picture import plots

OFFSET = 10_000
TUNED = protocol.METHODS[:-1]
ALONE = (ARGMIN_SHARED, ARGMIN_OWN, KNOWN, TABULAR)  # methods without a survivor set


class TuningConfig(protocol.WorldConfig, seeds=30):
    """A grid for all methods alike, and noise-free and noisy rewards."""

    betas: tuple[float, ...] = field((0.03, 0.1, 0.3, 1.0), help="bonus multipliers tried", lower=0.0)
    confs: tuple[float, ...] = field((0.01, 0.03, 0.1, 0.3), help="survivor budgets tried", lower=0.0)
    noises: tuple[float, ...] = field((0.0, 0.5), help="standard deviation of the observed rewards", lower=0.0)
    tuning_seeds: int = field(8, help="seeds used for tuning only", lower=1)
    ridges: tuple[float, ...] = field((0.001, 0.1), help="ridges lam tried", lower=0.0, strict=True)


def entrants(config):
    """Every method with its full grid as lanes."""
    one, own = protocol.team_numbers(config)
    full = grid(ridge=config.ridges, beta=config.betas, conf=config.confs)
    few = grid(ridge=config.ridges, beta=config.betas)
    return (
        Entrant(SHARED, mdp.multitask_lsvi, dict(teams=one), full),
        Entrant(OWN, mdp.multitask_lsvi, dict(teams=own), full),
        Entrant(ARGMIN_SHARED, mdp.argmin_only, dict(teams=one), few),
        Entrant(ARGMIN_OWN, mdp.argmin_only, dict(teams=own), few),
        Entrant(KNOWN, mdp.known_representation, grid=few),
        Entrant(TABULAR, mdp.tabular, grid=few),
        Entrant(protocol.UNIFORM, mdp.uniform),
    )


def run(config, seeds):
    """One cell: one noise level."""
    (noise,) = config.noises
    tuning = np.asarray(seeds)[: config.tuning_seeds] + OFFSET
    options = dict(rounds=config.episodes, inputs=(noise,), tuning_seeds=tuning, record=protocol.task_means)
    results = compete(entrants(config), config.problem, seeds=seeds, **options)
    shape = (len(config.ridges), len(config.betas), len(config.confs))
    surface = np.stack([results[name].scores.reshape(-1, *shape) for name in (SHARED, OWN)], axis=1)
    lines = np.stack([results[name].scores.reshape(-1, *shape[:2]) for name in ALONE], axis=1)
    regret = np.stack([results[name].record.regret for name in protocol.METHODS], axis=1)
    words = ("return", "cumulative regret per task")

    def best(hyper, absent):
        return "method", [float(results[name].chosen.get(hyper, absent)) for name in protocol.METHODS]

    coords = dict(tuning_seed=tuning, method=protocol.METHODS, sharing=[SHARED, OWN], alone=ALONE)
    return dataset(
        seeds,
        coords | dict(ridge=config.ridges, beta=config.betas, conf=config.confs),
        surface=(("tuning_seed", "sharing", "ridge", "beta", "conf"), surface, *words),
        line=(("tuning_seed", "alone", "ridge", "beta"), lines, *words),
        tuned=(("seed", "method"), regret.sum(-1), *words),
        best_ridge=best("ridge", 0.0),
        best_beta=best("beta", 0.0),
        best_conf=best("conf", np.nan),
    ).expand_dims(noise=[noise])


def constants(part, name):
    """A method's name with its tuned constants."""
    ridge, beta, conf = (float(part[x].sel({"method": name})) for x in ("best_ridge", "best_beta", "best_conf"))
    return f"{name}\nridge {ridge:g}, beta {beta:g}" + ("" if np.isnan(conf) else f", conf {conf:g}")


def at_best(table, *dims):
    """Per beta at the values of `dims` which are best on average; the tuning seeds are its seeds."""
    flat = table.stack(other=dims).rename(tuning_seed="seed")
    return flat.isel(other=flat.mean("seed").argmin("other"))


def draw(data, config):
    """One row per noise level: ordering over the grid, regret against beta, tuned regret."""
    figure, axes = plots.panel(data.sizes["noise"], 3, width=4.4, height=3.7, width_ratios=(1.1, 1, 1))
    for (left, middle, right), noise in zip(axes, data["noise"].values, strict=True):
        part, ridge = data.sel(noise=noise), float(data["ridge"][-1])
        mean = part["surface"].sel(ridge=ridge).mean("tuning_seed")
        ratio = np.log2(mean.sel(sharing=OWN) / mean.sel(sharing=SHARED))
        ratio.attrs = {"long_name": "log2 ratio of regret per task"}
        colors = dict(cmap="PuOr", vmin=-1.5, vmax=1.5)
        plots.heat(left, ratio, "conf", "beta", write=lambda x: f"{2**x:.2f}", **colors)
        left.set_title(f"noise {noise:g}, ridge {ridge:g}:\nregret own over shared")
        plots.curves(middle, at_best(part["surface"], "conf", "ridge"), "beta", "sharing", LOOKS, marker="o")
        plots.curves(middle, at_best(part["line"], "ridge"), "beta", "alone", LOOKS, marker="o")
        words = dict(y="regret per task [return]", title="tuning seeds,\nbest of the other constants")
        plots.finish(middle, log="y", ticks=data["beta"], legend=None, **words)
        look = {name: LOOKS[name]._replace(words=constants(part, name)) for name in TUNED}
        plots.bars(right, part["tuned"], "method", look)
        right.tick_params(axis="y", labelsize=7.5)
        plots.finish(right, x="regret per task [return]", title="other seeds,\ntuned per method")
    plots.legend_below(figure, axes[0, 1:2], 6)
    return figure


def log_ratio(surface):
    """log(shared / per task), averaged over the whole grid for every tuning seed."""
    ratio = np.log(surface.sel(sharing=SHARED) / surface.sel(sharing=OWN))
    return ratio.mean(("ridge", "beta", "conf"), skipna=False).rename(tuning_seed="seed")


PAPER = "Lu et al. 2022: sharing lowers the regret"
REFUTED = (
    "with a small ridge the bonus of pairs never visited refutes a wrong phi without a survivor set; "
    "at the common ridge 0.1 of figure `regret` the shared set is ahead"
)
ARGMIN = f"argmin only fails (ordering), {protocol.PROGRAM}"
WHERE = {FIRST: "each tuned, without noise", LAST: "each tuned, at the highest noise"}


def ordering(text, paper, smaller, larger, noise, make=Claim, note=""):
    """A claim that one tuned method beats another."""
    measure = mean(value("tuned", method=smaller, noise=noise) - value("tuned", method=larger, noise=noise))
    return protocol.lower(f"{text}, {WHERE[noise]}", paper, measure, make, note)


def floor(noise):
    """A claim that nothing tuned is below the known representation."""
    text = f"known phi is a floor (minus the lowest of the other methods), {WHERE[noise]}"
    return protocol.lower(text, protocol.LIMIT, lowest(value("tuned", noise=noise), KNOWN), Claim.derived)


DIRECTIONS = "k directions instead of S A pairs"
FIGURE = Figure(
    __name__,
    title="Sensitivity of the ordering to its constants, and the ordering with every method tuned alike",
    question="Does sharing still win when all constants are changed, and when every method is tuned alike?",
    claims=(
        protocol.lower("sharing beats learning alone at the same constants, averaged over the grid (log ratio, no noise)", PAPER,
              mean(value("surface", noise=FIRST).then(log_ratio)), unit="log ratio",
              note="over tuning seeds; the heat map shows where it holds"),
        *(ordering("sharing beats learning alone", PAPER, SHARED, OWN, noise) for noise in WHERE),
        *(floor(noise) for noise in WHERE),
        ordering("sharing beats tabular LSVI-UCB", DIRECTIONS, SHARED, TABULAR, LAST, Claim.derived),
        *(ordering(f"the {words} survivor set beats argmin only", ARGMIN, *methods, FIRST, Claim.reference, REFUTED)
          for words, methods in (("shared", (SHARED, ARGMIN_SHARED)), ("per-task", (OWN, ARGMIN_OWN)))),
    ),
    split=("noises",),
    presets={
        "smoke": dict(
            seeds=2, tuning_seeds=2, episodes=4, stages=2, states=3, candidates=2, tasks=2, rank=2, betas=(0.1, 0.3),
            confs=(0.03,), ridges=(0.1,), noises=(0.0,),
        ),
        "paper": dict(
            seeds=200, tuning_seeds=50, episodes=500, betas=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
            confs=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        ),
    },
)  # fmt: skip
