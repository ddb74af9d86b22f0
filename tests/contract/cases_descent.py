"""Contract rows of the aggregators of task gradients."""

import jax

from mtrl import descent
from tests.contract.table import Case

TASKS, DIM = 3, 5
RANDOM = (descent.pcgrad, descent.gradvac, descent.graddrop)


def gradients(key, dtype):
    return (jax.random.normal(key, (TASKS, DIM), dtype),)


def first_step(factory):
    """Directions of two steps, the second on mirror images of the gradients, and whether all was finite (numbers of the Gramian are float64)."""

    def call(key, J, **options):
        given = {"key": key} if factory in RANDOM else {}
        made = factory(tasks=TASKS, **given, **options)
        one, state = made.update(J, made.init(J[0]))
        two, state = made.update(J[:, ::-1], state)
        return one, two, state.diagnostics.finite

    return call


def moved(output):
    return output[:2]


def row(factory, **options):
    name = factory.__name__
    permute = (
        {} if factory in RANDOM else dict(permute=lambda J, p: (J[0][p],), unpermute=lambda out, p: out, tasks=TASKS)
    )
    if name in ("mean",):
        return Case(f"descent.{name}", first_step(factory), gradients, compare=moved, **options)
    return Case(
        f"descent.{name}", first_step(factory), gradients, compare=moved, key_dependent=factory in RANDOM,
        differs_from=("descent.mean",), **permute, **options,
    )  # fmt: skip


CASES = [
    row(descent.mean),
    row(descent.mgda, changed={"normalise": "l2"}),
    row(descent.pcgrad),
    row(descent.gradvac, hyper={"beta": 0.5}, changed={"beta": 0.9}),
    row(descent.graddrop, hyper={"leak": 0.1}, changed={"leak": 0.6}),
    row(descent.cagrad, hyper={"c": 0.5}, static={"iterations": 30}, changed={"c": 0.2, "rescale": "square"}),
    row(descent.imtl_g),
    row(descent.nash_mtl, changed={"largest_norm": 0.5}),
    row(descent.fairgrad, hyper={"gamma": 2.0}, changed={"gamma": 1.0}),
    row(descent.aligned_mtl, changed={"scale": "rmse"}),
    row(descent.upgrad),
    row(descent.con_fig),
]
