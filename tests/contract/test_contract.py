"""Every algorithm against the contract: jit = no jit, vmap = loop, dtype kept, one compilation, finite at scales, task permutation, distinct methods."""

import importlib
import pkgutil

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
each_case = pytest.mark.parametrize("name", NAMES)


def program(name):
    """The compiled, batched algorithm and the list of its traces.

    Every test of a case runs this one program on two lanes, so that each case is compiled once (the suite keeps compiled programs on disk).
    """
    case, traces = TABLE[name], []

    def traced(keys, arrays):
        traces.append(1)
        return jax.vmap(lambda key, arrays: case.call(key, *arrays))(keys, arrays)

    return jax.jit(traced), traces


def lanes(*examples):
    """One batch from several examples."""
    return jax.tree.map(lambda *x: jnp.stack([jnp.asarray(i) for i in x]), *examples)


def lane(tree, i):
    """One example of a batch."""
    return jax.tree.map(lambda x: x[i], tree)


def run_compiled(name, key, arrays):
    """The output for one example."""
    return lane(program(name)[0](jnp.stack([key, key]), lanes(arrays, arrays)), 0)


def leaves(tree):
    """Floating leaves, as NumPy."""
    return [np.asarray(x) for x in jax.tree.leaves(tree) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)]


def close(a, b, rtol):
    """Equal leaf by leaf, relative to the largest entry of the leaf."""
    a, b = leaves(a), leaves(b)
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.allclose(x, y, rtol=rtol, atol=rtol * max(1e-300, float(np.max(np.abs(y), initial=0.0))), equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def test_names_are_distinct():
    assert len(set(NAMES)) == len(NAMES)


@each_case
def test_jit_vmap_and_recompilation(name):
    """jit and vmap of the algorithm = calling it plainly on each example, and a second call with other values does not compile again."""
    case = TABLE[name]
    run, traces = program(name)
    keys = jax.random.split(jax.random.key(7), 2)
    examples = [case.example(key, jnp.float64) for key in keys]
    outputs = run(keys, lanes(*examples))
    swapped = run(keys[::-1], lanes(*examples[::-1]))
    assert len(traces) == 1, "the second call with other values compiled again"
    for i in range(2):
        ours = case.compare(lane(outputs, i))
        assert close(ours, case.compare(case.call(keys[i], *examples[i])), 1e-6), f"jit or vmap changes example {i}"
        assert close(ours, case.compare(lane(swapped, 1 - i)), 1e-6), f"example {i} depends on its neighbour"
    if case.key_dependent:
        other = case.compare(run_compiled(name, jax.random.key(99), examples[0]))
        assert not close(case.compare(lane(outputs, 0)), other, 1e-9), (
            "declared key-dependent, but the key changes nothing"
        )


@each_case
def test_dtype_kept(name):
    """float32 in, float32 out, also where 64 bits are switched on."""
    case = TABLE[name]
    key = jax.random.key(3)
    shapes = jax.eval_shape(case.call, key, *case.example(key, jnp.float32))
    wrong = [
        x.dtype for x in jax.tree.leaves(shapes) if jnp.issubdtype(x.dtype, jnp.floating) and x.dtype != jnp.float32
    ]
    assert not wrong, f"float32 in, {wrong} out"


@each_case
def test_finite_at_scales(name):
    """Very small and very large data give finite answers."""
    case = TABLE[name]
    key = jax.random.key(5)
    arrays = case.example(key, jnp.float64)
    scale = case.scale or (
        lambda xs, s: jax.tree.map(lambda x: x * s if jnp.issubdtype(x.dtype, jnp.floating) else x, xs)
    )
    for s in case.scales:
        for leaf in leaves(run_compiled(name, key, scale(arrays, s))):
            assert np.all(np.isfinite(leaf)), f"not finite at scale {s:g}"


@pytest.mark.parametrize("name", [case.name for case in CASES if case.permute])
def test_task_permutation(name):
    """Renaming the tasks renames the answer."""
    case = TABLE[name]
    assert case.permute and case.unpermute and case.tasks > 1
    key = jax.random.key(11)
    arrays = case.example(key, jnp.float64)
    perm = jnp.roll(jnp.arange(case.tasks), 1)
    permuted = case.unpermute(run_compiled(name, key, case.permute(arrays, perm)), perm)
    assert close(case.compare(permuted), case.compare(run_compiled(name, key, arrays)), 1e-6)


@pytest.mark.parametrize("name", [case.name for case in CASES if case.differs_from])
def test_distinct_methods_differ(name):
    """Two names never hide one method."""
    case = TABLE[name]
    key = jax.random.key(13)
    arrays = case.example(key, jnp.float64)
    ours = case.compare(run_compiled(name, key, arrays))
    for other in case.differs_from:
        theirs = TABLE[other].compare(run_compiled(other, key, arrays))
        assert not close(ours, theirs, 1e-9), f"{name} and {other} give the same answer"
