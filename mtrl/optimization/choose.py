"""One of several aggregators by a traced index: many methods share one compiled training, in which only the chosen one runs."""

from collections.abc import Sequence
from typing import Any

import jax
import optax

from mtrl.numerics.checks import check_whole
from mtrl.numerics.errors import BadInput


def choose(
    aggregators: Sequence[optax.GradientTransformationExtraArgs], index: Any
) -> optax.GradientTransformationExtraArgs:
    """The `index`-th aggregator, its state beside the others' untouched ones; loop over the index by `lax.map`, not by `vmap`.

    Raises:
      BadInput: there is none to choose from, or the index (where it is known) is outside.
    """
    if not aggregators:
        raise BadInput("aggregators got an empty list, but there must be one to choose; give at least one")
    check_whole(index=index, lower=0, upper=len(aggregators) - 1)

    def update(updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        def branch(i):
            def run(updates, state):
                found, after = aggregators[i].update(updates, state[i], params, **extra)
                return found, (*state[:i], after, *state[i + 1 :])

            return run

        return jax.lax.switch(index, [branch(i) for i in range(len(aggregators))], updates, state)

    return optax.GradientTransformationExtraArgs(lambda params: tuple(a.init(params) for a in aggregators), update)
