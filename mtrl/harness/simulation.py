"""Simulations: one algorithm (`simulate`) or several on the same worlds (`compete`), scanned over rounds, vmapped over seeds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.harness.driver import Lanes, Seeds, by_value, over_seeds
from mtrl.numerics.algorithm import Algorithm, Iteration, Problem, Step, begin, take
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named


def _items(static: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Static arguments as a hashable value."""
    return tuple(sorted((name, by_value(value)) for name, value in static.items()))


def record_round(step: Step) -> Any:
    """The default of `record=`: what the world says of the action, or what an `Iteration` reports."""
    return step.info if step.outcome is None else step.outcome


def _rollout(
    key: Any,
    inputs: tuple,
    hyper: dict,
    *,
    factory: Callable,
    static: tuple,
    rounds: int,
    problem: Problem,
    record: Callable,
) -> tuple[Any, Any]:
    """One seed: draw the problem, then scan the algorithm over the rounds."""
    keys = split_named(key, "problem", "init", "data", "step")
    algorithm = factory(**dict(static), **hyper)
    params = problem.sample(keys["problem"], *inputs)

    def one_round(state, t):
        now = problem.draw(jax.random.fold_in(keys["data"], t), params, t)
        step = take(algorithm, jax.random.fold_in(keys["step"], t), problem, params, state, now)
        return step.state, record(step)

    state, recorded = jax.lax.scan(one_round, begin(algorithm, keys["init"], problem, params), jnp.arange(rounds))
    return recorded, state


def simulate(
    factory: Callable[..., Algorithm | Iteration],
    *,
    seeds: Seeds,
    rounds: int,
    problem: Problem,
    inputs: tuple = (),
    hyper: Mapping[str, Any] | None = None,
    static: Mapping[str, Any] | None = None,
    record: Callable[[Step], Any] = record_round,
    lanes: Lanes = None,
) -> tuple[Any, Any]:
    """Simulate one algorithm: scan over rounds, vmap over seeds, one jit, sharded over the local devices.

    Per seed: `params = problem.sample(key, *inputs)` and `factory(**static, **hyper)` is started on `problem.view(params)`; per round t
    it meets `problem.draw(key, params, t)`. Keys of the problem and its rounds depend on the seed alone: all methods meet the same worlds.

    Args:
      factory: at module level (or a partial of one), called inside the jit.
      seeds: (seed,) whole numbers.
      rounds: number of steps.
      problem: what is played on.
      inputs: traced pytrees handed to `problem.sample` (a data set, a noise level).
      hyper: traced arguments of the factory; sweeping their values does not compile again.
      static: hashable arguments of the factory (sizes, choices), fixed at compile time.
      record: `record(step)` -> pytree kept for every round.
      lanes: seeds at once, as in `over_seeds`.

    Returns:
      (recorded pytree with axes (seed, round, ...), final state with a leading seed axis), as NumPy arrays.
    """
    return over_seeds(
        _rollout,
        seeds,
        tuple(inputs),
        dict(hyper or {}),
        factory=by_value(factory),
        static=_items(static or {}),
        rounds=rounds,
        problem=by_value(problem),
        record=by_value(record),
        lanes=lanes,
    )


class Entrant(NamedTuple):
    """An algorithm in a competition."""

    name: str
    factory: Callable[..., Algorithm]
    static: Mapping[str, Any] = {}  # sizes and choices
    grid: Mapping[str, Any] = {}  # hyper-parameter -> values, one per lane (equal lengths), or one value for all lanes


class Result(NamedTuple):
    """How one entrant did."""

    record: Any  # axes (seed, round, ...) at the chosen lane, or (seed, lane, round, ...) without tuning
    chosen: dict[str, Any]  # the hyper-parameters it played with
    scores: np.ndarray  # (tuning seed, lane) total score of every lane; empty without tuning


def grid(**columns: Any) -> dict[str, np.ndarray]:
    """The full grid over several hyper-parameters as lanes; the last one changes fastest."""
    axes = np.meshgrid(*[np.asarray(x) for x in columns.values()], indexing="ij")
    return {name: axis.reshape(-1) for name, axis in zip(columns, axes, strict=True)}


