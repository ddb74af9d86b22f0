"""The random numbers of the released script of Tripuraneni, Jin, Jordan 2021: its generator, seeds and order of draws.

The script seeds NumPy's legacy generator with 0, 1, 2, ... and draws in turn: a Gaussian matrix whose left singular vectors are
B, the heads, each task's inputs and noise, the target head, its inputs and noise, and the start of the factored search (V, then U).
The signs of singular vectors belong to the LAPACK that computed them. Those of the released run (NumPy 1.18.1, d = 100, r = 5)
are kept here: with them the means of LF-MoM, meta-LR-MoM and LR come out as released, to the last digit.
"""

from typing import NamedTuple

import numpy as np

DIM, RANK, SAMPLES = 100, 5, 25  # T2 has as many samples of the target task as of a source task

# Sign of the entry of largest magnitude of each column of B, seeds 0 to 29.
_SIGNS = (
    "-++++ +---+ -+++- +-+-+ +---+ --+++ ----- ----+ ++-++ +---+ -+--- ---++ -+-++ ++--+ +---- "
    "---++ ++-++ +++-+ ---++ ---++ +++-- +-+++ -+-+- ----+ +---+ ---+- ++-++ +++-+ -+-++ --+-+"
).split()


class Draw(NamedTuple):
    """One repetition; a leading axis of seeds after stacking."""

    basis: np.ndarray  # B (dim, rank)
    x: np.ndarray  # (task, sample, dim)
    y: np.ndarray  # (task, sample)
    target: np.ndarray  # theta_0 (dim,)
    x_target: np.ndarray  # (target sample, dim)
    y_target: np.ndarray  # (target sample,)
    start_heads: np.ndarray  # U (task, rank)
    start_basis: np.ndarray  # V (dim, rank)


def draw(seed: int, *, tasks: int) -> Draw:
    """The numbers of one repetition of the released script for T2 (d = 100, r = 5, n = n2 = 25, noise 1), seed 0 to 29."""
    stream = np.random.RandomState(seed)
    basis = np.linalg.svd(stream.normal(size=(DIM, RANK)), full_matrices=False)[0]
    top = basis[np.abs(basis).argmax(0), np.arange(RANK)]
    basis = basis * np.sign(top) * [1 if sign == "+" else -1 for sign in _SIGNS[seed]]
    heads = stream.normal(scale=1 / np.sqrt(RANK), size=(tasks, RANK))
    rows = stream.normal(size=(tasks, SAMPLES * (DIM + 1)))  # each task: its inputs, then its noise
    x = rows[:, : SAMPLES * DIM].reshape(tasks, SAMPLES, DIM)
    y = np.einsum("tnd,td->tn", x, heads @ basis.T) + rows[:, SAMPLES * DIM :]
    target = basis @ stream.normal(scale=1 / np.sqrt(RANK), size=RANK)
    x_target = stream.normal(size=(SAMPLES, DIM))
    y_target = x_target @ target + stream.normal(size=SAMPLES)
    start_basis = stream.normal(size=(DIM, RANK))
    return Draw(basis, x, y, target, x_target, y_target, stream.normal(size=(tasks, RANK)), start_basis)


def batch(seeds, *, tasks: int) -> Draw:
    """The repetitions of several seeds, stacked."""
    draws = [draw(int(seed), tasks=tasks) for seed in seeds]
    return Draw(*(np.stack(part) for part in zip(*draws, strict=True)))


def last_seed() -> int:
    """The last seed whose signs are known."""
    return len(_SIGNS) - 1
