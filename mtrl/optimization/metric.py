"""The relative score of a multi-task model against single-task baselines, its sign convention in the name of the function.

Delta_m (Maninis et al., CVPR 2019): the mean relative change of the metrics, in per cent, turned so that **negative is better**; papers
that average all metrics at once and papers that average within tasks first both call it Delta_m. Delta_p of LibMTL's tables
(Rep-MTL, arXiv 2507.21049) is its negative: **positive is better**.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice, check_shape, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import Numbers

WEIGHTINGS = ("task", "metric")


def delta_m_lower_is_better(
    values: Numbers,
    baseline: Numbers | None,
    *,
    higher_is_better: Sequence[bool],
    task: Sequence[int] | None = None,
    weighting: str = "task",
) -> Float[Array, "*batch"]:
    """Delta_m in per cent; negative means better than the baseline.

    Args:
      values: M_m (*batch, metric).
      baseline: M_b (metric,), of single-task models.
      higher_is_better: per metric (sigma = 1).
      task: per metric, the task that it belongs to, 0..T-1; None gives every metric its own task.
      weighting: "task" averages within tasks first, "metric" averages all metrics at once.

    Raises:
      BadInput: the baseline is missing, zero or not finite, or lengths differ.
    """
    check_choice("weighting", weighting, WEIGHTINGS)
    if baseline is None:
        raise BadInput("baseline got None, but Delta_m is relative to single-task values; train one model a task first")
    base, scores = jnp.asarray(baseline, float), jnp.asarray(values, float)
    metrics = len(higher_is_better)
    check_shape("baseline", base, (metrics,), hint="one single-task value a metric")
    check_shape("the last axis of values", np.empty(scores.shape[-1:]), (metrics,), hint="one value a metric")
    told = known(base)
    if told is not None and not (np.isfinite(told) & (told != 0)).all():
        bad = int(np.flatnonzero(~(np.isfinite(told) & (told != 0)))[0])
        raise BadInput(
            f"baseline of metric {bad} got {told[bad]:g}, but a relative change needs a finite number other than 0; measure it anew"
        )
    owner = np.arange(metrics) if task is None else np.asarray(task)
    check_shape("task", owner, (metrics,), hint="the task of each metric")
    counts = np.bincount(owner)
    weights = 1 / counts[owner] / np.count_nonzero(counts) if weighting == "task" else np.full(metrics, 1 / metrics)
    sign = np.where(np.asarray(higher_is_better), -1.0, 1.0)
    return 100 * ((scores - base) / base) @ jnp.asarray(weights * sign)


def delta_p_higher_is_better(
    values: Numbers, baseline: Numbers | None, *, higher_is_better: Sequence[bool], task: Sequence[int] | None = None
) -> Float[Array, "*batch"]:
    """Delta_p of LibMTL in per cent, task-weighted: the negative of `delta_m_lower_is_better`; same arguments and errors."""
    return -delta_m_lower_is_better(values, baseline, higher_is_better=higher_is_better, task=task)
