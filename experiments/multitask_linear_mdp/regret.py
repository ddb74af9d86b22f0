"""Regret per task against episodes: one survivor set for all tasks, one per task, oracle and ablations, at common constants."""

import dataclasses

import numpy as np

from experiments.multitask_linear_mdp.protocol import (
    ARGMIN_OWN,
    ARGMIN_SHARED,
    KNOWN,
    LOOKS,
    METHODS,
    OWN,
    PROGRAM,
    RETURN,
    SHARED,
    TABULAR,
    WorldConfig,
    difference,
    regret_of,
    task_means,
    team_numbers,
    total,
)
from mtrl import mdp
from mtrl.harness import Claim, Entrant, Figure, at_most, between, compete, field, less_than_zero
from mtrl.harness.judge.measures import lowest, mean, value
from mtrl.harness.picture import plots

KNOWN_FREE = "known phi, small ridge"  # beta / sqrt(lam) caps the bonus of a direction never visited
REFERENCE = {SHARED: (7.86, 0.23), OWN: (13.50, 0.54)}  # PROGRAM at these settings, episode 150, with standard errors
LATE = 30


@dataclasses.dataclass(frozen=True)
class RegretConfig(WorldConfig):
    """Common constants for all methods."""

    seeds: int = field(100, help="number of random seeds", lower=1)
    beta: float = field(0.1, help="bonus multiplier of every method", lower=0.0)
    conf: float = field(0.1, help="scale of the survivors' budget", lower=0.0)
    noise: float = field(0.0, help="standard deviation of the observed rewards", lower=0.0)
    small_ridge: float = field(0.001, help="ridge of the second curve of the known phi", lower=0.0, strict=True)


def entrants(config):
    """Lanes in the order of the curves: sharing modes and ablation are values of multitask LSVI's arguments."""
    one, own = team_numbers(config)
    common = dict(beta=config.beta, ridge=config.ridge)
    single = [False, False, True, True]
    return (
        Entrant(
            "lsvi", mdp.multitask_lsvi, grid=dict(conf=config.conf, teams=[one, own, one, own], single=single, **common)
        ),
        Entrant(
            "known", mdp.known_representation, grid=dict(beta=config.beta, ridge=[config.ridge, config.small_ridge])
        ),
        Entrant("tabular", mdp.tabular, grid=common),
        Entrant("uniform", mdp.uniform),
    )


def run(config, seeds):
    """One cell."""
    import xarray as xr

    results = compete(
        entrants(config), config.problem, seeds=seeds, rounds=config.episodes, inputs=(config.noise,), record=task_means
    )
    parts = [result.record for result in results.values()]
    regret, optimism, survivors = (np.concatenate(x, axis=1) for x in zip(*parts, strict=True))
    dims = ("seed", "method", "episode")
    return xr.Dataset(
        {
            "regret": (dims, regret, {"units": "return", "long_name": "regret per task"}),
            "optimism": (dims, optimism, {"units": "return"}),
            "survivors": (dims, survivors, {"units": "1"}),
        },
        coords={
            "seed": seeds,
            "method": [*METHODS[:5], KNOWN_FREE, *METHODS[5:]],
            "episode": np.arange(1, config.episodes + 1),
        },
    )


def draw(data, config):
    """Cumulative regret, late regret, survivors."""
    figure, axes = plots.panel(1, 3, width=4.4, height=3.9)
    look = LOOKS | {KNOWN_FREE: LOOKS[KNOWN]._replace(words=f"known phi, ridge {config.small_ridge:g}", line="--")}
    plots.curves(axes[0, 0], data["regret"].cumsum("episode"), "episode", "method", look)
    for name, (number, error) in REFERENCE.items() if config.episodes == 150 else ():
        bar = dict(fmt="o", mfc="none", color="black", ecolor=look[name].color, ms=6)
        axes[0, 0].errorbar([152], [number], [1.96 * error], **bar)
    plots.reported(axes[0, 0], {}, words="reference run")
    words = "cumulative regret per task [return]"
    small = dict(ncols=2, fontsize=6.8, loc="upper left")
    plots.finish(axes[0, 0], x="episode", y=words, log="y", ylim=(0.3, 600), legend=small)
    late = data["regret"].isel(episode=slice(-LATE, None)).mean("episode")
    plots.bars(axes[0, 1], late, "method", look)
    axes[0, 1].tick_params(axis="y", labelsize=8)
    plots.finish(axes[0, 1], x=f"regret per episode, last {LATE} [return]", log="x")
    plots.curves(axes[0, 2], data["survivors"], "episode", "method", {name: LOOKS[name] for name in METHODS[:4]})
    plots.finish(axes[0, 2], x="episode", y="surviving representations", log="y")
    return figure


