"""The bugs that `make mutants` plants: each kind as it says, in code that still parses."""

import ast

import pytest

from tests.mutants import mutants, planted


@pytest.mark.parametrize(
    ("source", "kind", "bug"),
    [
        ("y = jnp.sqrt(x) + 1", "sqrt dropped", "y = (x) + 1"),
        ("y = jnp.sum(x, axis=0)", "mean for sum", "y = (jnp.mean(x, axis=0))"),
        ("y = jnp.sum(x, axis=0)", "wrong axis", "y = jnp.sum(x, axis=1)"),
        ("y = a.T @ b", "transpose dropped", "y = (a) @ b"),
        ("y = jnp.swapaxes(a, -1, -2)", "swapaxes dropped", "y = (a)"),
        ("y = a - b", "sign flipped", "y = (a + b)"),
        ("y = a / b", "factor dropped", "y = (a)"),
        ("y = a**2", "square dropped", "y = (a)"),
        ("y = 'é', a < b", "bound moved", "y = 'é', (a <= b)"),
        ("y = f(a, b, 3)", "arguments swapped", "y = (f(b, a, 3))"),
        ("y = x[0]", "constant plus one", "y = x[1]"),
        ("y = jnp.argmax(x)", "argmin for argmax", "y = (jnp.argmin(x))"),
    ],
)
def test_kinds(source, kind, bug):
    found = [planted(source, mutant) for mutant in mutants(source) if mutant.kind == kind]
    assert bug in found
    assert all(ast.parse(text) and text != source for text in found)


def test_annotations_messages_and_decorators_stay():
    source = '@f(1)\ndef g(x: Float[Array, "2"]) -> A[2 + 3]:\n    """1 + 2"""\n    raise E(f"{x + 1}", 2)\n'
    assert mutants(source) == []
