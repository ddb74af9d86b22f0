"""What the perceptron's figures share: worlds, training in epochs, the theory's curves, the published table, forms of claims.

Runs are in single precision, theory in double. Two theories stand side by side: the replica-symmetric saddle point with its full
integrals, and with the Gaussian of the energy cut off at 7.5 standard deviations on a fixed grid, as the program behind the table had it
(an independent program, written from the paper, not by its authors; the authors' own draws Gaussians, and cuts off earlier still).
"""

from typing import Any, NamedTuple

import numpy as np

from mtrl import continual
from mtrl.harness import BadInput, Claim, at_most, evaluate, jax, jnp, split_named
from mtrl.harness.judge.claims import Interval
from mtrl.harness.judge.measures import Absent, bootstrap

FULL, CUT = "full integral", "cut off at 7.5"
EPS = "generalisation error eps"
PROGRAM = "an independent program, written from the paper, not by its authors"
TABLE = {
    0.1: 0.459,
    0.2: 0.427,
    0.5: 0.355,
    1.0: 0.278,
    1.2: 0.236,
    1.4: 0.192,
    1.5: 0.165,
    1.6: 0.017,
    1.8: 0.011,
    2.0: 0.011,
}
# Per load 0.1, 0.2, ... 1.7: mini-batch, rate, decoupled weight decay (the authors' choices).
LOADS = tuple(round(0.1 * i, 1) for i in range(1, 18))
SIZES = (128, 64, 128, 100, 100, 128, 64, 64, 64, 64, 100, 100, 100, 100, 100, 100, 64)
RATES = tuple(1e-3 * x for x in (8, 8, 2, 5, 8, 2, 2, 5, 2, 2, 2, 5, 5, 5, 8, 8, 2))
DECAYS = (0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.03, 0.03, 0.1, 0.03, 0.1, 0.1, 0.1, 0.1, 0.05, 0.03, 0.1)


def check_records(self: Any) -> None:
    """Records divide the epochs."""
    if self.epochs % self.every:
        raise BadInput(f"every got {self.every}, which does not divide epochs={self.epochs}; use a divisor")


class Seen(NamedTuple):
    """Of the fields after an epoch."""

    eps1: Any
    eps2: Any
    q_star: Any
    r: Any  # overlap of m with teacher 1


def look_at(theta: Any, teachers: Any) -> Seen:
    """Errors on both tasks and order parameters."""
    problem, m = continual.problem, jnp.tanh(theta)
    eps = [problem.generalisation_error(problem.overlap(w, theta)) for w in teachers]
    return Seen(eps[0], eps[1], jnp.mean(m**2), jnp.mean(m * teachers[0]))


def world(key: Any, counts: Any, *, dim: int, most: tuple[int, int], r0: Any) -> Any:
    """Two teachers and a task of each, of which the first `counts` rows count."""
    keys, problem = split_named(key, "teachers", "first", "second"), continual.problem
    teachers = problem.teachers(keys["teachers"], dim=dim, r0=r0, dtype=np.float32)
    tasks = [problem.sample(keys[k], w, n) for k, w, n in zip(("first", "second"), teachers, most, strict=True)]
    return teachers, [problem.first_rows(task, count) for task, count in zip(tasks, counts, strict=True)]


