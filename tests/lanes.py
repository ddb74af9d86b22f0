"""Times the programs of figures at several numbers of seeds at once, and says what `lanes="auto"` would cost beside the best of them.

    python -m tests.lanes [STUDY ...] --out=figures/lanes.json

One figure or two of every study that computes over seeds, at their `quick` sizes where the table below does not say fewer rounds or points:
the arrays of a seed keep their sizes. Every program that a figure hands to the driver is compiled for each width on one device, on one
core, and the widths are timed in turn, A B A B ..., compiling left out. The clock is the process's own processor time, which on one core is
the wall time of a machine with nothing else to do. Programs whose sixteen seeds take long run fewer seeds; a figure whose budget is spent
has its remaining programs counted and not timed.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
SOME = 16  # seeds of a program that takes longer than `SHORT` for all of them
FEW = 4  # seeds of one whose sixteen take longer than `LONG`
SHORT, LONG = 0.5, 3.0  # s of processor time
LEAST, MOST, ENOUGH = 3, 9, 2.0  # rounds, and s after which the rounds above the least end
COUNTS = (1, 2, 4, 8)
SLOW, FEWER = 4.0, (1, 4)  # s of processor time that compiling a program takes from which on fewer widths are timed

# Figure by figure, with what is smaller than at `quick`: rounds and points of a grid, never the size of a seed's arrays.
FIGURES: dict[str, dict[str, dict[str, Any]]] = {
    "active_representation": {"known_relevance": {}, "unknown_relevance": {}},
    "benchmark_bandits": {"linear": {}, "neural": {}},
    "benchmark_dynamics": {"completion": {}},
    "benchmark_offpolicy_psr": {"tree": {}},
    "benchmark_pure_exploration": {"identification": {}},
    "benchmark_random_matrix": {"curve": {}, "seeds": {}},
    "benchmark_representation": {"convex_fits": {}},
    "continual_statmech": {"curve": dict(epochs=100, loads=(0.5, 1.5))},
    "critical_periods": {"pathways": dict(steps=200, starts=(0, 80, 150), length=30)},
    "gradient_noise": {"gain": dict(steps=400, checkpoints=2)},
    "linear_representation": {"subspace_by_rounds": dict(rounds=50), "federated_error": dict(seeds=20, rounds=100)},
    "multitask_bandits": {"sequential": dict(tasks=100), "linear_arms": dict(rounds=50)},
    "multitask_linear_mdp": {"tasks": dict(episodes=20)},
    "multitask_optimization": {"quadratics": dict(steps=500)},
    "multitask_psr": {"error": dict(steps=10)},
    "off_policy": {"synthetic": {}},
    "policy_identification": {"tasks": {}},
    "pure_exploration": {"tasks": {}},
    "rmt_classification": {"score_histogram": {}, "negative_transfer": {}},
    "rmt_forecasting": {"linear": {}},
    "rmt_regression": {"alignment": {}},
}


def labelled(fn: Any, static: Mapping[str, Any]) -> str:
    """A program in words: the function, or what is simulated, with its plain static arguments."""
    inner = static.get("factory", fn)
    name = getattr(getattr(inner, "fn", getattr(inner, "func", inner)), "__name__", "program")
    if "entrants" in static:
        name = "compete: " + ", ".join(str(entrant[0]) for entrant in static["entrants"])
    options = {**static, **dict(static.get("static") or ())}
    plain = [f"{k}={v}" for k, v in options.items() if isinstance(v, str | int) and not isinstance(v, bool)]
    return f"{name} ({', '.join(plain)})" if plain else name


def spent(call: Callable[[], Any], shortest: float = 0.02) -> float:
    """Processor seconds of one call, the mean of as many as take `shortest`."""
    import jax

    began, calls = time.process_time(), 0
    while True:
        jax.block_until_ready(call())
        calls += 1
        if (took := time.process_time() - began) >= shortest:
            return took / calls


def interleaved(calls: Mapping[Any, Callable[[], Any]], least: int = LEAST) -> dict[Any, list[float]]:
    """Processor seconds of every call, round by round, each round all of them in turn; one uncounted round first."""
    found: dict[Any, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        spent(call, 0.0)
    began = time.process_time()
    for turn in range(max(least, MOST)):
        if turn >= least and time.process_time() - began > ENOUGH * len(calls):
            break
        for name, call in calls.items():
            found[name].append(spent(call))
    return found


class Bench:
    """Stands in for the driver's `over_seeds` while a figure runs, and times every program it is handed."""

    def __init__(self, budget: float, say: Callable[[str], None] = print):
        self.ends = time.process_time() + budget
        self.rows: list[dict[str, Any]] = []
        self.left: list[str] = []  # programs that came after the budget was spent
        self.say = say
        self._known: dict[Any, Any] = {}

    def over_seeds(
        self,
        fn: Callable,
        seeds: Any,
        *arrays: Any,
        per_seed: tuple = (),
        in_turn: bool = False,
        lanes: Any = None,
        **static: Any,
    ) -> Any:
        """As the driver's, the seeds beyond those that were timed repeating the first ones' results."""
        import jax

        from mtrl.harness import driver

        given = driver.seed_keys(seeds), tuple(per_seed), driver._traced(arrays)
        values = {name: driver.by_value(value) for name, value in static.items()}
        shapes = tuple((np.shape(x), str(getattr(x, "dtype", type(x)))) for x in jax.tree.leaves(given))
        identity = (driver.by_value(fn), tuple(sorted(values.items())), shapes, in_turn, lanes)
        if identity not in self._known:
            name = labelled(fn, values)
            if time.process_time() > self.ends:
                self.left.append(name)
                shape = jax.eval_shape(driver._program(fn, static, 1), *given)
                zeros = jax.tree.map(lambda x: jax.numpy.zeros(x.shape, x.dtype), shape)
                self._known[identity] = driver._to_host(zeros)
            else:
                asks = "in turn" if in_turn else "all" if lanes is None else str(lanes)
                row, self._known[identity] = measured(fn, static, given, asks)
                self.rows.append({"program": name, **row})
                self.say(f"  {name}: {told(row)}")
        return self._known[identity]


