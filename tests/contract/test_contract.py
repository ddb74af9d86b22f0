"""Every algorithm against the contract, one test a row: jit = no jit, vmap = loop, one compilation, dtype kept, finite at scales, task permutation,
distinct methods, hyper-parameters that matter, learners blind to the truth, NaN never passed off as an answer.

A row is ONE compiled program: its examples, and what the columns make of the first (scaled, permuted, with NaN, blind to the truth, under another key),
are the lanes of one batch.
"""

import functools
import importlib
import inspect
import pkgutil
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tests.contract

CASES = [
    case
    for module in sorted(pkgutil.iter_modules(tests.contract.__path__), key=lambda m: m.name)
    if module.name.startswith("cases_")
    for case in importlib.import_module(f"tests.contract.{module.name}").CASES
]
NAMES = [case.name for case in CASES]
TABLE = dict(zip(NAMES, CASES, strict=True))
ONE, TWO, OTHER_KEY, PERMUTED, BLIND, POISONED = "one", "two", "other key", "permuted", "blind", "poisoned"


def scaled(case, arrays, s):
    """Every floating array by s, or as the row says."""
    if case.scale:
        return case.scale(arrays, s)
    return jax.tree.map(lambda x: x * s if jnp.issubdtype(x.dtype, jnp.floating) else x, arrays)


def renaming(case):
    """A permutation of the tasks that is not its own inverse."""
    return jnp.roll(jnp.arange(case.tasks), 1)


def three_keys():
    """The keys of the two examples, and another; the same at every call, which is said to JAX's watch over keys."""
    return jax.random.clone(_keys())


@functools.cache
def _keys():
    return jax.random.split(jax.random.key(7), 3)


@functools.cache
def drawn(example):
    """Two examples as one batch, by a program of their own: random bits inside the rows' programs would be compiled for each anew."""
    return jax.jit(jax.vmap(lambda key: jax.tree.map(jnp.asarray, example(key, jnp.float64))))(three_keys()[:2])


def lanes_of(case, keys, examples, names, poisoned):
    """lane -> (key, arrays)."""
    first, second = (jax.tree.map(lambda x, i=i: x[i], examples) for i in range(2))
    made = {
        ONE: lambda: (keys[0], first),
        TWO: lambda: (keys[1], second),
        OTHER_KEY: lambda: (keys[2], first),
        PERMUTED: lambda: (keys[0], case.permute(first, renaming(case))),
        BLIND: lambda: (keys[0], case.hide(first)),
        POISONED: lambda: (keys[0], jax.tree.map(lambda x, y: jnp.where(poisoned, x, y), case.poison(first), first)),
        **{s: lambda s=s: (keys[0], scaled(case, first, s)) for s in case.scales},
    }
    lanes = {name: made[name]() for name in names}
    return {
        name: (key, jax.tree.map(lambda x, like: x.astype(like.dtype), xs, first)) for name, (key, xs) in lanes.items()
    }


class Ran(NamedTuple):
    """What a program gave, as NumPy: `compared`, `actions` and `output` map a lane to its tree."""

    compared: dict
    actions: dict
    output: dict
    renamed_back: Any


def defaults(case):
    """The numbers among a factory's defaults that the row changes: traced, so that one program serves them all."""
    given = inspect.signature(case.factory).parameters if case.factory else {}
    return {
        name: given[name].default
        for name, value in case.changed.items()
        if isinstance(value, float)
        and name not in case.static
        and isinstance(getattr(given.get(name), "default", None), float)
    }


class Program:
    """The compiled batch of a row with traced hyper-parameters, and the list of its traces."""

    def __init__(self, case, static=(), names=None):
        asked = {PERMUTED: case.permute, BLIND: case.actions, POISONED: case.poison, OTHER_KEY: case.key_dependent}
        everything = (ONE, TWO, *(name for name, wanted in asked.items() if wanted), *case.scales)
        self.case, self.names, self.traces = case, names or everything, []
        self.hyper = {
            name: value for name, value in {**defaults(case), **case.hyper}.items() if name not in dict(static)
        }
        call = functools.partial(case.call, **{**case.static, **dict(static)})

        def traced(keys, examples, poisoned, hyper):
            self.traces.append(1)
            lanes = lanes_of(case, keys, examples, self.names, poisoned)
            stacked = jax.tree.map(lambda *x: jnp.stack(x), *lanes.values())

            def one(key, arrays):
                output = call(key, *arrays, **hyper)
                return case.compare(output), case.actions(output) if case.actions else (), output

            results = jax.vmap(one)(*stacked)
            back = ()
            if PERMUTED in self.names:
                place = self.names.index(PERMUTED)
                back = case.unpermute(jax.tree.map(lambda x: x[place], results[0]), renaming(case))
            return results, back

        self.jitted = jax.jit(traced)

    def __call__(self, order=(0, 1), poisoned=False, **hyper):
        """The batch, with the two examples in this order. NaN comes in a call of its own: XLA makes one dense convolution of the lanes' convolutions,
        where 0 x NaN reaches the neighbours."""
        examples = jax.tree.map(lambda x: x if order == (0, 1) else x[::-1], drawn(self.case.example))
        keys = three_keys() if order == (0, 1) else three_keys()[jnp.asarray([1, 0, 2])]
        results, back = jax.tree.map(host, self.jitted(keys, examples, poisoned, {**self.hyper, **hyper}))
        trees = (
            {name: jax.tree.map(lambda x, i=i: x[i], tree) for i, name in enumerate(self.names)} for tree in results
        )
        return Ran(*trees, back)


