"""What the deep figures share: images, sequences of tasks, the rules, one program per rule.

Data: MNIST (and Fashion-MNIST) by --data_dir (--fashion_dir), else the digits that come with scikit-learn as a stand-in: 64 inputs, 1437
images to learn from and 360 to be tested on.
"""

from typing import Any, NamedTuple

import numpy as np

from mtrl import continual
from mtrl.harness import Axis, BaseConfig, Claim, dataset, field, jax, jnp, less_than_zero, over_seeds, split_named
from mtrl.harness.judge.measures import LAST, mean, value
from mtrl.harness.picture.plots import looks

STEP, TASK, PLAIN = "BiVCL, last update", "BiVCL, last task", "no KL"
META, EWC = "metaplasticity", "EWC"
METHODS = (STEP, TASK, PLAIN, META, EWC)
LOOKS = looks(METHODS)
UNIT = "share of test images"
TINY = dict(epochs=1, batches=1, batch=8, hidden=(4,), consolidation=(1.35,), lam=(1.0,))  # for `smoke`


class Images(NamedTuple):
    """Split images."""

    train: Any  # (task, image, pixel)
    train_label: Any
    test: Any
    test_label: Any


class NetworkConfig(BaseConfig):
    """Networks of 64-128-128-10 on the stand-in, of 784-512-512-10 on files."""

    seeds: int = field(5, help="trials: first fields, permutations, noise", lower=1)
    hidden: tuple[int, ...] = field((128, 128), help="hidden units", lower=1)
    epochs: int = field(10, help="epochs per task", lower=1)
    batch: int = field(64, help="images in a mini-batch", lower=1)
    batches: int = field(22, help="mini-batches in an epoch", lower=1)
    gamma: float = field(1.0, help="weight of BiVCL's KL gradient to the last update", lower=0.0)
    gamma_task: float = field(1.0, help="weight of BiVCL's KL term to the last task, once an epoch", lower=0.0)
    consolidation: tuple[float, ...] = field(
        (0.5, 1.35, 3.0), help="sweep of metaplasticity's m", lower=0.0, distinct=True
    )
    lam: tuple[float, ...] = field((100.0, 10000.0), help="sweep of EWC's weight", lower=0.0, distinct=True)
    images: int = field(0, help="images per task to learn from, a quarter as many to be tested on; 0 for all", lower=0)
    data_dir: str = field("", help="folder with MNIST's idx files; empty: scikit-learn's digits", path=True)


def digits(data_dir: str, *, most: int = 32000) -> tuple[Any, Any, Any, Any]:
    """Flat images in [0, 1] with labels, to learn from and to test on."""
    from mtrl import data

    if data_dir:
        if data.has_part(data_dir, "train"):
            (x, y), (u, v) = data.load_mnist(data_dir, "train"), data.load_mnist(data_dir, "test")
            x, y = x[:most], y[:most]
        else:  # the test images alone: four fifths of them are learnt from
            images, labels = data.load_mnist(data_dir, "test")
            cut = len(images) * 4 // 5
            x, y, u, v = images[:cut], labels[:cut], images[cut:], labels[cut:]
    else:
        images, labels = data.load_digits()
        order = np.random.default_rng(0).permutation(len(images))
        x, y, u, v = images[order[:1437]], labels[order[:1437]], images[order[1437:]], labels[order[1437:]]
    flat = [np.reshape(a, (len(a), -1)).astype(np.float32) for a in (x, u)]
    return flat[0], y.astype(np.int32), flat[1], v.astype(np.int32)


def learn(
    key: Any, permutations: Any, images: Images, hyper: Any, schedule: Any, rate: Any, *, method: str, widths: tuple[int, ...],
    epochs: int, batch: int, batches: int,
) -> Any:  # fmt: skip
    """Accuracy (lane, epoch, task) on tasks in turn of metaplasticity or of the rules on fields; lanes sweep hyper-parameters, `schedule`
    is beta_f per epoch."""
    import optax

    keys = split_named(key, "start", "order", "noise", "test")
    tasks, adam = images.train.shape[0], optax.adam(rate, 0.9, 0.99)
    count = images.train.shape[1]

    def shown(x, task):
        return x[:, permutations[task]]

    def rule(strength, anchor, information, is_first, beta_f):
        if method == META:
            return continual.metaplasticity(widths=widths, optimiser=adam, consolidation=strength)
        step, task, quadratic = strength[0], *jnp.where(is_first, 0.0, strength[1:])

        def pull(state, beta_f):
            for t, before, kept, f in zip(state.fields, state.previous, anchor, information, strict=True):
                own = continual.objective.fisher(jnp.tanh(beta_f * t), beta_f)
                yield step * own * (t - before) + (task * own + quadratic * f) * (t - kept)

        how = dict(widths=widths, optimiser=adam, temperature=lambda step: beta_f)
        return continual.deep.pulled(**how, pull=lambda state, beta_f: list(pull(state, beta_f)))

    def scores(key, fields, x, beta_f):
        if method == META:
            return continual.binary_forward([continual.problem.sign(w) for w in fields], x)
        return continual.field_forward(key, fields, x, beta_f)

    def lane(strength):
        fields = continual.deep.draw_fields(keys["start"], widths, np.float32)
        if method == META:
            fields = [0.1 * w for w in fields]  # as small as the original's, beside its gate
        state = continual.deep.Network(fields, fields, adam.init(fields), jnp.asarray(0))

        def one_task(carry, task):
            state, anchor, information = carry
            x, y = shown(images.train[task], task), images.train_label[task]

            def one_epoch(state, e):
                now = task * epochs + e
                beta_f = schedule[now]
                order = jax.random.permutation(jax.random.fold_in(keys["order"], now), count)
                here = rule(strength, anchor, information, task == 0, beta_f)

                def step(i, state):
                    rows = order[(i * batch + jnp.arange(batch)) % count]
                    luck = jax.random.fold_in(jax.random.fold_in(keys["noise"], now), i)
                    return here.step(luck, state, continual.Batch(x[rows], y[rows]))[0]

                state = jax.lax.fori_loop(0, batches, step, state)

                def test(t):
                    luck = jax.random.fold_in(jax.random.fold_in(keys["test"], now), t)
                    return continual.accuracy(
                        scores(luck, state.fields, shown(images.test[t], t), beta_f), images.test_label[t]
                    )

                return state, jax.lax.map(test, jnp.arange(tasks))

            state, seen = jax.lax.scan(one_epoch, state, jnp.arange(epochs))
            if method != META:
                rows = continual.Batch(x[:256], y[:256])
                more = continual.deep.squared_gradients(
                    keys["test"], state.fields, rows, schedule[(task + 1) * epochs - 1]
                )
                information = jax.tree.map(jnp.add, information, more)
            return (state, state.fields, information), seen

        zeros = jax.tree.map(jnp.zeros_like, fields)
        _, seen = jax.lax.scan(one_task, (state, fields, zeros), jnp.arange(tasks))
        return seen.reshape(tasks * epochs, tasks)

    return jax.lax.map(lane, hyper)


