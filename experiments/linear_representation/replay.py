"""T2R: the released script's own draws of T2, run through its search (SciPy's L-BFGS-B) and through this library.

On the same numbers no Monte Carlo error is left between the released means and ours: what remains is the search, from the same
start, which ends elsewhere where the iterations run out before it has converged.
"""

import numpy as np

from experiments.linear_representation import protocol, released, released_draws
from experiments.linear_representation.learning_curves import runs
from experiments.linear_representation.protocol import LEARNERS, LOOK, METHODS, PARAMETER, SINE, quiet, subspace
from mtrl.harness import BadInput, BaseConfig, Figure, dataset, evaluate, field, jax, jnp, over_seeds, spread
from mtrl.harness.judge.claims import Claim, at_most
from mtrl.harness.judge.measures import Absent, Quantity, exact
from mtrl.harness.picture import plots
from mtrl.numerics.linalg import subspaces

SIDES = {"script": "SciPy's search, as the script's", "library": "this library's search"}


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
    estimates = [subspace.transfer(draw.x_target, draw.y_target, basis) for basis in bases]
    estimates.append(subspace.minimum_norm(draw.x_target, draw.y_target))
    sines = jnp.stack([subspaces.sin_theta(draw.basis, basis) for basis in bases])
    return sines, jnp.stack([jnp.linalg.norm(estimate - draw.target) for estimate in estimates])


def by_library(key, draw, *, iterations):
    """Both methods of this library on one repetition."""
    rank, start = draw.basis.shape[1], (draw.start_heads, draw.start_basis)
    found = subspace.factored_least_squares(key, draw.x, draw.y, start=start, rank=rank, iterations=iterations)
    return *by_script(key, draw, found.basis), found.iterations


def by_script(key, draw, basis):
    """The moments and a searched basis."""
    return measure(draw, (subspace.method_of_moments(draw.x, draw.y, rank=basis.shape[1]), basis))


def slope_of_objective(*arguments):
    """The objective with its gradient; at module level, so that it is compiled once."""
    return jax.value_and_grad(subspace.factored_objective)(*arguments)


def script_search(draw, iterations):
    """Basis and iterations of SciPy's L-BFGS-B on one repetition."""
    from scipy import optimize

    tasks, rank = draw.start_heads.shape
    x, y = jnp.asarray(draw.x), jnp.asarray(draw.y)

    def factors(flat):
        return flat[: tasks * rank].reshape(tasks, rank), flat[tasks * rank :].reshape(-1, rank)

    def value_and_slope(flat):
        value, slopes = evaluate(slope_of_objective, factors(flat), x, y, float(draw.y.size))
        return float(value), np.concatenate([np.ravel(slope) for slope in slopes])

    start = np.concatenate([np.ravel(draw.start_heads), np.ravel(draw.start_basis)])
    options = {"maxiter": iterations, "maxfun": 10 * iterations}
    found = optimize.minimize(value_and_slope, start, jac=True, method="L-BFGS-B", options=options)
    return subspaces.orthonormalise(jnp.asarray(factors(found.x)[1]))[0], found.nit


def run(config, seeds):
    """One cell: one T, both searches."""
    drawn = released_draws.batch(seeds, tasks=config.tasks[0])
    ready = spread(drawn)
    library = over_seeds(by_library, seeds, per_seed=(ready,), iterations=config.iterations, in_turn=True)
    singly = [released_draws.Draw(*(part[i] for part in drawn)) for i in range(len(seeds))]
    bases, steps = zip(*(script_search(one, config.iterations) for one in singly), strict=True)
    script = over_seeds(by_script, seeds, per_seed=(ready, spread(np.stack(bases))))
    return dataset(
        seeds,
        {"side": list(SIDES), "method": METHODS, "learner": LEARNERS},
        sine=(("side", "seed", "method"), np.stack([script[0], library[0]]), *SINE),
        error=(("side", "seed", "learner"), np.stack([script[1], library[1]]), *PARAMETER),
        iterations=(("side", "seed"), np.stack([np.array(steps), library[2]]), "L-BFGS iterations"),
    )