def _lanes(entrant: Entrant) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Number of lanes, what differs between them (lane, ...) and what does not."""
    wide = {name: np.asarray(x) for name, x in entrant.grid.items() if np.ndim(x)}
    lengths = {len(x) for x in wide.values()}
    if len(lengths) > 1:
        raise BadInput(
            f"{entrant.name}: its grid has lanes of lengths {sorted(lengths)}, which must be equal; use `grid`"
        )
    return lengths.pop() if lengths else 1, wide, {name: x for name, x in entrant.grid.items() if not np.ndim(x)}


def _tournament(
    key: Any,
    inputs: tuple,
    wide: dict,
    common: dict,
    *,
    entrants: tuple,
    rounds: int,
    problem: Problem,
    record: Callable,
) -> Any:
    """One seed of all entrants: the problem is drawn once, and every round once for all of them."""
    keys = split_named(key, "problem", "init", "data", "step")
    params = problem.sample(keys["problem"], *inputs)

    def each_lane(fn, name, *trees):
        """`fn(values, *trees)` on every lane; one lane is not mapped, as a mapped clock runs both sides of "refit every so often"."""
        lanes = {len(x) for x in wide[name].values()}
        if lanes <= {1}:
            out = fn({k: x[0] for k, x in wide[name].items()}, *[jax.tree.map(lambda x: x[0], t) for t in trees])
            return jax.tree.map(lambda x: x[None], out)
        return jax.vmap(fn)(wide[name], *trees)

    def build(name, factory, static, values):
        return factory(**dict(static), **common[name], **values)

    def start(name, factory, static):
        return each_lane(lambda v: begin(build(name, factory, static, v), keys["init"], problem, params), name)

    def one_round(states, t):
        now = problem.draw(jax.random.fold_in(keys["data"], t), params, t)
        luck = jax.random.fold_in(keys["step"], t)
        after, records = {}, {}
        for name, factory, static in entrants:

            def play(values, state, name=name, factory=factory, static=static):
                step = take(build(name, factory, static, values), luck, problem, params, state, now)
                return step.state, record(step)

            after[name], records[name] = each_lane(play, name, states[name])
        return after, records

    states = {name: start(name, factory, static) for name, factory, static in entrants}
    _, records = jax.lax.scan(one_round, states, jnp.arange(rounds))
    return jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), records)  # (lane, round, ...)


def regret_score(record: Any) -> np.ndarray:
    """The default of `score=`: summed regret, averaged over the tasks; (seed, lane)."""
    regret = np.asarray(record.regret if hasattr(record, "regret") else record, dtype=float)
    return regret.reshape(*regret.shape[:3], -1).mean(-1).sum(-1)


def compete(
    entrants: Sequence[Entrant],
    problem: Problem,
    *,
    seeds: Seeds,
    rounds: int,
    inputs: tuple = (),
    tuning_seeds: Seeds | None = None,
    record: Callable[[Step], Any] = record_round,
    score: Callable[[Any], np.ndarray] = regret_score,
    lanes: Lanes = None,
) -> dict[str, Result]:
    """Several algorithms on the same worlds and the same luck, their tuning grids as lanes of one program.

    With `tuning_seeds`, every entrant with more than one lane first plays all lanes there; the lane with the least mean score is then
    played on `seeds`, which never serve for tuning. Without, all lanes are played on `seeds`.

    Args:
      entrants: with distinct names.
      problem: what is played on.
      seeds, rounds, inputs, record, lanes: as in `simulate`.
      tuning_seeds: seeds used for the choice of lanes only.
      score: (record of one entrant with axes (seed, lane, round, ...)) -> (seed, lane) numbers, the less the better.

    Returns:
      A `Result` per entrant's name.

    Raises:
      BadInput: two entrants with one name, lanes of unequal lengths, or seeds that serve for both.
    """
    names = [entrant.name for entrant in entrants]
    if len(set(names)) < len(names):
        raise BadInput(f"entrants got the names {names}, which must be distinct; rename one")
    if tuning_seeds is not None and set(np.asarray(seeds).tolist()) & set(np.asarray(tuning_seeds).tolist()):
        raise BadInput("a seed serves for tuning and for the result; take tuning seeds that are not among the seeds")
    grids = {entrant.name: _lanes(entrant) for entrant in entrants}
    common = {name: dict(fixed) for name, (_, _, fixed) in grids.items()}

    def run(some, wide, seeds):
        return over_seeds(
            _tournament,
            seeds,
            tuple(inputs),
            {entrant.name: wide[entrant.name] for entrant in some},
            {entrant.name: common[entrant.name] for entrant in some},
            entrants=tuple((entrant.name, by_value(entrant.factory), _items(entrant.static)) for entrant in some),
            rounds=rounds,
            problem=by_value(problem),
            record=by_value(record),
            lanes=lanes,
        )

    wide = {name: values for name, (_, values, _) in grids.items()}
    scores = {name: np.empty((0, count)) for name, (count, _, _) in grids.items()}
    if tuning_seeds is not None:
        rivals = [entrant for entrant in entrants if grids[entrant.name][0] > 1]
        for name, played in (run(rivals, wide, tuning_seeds) if rivals else {}).items():
            scores[name] = score(played)
            mean = scores[name].mean(0)
            best = int(np.argmin(np.where(np.isnan(mean), np.inf, mean)))
            wide[name] = {hyper: values[best : best + 1] for hyper, values in wide[name].items()}
    records = run(entrants, wide, seeds)
    if tuning_seeds is not None:
        records = {name: jax.tree.map(lambda x: x[:, 0], tree) for name, tree in records.items()}
        wide = {name: {hyper: values[0] for hyper, values in values.items()} for name, values in wide.items()}
    return {name: Result(records[name], {**common[name], **wide[name]}, scores[name]) for name in names}
