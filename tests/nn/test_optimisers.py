"""Adam with L2 decay is Adam on the penalised loss."""

import jax
import jax.numpy as jnp
import numpy as np

from mtrl import nn
from tests.helpers import assert_close


def test_decay_is_the_gradient_of_the_penalty_divided_by_the_tasks_on_heads(key):
    """Three steps are those of Kingma and Ba's recursion on `f + decay/2 (|body|^2 + |heads|^2/M)`."""
    tasks, decay, rate = 5, 0.3, 0.02
    network = nn.Network({"w": jax.random.normal(key, (3,))}, jnp.ones((tasks, 2)))

    def loss(n):
        return (jnp.cosh(n.body["w"]).sum() + (n.heads * n.body["w"][0]).sum()) ** 2

    def penalised(n):
        return loss(n) + 0.5 * decay * ((n.body["w"] ** 2).sum() + (n.heads**2).sum() / tasks)

    rule, slope = nn.adam(rate, decay=nn.shared_decay(decay, tasks)), jax.jit(jax.grad(penalised))
    state, _ = jax.jit(lambda s: nn.descend(s, jnp.arange(3), loss=lambda n, _: loss(n), optimiser=rule))(
        nn.start(network, rule)
    )
    first, second = (jax.tree.map(np.zeros_like, network) for _ in range(2))
    for t in range(1, 4):
        g = slope(network)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, g)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, g)
        a, b = 1 - 0.9**t, 1 - 0.999**t
        network = jax.tree.map(
            lambda w, m, v, a=a, b=b: w - rate * (m / a) / (np.sqrt(v / b) + 1e-8), network, first, second
        )
    assert_close("body", state.params.body["w"], network.body["w"], rtol=1e-10)
    assert_close("heads", state.params.heads, network.heads, rtol=1e-10)


def test_one_number_decays_everything_and_none_is_plain_adam():
    params = {"a": jnp.ones(2), "b": jnp.ones(())}
    zero = jax.tree.map(jnp.zeros_like, params)
    rule = nn.adam(0.1, decay=0.5)
    change, _ = rule.update(zero, rule.init(params), params)
    assert all(bool((leaf < 0).all()) for leaf in jax.tree.leaves(change))
    plain = nn.adam(0.1)
    change, _ = plain.update(zero, plain.init(params), params)
    assert all(bool((leaf == 0).all()) for leaf in jax.tree.leaves(change))
