"""Segmentation, depth and normals from one picture: Delta_m against one network a task, on drawn boxes or on NYUv2's and Cityscapes' files.

python -m experiments.multitask_optimization --figure=scenes (drawn boxes, a stand-in; `--data_dir` is for a folder with train and val as
`mtrl.data.read_scenes` describes it, of which Cityscapes has no normals).
"""

import numpy as np

from experiments.multitask_optimization import protocol
from experiments.multitask_optimization.protocol import ALIGNED, LOOKS, MEAN, MGDA
from mtrl import data as readers
from mtrl import nn, optimization
from mtrl.harness import BaseConfig, Claim, Figure, dataset, field, jax, jnp, less_than_zero, over_seeds, split_named
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

METHODS = (MEAN, MGDA, "pcgrad", "cagrad", "imtl_g", "nash_mtl", ALIGNED, "uw", "fairgrad", "upgrad")
QUICK = (MEAN, MGDA, ALIGNED, "uw")  # all ten had not compiled after 56 s of processor time
WORDS = "Delta_m, lower is better"


class ScenesConfig(BaseConfig):
    """A small convolutional encoder and decoder with a linear head a task."""

    seeds: int = field(6, help="weights and batches, and scenes where they are drawn", lower=2)
    samples: int = field(64, help="training frames; of files the first, 0 for all", lower=0)
    side: int = field(8, help="rows and columns of drawn scenes", lower=4)
    width: int = field(8, help="shared features of a pixel", lower=1)
    channels: tuple[int, ...] = field((8,), help="channels of the body's convolutions", lower=1)
    steps: int = field(200, help="updates", lower=1)
    batch: int = field(8, help="frames an update", lower=1)
    rate: float = field(1e-2, help="Adam's learning rate", lower=0.0, strict=True)
    methods: tuple[str, ...] = field(QUICK, help="aggregators and loss weightings", choices=METHODS, distinct=True)
    data_dir: str = field("", help="folder with train and val of NYUv2 or Cityscapes; empty: drawn boxes", path=True)


def frames_of(config):
    """((training, test) frames, classes) from the files; the frames are None where they are drawn."""
    if not config.data_dir:
        return None, 4
    parts = [readers.read_scenes(config.data_dir, part, most=config.samples) for part in ("train", "val")]
    classes = max(2, 1 + max(int(part.label.max()) for part in parts))
    return [optimization.scenes.frames(*part, classes=classes) for part in parts], classes


def compared(key, parts, rate, *, methods, classes, normals, samples, side, width, channels, steps, batch):
    """Scores (method, metric) in one program, one network a task last."""
    scenes, keys = optimization.scenes, split_named(key, "train", "test", "init", "batches", "luck", "rules")
    if parts is None:
        parts = [scenes.boxes(keys[name], samples=samples, side=side, classes=classes) for name in ("train", "test")]
    train, held = parts
    model, tasks = scenes.network(classes=classes, normals=normals, width=width, channels=channels), 2 + normals
    rules = [protocol.aggregator(name, tasks, key=keys["rules"], steps=steps) for name in methods]
    rules += map(optimization.alone, range(tasks))
    rows = jax.random.randint(keys["batches"], (steps, batch), 0, train.image.shape[0])

    def one(index):
        rule = optimization.plain(optimization.choose(rules, index))
        learner = optimization.train(rule, optimiser=nn.adam(rate), initial=model.initial, split=model.split)
        state, _ = optimization.fit(learner, train, rows, init=keys["init"], luck=keys["luck"])
        return scenes.scores(model.outputs(state.weights, held.image), held)

    return jax.lax.map(one, jnp.arange(len(rules)))


def run(config, seeds):
    """One cell."""
    scenes, (parts, classes) = optimization.scenes, frames_of(config)
    normals = parts is None or parts[0].normal is not None
    names = ("methods", "side", "width", "channels", "steps", "batch")
    sizes = {name: getattr(config, name) for name in names} | dict(samples=max(1, config.samples))
    rate = np.float32(config.rate)
    scores = over_seeds(compared, seeds, parts, rate, classes=classes, normals=normals, in_turn=True, **sizes)
    owner, tasks = scenes.TASK_OF_METRIC[: scores.shape[-1]], 2 + normals
    own, alone = scores[:, :-tasks], scores[:, -tasks:]
    base = np.stack([alone[:, task, i] for i, task in enumerate(owner)], axis=-1)
    known = dict(higher_is_better=scenes.HIGHER_IS_BETTER[: len(owner)], task=owner)
    change = np.asarray(optimization.delta_m_lower_is_better(own, base.mean(0), **known))
    return dataset(
        seeds,
        {"method": list(config.methods), "metric": list(scenes.METRICS[: len(owner)])},
        delta_m_lower_is_better_scenes=(("seed", "method"), change, "%", WORDS),
        score=(("seed", "method", "metric"), own, "", "test score"),
        baseline=(("seed", "metric"), base, "", "test score of one network a task"),
    )


def draw(data, config):
    """Delta_m of every method."""
    figure, axes = plots.panel(width=6.0, height=3.8)
    plots.bars(axes[0, 0], data["delta_m_lower_is_better_scenes"], "method", LOOKS)
    plots.finish(axes[0, 0], title=config.data_dir and "own files" or "drawn boxes (stand-in)", legend=None)
    return figure


def tables(data, config):
    """Scores of every method, and of one network a task."""
    rows = [(LOOKS[m].words, data["score"].sel({"method": m})) for m in data["method"].values]
    rows.append(("one network a task", data["baseline"]))
    cells = [[words, *map(float, part.mean("seed").values)] for words, part in rows]
    return [plots.Table("test scores, means over seeds", ["method", *data["metric"].values], cells)]


def beats(other, paper):
    """Aligned-MTL against another method."""
    name = "delta_m_lower_is_better_scenes"
    return Claim(f"Aligned-MTL beats {LOOKS[other].words} on scenes (difference of Delta_m)",
                 f"Senushkin et al., tables 1 to 3 (ordering: {paper} on Cityscapes)",
                 mean(value(name, method=ALIGNED) - value(name, method=other)), less_than_zero, unit="%", stand_in=True)  # fmt: skip


FIGURE = Figure(
    __name__,
    tables=tables,
    title="Segmentation, depth and normals of scenes: Delta_m against one network a task",
    question="On scenes with segmentation, depth and normals, which method comes closest to one network per task?",
    claims=(beats(MEAN, "-0.02 and 14.30"), beats(MGDA, "-0.02 and 20.62")),
    presets={
        "smoke": dict(seeds=2, samples=4, width=2, channels=(2,), steps=2, batch=2, methods=(MEAN, MGDA, ALIGNED)),
        "paper": dict(seeds=30, samples=0, side=64, width=64, channels=(64, 128, 256), steps=20_000, methods=METHODS),
    },
)