def told(row: Mapping[str, Any]) -> str:
    """A row in one line."""
    means = {name: float(np.exp(np.mean(np.log(times)))) for name, times in row["seconds"].items()}
    best = min(means.values())
    cells = [f"{name} {mean / best:.2f}" for name, mean in means.items()]
    return f"best {best:.3g} s of {', '.join(cells)}; {row['seeds']} of {row['figure_seeds']} seeds, auto {row['auto']}, asks {row['asks']}"


def cut(given: tuple, seeds: int) -> tuple:
    """The arguments of a program with the first seeds alone."""
    import jax

    from mtrl.harness import driver

    keys, per_seed, arrays = given
    mine = jax.tree.map(lambda x: x[:seeds], (keys, per_seed))
    return *jax.device_put(mine, driver.seed_sharding(seeds, 1)), arrays


def measured(fn: Callable, static: Mapping[str, Any], given: tuple, asks: str) -> tuple[dict[str, Any], Any]:
    """One program at every width: the row of the table, and its results for all seeds."""
    import jax
    import psutil

    from mtrl.harness import driver
    from mtrl.harness import lanes as widths

    every = len(given[0])
    first = jax.tree.map(lambda x: jax.eval_shape(lambda x: x[0], x), given[:2])
    one = lambda key, own, arrays: fn(key, *own, *arrays, **static)  # noqa: E731
    held = widths.held(jax.make_jaxpr(one)(*first, given[2]).jaxpr)

    def fitting(seeds: int) -> int:
        return widths.fitting(one, (*first, given[2]), seeds)

    def effective(asked: int, seeds: int) -> int:
        return widths.width(asked, seeds) if 0 < asked < seeds else min(asked, seeds)

    def built(width: int, seeds: int) -> Any:
        """The compiled program: 0 in turn, else so many seeds at once."""
        program = driver._program(fn, static, 1, not width, width if width < seeds else 0)
        return program.lower(*cut(given, seeds)).compile()

    def own(seeds: int) -> int:
        """The width the figure asks for today."""
        asked = {"in turn": 0, "all": seeds, "auto": fitting(seeds)}
        return effective(asked[asks] if asks in asked else int(asks), seeds)

    seeds = min(every, SOME)
    began = time.process_time()
    program = built(own(seeds), seeds)
    counts = COUNTS if time.process_time() - began < SLOW else FEWER
    out = None

    def once() -> Any:
        nonlocal out
        out = program(*cut(given, seeds))
        return out

    took = spent(once, 0.0)
    if took > LONG:
        seeds = min(every, FEW)
    elif seeds < every and took * every / seeds <= SHORT:
        seeds = every
    names = {"in turn": 0, **{str(n): effective(n, seeds) for n in counts if n < seeds}, "all": seeds}
    distinct = {width: name for name, width in reversed(names.items())}  # the first name of a width
    auto = effective(fitting(seeds), seeds)
    distinct.setdefault(auto, str(auto))
    free = psutil.virtual_memory().available
    calls, temporary, where = {}, {}, cut(given, seeds)
    for width, name in sorted(distinct.items()):
        made = built(width, seeds)
        temporary[name] = int(made.memory_analysis().temp_size_in_bytes)
        if temporary[name] < 0.5 * free:
            calls[name] = lambda made=made: made(*where)
    row = {
        "asks": asks,
        "figure_seeds": every,
        "seeds": seeds,
        "seed_bytes": held,
        "fitting": fitting(seeds),
        "auto": distinct[auto],
        "today": distinct.get(own(seeds), asks),
        "lanes": {name: width for width, name in sorted(distinct.items())},
        "temporary_bytes": temporary,
        "seconds": interleaved(calls),
    }
    if len(where[0]) > SOME:
        out = built(own(seeds), seeds)(*where)
    result = driver._to_host(out)
    return row, jax.tree.map(lambda x: np.resize(x, (every, *x.shape[1:])), result)


