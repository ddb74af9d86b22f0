"""The four learning curves of Tripuraneni et al. 2021, Figures 1 and 2, on one run and one drawing."""

import functools

from experiments.linear_representation import released
from experiments.linear_representation.learning_claims import FAILS, UNFINISHED, law_claim, order_claim, released_claims
from experiments.linear_representation.learning_curves import LearningConfig, draw, run
from mtrl.harness import Figure, field


class FewConfig(LearningConfig, tasks=(100, 800, 6400), target_samples=2500, moment_draws=5):
    """As many samples per task as the rank: every task can be interpolated."""

    samples: tuple[int, ...] = field((5,), help="samples per source task n", lower=1, length=1)


class SamplesConfig(LearningConfig, seeds=30, samples=(100, 400, 1600, 6400), target_samples=50):
    """Few tasks, many samples each."""

    tasks: tuple[int, ...] = field((20,), help="source tasks T", lower=1, length=1)


class ManyConfig(LearningConfig, tasks=(100, 400, 800), target_samples=1000):
    """Many samples per task."""

    samples: tuple[int, ...] = field((300,), help="samples per source task n", lower=1, length=1)


def figure(name, number, title, config, curves, *claims, question, axis="tasks", smoke, paper):
    """One learning-curve figure; `curves` are those of the released table."""
    sizes = dict(seeds=2, tasks=(40,), dim=20, rank=2, target_samples=25, moment_draws=2)
    return Figure(
        name=name,
        title=title,
        question=question,
        config=config,
        run=run,
        aliases=(number,),
        draw=functools.partial(draw, figure=curves, axis=axis),
        claims=(*released_claims(curves, axis), *claims),
        split={axis: axis},
        optional=("law",),
        presets={"smoke": {**sizes, **smoke}, "paper": {"seeds": 30, axis: released.X, "moment_draws": 1, **paper}},
        memory=lambda c: int(8 * 4 * max(c.seed_batch, 1) * max(c.tasks) * max(c.samples) * c.dim),
    )


FIGURES = (
    figure(
        "fewest_samples",
        "T1",
        "As many samples per task as dimensions of the subspace",
        FewConfig,
        "few",
        FAILS,
        order_claim("LF-MoM", "LF-FO", "at the most tasks moments learn more than FO", reported=-0.295),
        order_claim("LR", "meta-LR-MoM", "with n2 = 2500 plain least squares wins", at_last=False, reported=-0.37),
        question="With as many samples per task as the subspace has dimensions, do the learners give the released errors?",
        smoke=dict(samples=(3,)),
        paper={},
    ),
    figure(
        "error_by_tasks",
        "T2",
        "Subspace and target error against the number of tasks",
        LearningConfig,
        "tasks",
        UNFINISHED,
        law_claim("tasks", "LF-FO"),
        order_claim("LF-FO", "LF-MoM", "FO learns more than moments at the most tasks"),
        order_claim("meta-LR-FO", "LR", "the learned subspace beats plain LR"),
        question="How do subspace error and target error fall with the number of tasks, and are they the released ones?",
        smoke={},
        paper={},
    ),
    figure(
        "error_by_samples",
        "T3",
        "Subspace and target error against samples per task",
        SamplesConfig,
        "samples",
        law_claim("samples", "LF-FO"),
        question="How do subspace error and target error fall with the samples per task, and are they the released ones?",
        axis="samples",
        smoke=dict(tasks=(10,), samples=(60,)),
        paper={},
    ),
    figure(
        "many_samples",
        "T4",
        "Many samples per task",
        ManyConfig,
        "many",
        law_claim("tasks", "LF-FO"),
        law_claim("tasks", "LF-MoM"),
        question="With many samples per task, do the learners give the released errors?",
        smoke=dict(samples=(30,)),
        paper=dict(seeds=10, seed_batch=1),
    ),
)
