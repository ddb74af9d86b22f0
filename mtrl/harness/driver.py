"""The one place that compiles: vmap over seeds, one jit, the seed axis sharded over the devices of all processes."""

import dataclasses
import functools
import gc
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from mtrl.harness import lanes as widths
from mtrl.harness.run import cluster
from mtrl.numerics.algorithm import Problem

Seeds = Sequence[int] | np.ndarray

_PROGRAMS: dict[tuple[Any, ...], Any] = {}
_FITTING: dict[tuple[Any, ...], int] = {}  # lanes that fit, by program, shapes and seeds

Lanes = int | Literal["auto"] | None

# LLVM's level on CPU, 1 of 3: programs compile in .4 to .9 of the time that they take at XLA's default, and run about as fast.
# A constant, as it decides the last bits; XLA_FLAGS, which are part of a cell's name, may say another.
_LEVEL = "xla_backend_optimization_level"
_OPTIONS = {_LEVEL: 1}


@dataclasses.dataclass(frozen=True)
class _Bound:
    """A functools.partial that compares by value, so that two equal ones share one compiled program."""

    fn: Callable
    args: tuple
    keywords: tuple

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.fn(*self.args, *args, **dict(self.keywords), **keywords)


def by_value(x: Any) -> Any:
    """A function that compares by value, partials of one and problems made of them included: the same program serves equal ones."""
    if isinstance(x, functools.partial):
        return _Bound(x.func, x.args, tuple(sorted(x.keywords.items())))
    return type(x)(*map(by_value, x)) if isinstance(x, Problem) else x


def _divided(seeds: int, devices: int) -> int:
    """The largest number of devices that divides the seeds."""
    return max(count for count in range(1, devices + 1) if seeds % count == 0)


def seed_sharding(seeds: int, used: int = 0) -> NamedSharding:
    """Sharding of a leading seed axis over `used` local devices, or as many as divide it."""
    devices = jax.local_devices()
    return NamedSharding(
        Mesh(np.array(devices[: used or _divided(seeds, len(devices))]), ("seed",)), PartitionSpec("seed")
    )


