"""Assertions shared by the suite: oracle comparisons that are printed and counted, statistical tests that state their false-alarm rate."""

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats


class Comparison(NamedTuple):
    name: str
    relative: float  # largest |ours - reference| / max |reference|


class Statistic(NamedTuple):
    """A statistical assertion that passed.

    Attributes:
      test: where it stands.
      name: of what is tested.
      kind: `mean` (against a closed form) or `ordering`.
      rate: chance that a correct implementation fails it on a fresh key: Student's t and Bonferroni over the entries for a mean; for an ordering
        estimated from the distance that was seen.
      sees_bias: whether it would have failed had the simulation been 5 % too large; None where the closed form is 0, which has no percentage.
    """

    test: str
    name: str
    kind: str
    rate: float
    sees_bias: bool | None


COMPARISONS: list[Comparison] = []
STATISTICS: list[Statistic] = []
BIAS = float(os.environ.get("PLANTED_BIAS", "1"))  # what simulations are multiplied by, to see that the tests notice


def host(tree: Any) -> Any:
    """The same tree of NumPy arrays, so that no program is compiled for what a test does with it; keys, and what is traced, stay."""

    def one(leaf: Any) -> Any:
        keep = isinstance(leaf, jax.core.Tracer) or (
            isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        )
        return leaf if keep else np.asarray(leaf)

    return jax.tree.map(one, tree)


def compiled(function: Callable, *static: str) -> Callable:
    """The same function as one program a shape, which answers in NumPy arrays; what it refuses of values only shows where it is called as it is."""
    program = jax.jit(function, static_argnames=static)

    @functools.wraps(function)
    def call(*given, **named):
        return host(program(*given, **named))

    return call


def here() -> str:
    """The test that runs."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]


def assert_close(name: str, ours: Any, reference: Any, rtol: float = 1e-9, atol: float = 0.0) -> None:
    """Compare with an oracle: |ours - reference| <= atol + rtol * max|reference|, elementwise; prints and counts the relative error.

    The scale is the largest reference entry, so that exact zeros inside an array do not ask for exact zeros of ours.
    """
    ours, reference = np.asarray(ours), np.asarray(reference)
    assert ours.shape == reference.shape or reference.ndim == 0 or ours.ndim == 0, (
        f"{name}: shape {ours.shape}, oracle {reference.shape}"
    )
    assert np.all(np.isfinite(ours)), f"{name}: not finite"
    scale = float(np.max(np.abs(reference))) if reference.size else 0.0
    error = float(np.max(np.abs(ours - reference))) if ours.size else 0.0
    relative = error / scale if scale > 0 else error
    COMPARISONS.append(Comparison(name, relative))
    print(f"oracle {name}: relative error {relative:.3e} (allowed {rtol:.1e}, absolute {atol:.1e})")
    assert error <= atol + rtol * scale, (
        f"{name}: error {error:.3e}, allowed {atol + rtol * scale:.3e}; ours {ours}, oracle {reference}"
    )


def assert_mean(name: str, samples: Any, expected: Any, sigmas: float = 5.0, bias: float = 0.0) -> None:
    """Test that independent draws `samples` (n, ...) have mean `expected`, within `sigmas` standard errors plus a known `bias`.

    With a fixed key the outcome is fixed; the stated false-alarm rate (two-sided normal, Bonferroni over the entries) is the chance
    that a correct implementation would have failed on a fresh key.
    """
    samples = BIAS * np.asarray(samples, dtype=float)
    n = samples.shape[0]
    error = np.abs(samples.mean(0) - np.asarray(expected))
    standard_error = samples.std(0, ddof=1) / np.sqrt(n)
    rate = min(1.0, 2 * stats.norm.sf(sigmas) * max(1, error.size))
    z = (
        np.max(np.maximum(error - bias, 0) / np.where(standard_error > 0, standard_error, np.inf))
        if error.size
        else 0.0
    )
    print(f"statistic {name}: worst |z| {z:.2f} of {sigmas} over {n} draws, false-alarm rate {rate:.1e}")
    assert np.all(error <= sigmas * standard_error + bias), (
        f"{name}: mean {samples.mean(0)}, expected {expected}, standard error {standard_error} (|z| = {z:.2f}, false-alarm rate {rate:.1e})"
    )
    exact = min(1.0, 2 * float(stats.t.sf(sigmas, max(n - 1, 1))) * max(1, error.size))
    expected = np.asarray(expected)
    shifted = np.abs(1.05 * samples.mean(0) - expected)
    sees = bool(np.any(shifted > 1.05 * sigmas * standard_error + bias)) if np.any(expected) else None
    STATISTICS.append(Statistic(here(), name, "mean", exact if np.any(standard_error > 0) else 0.0, sees))


def assert_below(name: str, smaller: Any, larger: Any, sigmas: float = 3.0) -> None:
    """Test the paired ordering mean(smaller) < mean(larger) by at least `sigmas` standard errors of the paired difference."""
    difference = np.asarray(larger, dtype=float) - np.asarray(smaller, dtype=float)
    standard_error = difference.std(ddof=1) / np.sqrt(difference.size)
    z = difference.mean() / standard_error if standard_error > 0 else np.inf * np.sign(difference.mean())
    print(f"ordering {name}: z = {z:.2f}, needs {sigmas}; one-sided false-alarm rate {stats.norm.sf(sigmas):.1e}")
    assert z >= sigmas, (
        f"{name}: mean difference {difference.mean():.4g} is only {z:.2f} standard errors above 0 (needs {sigmas})"
    )
    STATISTICS.append(Statistic(here(), name, "ordering", float(stats.norm.sf(z - sigmas)), None))