@contextlib.contextmanager
def standing_in(bench: Bench) -> Iterator[None]:
    """Within, whatever computes over seeds goes through the bench."""
    from mtrl.harness import driver, simulation

    before = driver.over_seeds
    driver.over_seeds = simulation.over_seeds = bench.over_seeds
    try:
        yield
    finally:
        driver.over_seeds = simulation.over_seeds = before


def timed(study: Any, figure: Any, config: Any, budget: float, say: Callable[[str], None] = print) -> dict[str, Any]:
    """The programs of a figure's last cell, timed; `ended` says why it did not run to its end, if so."""
    from mtrl.harness import driver
    from mtrl.harness.run import cells

    cell = cells.make_cells(study, figure, config, True, "")[-1]
    bench, ended = Bench(budget, say), ""
    with standing_in(bench):
        try:
            figure.run(cells.cell_config(cell, figure), np.array(cell.seeds))
        except Exception as error:  # zeros after the budget, or a peer that is not installed
            ended = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    driver.forget_programs()
    return {"study": study.name, "figure": figure.name, "programs": bench.rows, "left": bench.left, "ended": ended}


def alone() -> None:
    """This process on one core, with one device."""
    os.environ["JAX_NUM_CPU_DEVICES"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from mtrl.harness.run import compiled, devices

    compiled.start()
    devices.start()


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    from mtrl.harness.gallery import Registry
    from mtrl.harness.run import store
    from mtrl.harness.run.provenance import provenance

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="with /FIGURE for one figure; none: all")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "figures" / "lanes.json")
    parser.add_argument("--budget", type=float, default=120, help="processor seconds of a figure, compiling included")
    options = parser.parse_args(arguments)
    if unknown := {name.partition("/")[0] for name in options.studies} - set(FIGURES):
        sys.exit(f"no figure of {', '.join(sorted(unknown))} is listed; choose among {', '.join(FIGURES)}")
    alone()
    registry = Registry("experiments")
    for name, figures in FIGURES.items():
        for at, smaller in figures.items():
            if options.studies and not {name, f"{name}/{at}"} & set(options.studies):
                continue
            study = registry.load(name)
            figure = study.figure(at)
            print(f"{name}/{at}", flush=True)
            found = timed(
                study, figure, figure.configure("quick", smaller), options.budget, lambda line: print(line, flush=True)
            )
            about = {k: v for k, v in provenance().items() if k in ("git_commit", "versions", "python")}
            found |= {"smaller": smaller, "date": datetime.date.today().isoformat(), **about}
            kept = json.loads(options.out.read_text()) if options.out.is_file() else {"figures": []}
            others = [row for row in kept["figures"] if (row["study"], row["figure"]) != (name, at)]
            rows = sorted([*others, found], key=lambda row: (row["study"], row["figure"]))
            listed = [f"{study}/{figure}" for study, figures in FIGURES.items() for figure in figures]
            store.write_json(options.out, {**kept, "listed": listed, "figures": rows})


if __name__ == "__main__":
    main()
