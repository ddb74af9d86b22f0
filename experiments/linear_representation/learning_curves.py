"""Figures 1 and 2 of Tripuraneni et al. 2021: subspace error and target error against tasks, or samples per task.

Model of the released code: B uniform, a_t ~ N(0, I/r), x ~ N(0, I), noise N(0, 1), target head of the same law.
LF-MoM is the method of moments, LF-FO factored least squares by L-BFGS from an N(0, 1) start with SciPy's stopping
rules, LR plain (minimum-norm) least squares on the target samples. Curves are means over seeds.
"""

import dataclasses
import functools

import jax.numpy as jnp

from experiments.linear_representation import released
from experiments.linear_representation.learning_claims import (
    LEARNERS,
    METHODS,
    along,
    fails_claim,
    law_claim,
    order_claim,
    released_claims,
)
from mtrl.harness import BaseConfig, Figure, field, over_seeds
from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import moments, rows_from_moments
from mtrl.numerics.subspaces import remove_span, sin_theta
from mtrl.representation import checks, problem, theory
from mtrl.representation.factored_least_squares import factored_least_squares
from mtrl.representation.method_of_moments import method_of_moments
from mtrl.representation.transfer import minimum_norm, transfer


@dataclasses.dataclass(frozen=True)
class LearningConfig(BaseConfig):
    """Subspace recovery and transfer against the amount of source data."""

    seeds: int = field(6, help="number of random seeds", lower=1)
    seed_batch: int = field(2, help="seeds per cell; the local search is fastest with one seed per device", lower=0)
    tasks: tuple[int, ...] = field((100, 400, 1600), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((25,), help="samples per source task n", lower=1)
    target_samples: int = field(25, help="samples of the target task n2", lower=1)
    dim: int = field(100, help="input dimension d", lower=2)
    rank: int = field(5, help="dimension of the shared subspace r", lower=1)
    noise: float = field(1.0, help="standard deviation of the label noise", lower=0.0, strict=True)
    iterations: int = field(1000, help="L-BFGS iterations of the factored search, at most", lower=1)

    def validate(self):
        """A rank above the dimension or above the tasks cannot be identified; nor can heads from too few samples."""
        checks.check_rank(self.rank, self.dim, min(self.tasks), min(self.samples))
        checks.check_target(self.rank, self.target_samples)


def one_seed(key, noise, *, tasks, samples, target_samples, dim, rank, iterations):
    """Both methods, transfer and laws on one draw of the problem."""
    keys = split_named(key, "problem", "source", "target", "start")
    params = problem.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = problem.draw(keys["source"], params, samples=samples)
    x_target, y_target = problem.draw_target(keys["target"], params, samples=target_samples)
    theta = problem.target_weights(params)

    # More rows than dimensions: the same least squares on `dim` rows per task.
    rows = rows_from_moments(moments(x, y)) if samples > dim else (x, y)
    found = factored_least_squares(keys["start"], *rows, float(y.size), rank=rank, iterations=iterations)
    bases = (method_of_moments(x, y, rank=rank), found.basis)
    missed = jnp.stack([jnp.sum(remove_span(basis, theta) ** 2) for basis in bases])
    estimates = [transfer(x_target, y_target, basis) for basis in bases] + [minimum_norm(x_target, y_target)]

    gamma = problem.diversity(params.heads)
    sizes = dict(total=float(y.size), dim=float(dim), noise=noise)
    law = theory.least_squares_sine(gamma, samples=float(samples), **sizes) if samples > rank else jnp.nan
    return {
        "sine": jnp.stack([sin_theta(params.basis, basis) for basis in bases]),
        "error": jnp.stack([jnp.linalg.norm(estimate - theta) for estimate in estimates]),
        "law": jnp.stack([theory.moments_sine(gamma, params.heads, **sizes), jnp.asarray(law)]),
        "transfer_law": jnp.sqrt(theory.transfer_risk(missed, rank=rank, samples=target_samples, noise=noise)),
        "plain_law": jnp.sqrt(
            theory.minimum_norm_risk(jnp.sum(theta**2), dim=dim, samples=target_samples, noise=noise)
        ),
        "iterations": found.iterations,
        "gradient_norm": found.gradient_norm,
    }


def run(config, seeds):
    """One cell: one (T, n)."""
    import xarray as xr

    out = over_seeds(
        one_seed,
        seeds,
        config.noise,
        tasks=config.tasks[0],
        samples=config.samples[0],
        target_samples=config.target_samples,
        dim=config.dim,
        rank=config.rank,
        iterations=config.iterations,
    )
    dims = {
        "sine": ("method",),
        "law": ("method",),
        "error": ("learner",),
        "transfer_law": ("method",),
        "plain_law": (),
        "iterations": (),
        "gradient_norm": (),
    }
    data = xr.Dataset(
        {name: (("seed", *dims[name]), value) for name, value in out.items()},
        coords={"seed": seeds, "method": list(METHODS), "learner": list(LEARNERS)},
    )
    data["sine"].attrs["units"] = "1"
    data["error"].attrs["units"] = "l2 norm of a parameter"
    data["iterations"].attrs["units"] = "L-BFGS iterations"
    return data.expand_dims(tasks=[config.tasks[0]], samples=[config.samples[0]])


def draw(data, config, *, figure, axis):
    """Left: sine of the largest angle. Right: target error."""
    from mtrl.harness import style

    data = along(data, axis)
    x = data[axis].values
    canvas, axes = style.subplots(1, 2, width=4.6)
    left, right = axes[0]
    for color, method in zip(style.COLORS, METHODS, strict=False):
        style.band(left, x, data["sine"].sel({"method": method}), label=method, color=color)
        law = data["law"].sel({"method": method}).mean("seed")
        style.theory(left, x, law, color=color, label=f"{method}, first-order law")
        style.paper(left, x, released.values(released.SINE, figure, method, x), label="")
    for color, learner in zip(style.COLORS, LEARNERS, strict=False):
        style.band(right, x, data["error"].sel(learner=learner), label=learner, color=color)
        if learner == "LR":
            law = data["plain_law"].mean("seed")
        else:
            law = data["transfer_law"].isel(method=LEARNERS.index(learner)).mean("seed")
        style.theory(right, x, law, color=color)
        style.paper(right, x, released.values(released.ERROR, figure, learner, x), label="")
    for ax in (left, right):
        ax.plot([], [], "o", mfc="none", mec="black", ms=7, label="released means")
        style.log_ticks(ax, x)
        ax.set_yscale("log")
        ax.set_xlabel("source tasks T" if axis == "tasks" else "samples per source task n")
        ax.legend(loc="best")
    right.plot([], [], "-", color="gray", label="law given the learned subspace")
    right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    left.set_ylabel("sin of largest angle, learned against true")
    right.set_ylabel(r"$\|\hat\theta_0-\theta_0\|_2$")
    fixed = f"n = {int(data.samples)}" if axis == "tasks" else f"T = {int(data.tasks)}"
    left.set_title(f"d = {config.dim}, r = {config.rank}, {fixed}")
    right.set_title(f"new task, n2 = {config.target_samples}")
    return canvas


def figure(name, title, config, *, axis, presets, extra=(), version=1):
    """Assemble one learning-curve figure."""
    return Figure(
        name=name,
        title=title,
        config=config,
        run=run,
        draw=functools.partial(draw, figure=RELEASED[name], axis=axis),
        claims=(*released_claims(RELEASED[name], axis), *extra),
        split=(axis,),
        presets=presets,
        memory=lambda c: int(8 * 4 * max(c.seed_batch, 1) * max(c.tasks) * max(c.samples) * c.dim),
        version=version,
    )


RELEASED = {"T1": "few", "T2": "tasks", "T3": "samples", "T4": "many"}


@dataclasses.dataclass(frozen=True)
class FewConfig(LearningConfig):
    """As many samples per task as the rank: every task can be interpolated."""

    samples: tuple[int, ...] = field((5,), help="samples per source task n", lower=1)
    tasks: tuple[int, ...] = field((100, 800, 6400), help="source tasks T", lower=1)
    target_samples: int = field(2500, help="samples of the target task n2", lower=1)


@dataclasses.dataclass(frozen=True)
class SamplesConfig(LearningConfig):
    """Few tasks, many samples each."""

    seeds: int = field(10, help="number of random seeds", lower=1)
    tasks: tuple[int, ...] = field((20,), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((100, 400, 1600, 6400), help="samples per source task n", lower=1)
    target_samples: int = field(50, help="samples of the target task n2", lower=1)


@dataclasses.dataclass(frozen=True)
class ManyConfig(LearningConfig):
    """Many samples per task."""

    tasks: tuple[int, ...] = field((100, 400, 800), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((300,), help="samples per source task n", lower=1)
    target_samples: int = field(1000, help="samples of the target task n2", lower=1)


_PAPER = dict(seeds=30, tasks=released.X)
_SMOKE = dict(seeds=2, tasks=(40,), dim=20, rank=2, target_samples=25)

FIGURES = (
    figure(
        "T1",
        "As many samples per task as dimensions of the subspace",
        FewConfig,
        axis="tasks",
        presets={"smoke": {**_SMOKE, "samples": (3,)}, "paper": _PAPER},
        extra=(
            fails_claim("tasks"),
            order_claim(
                "tasks", "sine", "method", "LF-MoM", "LF-FO", "last", "at the most tasks moments learn more than FO"
            ),
            order_claim(
                "tasks", "error", "learner", "LR", "meta-LR-MoM", "max", "with n2 = 2500 plain least squares wins"
            ),
        ),
    ),
    figure(
        "T2",
        "Subspace and target error against the number of tasks",
        LearningConfig,
        axis="tasks",
        presets={"smoke": _SMOKE, "paper": _PAPER},
        extra=(
            law_claim("tasks", "LF-FO"),
            order_claim(
                "tasks", "sine", "method", "LF-FO", "LF-MoM", "last", "FO learns more than moments at the most tasks"
            ),
            order_claim("tasks", "error", "learner", "meta-LR-FO", "LR", "last", "the learned subspace beats plain LR"),
        ),
    ),
    figure(
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
        "T4",
        "Many samples per task",
        ManyConfig,
        axis="tasks",
        presets={"smoke": {**_SMOKE, "samples": (30,)}, "paper": {**_PAPER, "seeds": 10, "seed_batch": 1}},
        extra=(law_claim("tasks", "LF-FO"), law_claim("tasks", "LF-MoM")),
    ),
)
