"""Figures 1 and 2 of Tripuraneni et al. 2021: subspace error and target error against tasks, or samples per task.

Model of the released code: B uniform, a_t ~ N(0, I/r), x ~ N(0, I), noise N(0, 1), target head of the same law. LF-MoM is the method
of moments, LF-FO factored least squares by L-BFGS from an N(0, 1) start with SciPy's stopping rules, LR plain (minimum-norm) least
squares on the target samples.

Near 1 the sine is skewed, and a handful of runs misjudges its spread; LF-MoM costs next to nothing beside the local search, so
`moment_draws` runs it on further draws of problem and data.
"""

import numpy as np

from experiments.linear_representation import released
from experiments.linear_representation.protocol import (
    LEARNERS,
    LOOK,
    METHODS,
    PARAMETER,
    SINE,
    decimal_axis,
    quiet,
    subspace,
)
from mtrl.harness import BaseConfig, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.picture import plots
from mtrl.numerics import checks, moments
from mtrl.numerics.linalg import subspaces


class LearningConfig(BaseConfig, seeds=6):
    """Subspace recovery and transfer against the amount of source data."""

    seed_batch: int = field(2, help="seeds per cell", lower=0)
    tasks: tuple[int, ...] = field((100, 400, 1600), help="source tasks T", lower=1)
    samples: tuple[int, ...] = field((25,), help="samples per source task n", lower=1)
    target_samples: int = field(25, help="samples of the target task n2", lower=1)
    dim: int = field(100, help="input dimension d", lower=2)
    rank: int = field(5, help="dimension of the shared subspace r", lower=1)
    noise: float = field(1.0, help="standard deviation of the label noise", lower=0.0, strict=True)
    iterations: int = field(1000, help="L-BFGS iterations of the factored search, at most", lower=1)
    moment_draws: int = field(1, help="draws of problem and data per seed for LF-MoM's sine", lower=1)

    def validate(self):
        """A rank above the dimension or above the tasks cannot be identified; nor can heads from too few samples."""
        subspace.check_identified(self.rank, self.dim, min(self.tasks), min(self.samples))
        checks.check_whole(lower=self.rank, target_samples=self.target_samples, hint="fewer do not identify a head")


def moments_alone(key, noise, *, tasks, samples, dim, rank):
    """Sine of LF-MoM on one more draw of the subspace."""
    keys = split_named(key, "problem", "source")
    params = subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = subspace.draw(keys["source"], params, samples=samples)
    return subspaces.sin_theta(params.basis, subspace.method_of_moments(x, y, rank=rank))


def one_seed(key, noise, *, target_samples, iterations, moment_draws, **sizes):
    """Both methods, transfer and laws on one draw of the subspace."""
    tasks, samples, dim, rank = (sizes[name] for name in ("tasks", "samples", "dim", "rank"))
    keys = split_named(key, "problem", "source", "target", "start", "more")
    params = subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = subspace.draw(keys["source"], params, samples=samples)
    x_target, y_target = subspace.draw_target(keys["target"], params, samples=target_samples)
    theta = subspace.target_weights(params)

    # More rows than dimensions: the same least squares on `dim` rows per task.
    rows = moments.rows_from_moments(moments.moments(x, y)) if samples > dim else (x, y)
    found = subspace.factored_least_squares(keys["start"], *rows, float(y.size), rank=rank, iterations=iterations)
    bases = (subspace.method_of_moments(x, y, rank=rank), found.basis)
    missed = jnp.stack([jnp.sum(subspaces.remove_span(basis, theta) ** 2) for basis in bases])
    estimates = [subspace.transfer(x_target, y_target, basis) for basis in bases]
    estimates.append(subspace.minimum_norm(x_target, y_target))

    sine = jnp.stack([subspaces.sin_theta(params.basis, basis) for basis in bases])
    more = jax.lax.map(lambda key: moments_alone(key, noise, **sizes), jax.random.split(keys["more"], moment_draws - 1))
    gamma, size = subspace.diversity(params.heads), dict(total=float(y.size), dim=float(dim), noise=noise)
    law = subspace.theory.least_squares_sine(gamma, samples=float(samples), **size) if samples > rank else jnp.nan
    new = dict(samples=target_samples, noise=noise)
    return {
        "sine": sine,
        "moments": jnp.concatenate([sine[:1], more]),
        "error": jnp.stack([jnp.linalg.norm(estimate - theta) for estimate in estimates]),
        "law": jnp.stack([subspace.theory.moments_sine(gamma, params.heads, **size), jnp.asarray(law)]),
        "transfer_law": jnp.sqrt(subspace.theory.transfer_risk(missed, rank=rank, **new)),
        "plain_law": jnp.sqrt(subspace.theory.minimum_norm_risk(jnp.sum(theta**2), dim=dim, **new)),
        "iterations": found.iterations,
        "gradient_norm": found.gradient_norm,
        "converged": found.converged,
    }


