import jax
import jax.numpy as jnp

from mtrl.mdp.known_representation import KNOWN_REPRESENTATION
from mtrl.mdp.multitask_lsvi import plan
from tests.helpers import assert_close
from tests.mdp.worlds import SHARED, episode, explored, small, steps


def test_it_is_multitask_lsvi_with_a_class_of_one():
    """The true map is the same at all stages here, so that the class {phi} is what the oracle knows."""
    params, counts = small(0), explored()
    state = KNOWN_REPRESENTATION.init(jax.random.key(0), params, None)._replace(counts=counts)
    _, (info,) = steps(KNOWN_REPRESENTATION, params, 1, state=state, beta=0.1, ridge=0.1)
    truth = params.known.candidates[int(params.truth[0])][None]
    one = plan(counts, truth, jnp.asarray(SHARED), beta=0.1, conf=0.1, ridge=0.1)
    task, start = jnp.arange(3), episode(0, params).start
    gap = one.q[task, 0, start].max(-1) - params.world.optimum[task, 0, start]
    assert_close("optimism", info.optimism, gap, 1e-12)
