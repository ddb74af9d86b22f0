"""Regret per task against episodes: one survivor set for all tasks, one per task, oracle and ablations, at common constants."""

import numpy as np

from experiments.multitask_linear_mdp import protocol
from experiments.multitask_linear_mdp.protocol import (
    KNOWN,
    LIMIT,
    LOOKS,
    METHODS,
    OWN,
    SHARED,
    difference,
    lower,
    regret_of,
)
from mtrl import mdp
from mtrl.harness import Axis, Claim, Entrant, Figure, between, dataset, field
from mtrl.harness.judge.measures import lowest, mean, value
from mtrl.harness.picture import plots

KNOWN_FREE = "known phi, small ridge"  # beta / sqrt(lam) caps the bonus of a direction never visited
# That program's at these settings, episode 150, with standard errors.
REFERENCE = {SHARED: (7.86, 0.23), OWN: (13.50, 0.54)}
LATE = 30


class RegretConfig(protocol.WorldConfig, seeds=100):
    """Common constants for all methods."""

    beta: float = field(0.1, help="bonus multiplier of every method", lower=0.0)
    conf: float = field(0.1, help="scale of the survivors' budget", lower=0.0)
    noise: float = field(0.0, help="standard deviation of the observed rewards", lower=0.0)
    small_ridge: float = field(0.001, help="ridge of the second curve of the known phi", lower=0.0, strict=True)


def run(config, seeds):
    """One cell; sharing modes and ablation are lanes of multitask LSVI, in the order of the curves."""
    one, own = protocol.team_numbers(config)
    common = dict(beta=config.beta, ridge=config.ridge)
    modes = dict(conf=config.conf, teams=[one, own, one, own], single=[False, False, True, True])
    entrants = (
        Entrant("lsvi", mdp.multitask_lsvi, grid={**modes, **common}),
        Entrant("known", mdp.known_representation, grid={**common, "ridge": [config.ridge, config.small_ridge]}),
        Entrant("tabular", mdp.tabular, grid=common),
        Entrant("uniform", mdp.uniform),
    )
    parts = protocol.played(entrants, config, seeds, config.problem).values()
    regret, optimism, survivors = (np.concatenate(x, axis=1) for x in zip(*parts, strict=True))
    dims, methods = ("seed", "method", "episode"), [*METHODS[:5], KNOWN_FREE, *METHODS[5:]]
    return dataset(
        seeds,
        {"method": methods, "episode": Axis(np.arange(1, config.episodes + 1))},
        regret=(dims, regret, "return", "regret per task"),
        optimism=(dims, optimism, "return"),
        survivors=(dims, survivors, "1"),
    )


def draw(data, config):
    """Cumulative regret, late regret, survivors."""
    figure, axes = plots.panel(2, 2, width=5.2, height=3.5)
    (left, beside), (middle, right) = axes
    look = LOOKS | {KNOWN_FREE: LOOKS[KNOWN]._replace(words=f"known phi, ridge {config.small_ridge:g}", line="--")}
    shown, named = plots.with_ends(data["regret"].cumsum("episode"), "episode", "method", look)
    plots.curves(left, shown, "episode", "method", named)
    for name, (number, error) in REFERENCE.items() if config.episodes == 150 else ():
        plots.program(left, {152: number}, "independent program" if name == SHARED else "", color=look[name].color)
        left.errorbar([152], [number], [1.96 * error], fmt="none", ecolor=look[name].color)
    words = "cumulative regret per task [return]"
    plots.finish(left, x="episode", y=words, log="y", ylim=(0.3, None), legend=None)
    beside.axis("off")
    handles, title = left.get_legend_handles_labels(), f"after {config.episodes} episodes, from the top"
    beside.legend(*handles, loc="upper left", title=title, alignment="left")
    plots.bars(middle, data["regret"].isel(episode=slice(-LATE, None)).mean("episode"), "method", look)
    middle.tick_params(axis="y", labelsize=8)
    plots.finish(middle, x=f"regret per episode, last {LATE} [return]", log="x")
    plots.curves(right, data["survivors"], "episode", "method", {name: LOOKS[name] for name in METHODS[:4]})
    plots.finish(right, x="episode", y="surviving representations", log="y")
    return figure


