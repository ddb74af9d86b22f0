"""Rounds until UMT-PSR stops against the number of tasks that share: finite class, exact confidence sets. Own design."""

import numpy as np

from experiments.multitask_psr import protocol
from experiments.multitask_psr.protocol import JOINT, LOOKS, SEPARATE, ClassConfig, derived, reference
from mtrl import mdp
from mtrl.harness import Claim, Entrant, Figure, at_least, at_most, compete, dataset, field, less_than_zero
from mtrl.harness.judge.measures import FIRST, LAST, mean, share, value, worst
from mtrl.harness.picture import plots

SHOWN = 60  # points of the width curves
REFERENCE = {JOINT: {1: 153, 4: 54, 8: 48}, SEPARATE: {4: 237, 8: 277}}  # mean rounds of 6 truths


class TerminationConfig(ClassConfig):
    """Teams of N among a fixed set of tasks."""

    seeds: int = field(40, help="number of random seeds", lower=2)
    teams: tuple[int, ...] = field((1, 2, 4, 8), help="tasks N that share; each must divide tasks", lower=1)

    def validate(self):
        """Teams divide the tasks."""
        protocol.check_teams(self.teams, self.tasks)


def run(config, seeds):
    """One cell."""
    teams = [np.arange(config.tasks, dtype=np.int32) // size for size in config.teams]
    grids = {n: dict(beta=config.margin(config.teams, n), teams=teams, eps=config.eps) for n in (JOINT, SEPARATE)}
    entrants = [Entrant(n, mdp.psr.umt_psr, static=dict(sharing=n), grid=grid) for n, grid in grids.items()]
    options = dict(rounds=config.rounds, inputs=(config.concentration,), record=protocol.progress)
    found = compete(entrants, config.problem, seeds=seeds, **options)
    records = [found[name].record for name in (JOINT, SEPARATE)]
    at = np.unique(np.geomspace(1, config.rounds, SHOWN).astype(int)) - 1
    width = np.stack([np.asarray(record[0])[:, :, at].mean(-1) for record in records], 1)
    dims = ("seed", "method", "team")
    return dataset(
        seeds,
        {"method": [JOINT, SEPARATE], "team": list(config.teams), "round": at + 1},
        **{name: (dims, *rest) for name, rest in protocol.until_stop(records).items()},
        width=((*dims, "round"), width, "1", "mean width, TV*"),
        margin=("team", config.margin(config.teams, JOINT) / np.array(config.teams), "nat", "beta / N"),
    )


def draw(data, config):
    """Rounds, episodes per task, and widths."""
    figure, axes = plots.panel(1, 2, width=4.8)
    look = {name: LOOKS[name] for name in (JOINT, SEPARATE)}
    plots.points(axes[0, 0], data["rounds"], "team", "method", look, spread=0.03)
    theory = LOOKS[JOINT]._replace(words="beta / N")
    plots.theory(axes[0, 0], data["margin"], "team", look=theory, scaled=data["rounds"].sel({"method": JOINT}))
    for name, marker in ((JOINT, "x"), (SEPARATE, "+")):
        numbers = {n: r for n, r in REFERENCE[name].items() if n in config.teams}
        plots.program(axes[0, 0], numbers, f"independent program, {name}", marker=marker)
    words = f"tasks that share, N (a round is {config.horizon} episodes a task)"
    plots.finish(axes[0, 0], x=words, y="rounds until the stop", log="y", ticks=data["team"], ylim=(5, 3000))
    plots.curves(axes[0, 1], data["width"].isel(team=-1), "round", "method", look)
    plots.level(axes[0, 1], config.eps / 2, "stop at eps / 2", linestyle="--")
    plots.finish(axes[0, 1], x=f"round, N = {config.teams[-1]}", y="mean width of the set, TV*", log="xy")
    axes[0, 1].set_ylim(config.eps / 20, 1)
    return protocol.own(figure)


ROUNDS = value("rounds")

FIGURE = Figure(
    __name__,
    title="Rounds until UMT-PSR stops against the number of tasks that share, joint and separate classes (own design)",
    question="How many rounds does UMT-PSR need before it stops, with joint and with separate model classes?",
    claims=(
        derived("joint stops earlier than separate at every N above 1: worst N of the difference",
              "beta / N replaces log N_eta of one task",
              worst((ROUNDS.at(method=JOINT) - ROUNDS.at(method=SEPARATE)).then(lambda x: x.isel(team=slice(1, None)))), at_most(-1.0),
              unit="rounds", reason="a round at least"),
        Claim.sanity("one task alone: joint and separate are the same learner", "the classes are the same at N = 1",
              worst(abs(ROUNDS.at(method=JOINT, team=1) - ROUNDS.at(method=SEPARATE, team=1))), less_than_zero, unit="rounds"),
        derived("joint needs fewer rounds with all tasks than with one", "beta / N falls with N",
              mean(ROUNDS.at(method=JOINT, team=LAST) - ROUNDS.at(method=JOINT, team=FIRST)), at_most(-1.0), unit="rounds",
              reason="a round at least"),
        derived("the truth of all tasks stays in the joint set in all rounds (share of the seeds, largest N)",
              "at least 1 - delta = .9 (Ville's inequality and a union over the class)",
              share(value("inside", method=JOINT, team=LAST) > 0.999), at_least(0.9), unit="1"),
        derived("both identify the truth: share of tasks that are not, worst method, largest N", f"6 of 6 truths, {protocol.PROGRAM}",
              worst(1 - value("found", team=LAST)), at_most(0.1), unit="1", reason="a tenth, delta"),
        *(reference(f"rounds until the stop, N = {n}, {name}", number, mean(ROUNDS.at(team=n, method=name)), 0.25, unit="rounds",
                reason="a quarter: its 6 truths, and draws of the class that differ")
          for name, numbers in REFERENCE.items() for n, number in numbers.items()),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, teams=(1, 2), shared=3, own=2, rounds=8, horizon=2),
        "paper": dict(seeds=100, rounds=2000),
    },
)  # fmt: skip
