"""Active sampling of one's own tasks: which rows to label next, given arrays of inputs and a small labelled target set."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mtrl.numerics.checks import check_choice, check_finite, check_shape
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.moments import Moments, moments, no_moments
from mtrl.numerics.types import PRNGKey, Scalar
from mtrl.representation.active.algorithm import a_mtrl, learn_linear, warn_of_estimates
from mtrl.representation.active.allocation import RULES
from mtrl.representation.active.checks import check_identified, check_totals


class Purchase(NamedTuple):
    """What was bought and what it taught."""

    rows: list[np.ndarray]  # of each task, numbers of the rows whose labels were bought, in the order of buying
    counts: np.ndarray  # (epoch, task) labels bought
    relevance: np.ndarray  # (task,) nu_hat after the last epoch
    theta: np.ndarray  # (dim,) B_hat w_hat: predictions for the target are `x @ theta`
    basis: np.ndarray  # (dim, rank) B_hat


def buy_labels(
    key: PRNGKey,
    x: Sequence[Any],
    labels: Sequence[Any] | Callable[[int, np.ndarray], Any],
    target_x: Any,
    target_y: Any,
    *,
    rank: int,
    totals: Sequence[int],
    floor: int | None = None,
    rule: str = "L1",
    lasso_ratio: Scalar = 0.05,
    sparse: int | None = None,
    iterations: int = 20,
    compile: Callable[[Callable], Callable] = lambda function: function,
) -> Purchase:
    """Run `a_mtrl` on one's own source tasks. Host function.

    No label is bought twice and all that were bought are used; a task whose rows run out leaves its share to the others.
    Scale inputs alike over the tasks first (the theory assumes one covariance, best the identity).

    Args:
      key: typed PRNG key, of the order in which a task's rows are bought.
      x: inputs of every source task, (n_t, dim) each.
      labels: responses (n_t,) of every source task, or a function `(task, rows) -> responses` that buys those of these rows.
      target_x, target_y: the labelled target set, (n_0, dim) and (n_0,).
      rank: K.
      totals: labels bought in each epoch.
      floor: labels bought of every task in each epoch; None for 2 K.
      rule: of `RULES`.
      lasso_ratio, sparse: as in `a_mtrl`.
      iterations: rounds of alternating minimisation.
      compile: `jax.jit`, applied to the sampler's functions; without it every operation is dispatched by itself.

    Raises:
      BadInput: shapes that do not fit, values that are not finite, more labels wanted than there are rows, or a rank, floor
        or total that identifies nothing.
    """
    check_choice("rule", rule, tuple(RULES))
    inputs = [np.asarray(one, float) for one in x]
    target_x, target_y = np.asarray(target_x, float), np.asarray(target_y, float)
    tasks, dim = len(inputs), target_x.shape[-1]
    floor = 2 * rank if floor is None else floor
    for task, one in enumerate(inputs):
        check_shape(f"x of task {task}", one, (None, dim))
        check_finite(hint="clean the data first", **{f"x of task {task}": one})
        if not callable(labels):
            check_shape(f"labels of task {task}", labels[task], one.shape[:1])
    check_shape("target_y", target_y, target_x.shape[:1])
    check_finite(target_x=target_x, target_y=target_y)
    check_identified(rank, dim=dim, tasks=tasks, target_samples=len(target_y))
    check_totals(totals, tasks=tasks, floor=floor, rank=rank)
    rows = sum(map(len, inputs))
    if sum(totals) > rows:
        raise BadInput(f"totals ask for {sum(totals)} labels, but the source tasks have {rows} rows; lower totals")

    target = moments(jnp.asarray(target_x)[None], jnp.asarray(target_y)[None])
    algorithm = a_mtrl(
        learn=lambda key, data: learn_linear(key, data, target=target, rank=rank, iterations=iterations),
        tasks=tasks, totals=jnp.asarray(totals), floor=floor, norm=RULES[rule].norm, exponent=RULES[rule].exponent,
        lasso_ratio=lasso_ratio, reuse=True, sparse=sparse,
    )  # fmt: skip
    keys = split_named(key, "support", "order")
    order = [
        np.asarray(jax.random.permutation(jax.random.fold_in(keys["order"], task), len(one)))
        for task, one in enumerate(inputs)
    ]
    state = algorithm.init(keys["support"], no_moments(tasks, dim))
    select, update = compile(algorithm.select), compile(algorithm.update)
    spent, epochs = np.zeros(tasks, int), []
    for _ in totals:
        counts = _within(np.asarray(select(key, state, None)), np.array([len(one) for one in inputs]) - spent)
        data = []
        for task, one in enumerate(inputs):
            chosen = order[task][spent[task] : spent[task] + counts[task]]
            y = np.asarray(labels(task, chosen) if callable(labels) else np.asarray(labels[task])[chosen], float)
            check_shape(f"labels of task {task}", y, chosen.shape)
            check_finite(hint="clean the data first", **{f"labels of task {task}": y})
            data.append((one[chosen].T @ one[chosen], y @ one[chosen], y @ y, float(len(y))))
        bought = Moments(*(jnp.asarray(np.stack(part)) for part in zip(*data, strict=True)))
        spent = spent + counts
        state, epoch = update(key, state, None, jnp.asarray(counts), bought)
        epochs.append(epoch)
    warn_of_estimates([e.all_zero for e in epochs], [e.gap for e in epochs])
    learned = epochs[-1].learned
    return Purchase(
        [rows[:count] for rows, count in zip(order, spent, strict=True)],
        np.stack([np.asarray(e.counts) for e in epochs]),
        np.asarray(epochs[-1].relevance),
        np.asarray(learned.representation @ learned.target_head),
        np.asarray(learned.representation),
    )


def _within(wanted: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Counts of the same sum, none above what is left; the excess goes to the others in proportion to what they wanted."""
    counts = np.minimum(wanted, left)
    while (excess := wanted.sum() - counts.sum()) > 0:
        share = np.where(left > counts, np.maximum(wanted, 1), 0)
        extra = np.minimum(left - counts, -(-excess * share // share.sum()))
        counts = counts + np.diff(np.minimum(np.cumsum(extra), excess), prepend=0)
    return counts
