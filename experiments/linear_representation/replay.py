"""T2R: the released script's own draws of T2, run through its search (SciPy's L-BFGS-B) and through this library.

On the same numbers no Monte Carlo error is left between the released means and ours: what remains is the search, from the same
start, which ends elsewhere where the iterations run out before it has converged.
"""

import dataclasses
import functools

import numpy as np

from experiments.linear_representation import released, released_draws
from experiments.linear_representation.learning_claims import LEARNERS, METHODS
from experiments.linear_representation.learning_curves import decimal_axis
from mtrl import representation
from mtrl.harness import (
    BadInput,
    BaseConfig,
    Claim,
    Figure,
    Interval,
    at_most,
    evaluate,
    field,
    jax,
    jnp,
    over_seeds,
    spread,
)
from mtrl.harness.judge.measures import Absent
from mtrl.numerics.linalg import subspaces

SIDES = ("script", "library")


@dataclasses.dataclass(frozen=True)
class ReplayConfig(BaseConfig):
    """The released draws: n = n2 = 25, d = 100, r = 5."""

    seeds: int = field(30, help="repetitions, the released ones being 0 to 29", lower=1, upper=30)
    seed_batch: int = field(2, help="seeds per cell", lower=0)
    tasks: tuple[int, ...] = field((100, 200, 400), help="source tasks T", lower=5)
    iterations: int = field(1000, help="L-BFGS iterations of both searches, at most", lower=1)

    def validate(self):
        """The signs of the released draws are known for its own seeds only."""
        last = self.first_seed + self.seeds - 1
        if last > released_draws.last_seed():
            raise BadInput(
                f"seed {last} is not a repetition of the released script; seeds 0 to {released_draws.last_seed()} are: try "
                "--first_seed=0 --seeds=30"
            )


def measure(draw, bases):
    """Sines (method) of the bases; target errors (learner) with them and without."""
    estimates = [representation.subspace.transfer(draw.x_target, draw.y_target, basis) for basis in bases]
    estimates.append(representation.subspace.minimum_norm(draw.x_target, draw.y_target))
    sines = jnp.stack([subspaces.sin_theta(draw.basis, basis) for basis in bases])
    return sines, jnp.stack([jnp.linalg.norm(estimate - draw.target) for estimate in estimates])


def by_library(key, draw, *, iterations):
    """Both methods of this library on one repetition."""
    rank, start = draw.basis.shape[1], (draw.start_heads, draw.start_basis)
    found = representation.subspace.factored_least_squares(
        key, draw.x, draw.y, start=start, rank=rank, iterations=iterations
    )
    return *measure(
        draw, (representation.subspace.method_of_moments(draw.x, draw.y, rank=rank), found.basis)
    ), found.iterations


def by_script(key, draw, basis):
    """The same with the basis the script's search found."""
    return measure(draw, (representation.subspace.method_of_moments(draw.x, draw.y, rank=basis.shape[1]), basis))


def script_search(draw, iterations):
    """Basis and iterations of SciPy's L-BFGS-B on one repetition."""
    from scipy import optimize

    slope_of_objective = jax.value_and_grad(representation.subspace.factored_objective)
    tasks, rank = draw.start_heads.shape
    x, y = jnp.asarray(draw.x), jnp.asarray(draw.y)

    def value_and_slope(flat):
        value, (slope_u, slope_v) = evaluate(slope_of_objective, _factors(flat, tasks, rank), x, y, float(draw.y.size))
        return float(value), np.concatenate([np.ravel(slope_u), np.ravel(slope_v)])

    start = np.concatenate([np.ravel(draw.start_heads), np.ravel(draw.start_basis)])
    found = optimize.minimize(
        value_and_slope, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxfun": 10 * iterations}
    )
    return subspaces.orthonormalise(jnp.asarray(_factors(found.x, tasks, rank)[1]))[0], found.nit


def _factors(flat, tasks, rank):
    return flat[: tasks * rank].reshape(tasks, rank), flat[tasks * rank :].reshape(-1, rank)


def run(config, seeds):
    """One cell: one T, both searches."""
    import xarray as xr

    drawn = released_draws.batch(seeds, tasks=config.tasks[0])
    ready = spread(drawn)
    library = over_seeds(by_library, seeds, per_seed=(ready,), iterations=config.iterations, in_turn=True)
    searches = [
        script_search(released_draws.Draw(*(part[i] for part in drawn)), config.iterations) for i in range(len(seeds))
    ]
    bases = np.stack([basis for basis, _ in searches])
    script = over_seeds(by_script, seeds, per_seed=(ready, spread(bases)))
    steps = np.stack([[count for _, count in searches], library[2]])
    data = xr.Dataset(
        {
            "sine": (("side", "seed", "method"), np.stack([script[0], library[0]])),
            "error": (("side", "seed", "learner"), np.stack([script[1], library[1]])),
            "iterations": (("side", "seed"), steps),
        },
        coords={"side": list(SIDES), "seed": seeds, "method": list(METHODS), "learner": list(LEARNERS)},
    )
    data["sine"].attrs["units"] = "1"
    data["error"].attrs["units"] = "l2 norm of a parameter"
    return data.expand_dims(tasks=[config.tasks[0]])