def epochs(
    key: Any,
    algorithm: Any,
    state: Any,
    task: Any,
    teachers: Any,
    *,
    count: int,
    every: int = 1,
    most: int = 0,
    size: Any = None,
) -> Any:
    """(state, what was seen every so many epochs); full batch unless mini-batches of `size` rows, `most` at most, are asked for.

    A student that has found its teacher stays.
    """
    problem = continual.problem

    def one(e, state):
        if not most:
            return algorithm.step(key, state, task)[0]
        order = problem.shuffled(jax.random.fold_in(key, e), task)

        def step(i, s):
            return algorithm.step(key, s, problem.minibatch(task, order, i, most=most, size=size))[0]

        return jax.lax.fori_loop(0, problem.pieces(task, size), step, state)

    def several(state, i):
        state = jax.lax.fori_loop(i * every, (i + 1) * every, one, state)
        return state, look_at(state.theta, teachers)

    return jax.lax.scan(several, state, jnp.arange(count // every))


def single(
    key: Any, count: Any, size: Any, rate: Any, decay: Any, *, dim: int, rows: int, most: int, epoch: int, every: int
) -> Any:
    """Task 1 alone by Adam with decoupled decay."""
    import optax

    keys = split_named(key, "world", "start", "batches")
    teachers, (task, _) = world(keys["world"], (count, 1), dim=dim, most=(rows, 1), r0=0.0)
    algorithm = continual.bivcl(optimiser=optax.adamw(rate, weight_decay=decay))
    state = algorithm.init(keys["start"], task)
    return epochs(keys["batches"], algorithm, state, task, teachers, count=epoch, every=every, most=most, size=size)[1]


def branch(loads: Any, beta: Any, gamma: Any, start: Any, *, nodes: int) -> Any:
    """Saddle points along the loads, each from the one before."""
    return continual.follow(loads, beta=beta, gamma=gamma, start=start, nodes=nodes, sites=sites_for(nodes))


def sites_for(nodes: int) -> int:
    """Nodes of a magnetisation that go with those of a Gaussian, 160 with 60."""
    return 8 * nodes // 3


def branches(loads: Any, config: Any, gamma: float = 0.0) -> tuple[Any, Any]:
    """The branch from below and the one from above, both in the order of the loads."""
    beta, nodes = config.beta, config.nodes
    up = evaluate(branch, loads, beta, gamma, np.array(continual.COLD), nodes=nodes)
    down = evaluate(branch, loads[::-1].copy(), beta, gamma, np.array(continual.WARM), nodes=nodes)
    return up, type(down)(*(x[::-1] for x in down))


def cut_branch(loads: Any, beta: Any, start: Any, *, nodes: int) -> Any:
    """With the Gaussian cut off, on the grid of the table's program (241 nodes)."""
    how = dict(literal=True, nodes=nodes, sites=nodes - 1, tolerance=1e-6, iterations=25)
    return continual.follow(loads, beta=beta, start=start, **how)


def first_law(load: Any, beta: Any, gamma: Any, start: Any, *, nodes: int) -> Any:
    """Saddle point and law of the first task; the second task's beta gamma may differ."""
    sizes = dict(nodes=nodes, sites=sites_for(nodes))
    found = continual.saddle_point(load, beta=beta, gamma=gamma, start=start, **sizes)
    return found, continual.magnetisation_law(found, beta=beta, gamma=gamma, **sizes)


def second_curve(loads: Any, law: Any, r0: Any, gamma: Any, beta: Any, *, nodes: int) -> Any:
    """Saddle points of the second task along its loads."""
    sizes = dict(nodes=nodes, fields=nodes + 1, points=40 * nodes // 3)
    return continual.follow_transfer(loads, law, r0=r0, gamma=gamma, beta=beta, **sizes)


def cut_second(loads: Any, law: Any, r0: Any, gamma: Any, beta: Any, start: Any, *, nodes: int) -> Any:
    """The same with the Gaussian of the energy cut off, on 241 nodes with 60; it jumps early, so that starts matter."""
    sizes = dict(
        nodes=4 * nodes + 1, fields=nodes + 1, points=40 * nodes // 3, literal=True, tolerance=1e-6, iterations=40
    )
    return continual.follow_transfer(loads, law, r0=r0, gamma=gamma, beta=beta, start=start, **sizes)


def padded(loads: Any) -> Any:
    """The last load repeated up to a length that curves share, and with it one program."""
    return np.r_[loads, np.full(-len(loads) % 8, loads[-1])]


def cut_theory(loads: Any, r0: Any, gammas: Any, config: Any) -> Any:
    """(gamma, r0, load, task) errors where the integral is cut off: of both branches that with the larger Phi among what converged."""
    start, how = np.array(continual.WARM if config.load_first > 1.6 else continual.COLD), dict(nodes=config.nodes)
    law, given = evaluate(first_law, config.load_first, config.beta, 0.0, start, **how)[1], padded(loads)
    found = []
    for gamma, r in ((g, r) for g in gammas for r in r0):
        ways = [evaluate(cut_second, at, law, float(r), float(gamma), config.beta, np.array(begin), **how)
                for at, begin in ((given, continual.COLD), (given[::-1].copy(), continual.WARM))]  # fmt: skip
        up, down = ways[0], type(ways[1])(*(x[::-1] for x in ways[1]))
        score = [np.where(x.converged, x.phi, -np.inf) for x in (up, down)]
        chosen = [np.where(score[0] >= score[1], a, b) for a, b in zip((up.p1, up.p2), (down.p1, down.p2), strict=True)]
        found.append(masked(error_of(np.stack(chosen, -1)), (np.maximum(*score) > -np.inf)[:, None]))
    return np.stack(found).reshape(len(gammas), len(r0), -1, 2)[:, :, : len(loads)]


def two_task_theory(loads: Any, r0: Any, gammas: Any, config: Any, gamma_first: float = 0.0) -> tuple[Any, Any]:
    """(first task's saddle point, curves (gamma, r0, load)); from the learnt branch where alpha_1 is beyond the jump."""
    load, beta, how = config.load_first, config.beta, dict(nodes=config.nodes)
    start = np.array(continual.WARM if load > 1.6 else continual.COLD)
    found, law = evaluate(first_law, load, beta, gamma_first, start, **how)
    given = padded(loads)
    curves = [evaluate(second_curve, given, law, float(r), float(g), beta, **how) for g in gammas for r in r0]
    stacked = (np.stack(x).reshape(len(gammas), len(r0), -1)[..., : len(loads)] for x in zip(*curves, strict=True))
    return found, type(curves[0])(*stacked)


def masked(values: Any, converged: Any) -> Any:
    """What did not converge is not drawn."""
    return np.where(converged, values, np.nan)


def error_of(p: Any) -> Any:
    """arccos(p)/pi, p beyond 1 by rounding taken for 1."""
    return np.arccos(np.clip(p, -1, 1)) / np.pi


def largest_z(simulated: Any, theory: Any) -> Any:
    """Largest |mean - theory| in standard errors of the mean over seeds, chosen anew in every resample."""

    def measure(data, config):
        a, b = simulated(data, config), theory(data, config)
        b = b.transpose(*[d for d in a.dims if d != "seed"])
        known = np.isfinite(b.values)
        if not known.any() or a.sizes["seed"] < 2:
            raise Absent("no point has a theory, or one seed has no standard error")
        se = a.transpose("seed", ...).std("seed", ddof=1).values / np.sqrt(a.sizes["seed"])
        se = np.maximum(se, 1e-4)  # a spread of 0 is that of few seeds
        far = lambda means, line: np.max(np.where(known, np.abs(means - np.where(known, line, 0.0)) / se, 0.0))  # noqa: E731
        return bootstrap(far, simulated, lambda c: b.values)(data, config)

    return measure


def agrees(text: str, simulated: Any, theory: Any, place: str, *, make: Any = Claim, note: str = "") -> Claim:
    """Simulation within three standard errors of a theory."""
    return make(f"{text}: worst distance to the theory", f"theory and gradient descent agree, {place}",
                 largest_z(simulated, theory), at_most(3.0), unit="standard errors",
                 reason="three standard errors of the mean over seeds", note=note)  # fmt: skip


def table_distance(name: str, dim: str, table: dict, **where: Any) -> Any:
    """Largest distance of a theory to a published table."""

    def measure(data, config):
        if name not in data:
            raise Absent(f"no variable {name}")
        array = data[name].sel(where)
        at = [a for a in table if np.isclose(array[dim].values, a).any()]
        if not at:
            raise Absent("no point of the table")
        gaps = [abs(float(array.values[np.isclose(array[dim].values, a)][0]) - table[a]) for a in at]
        return Interval(*[float(np.max(gaps))] * 3)

    return measure