def host(x):
    """As NumPy, keys as their data."""
    return np.asarray(jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x)


@functools.cache
def ran(name):
    """The batch of a row, its program, and the batch with the two examples exchanged."""
    program = Program(TABLE[name])
    return program(), program, program(order=(1, 0))


def floats(tree):
    """Floating leaves, as NumPy."""
    return [np.asarray(x) for x in jax.tree.leaves(tree) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)]


def close(a, b, rtol):
    """Equal leaf by leaf, relative to the largest entry of the leaf; whole numbers equal."""
    a, b = ([host(x) if isinstance(x, jax.Array) else np.asarray(x) for x in jax.tree.leaves(tree)] for tree in (a, b))
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.allclose(x, y, rtol=rtol, atol=rtol * max(1e-300, float(np.max(np.abs(y), initial=0.0))), equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def test_names_are_distinct():
    assert len(set(NAMES)) == len(NAMES)


def check_jit_vmap_and_recompilation(case):
    """jit and vmap of the algorithm = calling it plainly, and a second call with other values does not compile again."""
    once, program, swapped = ran(case.name)
    assert len(program.traces) == 1, "the second call with other values compiled again"
    first = jax.tree.map(lambda x: x[0], drawn(case.example))
    plain = case.compare(case.call(three_keys()[0], *first, **case.hyper, **case.static))
    assert close(once.compared[ONE], plain, 1e-6), "jit or vmap changes the answer"
    for here, there in ((ONE, TWO), (TWO, ONE)):
        assert close(once.compared[here], swapped.compared[there], 1e-6), "an example depends on its neighbour"
    if case.key_dependent:
        assert not close(once.compared[ONE], once.compared[OTHER_KEY], 1e-9), (
            "declared key-dependent, but the key changes nothing"
        )


def check_dtype_kept(case):
    """float32 in, float32 out, also where 64 bits are switched on."""
    call = functools.partial(case.call, **case.static)
    shapes = jax.eval_shape(lambda key: call(key, *case.example(key, jnp.float32), **case.hyper), three_keys()[0])
    wrong = [
        x.dtype for x in jax.tree.leaves(shapes) if jnp.issubdtype(x.dtype, jnp.floating) and x.dtype != jnp.float32
    ]
    assert not wrong, f"float32 in, {wrong} out"


def check_finite_at_scales(case):
    """Very small and very large data give finite answers."""
    for s in case.scales:
        for leaf in floats(ran(case.name)[0].output[s]):
            assert np.all(np.isfinite(leaf)), f"not finite at scale {s:g}"


def check_task_permutation(case):
    """Renaming the tasks renames the answer."""
    if not case.permute:
        return
    assert case.unpermute and case.tasks > 1
    once = ran(case.name)[0]
    assert close(once.renamed_back, once.compared[ONE], 1e-6), "renaming the tasks changes the answer"


def check_distinct_methods_differ(case):
    """Two names never hide one method."""
    for other in case.differs_from:
        ours, theirs = (ran(name)[0].compared[ONE] for name in (case.name, other))
        assert not close(ours, theirs, 1e-9), f"{case.name} and {other} give the same answer"


def check_every_hyper_parameter_matters(case):
    """Each keyword of the factory changes what is compared, or says why a tiny run cannot show it."""
    if case.factory is not None:
        asked = {p.name for p in inspect.signature(case.factory).parameters.values() if p.kind is p.KEYWORD_ONLY}
        assert asked == set(case.changed) | set(case.inert), (
            f"the factory takes {sorted(asked)}: list each as changed or inert"
        )
    once, program, _ = ran(case.name)
    for name, value in case.changed.items():
        if name not in program.hyper:
            theirs = Program(case, static=((name, value),), names=(ONE,))()
        else:
            theirs = program(**{name: value})
        assert not close(once.compared[ONE], theirs.compared[ONE], 1e-9), f"{name} = {value} changes nothing"


def check_learners_are_blind(case):
    """With NaN for the truth every learner takes the same actions; an oracle does not, or it would not need to be one."""
    if case.actions is None:
        return
    taken = ran(case.name)[0].actions
    assert close(taken[ONE], taken[BLIND], 0.0) != case.oracle, (
        "the truth reaches the learner" if not case.oracle else "not an oracle"
    )


def check_nan_shows(case):
    """NaN in the data comes out as NaN, or as a certificate that is false: never as an answer that claims to be right."""
    if case.poison is None:
        assert case.why, "say why NaN in the data cannot show"
        return
    output = ran(case.name)[1](poisoned=True).output[POISONED]
    certificates = [x for x in jax.tree.leaves(output) if x.dtype == bool]
    shown = not all(np.isfinite(x).all() for x in floats(output)) or not all(x.all() for x in certificates)
    assert shown, "NaN in the data gave a finite answer without a false certificate"


COLUMNS = [fn for name, fn in sorted(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("name", NAMES)
def test_contract(name):
    for check in COLUMNS:
        check(TABLE[name])
