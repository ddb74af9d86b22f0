"""The memory network: stories, a literal forward pass, a network that knows the answer, training in one stage and two."""

import jax
import numpy as np
import pytest

from mtrl.dynamics import gradient_noise as gn
from mtrl.numerics.errors import BadInput

KEY = jax.random.key(0)
TRAIN, TEST = gn.chains(KEY, words=4, rows=60), gn.chains(jax.random.key(1), words=4, rows=40)
SMALL = dict(words=4, width=6, hops=2)


def test_chains_lead_to_the_answer():
    stories = jax.tree.map(np.asarray, gn.chains(KEY, words=5, facts=3, rows=20))
    for sentence, question, answer in zip(*stories, strict=True):
        fact = dict(sentence.tolist())
        assert sorted(fact) == sorted(fact.values()) == list(range(5))
        assert fact[fact[fact[int(question)]]] == answer != question
    assert len({tuple(map(tuple, sentence.tolist())) for sentence in stories.sentence}) > 10


def test_answers_by_loops():
    """Softmax and linear hops against loops over rows, hops and sentences."""
    memory = gn.initial_memory(KEY, **SMALL, spread=1.0)
    found = {
        linear: jax.jit(lambda m, linear=linear: gn.answers(m, TEST.sentence, TEST.question, linear=linear))(memory)
        for linear in (False, True)
    }
    m, (sentence, question, _) = jax.tree.map(np.asarray, (memory, TEST))
    for linear, logits in found.items():
        for row in range(5):
            u = m.question[question[row]]
            for keys, values in zip(m.keys, m.values, strict=True):
                scores = np.array([u @ (keys[a] + keys[4 + b]) for a, b in sentence[row]])
                p = scores if linear else np.exp(scores) / np.exp(scores).sum()
                u = u + sum(
                    weight * (values[a] + values[4 + b]) for weight, (a, b) in zip(p, sentence[row], strict=True)
                )
            np.testing.assert_allclose(logits[row], u @ m.out, rtol=2e-4, atol=1e-4)


def test_a_network_that_follows_two_facts():
    """Blocks of width V hold the question, the first and the second fact's end: every answer is right."""
    one, none = 10 * np.eye(4, dtype=np.float32), np.zeros((4, 4), np.float32)
    first, second, third = (np.hstack([one if i == block else none for i in range(3)]) for block in range(3))
    nothing = 0 * first
    keys = np.stack([np.vstack([first, nothing]), np.vstack([second, nothing])])
    values = np.stack([np.vstack([nothing, second]), np.vstack([nothing, third])])
    memory = gn.Memory(first, keys, values, third.T)
    np.testing.assert_array_equal(np.argmax(gn.answers(memory, TEST.sentence, TEST.question), -1), TEST.answer)


@pytest.fixture(scope="module")
def reports():
    """Lanes of one program: no noise, 0 written otherwise, noise, two stages, a step that diverges."""
    memory = gn.initial_memory(KEY, **SMALL, spread=0.5)
    etas, shares, rates = np.array([[0, 0, 0.01], [-0.0, 0, 0.01], [1, 0, 0.01], [0, 0.5, 0.01], [0, 0, 1e30]]).T

    def one(eta, linear, lr):
        return gn.train_memory(
            KEY, memory, TRAIN, TEST, eta=eta, linear=linear, lr=lr, batch=8, every=100, checkpoints=2
        )

    return jax.tree.map(np.asarray, jax.jit(jax.vmap(one))(etas, shares, rates))


def test_training(reports):
    assert reports.error.shape == (5, 3) and reports.error.dtype == np.float32
    for path in reports:
        np.testing.assert_array_equal(path[0], path[1])
    assert (reports.loss[:4, -1] < reports.loss[:4, 0]).all() and (reports.loss[2] != reports.loss[0])[1:].all()
    assert (reports.loss[3, 1:] != reports.loss[0, 1:]).all() and reports.loss[0, -1] < np.log(4)
    assert reports.finite[:4].all() and not reports.finite[4, -1] and np.isnan(reports.error[4, -1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gn.chains(KEY, words=3, facts=3), "facts got 3, but must be below the number of words, 3"),
        (lambda: gn.chains(KEY, rows=0), "rows got 0"),
        (lambda: gn.initial_memory(KEY, **{**SMALL, "hops": 0}), "hops got 0"),
        (lambda: gn.initial_memory(KEY, **SMALL, spread=-1.0), "spread got -1"),
        (lambda: train(lr=0.0), "lr got 0"),
        (lambda: train(eta=-1.0), "eta got -1"),
        (lambda: train(clip=0.0), "clip got 0"),
        (lambda: train(linear=1.0), "linear got 1, but must be below 1"),
        (lambda: train(batch=0), "batch got 0, .*empty batch"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def train(**wrong):
    return gn.train_memory(KEY, gn.initial_memory(KEY, **SMALL), TRAIN, TEST, **wrong)
