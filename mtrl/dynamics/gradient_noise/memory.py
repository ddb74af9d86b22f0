"""An end-to-end memory network on chains of facts: a small stand-in for questions with several supporting facts.

Network: Sukhbaatar, Szlam, Weston and Fergus, "End-To-End Memory Networks", NeurIPS 2015, arXiv 1503.08895, sections 2 and 4; noise in its
training: Neelakantan et al. 2015, arXiv 1511.06807, section 4.2. With a story of sentences x_1..x_S and a question q, `u = B q` at first; a
hop takes `p_i = softmax_i(u . A_k x_i)` and adds `sum_i p_i C_k x_i` to u; the answer is `softmax(W u)`.

| symbol | name | shape |
| --- | --- | --- |
| B | question | (word, d) |
| A_k | keys | (hop, 2 word, d) |
| C_k | values | (hop, 2 word, d) |
| W | out | (d, word) |

A sentence "a leads to b" is a bag of two of 2V words, as a word in its first place and in its second have their own embeddings. Hops do not
share embeddings (the paper ties C_k with A_{k+1}). Facts have no order, so that there is no embedding of time.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from mtrl import nn
from mtrl.descent.noise import GAMMA, clipped_noise
from mtrl.numerics.checks import check_nonnegative, check_positive, check_whole, known
from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey, Scalar


class Stories(NamedTuple):
    """Facts `sentence[..., 0] leads to sentence[..., 1]`, a question word, and the word some facts further on."""

    sentence: Int[Array, "sample sentence 2"]
    question: Int[Array, " sample"]
    answer: Int[Array, " sample"]


class Memory(NamedTuple):
    """All parameters; see the module."""

    question: Float[Array, "word d"]
    keys: Float[Array, "hop words d"]
    values: Float[Array, "hop words d"]
    out: Float[Array, "d word"]


class MemoryReport(NamedTuple):
    """What is seen at every checkpoint, the start included."""

    error: Float[Array, " checkpoint"]  # share of test questions answered wrongly
    loss: Float[Array, " checkpoint"]  # cross-entropy on the train stories, nats a question
    finite: Bool[Array, " checkpoint"]  # certificate: weights were finite here


def chains(key: PRNGKey, *, words: int = 6, facts: int = 2, rows: int = 1000) -> Stories:
    """Stories whose facts are the links of one random cycle through all words; the answer is `facts` links after the question.

    Args:
      key: PRNG key.
      words: V; a story has as many sentences.
      facts: links to follow, the number of supporting facts, below V.
      rows: stories.

    Raises:
      BadInput: a size below 1, or as many facts as words, which lead back to the question.
    """
    check_whole(words=words, facts=facts, rows=rows)
    if facts >= words:
        raise BadInput(f"facts got {facts}, but must be below the number of words, {words}; the chain is a cycle")
    order = jnp.argsort(jax.random.uniform(key, (rows, words)), axis=1)
    return Stories(jnp.stack([order, jnp.roll(order, -1, axis=1)], axis=-1), order[:, 0], order[:, facts])


def initial_memory(
    key: PRNGKey, *, words: int, width: int, hops: int, spread: Scalar = 0.1, dtype: Any = jnp.float32
) -> Memory:
    """Normal embeddings of standard deviation `spread` (0.1 in the paper).

    Raises:
      BadInput: a size below 1, a negative spread.
    """
    check_whole(words=words, width=width, hops=hops)
    check_nonnegative(spread=spread)
    draws = jnp.asarray(spread, dtype) * jax.random.normal(key, (2 * (1 + 2 * hops) * words, width), dtype)
    ends = words, words * (1 + 2 * hops), words * (1 + 4 * hops)
    question, keys, values, out = jnp.split(draws, ends)
    shape = hops, 2 * words, width
    return Memory(question, keys.reshape(shape), values.reshape(shape), out.T)


def answers(
    memory: Memory,
    sentence: Int[Array, "sample sentence 2"],
    question: Int[Array, " sample"],
    *,
    linear: Bool[Array, ""] | bool = False,
) -> Float[Array, "sample word"]:
    """Logits of the answer.

    Args:
      memory: parameters.
      sentence, question: stories.
      linear: whether the hops leave out their softmax, as in the first of two stages of training (the paper's linear start).
    """
    words = memory.question.shape[0]
    bag = jax.nn.one_hot(sentence, words, dtype=memory.question.dtype).reshape(*sentence.shape[:-1], 2 * words)

    def hop(u, given):
        key, value = given
        scores = jnp.einsum("bd,bsd->bs", u, bag @ key)
        return u + jnp.einsum(
            "bs,bsd->bd", jnp.where(linear, scores, jax.nn.softmax(scores, axis=-1)), bag @ value
        ), None

    u, _ = jax.lax.scan(hop, memory.question[question], (memory.keys, memory.values))
    return u @ memory.out


def train_memory(
    key: PRNGKey,
    memory: Memory,
    train: Stories,
    test: Stories,
    *,
    eta: Scalar = 0.0,
    gamma: Scalar = GAMMA,
    lr: Scalar = 0.01,
    clip: Scalar = 40.0,
    linear: Scalar = 0.0,
    batch: int = 32,
    every: int = 620,
    checkpoints: int = 10,
) -> MemoryReport:
    """Gradient descent on the cross-entropy summed over a batch, clipped, then noise; lr is halved four times in the first half.

    Args:
      key: PRNG key; settings that share it share batches and noise draws.
      memory: initial weights, whose dtype is kept.
      train, test: stories.
      eta, gamma: noise: the variance of the first update's and its decay (0 for fixed noise). They and the next three may be traced.
      lr: of the first eighth of the updates.
      clip: largest norm of the gradient, before noise.
      linear: share of the updates, from the first, without softmax in the hops; 0 for training in one stage.
      batch: stories of an update.
      every: updates between checkpoints.
      checkpoints: their number, beside the start.

    Raises:
      BadInput: a size below 1; lr or clip not above 0; eta or gamma below 0; linear outside [0, 1).
    """
    check_whole(batch=batch, every=every, checkpoints=checkpoints, hint="an empty batch has no gradient")
    check_positive(lr=lr)
    check_nonnegative(linear=linear)
    share = known(linear)
    if share is not None and (share >= 1).any():
        raise BadInput(
            f"linear got {float(share.max()):g}, but must be below 1; the network is tested with its softmax"
        )
    keys = split_named(key, "noise", "batches")
    updates, rows, dtype = every * checkpoints, train.question.shape[0], memory.out.dtype

    def rate(count):
        halvings = jnp.minimum(jnp.floor(jnp.asarray(count, dtype) * (8 / updates)), 4)
        return jnp.asarray(lr, dtype) * 0.5**halvings

    rule = optax.chain(clipped_noise(keys["noise"], eta=eta, gamma=gamma, clip=clip), optax.sgd(rate))
    drawn = jax.random.randint(keys["batches"], (checkpoints, every, batch), 0, rows)
    early = jnp.arange(updates).reshape(checkpoints, every).astype(dtype) < jnp.asarray(linear, dtype) * updates

    def loss(memory, given):
        chosen, early = given
        logits = answers(memory, train.sentence[chosen], train.question[chosen], linear=early)
        return optax.softmax_cross_entropy_with_integer_labels(logits, train.answer[chosen]).sum()

    def report(memory):
        found = jnp.argmax(answers(memory, test.sentence, test.question), axis=-1)
        left = loss(memory, (jnp.arange(rows), jnp.asarray(False))) / rows
        finite = jnp.isfinite(optax.tree.norm(memory))
        return MemoryReport(jnp.where(finite, jnp.mean((found != test.answer).astype(dtype)), jnp.nan), left, finite)

    def chunk(state, given):
        before = report(state.params)
        return nn.descend(state, given, loss=loss, optimiser=rule)[0], before

    state, found = jax.lax.scan(chunk, nn.start(memory, rule), (drawn, early))
    return jax.tree.map(lambda path, last: jnp.concatenate([path, last[None]]), found, report(state.params))
