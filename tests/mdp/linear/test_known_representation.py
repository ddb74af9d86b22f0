import jax.numpy as jnp

from mtrl.mdp.linear.known_representation import known_representation
from mtrl.mdp.linear.multitask_lsvi import multitask_lsvi
from tests.helpers import assert_close
from tests.mdp.linear.worlds import small, steps


def test_it_is_multitask_lsvi_with_a_class_of_one():
    """The true map is the same at all stages here, so that the class {phi} is what the oracle knows."""
    params = small(0)
    alone = params._replace(candidates=params.features[:1], truth=jnp.zeros(3, jnp.int32))
    _, oracle = steps(known_representation(beta=0.1, ridge=0.1), params, 4)
    _, learner = steps(multitask_lsvi(beta=0.1, ridge=0.1), alone, 4)
    for a, b in zip(oracle, learner, strict=True):
        assert_close("optimism", a.optimism, b.optimism, 1e-12)
        assert_close("regret", a.regret, b.regret, 1e-12, 1e-15)