# One colour per subspace, on both panels.
COLOUR_OF = {"LF-MoM": 0, "meta-LR-MoM": 0, "LF-FO": 1, "meta-LR-FO": 1, "LR": 2}


def draw(data, config):
    """Left: sines. Right: target errors. Released means, the script's search and ours on the same numbers."""
    from mtrl.harness import style

    canvas, axes = style.subplots(1, 2, width=4.6)
    x = data["tasks"].values
    panels = ((axes[0, 0], "sine", "method", released.SINE), (axes[0, 1], "error", "learner", released.ERROR))
    for ax, quantity, label, table in panels:
        for name in data[label].values:
            color = style.COLORS[COLOUR_OF[name]]
            values = data[quantity].sel({label: name}).transpose("side", "seed", "tasks")
            known = released.values(table, "tasks", name, x)
            style.theory(ax, x, known, color=color, linestyle=":")
            style.paper(ax, x, known, label="")
            for side, marker, shift in zip(SIDES, ("x", "o"), (0.95, 1.05), strict=True):
                runs = values.sel(side=side).values
                bar = runs.std(0) if len(runs) > 1 else None
                ax.errorbar(x * shift, runs.mean(0), bar, fmt=marker, ms=4.5, capsize=2, elinewidth=0.8, color=color)
        style.log_ticks(ax, x)
        decimal_axis(ax)
        ax.set_xlabel("source tasks T")
    right = axes[0, 1]
    for k, text in enumerate(
        ("moments: LF-MoM, meta-LR-MoM", "first order: LF-FO, meta-LR-FO", "plain least squares: LR")
    ):
        right.plot([], [], color=style.COLORS[k], label=text)
    right.plot([], [], "x", color="gray", label="SciPy's search, as the script's")
    right.plot([], [], "o", color="gray", label="this library")
    style.paper(right, [], [], label="released means")
    canvas.legend(
        *right.get_legend_handles_labels(), loc="outside right upper", title="mean ± one standard deviation of a run"
    )
    axes[0, 0].set_ylabel("sin of largest angle, learned against true")
    right.set_ylabel(r"$\|\hat\theta_0-\theta_0\|_2$")
    axes[0, 0].set_title(f"released draws: d = 100, r = 5, n = {released_draws.SAMPLES}")
    right.set_title(f"new task, n2 = {released_draws.SAMPLES}")
    return canvas


def _means(data, side, name):
    """Means over seeds of a curve and the released ones, (x,) each."""
    quantity, label, table = (
        ("sine", "method", released.SINE) if name in METHODS else ("error", "learner", released.ERROR)
    )
    values = data[quantity].sel({"side": side, label: name}).mean("seed")
    return values.values, np.array(released.values(table, "tasks", name, data["tasks"].values))


def digit(name, x):
    """Unit of the last digit released."""
    return 0.01 if name == "LR" else 0.001


def standard_error(name, x):
    """Standard error of a released mean of 30 repetitions."""
    return np.array(released.spreads("tasks", name, x)) / np.sqrt(30)


def distance(data, config, *, side, names, unit):
    """Largest distance to the released means over curves and T, in the given unit; only with all repetitions."""
    if data.sizes["seed"] != 30:
        raise Absent("the released means are those of 30 repetitions")
    found = []
    for name in names:
        ours, theirs = _means(data, side, name)
        known = np.isfinite(theirs)
        found.append((np.abs(ours - theirs) / unit(name, data["tasks"].values))[known])
    found = np.concatenate(found)
    if not found.size:
        raise Absent("no released T")
    return Interval(*[float(np.max(found))] * 3)


_PLAIN = ("LF-MoM", "meta-LR-MoM", "LR")
_SEARCHED = ("LF-FO", "meta-LR-FO")

FIGURES = (
    Figure(
        name="released_draws",
        aliases=("T2R",),
        title="Error against the number of tasks on the released script's own draws",
        config=ReplayConfig,
        run=run,
        draw=draw,
        split=("tasks",),
        claims=(
            Claim(
                text="LF-MoM, meta-LR-MoM and LR on the released draws give the released means: largest distance in units of "
                "the last digit",
                paper="released means, T2",
                measure=functools.partial(distance, side="library", names=_PLAIN, unit=digit),
                accepts=at_most(0.6),
                kind="paper",
                unit="units of the last digit",
                reason="half a unit is rounding",
            ),
            *(
                Claim(
                    text=f"LF-FO and meta-LR-FO by {words} from the released starts: largest distance to the released means, in "
                    "their standard errors",
                    paper="released means, T2",
                    measure=functools.partial(distance, side=side, names=_SEARCHED, unit=standard_error),
                    accepts=at_most(1.0),
                    kind="paper",
                    unit="standard errors of the released mean of 30",
                    reason="the draws are the same, so that only where a search stops may differ",
                    note="the iterations end both searches before they have converged at T = 100 and, in some repetitions, at 6400",
                )
                for side, words in zip(SIDES, ("SciPy's search", "this library's search"), strict=True)
            ),
        ),
        presets={"smoke": dict(seeds=2, tasks=(20,), iterations=20), "paper": dict(tasks=released.X)},
        memory=lambda c: int(8 * 6 * max(c.seed_batch, 1) * max(c.tasks) * released_draws.SAMPLES * released_draws.DIM),
    ),
)
