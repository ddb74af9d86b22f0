"""Figures 1 and 2 of Tripuraneni et al. 2021: subspace error and target error against tasks, or samples per task.

Model of the released code: B uniform, a_t ~ N(0, I/r), x ~ N(0, I), noise N(0, 1), target head of the same law.
LF-MoM is the method of moments, LF-FO factored least squares by L-BFGS from an N(0, 1) start with SciPy's stopping
rules, LR plain (minimum-norm) least squares on the target samples. Drawn as in the paper: mean over the runs, bars of
one standard deviation of a run.

Near 1 the sine is skewed, and a handful of runs misjudges its spread; LF-MoM costs next to nothing beside the local
search, so `moment_draws` runs it on further draws of problem and data.
"""

import dataclasses

import numpy as np

from experiments.linear_representation import released
from experiments.linear_representation.learning_claims import (
    LEARNERS,
    METHODS,
    along,
    runs,
)
from mtrl import representation
from mtrl.harness import BaseConfig, field, jax, jnp, over_seeds, split_named
from mtrl.numerics import checks, moments
from mtrl.numerics.linalg import subspaces


@dataclasses.dataclass(frozen=True)
class LearningConfig(BaseConfig):
    """Subspace recovery and transfer against the amount of source data."""

    seeds: int = field(6, help="number of random seeds", lower=1)
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
        representation.subspace.check_identified(self.rank, self.dim, min(self.tasks), min(self.samples))
        checks.check_whole(lower=self.rank, target_samples=self.target_samples, hint="fewer do not identify a head")


def moments_alone(key, noise, *, tasks, samples, dim, rank):
    """Sine of LF-MoM on one more draw of the subspace."""
    keys = split_named(key, "problem", "source")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = representation.subspace.draw(keys["source"], params, samples=samples)
    return subspaces.sin_theta(params.basis, representation.subspace.method_of_moments(x, y, rank=rank))


def one_seed(key, noise, *, tasks, samples, target_samples, dim, rank, iterations, moment_draws):
    """Both methods, transfer and laws on one draw of the subspace."""
    keys = split_named(key, "problem", "source", "target", "start", "more")
    params = representation.subspace.sample(keys["problem"], tasks=tasks, dim=dim, rank=rank, noise=noise)
    x, y = representation.subspace.draw(keys["source"], params, samples=samples)
    x_target, y_target = representation.subspace.draw_target(keys["target"], params, samples=target_samples)
    theta = representation.subspace.target_weights(params)

    # More rows than dimensions: the same least squares on `dim` rows per task.
    rows = moments.rows_from_moments(moments.moments(x, y)) if samples > dim else (x, y)
    found = representation.subspace.factored_least_squares(
        keys["start"], *rows, float(y.size), rank=rank, iterations=iterations
    )
    bases = (representation.subspace.method_of_moments(x, y, rank=rank), found.basis)
    missed = jnp.stack([jnp.sum(subspaces.remove_span(basis, theta) ** 2) for basis in bases])
    estimates = [representation.subspace.transfer(x_target, y_target, basis) for basis in bases] + [
        representation.subspace.minimum_norm(x_target, y_target)
    ]

    sine = jnp.stack([subspaces.sin_theta(params.basis, basis) for basis in bases])
    more = jax.lax.map(
        lambda k: moments_alone(k, noise, tasks=tasks, samples=samples, dim=dim, rank=rank),
        jax.random.split(keys["more"], moment_draws - 1),
    )

    gamma = representation.subspace.diversity(params.heads)
    sizes = dict(total=float(y.size), dim=float(dim), noise=noise)
    law = (
        representation.subspace.theory.least_squares_sine(gamma, samples=float(samples), **sizes)
        if samples > rank
        else jnp.nan
    )
    return {
        "sine": sine,
        "moments": jnp.concatenate([sine[:1], more]),
        "error": jnp.stack([jnp.linalg.norm(estimate - theta) for estimate in estimates]),
        "law": jnp.stack([representation.subspace.theory.moments_sine(gamma, params.heads, **sizes), jnp.asarray(law)]),
        "transfer_law": jnp.sqrt(
            representation.subspace.theory.transfer_risk(missed, rank=rank, samples=target_samples, noise=noise)
        ),
        "plain_law": jnp.sqrt(
            representation.subspace.theory.minimum_norm_risk(
                jnp.sum(theta**2), dim=dim, samples=target_samples, noise=noise
            )
        ),
        "iterations": found.iterations,
        "gradient_norm": found.gradient_norm,
        "converged": found.converged,
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
        moment_draws=config.moment_draws,
        in_turn=True,
    )
    checks.warn_unconverged(
        f"LF-FO at T={config.tasks[0]}, n={config.samples[0]}",
        out["converged"],
        gradient_norm=out["gradient_norm"],
        iterations=out["iterations"],
    )
    dims = {
        "sine": ("method",),
        "moments": ("draw",),
        "law": ("method",),
        "error": ("learner",),
        "transfer_law": ("method",),
        "plain_law": (),
        "iterations": (),
        "gradient_norm": (),
        "converged": (),
    }
    laws = {
        name: np.where(np.isinf(out[name]), np.nan, out[name]) for name in ("transfer_law", "plain_law")
    }  # at n2 = d, say
    data = xr.Dataset(
        {name: (("seed", *dims[name]), value) for name, value in {**out, **laws}.items()},
        coords={"seed": seeds, "method": list(METHODS), "learner": list(LEARNERS)},
    )
    data["sine"].attrs["units"] = "1"
    data["error"].attrs["units"] = "l2 norm of a parameter"
    data["iterations"].attrs["units"] = "L-BFGS iterations"
    return data.expand_dims(tasks=[config.tasks[0]], samples=[config.samples[0]])