def draw(data, config):
    """Left: sines. Right: target errors. Released means, the script's search (crosses) and ours (points) on the same numbers."""
    canvas, axes = plots.panel(1, 2)
    x = data["tasks"].values
    for ax, curves in zip(axes[0], (METHODS, LEARNERS), strict=True):
        for curve in curves:
            look = LOOK[curve]
            known = dict(zip(x, released.means("tasks", curve, x), strict=True))
            ax.plot(x, list(known.values()), ":", color=look.color)
            plots.reported(ax, known, "released means" if curve == LEARNERS[0] else "")
            for side, marker, shift in (("library", "o", 1.05), ("script", "x", 0.95)):
                named = side == "library" and curves is LEARNERS
                part = runs(data.sel(side=side), curve).assign_coords(tasks=x * shift)
                shown = (look if named else quiet(look))._replace(marker=marker)
                plots.points(ax, part, "tasks", look=shown, ms=4.5)
        plots.finish(ax, x="source tasks T", ticks=x, legend=None)
        protocol.decimal_axis(ax)
    left, right = axes[0]
    for marker, words in zip("xo", SIDES.values(), strict=True):
        right.plot([], [], marker, color="gray", label=words)
    plots.finish(left, y=SINE[1], title=f"released draws: d = 100, r = 5, n = {released_draws.SAMPLES}", legend=None)
    plots.finish(right, y=PARAMETER[1], title=f"new task, n2 = {released_draws.SAMPLES}", legend=None)
    canvas.legend(*right.get_legend_handles_labels(), loc="outside right upper")
    return canvas


def digit(name, x):
    """Unit of the last digit released."""
    return 0.01 if name == "LR" else 0.001


def standard_error(name, x):
    """Standard error of a released mean of 30 repetitions."""
    return released.spreads("tasks", name, x) / np.sqrt(30)


def distance(side, names, unit):
    """Largest distance to the released means over curves and T, in the given unit; only with all repetitions."""

    def get(data, config):
        if data.sizes["seed"] != 30:
            raise Absent("the released means are those of 30 repetitions")
        x = data["tasks"].values
        ours = np.stack([runs(data.sel(side=side), name).mean("seed").values for name in names])
        theirs, units = (np.stack([np.broadcast_to(f(n, x), x.shape) for n in names]) for f in (_means, unit))
        if not np.isfinite(theirs).any():
            raise Absent("no released T")
        return np.max((np.abs(ours - theirs) / units)[np.isfinite(theirs)])

    return exact(Quantity(get))


def _means(name, x):
    return released.means("tasks", name, x)


FIGURE = Figure(
    __name__, name="released_draws", aliases=("T2R",), split={"tasks": "tasks"},
    title="Error against the number of tasks on the released script's own draws",
    question="On the very draws of the released script, does every learner give the released means?",
    claims=(
        Claim(
            "LF-MoM, meta-LR-MoM and LR on the released draws give the released means: largest distance in units of the last digit",
            "released means, T2",
            distance("library", ("LF-MoM", "meta-LR-MoM", "LR"), digit),
            at_most(0.6, "half a unit is rounding"),
            unit="units of the last digit",
        ),
        *(
            Claim(f"LF-FO and meta-LR-FO by {words} from the released starts: largest distance to the released means, in their "
                  "standard errors", "released means, T2", distance(side, ("LF-FO", "meta-LR-FO"), standard_error),
                  at_most(1.0, "the draws are the same, so that only where a search stops may differ"),
                  unit="standard errors of the released mean of 30",
                  note="the iterations end both searches before they have converged at T = 100 and, in some repetitions, at 6400")
            for side, words in (("script", "SciPy's search"), ("library", SIDES["library"]))
        ),
    ),
    presets={"smoke": dict(seeds=2, tasks=(20,), iterations=20), "paper": dict(tasks=released.X)},
    memory=lambda c: int(8 * 6 * max(c.seed_batch, 1) * max(c.tasks) * released_draws.SAMPLES * released_draws.DIM),
)  # fmt: skip