def late_regret(method):
    """Mean regret per episode over the last 30."""
    return value("regret", method=method, episode=slice(-LATE, None)).over("episode")


def reference(text, method, paper, region, **more):
    """A claim on a method's regret per task against the program's."""
    return Claim.reference(text, paper, mean(regret_of(method)), region, unit=protocol.RETURN, **more)


def near(words, method):
    """Our number against the program's, within three of its standard errors."""
    number, error = REFERENCE[method]
    region, text = between(number - 3 * error, number + 3 * error), f"regret per task of {words} after 150 episodes"
    reason = "three standard errors of that program"
    return reference(text, method, f"{number:g} +- {error:g}, {protocol.PROGRAM}", region, value=number, reason=reason)


REFUTED = (
    "a task's own survivors still number 4 at the end and all of them are explored, while at uniform starts and ridge 0.1 the "
    "bonus alone refutes a wrong phi; at ridge 1 the two are level (18 and 18, 8 other seeds)"
)
CAPPED = (
    "at the common ridge 0.1 directions never visited get at most beta / sqrt(0.1) as bonus, so that LSVI-UCB with one phi "
    "promises less than V* in four episodes of five; the shared method gets its optimism from the survivors. See the next claim"
)
DEPENDS = (
    "the settings of that run are not known; here the failure depends on the ridge: at LSVI-UCB's own lam = 1 it is about 30 "
    "and linear (0.13 per episode to the end, 8 other seeds), at 0.1 unvisited pairs keep bonus enough to refute a wrong phi"
)
ARGMIN = "keeping only the best-fitting phi"
FREE = "with a ridge of 0.001, which leaves directions never visited their bonus, the known phi is below every other method"

FIGURE = Figure(
    __name__,
    title="Regret per task against episodes: survivors shared, per task, oracle, tabular and ablation",
    question="Does one set of surviving representations for all tasks lower the regret per task against one set per task?",
    claims=(
        lower("one survivor set for all tasks has lower regret per task than one per task",
              "Lu et al. 2022: joint confidence set beats M single-task copies", difference(SHARED, OWN)),
        near("sharing", SHARED),
        near("learning alone", OWN),
        lower("late regret per episode (last 30): shared minus per task", f".002 against .020 (ordering), {protocol.PROGRAM}",
              mean(late_regret(SHARED) - late_regret(OWN)), Claim.reference, unit="return per task and episode"),
        lower("sharing beats tabular (one-hot) LSVI-UCB", "structure pays: k directions instead of S A pairs",
              difference(SHARED, protocol.TABULAR), Claim.derived),
        lower("the known representation is a floor: known phi minus shared", LIMIT, difference(KNOWN, SHARED), Claim.derived, CAPPED),
        lower(FREE, LIMIT, lowest(protocol.total(value("regret")), KNOWN_FREE), Claim.derived),
        reference(f"{ARGMIN} fails: regret per task, shared", protocol.ARGMIN_SHARED,
              f"55-70 after 150 episodes, linear; {protocol.PROGRAM}, in similar settings",
              between(55.0, 70.0, "the range that program gives"), note=DEPENDS),
        lower(f"{ARGMIN} costs more than the survivor set (shared)",
              f"a wrong phi that fits what was visited is never refuted (ordering), {protocol.PROGRAM}",
              difference(SHARED, protocol.ARGMIN_SHARED), Claim.reference),
        lower(f"{ARGMIN} costs more than the survivor set (per task)",
              f"the same with either sharing mode (ordering), {protocol.PROGRAM}", difference(OWN, protocol.ARGMIN_OWN), Claim.reference,
              REFUTED),
    ),
    presets={
        "smoke": dict(seeds=2, episodes=12, states=5, candidates=6, tasks=4),
        "paper": dict(seeds=200, episodes=500),
    },
)  # fmt: skip
