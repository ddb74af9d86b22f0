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
    """The compiled algorithm and the list of its traces; under one name and with the same shapes, so that all tests of a case share it."""
    case, traces = TABLE[name], []

    def traced(key, arrays):
        traces.append(1)
        return case.call(key, *arrays)

    return jax.jit(traced), traces


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
    """jit = no jit, vmap = loop, and the second call with other values does not compile again."""
    case = TABLE[name]
    run, traces = program(name)
    keys = jax.random.split(jax.random.key(7), 2)
    examples = [case.example(key, jnp.float64) for key in keys]
    outputs = [case.compare(run(key, arrays)) for key, arrays in zip(keys, examples, strict=True)]
    assert len(traces) == 1, "the second call with other values compiled again"
    plain = case.compare(case.call(keys[0], *examples[0]))
    assert close(outputs[0], plain, 1e-6), "jit changes the result"
    batch = jax.tree.map(lambda *x: jnp.stack(x), *examples)
    mapped = jax.jit(jax.vmap(lambda key, arrays: case.compare(case.call(key, *arrays))))(keys, batch)
    looped = jax.tree.map(lambda *x: jnp.stack([jnp.asarray(i) for i in x]), *outputs)
    assert close(mapped, looped, 1e-6), "vmap differs from a loop"
    if case.key_dependent:
        assert not close(outputs[0], case.compare(run(jax.random.key(99), examples[0])), 1e-9), (
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
    run, _ = program(name)
    for s in case.scales:
        for leaf in leaves(run(key, scale(arrays, s))):
            assert np.all(np.isfinite(leaf)), f"not finite at scale {s:g}"


@pytest.mark.parametrize("name", [case.name for case in CASES if case.permute])
def test_task_permutation(name):
    """Renaming the tasks renames the answer."""
    case = TABLE[name]
    assert case.permute and case.unpermute and case.tasks > 1
    key = jax.random.key(11)
    arrays = case.example(key, jnp.float64)
    perm = jnp.roll(jnp.arange(case.tasks), 1)
    run, _ = program(name)
    permuted = case.unpermute(run(key, case.permute(arrays, perm)), perm)
    assert close(case.compare(permuted), case.compare(run(key, arrays)), 1e-6)


@pytest.mark.parametrize("name", [case.name for case in CASES if case.differs_from])
def test_distinct_methods_differ(name):
    """Two names never hide one method."""
    case = TABLE[name]
    key = jax.random.key(13)
    arrays = case.example(key, jnp.float64)
    ours = case.compare(program(name)[0](key, arrays))
    for other in case.differs_from:
        theirs = TABLE[other].compare(program(other)[0](key, arrays))
        assert not close(ours, theirs, 1e-9), f"{name} and {other} give the same answer"