def compared(config: Any, seeds: np.ndarray, images: Images, permute: Any, schedule: Any, rate: float) -> Any:
    """Accuracies (seed, method, epoch, task): of a swept rule the lane that is best on average at the end, which favours the baselines."""
    widths = (images.train.shape[-1], *config.hidden, 10)
    if config.images:
        most = config.images, config.images, config.images // 4, config.images // 4
        images = Images(*(a[:, :n] for a, n in zip(images, most, strict=True)))
    how = dict(widths=widths, epochs=config.epochs, batch=config.batch, batches=config.batches)

    def lanes_of(method, strengths):
        given = np.array(strengths, np.float32), np.asarray(schedule, np.float32), np.float32(rate)
        return over_seeds(learn, seeds, images, *given, per_seed=(permute,), in_turn=True, method=method, **how)

    # (weight of the KL gradient to the last update, to the last task, of the quadratic term) per lane
    once = config.gamma_task / config.batches
    fields = [(STEP, config.gamma, (config.gamma, 0.0, 0.0)), (PLAIN, 0.0, (0.0, 0.0, 0.0)), (TASK, once, (0.0, once, 0.0)),
              *((EWC, lam, (0.0, 0.0, lam)) for lam in config.lam)]  # fmt: skip
    lanes = np.concatenate([lanes_of(STEP, [row for *_, row in fields]), lanes_of(META, config.consolidation)], 1)
    rows = [row[:2] for row in fields] + [(META, x) for x in config.consolidation]
    score = lanes[:, :, -1].mean((0, 2))
    best = [max((i for i, row in enumerate(rows) if row[0] == m), key=lambda i: score[i]) for m in METHODS]
    return lanes[:, best], np.array([rows[i][1] for i in best])


def permutations(seeds: np.ndarray, tasks: int, pixels: int) -> np.ndarray:
    """(seed, task, pixel): the order of the pixels in every task."""
    return np.stack([[np.random.default_rng([int(s), t]).permutation(pixels) for t in range(tasks)] for s in seeds])


def accuracies(seeds: np.ndarray, found: np.ndarray, chosen: np.ndarray) -> Any:
    """The dataset of `compared`."""
    epochs, tasks = (np.arange(1, size + 1) for size in found.shape[2:])
    return dataset(
        seeds,
        {"method": list(METHODS), "epoch": Axis(epochs, "1", "epoch"), "task": tasks},
        accuracy=(("seed", "method", "epoch", "task"), found, UNIT, "accuracy"),
        chosen=("method", chosen, "1", "strength, the best of the sweep"),
    )


def end(method: str) -> Any:
    """Accuracy over the tasks after the last epoch."""
    return value("accuracy", method=method, epoch=LAST).over("task")


def ordering_claims(place: str) -> tuple[Claim, ...]:
    """What the paper says of the rules, and what the baselines are."""

    def better(text, lower, higher, where, make=Claim):
        return make(text, where, mean(end(lower) - end(higher)), less_than_zero, unit=UNIT, stand_in=True)

    both, keeps = f"abstract, and {place} (ordering)", "keeps what was learnt (ordering)"
    return (
        better("BiVCL (last update) above metaplasticity at the end, mean over tasks", META, STEP, both),
        better("BiVCL (last task) above metaplasticity at the end, mean over tasks", META, TASK, both, Claim.derived),
        better("BiVCL (last update) above the same rule without KL at the end", PLAIN, STEP, f"{place} (ordering)"),
        better("BiVCL (last task) above the same rule without KL at the end", PLAIN, TASK, f"the KL term {keeps}", Claim.derived),
        better("EWC above the rule without KL at the end", PLAIN, EWC, f"its quadratic part {keeps}", Claim.derived),
    )  # fmt: skip
