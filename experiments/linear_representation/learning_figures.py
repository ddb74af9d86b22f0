"""The four learning curves of Tripuraneni et al. 2021, Figures 1 and 2, on one run and one drawing."""

import dataclasses
import functools

from experiments.linear_representation import released
from experiments.linear_representation.learning_claims import (
    fails_claim,
    law_claim,
    order_claim,
    released_claims,
    unfinished_claim,
)
from experiments.linear_representation.learning_curves import LearningConfig, draw, run
from mtrl.harness import Figure, field


def figure(name, number, title, config, *, axis, presets, extra=(), version=1):
    """Assemble one learning-curve figure."""
    return Figure(
        name=name,
        title=title,
        config=config,
        run=run,
        aliases=(number,),
        draw=functools.partial(draw, figure=RELEASED[name], axis=axis),
        claims=(*released_claims(RELEASED[name], axis), *extra),
        split=(axis,),
        optional=("law",),
        presets=presets,
        memory=lambda c: int(8 * 4 * max(c.seed_batch, 1) * max(c.tasks) * max(c.samples) * c.dim),
        version=version,
    )


RELEASED = {"fewest_samples": "few", "error_by_tasks": "tasks", "error_by_samples": "samples", "many_samples": "many"}


@dataclasses.dataclass(frozen=True)
class FewConfig(LearningConfig):
    """As many samples per task as the rank: every task can be interpolated."""

    samples: tuple[int, ...] = field((5,), help="samples per source task n", lower=1)
    tasks: tuple[int, ...] = field((100, 800, 6400), help="source tasks T", lower=1)
    target_samples: int = field(2500, help="samples of the target task n2", lower=1)
    moment_draws: int = field(5, help="draws of problem and data per seed for LF-MoM's sine", lower=1)


@dataclasses.dataclass(frozen=True)
class SamplesConfig(LearningConfig):
    """Few tasks, many samples each."""

    seeds: int = field(30, help="number of random seeds", lower=1)
    tasks: tuple[int, ...] = field((20,), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((100, 400, 1600, 6400), help="samples per source task n", lower=1)
    target_samples: int = field(50, help="samples of the target task n2", lower=1)


@dataclasses.dataclass(frozen=True)
class ManyConfig(LearningConfig):
    """Many samples per task."""

    tasks: tuple[int, ...] = field((100, 400, 800), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((300,), help="samples per source task n", lower=1)
    target_samples: int = field(1000, help="samples of the target task n2", lower=1)


_PAPER = dict(seeds=30, tasks=released.X, moment_draws=1)

_SMOKE = dict(seeds=2, tasks=(40,), dim=20, rank=2, target_samples=25, moment_draws=2)

FIGURES = (
    figure(
        "fewest_samples",
        "T1",
        "As many samples per task as dimensions of the subspace",
        FewConfig,
        axis="tasks",
        presets={"smoke": {**_SMOKE, "samples": (3,)}, "paper": _PAPER},
        extra=(
            fails_claim("tasks"),
            order_claim(
                "tasks",
                "sine",
                "method",
                "LF-MoM",
                "LF-FO",
                "last",
                "at the most tasks moments learn more than FO",
                -0.295,
            ),
            order_claim(
                "tasks",
                "error",
                "learner",
                "LR",
                "meta-LR-MoM",
                "worst",
                "with n2 = 2500 plain least squares wins",
                -0.37,
            ),
        ),
    ),
    figure(
        "error_by_tasks",
        "T2",
        "Subspace and target error against the number of tasks",
        LearningConfig,
        axis="tasks",
        presets={"smoke": _SMOKE, "paper": _PAPER},
        extra=(
            unfinished_claim(),
            law_claim("tasks", "LF-FO"),
            order_claim(
                "tasks", "sine", "method", "LF-FO", "LF-MoM", "last", "FO learns more than moments at the most tasks"
            ),
            order_claim("tasks", "error", "learner", "meta-LR-FO", "LR", "last", "the learned subspace beats plain LR"),
        ),
    ),
    figure(
        "error_by_samples",
        "T3",
        "Subspace and target error against samples per task",
        SamplesConfig,
        axis="samples",
        presets={
            "smoke": {**_SMOKE, "tasks": (10,), "samples": (60,)},
            "paper": dict(seeds=30, samples=released.X),
        },
        extra=(law_claim("samples", "LF-FO"),),
    ),
    figure(
        "many_samples",
        "T4",
        "Many samples per task",
        ManyConfig,
        axis="tasks",
        presets={"smoke": {**_SMOKE, "samples": (30,)}, "paper": {**_PAPER, "seeds": 10, "seed_batch": 1}},
        extra=(law_claim("tasks", "LF-FO"), law_claim("tasks", "LF-MoM")),
    ),
)