DIMS = {"sine": "method", "moments": "draw", "law": "method", "error": "learner", "transfer_law": "method"}
UNITS = {"sine": SINE, "error": PARAMETER, "iterations": ("L-BFGS iterations",)}


def run(config, seeds):
    """One cell: one (T, n)."""
    names = ("target_samples", "dim", "rank", "iterations", "moment_draws")
    sizes = dict({name: getattr(config, name) for name in names}, tasks=config.tasks[0], samples=config.samples[0])
    out = over_seeds(one_seed, seeds, config.noise, **sizes, in_turn=True)
    state = {name: out[name] for name in ("gradient_norm", "iterations")}
    checks.warn_unconverged(f"LF-FO at T={sizes['tasks']}, n={sizes['samples']}", out["converged"], **state)
    for name in ("transfer_law", "plain_law"):  # infinite at n2 = d, say
        out[name] = np.where(np.isinf(out[name]), np.nan, out[name])
    variables = {
        name: (("seed", DIMS[name]) if name in DIMS else "seed", array, *UNITS.get(name, ()))
        for name, array in out.items()
    }
    return dataset(seeds, {"method": METHODS, "learner": LEARNERS}, **variables)


def runs(data, curve):
    """All runs of a curve: the sine of LF-MoM with its further draws, as so many seeds."""
    if curve == "LF-MoM" and "moments" in data:
        every = data["moments"].stack(run=("seed", "draw"))
        return every.drop_vars(("run", "seed", "draw"), errors="ignore").rename(run="seed")
    return data["sine"].sel({"method": curve}) if curve in METHODS else data["error"].sel({"learner": curve})


def law_of(data, curve):
    """First-order law of a sine, or the law of a target error given the learned subspace."""
    if curve == "LR":
        return data["plain_law"]
    if curve in METHODS:
        return data["law"].sel({"method": curve})
    return data["transfer_law"].sel({"method": METHODS[LEARNERS.index(curve)]})


def draw(data, config, *, figure, axis):
    """Left: sine of the largest angle. Right: target error."""
    canvas, axes = plots.panel(1, 2)
    for ax, curves in zip(axes[0], (METHODS, LEARNERS), strict=True):
        for k, curve in enumerate(curves):
            look = LOOK[curve] if curves is LEARNERS else quiet(LOOK[curve])
            place = data[axis].values * 1.04 ** (k - 1)  # beside each other, where the curves meet
            plots.theory(ax, law_of(data, curve), axis, look=quiet(look))
            plots.points(ax, runs(data, curve).assign_coords({axis: place}), axis, look=look, ms=4)
            known = released.means(figure, curve, data[axis].values)
            first = curves is LEARNERS and k == 0
            plots.reported(ax, dict(zip(place, known, strict=True)), "released means" if first else "")
    left, right = axes[0]
    right.plot([], [], color="gray", label="law: first order (left),\ngiven the learned subspace (right)")
    fixed = f"n = {config.samples[0]}" if axis == "tasks" else f"T = {config.tasks[0]}"
    words = dict(x="source tasks T" if axis == "tasks" else "samples per source task n", ticks=data[axis], legend=None)
    plots.finish(left, y=SINE[1], title=f"d = {config.dim}, r = {config.rank}, {fixed}", **words)
    plots.finish(right, y=PARAMETER[1], title=f"new task, n2 = {config.target_samples}", **words)
    for ax in axes[0]:
        decimal_axis(ax)
    canvas.legend(*right.get_legend_handles_labels(), loc="outside right upper")
    return canvas