# One colour per subspace, on both panels.
CURVES = ("moments: LF-MoM, meta-LR-MoM", "first order: LF-FO, meta-LR-FO", "plain least squares: LR")


def draw(data, config, *, figure, axis):
    """Left: sine of the largest angle. Right: target error."""
    from mtrl.harness import style

    data = along(data, axis)
    x = data[axis].values
    canvas, axes = style.subplots(1, 2, width=4.6)
    left, right = axes[0]

    def curve(ax, k, values, law, reference):
        place = x * 1.04 ** (k - 1)  # beside each other, where the curves meet
        bar = values.std(0, ddof=1) if len(values) > 1 else None
        style.theory(ax, x, law, color=style.COLORS[k])
        style.paper(ax, place, reference, label="")
        ax.errorbar(place, values.mean(0), bar, fmt="o", ms=4, capsize=2, elinewidth=1, color=style.COLORS[k])

    for k, method in enumerate(METHODS):
        law = data["law"].sel({"method": method}).mean("seed")
        values = runs(data, "sine", "method", method)
        curve(left, k, values, law, released.values(released.SINE, figure, method, x))
    for k, learner in enumerate(LEARNERS):
        law = data["plain_law"] if learner == "LR" else data["transfer_law"].isel(method=k)
        values = runs(data, "error", "learner", learner)
        curve(right, k, values, law.mean("seed"), released.values(released.ERROR, figure, learner, x))
    for ax in (left, right):
        style.log_ticks(ax, x)
        decimal_axis(ax)
        ax.set_xlabel("source tasks T" if axis == "tasks" else "samples per source task n")
    for k, label in enumerate(CURVES):
        right.errorbar([], [], [], fmt="o", ms=4, capsize=2, elinewidth=1, color=style.COLORS[k], label=label)
    right.plot([], [], color="gray", label="law: first order (left),\ngiven the learned subspace (right)")
    style.paper(right, [], [], label="released means")
    canvas.legend(
        *right.get_legend_handles_labels(), loc="outside right upper", title="mean ± one standard deviation of a run"
    )
    left.set_ylabel("sin of largest angle, learned against true")
    right.set_ylabel(r"$\|\hat\theta_0-\theta_0\|_2$")
    fixed = f"n = {int(data.samples)}" if axis == "tasks" else f"T = {int(data.tasks)}"
    left.set_title(f"d = {config.dim}, r = {config.rank}, {fixed}")
    right.set_title(f"new task, n2 = {config.target_samples}")
    return canvas


def decimal_axis(ax):
    """A logarithmic y axis labelled in decimals, densely where it spans less than a decade."""
    from matplotlib import ticker

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if high > 8 * low else range(1, 10)))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(ticker.NullFormatter())
