"""Every algorithm against the contract, one test a row, one program a row: jit = no jit, vmap = loop, one compilation, dtype kept, finite at scales,
task permutation, distinct methods, hyper-parameters that matter, learners blind to the truth, NaN never passed off as an answer.
"""

import functools
import importlib
import inspect
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


@functools.lru_cache(maxsize=8)
def program(name, part="call", static=()):
    """The compiled, batched `call` (or `actions`) of a case with traced hyper-parameters, and the list of its traces."""
    case, traces = TABLE[name], []
    fn = functools.partial(getattr(case, part), **{**case.static, **dict(static)})

    def traced(keys, arrays, hyper):
        traces.append(1)
        return jax.vmap(lambda key, arrays: fn(key, *arrays, **hyper))(keys, arrays)

    return jax.jit(traced), traces


def lanes(*examples):
    """One batch from several examples."""
    return jax.tree.map(lambda *x: jnp.stack([jnp.asarray(i) for i in x]), *examples)


def lane(tree, i):
    """One example of a batch."""
    return jax.tree.map(lambda x: x[i], tree)


def run(name, key, arrays, part="call", static=(), **hyper):
    """The output for one example, on two equal lanes of the one program."""
    return lane(
        program(name, part, static)[0](jnp.stack([key, key]), lanes(arrays, arrays), {**TABLE[name].hyper, **hyper}), 0
    )


def leaves(tree):
    """Floating leaves, as NumPy."""
    return [np.asarray(x) for x in jax.tree.leaves(tree) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)]


def close(a, b, rtol):
    """Equal leaf by leaf, relative to the largest entry of the leaf; whole numbers equal."""
    a, b = (
        [np.asarray(x) for x in jax.tree.leaves(tree) if not jnp.issubdtype(x.dtype, jax.dtypes.prng_key)]
        for tree in (a, b)
    )
    return len(a) == len(b) and all(
        x.shape == y.shape
        and np.allclose(x, y, rtol=rtol, atol=rtol * max(1e-300, float(np.max(np.abs(y), initial=0.0))), equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def test_names_are_distinct():
    assert len(set(NAMES)) == len(NAMES)


def check_jit_vmap_and_recompilation(case):
    """jit and vmap of the algorithm = calling it plainly, and a second call with other values does not compile again."""
    compiled, traces = program(case.name)
    before = len(traces)
    keys = jax.random.split(jax.random.key(7), 2)
    examples = [case.example(key, jnp.float64) for key in keys]
    outputs = compiled(keys, lanes(*examples), dict(case.hyper))
    swapped = compiled(keys[::-1], lanes(*examples[::-1]), dict(case.hyper))
    assert len(traces) - before <= 1, "the second call with other values compiled again"
    plain = case.compare(case.call(keys[0], *examples[0], **case.hyper, **case.static))
    assert close(case.compare(lane(outputs, 0)), plain, 1e-6), "jit or vmap changes the answer"
    for i in range(2):
        ours, theirs = case.compare(lane(outputs, i)), case.compare(lane(swapped, 1 - i))
        assert close(ours, theirs, 1e-6), f"example {i} depends on its neighbour"
    if case.key_dependent:
        other = case.compare(run(case.name, jax.random.key(99), examples[0]))
        assert not close(case.compare(lane(outputs, 0)), other, 1e-9), (
            "declared key-dependent, but the key changes nothing"
        )


def check_dtype_kept(case):
    """float32 in, float32 out, also where 64 bits are switched on."""
    key = jax.random.key(3)
    call = functools.partial(case.call, **case.static)
    shapes = jax.eval_shape(call, key, *case.example(key, jnp.float32), **case.hyper)
    wrong = [
        x.dtype for x in jax.tree.leaves(shapes) if jnp.issubdtype(x.dtype, jnp.floating) and x.dtype != jnp.float32
    ]
    assert not wrong, f"float32 in, {wrong} out"


def check_finite_at_scales(case):
    """Very small and very large data give finite answers."""
    key = jax.random.key(5)
    arrays = case.example(key, jnp.float64)
    scale = case.scale or (
        lambda xs, s: jax.tree.map(lambda x: x * s if jnp.issubdtype(x.dtype, jnp.floating) else x, xs)
    )
    for s in case.scales:
        for leaf in leaves(run(case.name, key, scale(arrays, s))):
            assert np.all(np.isfinite(leaf)), f"not finite at scale {s:g}"


def check_task_permutation(case):
    """Renaming the tasks renames the answer."""
    if not case.permute:
        return
    assert case.unpermute and case.tasks > 1
    key = jax.random.key(11)
    arrays = case.example(key, jnp.float64)
    perm = jnp.roll(jnp.arange(case.tasks), 1)
    permuted = case.unpermute(case.compare(run(case.name, key, case.permute(arrays, perm))), perm)
    assert close(permuted, case.compare(run(case.name, key, arrays)), 1e-6), "renaming the tasks changes the answer"


def check_distinct_methods_differ(case):
    """Two names never hide one method."""
    key = jax.random.key(13)
    arrays = case.example(key, jnp.float64)
    ours = case.compare(run(case.name, key, arrays)) if case.differs_from else None
    for other in case.differs_from:
        theirs = TABLE[other].compare(run(other, key, arrays))
        assert not close(ours, theirs, 1e-9), f"{case.name} and {other} give the same answer"


def check_every_hyper_parameter_matters(case):
    """Each keyword of the factory changes what is compared, or says why a tiny run cannot show it."""
    if case.factory is not None:
        asked = {p.name for p in inspect.signature(case.factory).parameters.values() if p.kind is p.KEYWORD_ONLY}
        assert asked == set(case.changed) | set(case.inert), (
            f"the factory takes {sorted(asked)}: list each as changed or inert"
        )
    key = jax.random.key(17)
    arrays = case.example(key, jnp.float64)
    ours = case.compare(run(case.name, key, arrays)) if case.changed else None
    for name, value in case.changed.items():
        if name in case.static or name not in case.hyper:
            theirs = run(case.name, key, arrays, static=((name, value),))
        else:
            theirs = run(case.name, key, arrays, **{name: value})
        assert not close(ours, case.compare(theirs), 1e-9), f"{name} = {value} changes nothing"


def check_learners_are_blind(case):
    """With NaN for the truth every learner takes the same actions; an oracle does not, or it would not need to be one."""
    if case.actions is None:
        return
    key = jax.random.key(19)
    arrays = case.example(key, jnp.float64)
    seen, blind = (run(case.name, key, xs, part="actions") for xs in (arrays, case.hide(arrays)))
    assert close(seen, blind, 0.0) != case.oracle, (
        "the truth reaches the learner" if not case.oracle else "not an oracle"
    )


def check_nan_shows(case):
    """NaN in the data comes out as NaN, or as a certificate that is false: never as an answer that claims to be right."""
    if case.poison is None:
        assert case.why, "say why NaN in the data cannot show"
        return
    key = jax.random.key(23)
    output = run(case.name, key, case.poison(case.example(key, jnp.float64)))
    certificates = [np.asarray(x) for x in jax.tree.leaves(output) if x.dtype == bool]
    shown = not all(np.isfinite(x).all() for x in leaves(output)) or not all(x.all() for x in certificates)
    assert shown, "NaN in the data gave a finite answer without a false certificate"


COLUMNS = [fn for name, fn in sorted(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("name", NAMES)
def test_contract(name):
    for check in COLUMNS:
        check(TABLE[name])