def shares(seeds: int) -> list[int]:
    """How many devices of each process take part. Each has as many seeds as it would have were all of them in one process, so that the
    bits are the same; of devices that do not divide the seeds some stay idle."""
    used, processes = _divided(seeds, jax.device_count()), jax.process_count()
    return [used // processes + (process < used % processes) for process in range(processes)]


_keys = jax.jit(jax.vmap(jax.random.key))


def seed_keys(seeds: Seeds) -> jax.Array:
    """One typed key per seed, (seed,); a seed's key does not depend on its neighbours."""
    return _keys(jnp.asarray(seeds, dtype=jnp.uint32))


def spread(tree: Any) -> Any:
    """A pytree whose leaves have a leading seed axis, laid over the local devices; nothing moves that lies there already, or where several
    processes will each take their part."""
    leaves = jax.tree.leaves(tree)
    return jax.device_put(tree, seed_sharding(len(leaves[0]))) if leaves and not cluster.several() else tree


def _plain(x: jax.Array) -> jax.Array:
    """Typed keys as their data."""
    return jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x


def _to_host(tree: Any) -> Any:
    """Every array of the pytree as NumPy; typed keys as their data."""
    return jax.tree.map(lambda x: np.asarray(_plain(x)), tree)


def _traced(tree: Any) -> Any:
    """Python numbers become arrays of fixed (not weak) type, so that sweeping their value never compiles again."""

    def leaf(x):
        if isinstance(x, jax.Array):
            return jax.lax.convert_element_type(x, x.dtype) if x.weak_type else x
        return jnp.asarray(np.asarray(x))

    return jax.tree.map(leaf, tree)


def _options() -> dict[str, Any] | None:
    """Of the compiler, beside those of the environment."""
    plain = jax.default_backend() == "cpu" and _LEVEL not in os.environ.get("XLA_FLAGS", "")
    return _OPTIONS if plain else None


def _program(
    fn: Callable, static: Mapping[str, Any], devices: int = 0, in_turn: bool = False, lanes: int = 0
) -> Callable:
    """The jitted `fn` with its static arguments bound, made once per distinct (fn, static); over seeds on so many devices, or once.

    On each device seeds run in turn, or `lanes` at once, or all.
    """
    fn = by_value(fn)
    static = {name: by_value(value) for name, value in static.items()}
    identity = (fn, tuple(sorted(static.items())), devices, in_turn, lanes)
    if identity not in _PROGRAMS:

        def batch(keys, per_seed, arrays):
            def one(key, own):
                return fn(key, *own, *arrays, **static)

            if in_turn or lanes:
                return jax.lax.map(lambda both: one(*both), (keys, per_seed), batch_size=None if in_turn else lanes)
            return jax.vmap(one)(keys, per_seed)

        def run(keys, per_seed, arrays):
            if not devices:
                return fn(*arrays, **static)
            # Every device runs its seeds alone: left to the partitioner, a loop that ends when all lanes are done would make
            # the devices wait for one another in every round.
            mesh, seed = seed_sharding(len(keys), devices).mesh, PartitionSpec("seed")
            alone = jax.shard_map(
                batch, mesh=mesh, in_specs=(seed, seed, PartitionSpec()), out_specs=seed, check_vma=False
            )
            return alone(keys, per_seed, arrays)

        _PROGRAMS[identity] = jax.jit(run, compiler_options=_options())
    return _PROGRAMS[identity]


def _lanes(
    asked: Lanes, fn: Callable, static: Mapping[str, Any], keys: Any, per_seed: tuple, arrays: tuple, seeds: int
) -> int:
    """Seeds at once on a device of so many; 0 for all."""
    if asked is None or asked == "auto":
        asked = widths.asked_for() or (asked and jax.default_backend() == "cpu" and "auto") or 0
    if asked == "auto":
        fn, static = by_value(fn), {name: by_value(value) for name, value in static.items()}
        first = jax.tree.map(lambda x: jax.eval_shape(lambda x: x[0], x), (keys, per_seed))
        shapes = tuple((x.shape, x.dtype) for x in jax.tree.leaves((first, arrays)))
        identity = (fn, tuple(sorted(static.items())), shapes, seeds)
        if identity not in _FITTING:
            one = lambda key, own, arrays: fn(key, *own, *arrays, **static)  # noqa: E731
            _FITTING[identity] = widths.fitting(one, (*first, arrays), seeds)
        asked = _FITTING[identity]
    return widths.width(int(asked), seeds) if 0 < int(asked) < seeds else 0


def over_seeds(
    fn: Callable,
    seeds: Seeds,
    *arrays: Any,
    per_seed: tuple = (),
    in_turn: bool = False,
    lanes: Lanes = None,
    **static: Any,
) -> Any:
    """Run `fn(key, *per_seed, *arrays, **static)` for every seed: `jit(vmap(fn))`, sharded over the devices.

    Args:
      fn: pure function at module level (or a partial of one); the compiled program is cached by it and by `static`.
      seeds: (seed,) whole numbers; each becomes `jax.random.key(seed)`.
      *arrays: pytrees, the same for every seed and traced: new values of the same shapes do not compile again.
      per_seed: traced pytrees whose leading axis is the seed; `spread` puts them on the devices beforehand.
      in_turn: every device runs its seeds one after another instead of at once, in one program: for loops of unequal length, whose
        lanes would wait for the slowest and take both sides of every branch (a line search, say).
      lanes: how many seeds at once on a device, block after block, which bounds the memory: a number, "auto" for as many as a seed is
        cheapest with (see `mtrl.harness.lanes`; all on accelerators), or None for all. `--lanes` stands in for the last two. The last
        bits depend on it.
      **static: hashable values fixed at compile time.

    Returns:
      The pytree of `fn` as NumPy arrays with a leading seed axis.
    """
    keys, per_seed = seed_keys(seeds), tuple(per_seed)
    devices = shares(len(keys))
    own = devices[jax.process_index()]
    arrays = _traced(arrays)
    count = 0 if in_turn else _lanes(lanes, fn, static, keys, per_seed, arrays, len(keys) // sum(devices))
    program = _program(fn, static, max(own, 1), in_turn, count)
    if not cluster.several():
        return _to_host(program(spread(keys), spread(per_seed), arrays))
    width = len(keys) // sum(devices)  # of one device
    first = width * sum(devices[: jax.process_index()]) if own else 0
    keys, per_seed = jax.tree.map(lambda x: x[first : first + width * max(own, 1)], (keys, per_seed))
    if own:
        placed = jax.device_put((keys, per_seed), seed_sharding(len(keys), own))
        part = _to_host(program(*placed, arrays))
    else:  # as many processes as do not divide the seeds: nothing of its own, in the right shapes
        shapes = jax.eval_shape(lambda *a: jax.tree.map(_plain, program.__wrapped__(*a)), keys, per_seed, arrays)
        part = jax.tree.map(lambda x: np.zeros((0, *x.shape[1:]), x.dtype), shapes)
    return cluster.gather(part, [width * count for count in devices])


def evaluate(fn: Callable, *arrays: Any, **static: Any) -> Any:
    """Run a seedless closed form once: `jit(fn)(*arrays, **static)`, as NumPy arrays; same caching as `over_seeds`."""
    return _to_host(_program(fn, static)(None, (), _traced(arrays)))


def compilations() -> int:
    """How many programs this process has compiled through this module; tests of 'no recompilation' take differences."""
    return sum(program._cache_size() for program in _PROGRAMS.values())


def forget_programs() -> None:
    """Drop every compiled program: a long process that compiles thousands would exhaust the system's memory maps."""
    _PROGRAMS.clear()
    _FITTING.clear()
    jax.clear_caches()
    gc.collect()
