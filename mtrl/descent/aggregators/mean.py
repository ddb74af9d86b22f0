"""Linear scalarisation: the weighted mean of the task gradients."""

from typing import Any

import optax

from mtrl.descent.aggregation import check_preference, check_tasks, from_gramian


def mean(*, tasks: int, preference: Any = None) -> optax.GradientTransformationExtraArgs:
    """`d = sum_t w_t g_t`, `w_t = 1/T` unless a preference is given."""
    check_tasks(tasks)
    w = check_preference(preference, tasks)
    return from_gramian(lambda gram, carry, key, scale: (w, carry), tasks=tasks)
