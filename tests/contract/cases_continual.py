"""Contract rows of continual learning with binary weights: two steps of every rule."""

import jax
import jax.numpy as jnp
import optax

from mtrl import continual
from mtrl.continual import deep
from tests.contract.table import Case

START = {"optimiser": "an object of Optax", "start": "an array; the rows draw theirs"}
ANCHOR = START | {"anchor": "an array, part of the example"}
WIDTHS = {"widths": "shapes of the example"}


def perceptron(key, dtype):
    """Inputs, labels, fields after the task before."""
    keys = jax.random.split(key, 2)
    x = jax.random.rademacher(keys[0], (8, 6), dtype)
    return x, continual.problem.sign(x.sum(1)), jax.random.normal(keys[1], (6,), dtype)


def images(key, dtype):
    """Inputs and fields after the task before; classes are fixed."""
    return jax.random.uniform(key, (6, 5), dtype), *deep.draw_fields(jax.random.fold_in(key, 1), (5, 4, 3), dtype)


def two_steps(key, algorithm, data):
    state = algorithm.init(jax.random.clone(key), data)
    return jax.lax.scan(lambda s, k: algorithm.step(k, s, data), state, jax.random.split(key, 2))


def on_examples(factory):
    """A rule of the perceptron."""

    def call(key, x, y, anchor, **hyper):
        rule = factory(optimiser=optax.sgd(0.1, momentum=0.5), anchor=anchor, **hyper)
        return two_steps(key, rule, continual.problem.examples(x, y))

    return call


def on_chain(key, x, y, anchor, **hyper):
    """Two moves; `anchor` is not asked for."""
    del anchor
    return two_steps(key, continual.gibbs(**hyper), continual.problem.examples(x, y))


def on_images(factory, **more):
    """A rule of networks."""

    def call(key, x, first, second, **hyper):
        given = {name: value([first, second]) for name, value in more.items()}
        rule = factory(widths=(5, 4, 3), optimiser=optax.sgd(0.1), **given, **hyper)
        return two_steps(key, rule, continual.Batch(x, jnp.array([0, 1, 2, 0, 1, 2])))

    return call


def warm(fields):
    """beta_f of every step."""
    return lambda step: 0.8


def scale_inputs(arrays, s):
    """Inputs alone: labels are signs, and fields of 1e10 are decided weights."""
    return arrays[0] * s, *arrays[1:]


THETA = dict(compare=lambda output: output[0].theta, key_dependent=True, scale=scale_inputs)
FIELDS = dict(compare=lambda output: output[0].fields, key_dependent=True, scale=scale_inputs)
FLOOR = {"floor": "met by decided weights alone"}

CASES = [
    Case(
        "continual bivcl",
        on_examples(continual.bivcl),
        perceptron,
        factory=continual.bivcl,
        hyper={"gamma": 0.5, "beta_f": 1.0},
        changed={"gamma": 2.0, "beta_f": 0.7},
        inert=ANCHOR | FLOOR,
        differs_from=("continual ewc",),
        **THETA,
    ),
    Case(
        "continual ewc",
        on_examples(continual.ewc),
        perceptron,
        factory=continual.ewc,
        hyper={"lam": 0.5, "beta_f": 1.0},
        changed={"lam": 2.0, "beta_f": 0.7},
        inert=ANCHOR | FLOOR | {"information": "an array; that of the fields by default"},
        **THETA,
    ),
    Case(
        "continual samples of the measure",
        on_chain,
        perceptron,
        factory=continual.gibbs,
        hyper={"beta": 2.0, "warm_up": 2.0, "stride": 0.05, "target": 0.8},
        static={"leaps": 3},
        changed={"beta": 5.0, "warm_up": 5.0, "stride": 0.02, "target": 0.1, "leaps": 2},
        inert={"start": START["start"]} | FLOOR,
        compare=lambda output: output[0].theta,
        key_dependent=True,
        scale=scale_inputs,
    ),
    Case(
        "continual Gaussian field",
        on_images(continual.gaussian_field, temperature=warm, anchor=lambda fields: fields),
        images,
        factory=continual.gaussian_field,
        hyper={"gamma": 0.5},
        static={"kl_reference": "step"},
        changed={"gamma": 2.0, "kl_reference": "task"},
        inert=ANCHOR | WIDTHS | {"temperature": "a function"},
        differs_from=("continual Gaussian field, EWC",),
        **FIELDS,
    ),
    Case(
        "continual Gaussian field, EWC",
        on_images(
            continual.gaussian_field_ewc,
            temperature=warm,
            anchor=lambda fields: fields,
            information=lambda fields: [t**2 for t in fields],
        ),
        images,
        factory=continual.gaussian_field_ewc,
        hyper={"lam": 0.5},
        changed={"lam": 2.0},
        inert=ANCHOR | WIDTHS | {"temperature": "a function", "information": "arrays, part of the example"},
        **FIELDS,
    ),
    Case(
        "continual metaplasticity",
        on_images(continual.metaplasticity),
        images,
        factory=continual.metaplasticity,
        hyper={"consolidation": 1.35, "scale": 1.0},
        changed={"consolidation": 0.1, "scale": 0.5},
        inert=START | WIDTHS,
        differs_from=("continual Gaussian field",),
        **FIELDS,
    ),
]