def late_regret(method):
    """Mean regret per episode over the last 30."""
    return value("regret", method=method, episode=slice(-LATE, None)).over("episode")


def near(method, sigmas=3.0):
    """Our number against the program's."""
    number, error = REFERENCE[method]
    return dict(
        paper=f"{number:g} +- {error:g}, {PROGRAM}",
        measure=mean(regret_of(method)),
        accepts=between(number - sigmas * error, number + sigmas * error),
        kind="reference",
        value=number,
        reason="three standard errors of that program",
        unit=RETURN,
    )


PAPER = "Lu et al. 2022: joint confidence set beats M single-task copies"
FLOOR = "theory: M -> infinity tends to known phi"
REFUTED = (
    "a task's own survivors still number 4 at the end and all of them are explored, while at uniform starts and ridge 0.1 the "
    "bonus alone refutes a wrong phi; at ridge 1 the two are level (18 and 18, 8 other seeds)"
)

FIGURE = Figure(
    name="regret",
    title="Regret per task against episodes: survivors shared, per task, oracle, tabular and ablation",
    config=RegretConfig,
    run=run,
    draw=draw,
    claims=(
        Claim(
            "one survivor set for all tasks has lower regret per task than one per task",
            PAPER,
            difference(SHARED, OWN),
            less_than_zero,
            unit=RETURN,
        ),
        Claim("regret per task of sharing after 150 episodes", **near(SHARED)),
        Claim("regret per task of learning alone after 150 episodes", **near(OWN)),
        Claim(
            "late regret per episode (last 30): shared minus per task",
            f".002 against .020 (ordering), {PROGRAM}",
            mean(late_regret(SHARED) - late_regret(OWN)),
            less_than_zero,
            kind="reference",
            unit="return per task and episode",
        ),
        Claim(
            "sharing beats tabular (one-hot) LSVI-UCB",
            "structure pays: k directions instead of S A pairs",
            difference(SHARED, TABULAR),
            less_than_zero,
            kind="derived",
            unit=RETURN,
        ),
        Claim(
            "the known representation is a floor: known phi minus shared",
            FLOOR,
            difference(KNOWN, SHARED),
            at_most(0.0),
            kind="derived",
            unit=RETURN,
            note="at the common ridge 0.1 directions never visited get at most beta / sqrt(0.1) as bonus, so that LSVI-UCB with one phi "
            "promises less than V* in four episodes of five; the shared method gets its optimism from the survivors. See the next claim",
        ),
        Claim(
            "with a ridge of 0.001, which leaves directions never visited their bonus, the known phi is below every other method",
            FLOOR,
            lowest(total(value("regret")), KNOWN_FREE),
            at_most(0.0),
            kind="derived",
            unit=RETURN,
        ),
        Claim(
            "keeping only the best-fitting phi fails: regret per task, shared",
            f"55-70 after 150 episodes, linear; {PROGRAM}, in similar settings",
            mean(regret_of(ARGMIN_SHARED)),
            between(55.0, 70.0),
            kind="reference",
            unit=RETURN,
            reason="the range that program gives",
            note="the settings of that run are not known; here the failure depends on the ridge: at LSVI-UCB's own lam = 1 it is about 30 "
            "and linear (0.13 per episode to the end, 8 other seeds), at 0.1 unvisited pairs keep bonus enough to refute a wrong phi",
        ),
        Claim(
            "keeping only the best-fitting phi costs more than the survivor set (shared)",
            f"a wrong phi that fits what was visited is never refuted (ordering), {PROGRAM}",
            difference(SHARED, ARGMIN_SHARED),
            less_than_zero,
            kind="reference",
            unit=RETURN,
        ),
        Claim(
            "keeping only the best-fitting phi costs more than the survivor set (per task)",
            f"the same with either sharing mode (ordering), {PROGRAM}",
            difference(OWN, ARGMIN_OWN),
            less_than_zero,
            kind="reference",
            unit=RETURN,
            note=REFUTED,
        ),
    ),
    presets={
        "smoke": dict(seeds=2, episodes=12, states=5, candidates=6, tasks=4),
        "paper": dict(seeds=200, episodes=500),
    },
)
