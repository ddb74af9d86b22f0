"""R1: classical methods on real tasks. Embedded stand-ins for the data sets the survey names (School, SARCOS).

`linnerud`: 3 physiological responses of 20 people, shared design. `diabetes`: 442 patients in 10 tasks by decile of age
(age dropped). `digits`: one-against-all labels of 10 digits, shared design. `--school=FILE`, `--sarcos=FILE`: those data in the layouts of
their public copies. `--data_dir=FILE`: any multitask table, published or one's own (`mtrl.data.read_tasks`). Every seed is a random split;
inputs and responses are centred on the training rows of a task; errors are relative to single-task ridge on the same split.

Wide tables (hundreds of inputs, fewer rows that train: oes97, oes10 and atp1d of Mulan) keep the rows of their folds instead of Gram
matrices, and their splits run one after another.
"""

import pathlib

import numpy as np

from experiments.linear_representation import methods
from experiments.linear_representation.protocol import convex
from mtrl import data as readers
from mtrl import representation
from mtrl.harness import BadInput, Figure, OwnDataConfig, dataset, field, jax, jnp, over_seeds, split_named
from mtrl.harness.judge.claims import Claim, at_most
from mtrl.harness.judge.measures import bootstrap, value
from mtrl.harness.picture import plots
from mtrl.numerics import checks
from mtrl.numerics import moments as statistics

DATASETS = ("linnerud", "diabetes", "digits", "school", "sarcos", "own")
FILES = {"school": "school", "sarcos": "sarcos", "own": "data_dir"}  # data set -> field with its place
METHODS = ("single-task ridge", "pooled ridge", "mean-regularised", "MTFS", "trace norm", "MTRL")
TRAIN = {"linnerud": 0.6, "diabetes": 0.5, "digits": 0.03, "school": 0.6, "sarcos": 0.02, "own": 0.5}
FOLDS = 3


class RealConfig(OwnDataConfig):
    """Test error on real tasks, relative to single-task ridge."""

    seeds: int = field(24, help="number of random splits", lower=1)
    datasets: tuple[str, ...] = field(DATASETS[:3], help="data sets", choices=DATASETS)
    school: str = field("", help="school.mat or school_b.mat, for the data set school", path=True)
    sarcos: str = field("", help="sarcos_inv.mat or sarcos_inv_test.mat, for the data set sarcos", path=True)
    splits: str = field(
        "",
        help="folder with school_<i>_indexes.mat, the published splits, one a seed, instead of random ones",
        path=True,
    )
    rows: int = field(4000, help="most rows of a task that are used, a random choice", lower=10)
    points: int = field(6, help="penalty weights on the path", lower=2)
    iterations: int = field(1000, help="FISTA iterations per weight, at most", lower=1)
    gap: float = field(1e-4, help="relative duality gap at which they stop", lower=0.0, strict=True)

    def validate(self):
        """A data set on file needs its path."""
        for name, place in FILES.items():
            if name in self.datasets and not getattr(self, place):
                raise BadInput(f"data set {name} needs its file; give --{place}=FILE or leave it out of --datasets")


def load(name, config):
    """Tasks of a data set: x (T, n, d) standardised, y (T, n), mask."""
    from sklearn import datasets

    if name in FILES:
        tasks = _from_file(name, config)
    elif name == "diabetes":
        bunch = datasets.load_diabetes()
        decile = np.searchsorted(np.quantile(bunch.data[:, 0], np.arange(1, 10) / 10), bunch.data[:, 0])
        rows = bunch.data[:, 1:]
        tasks = readers.pad([rows[decile == t] for t in range(10)], [bunch.target[decile == t] for t in range(10)])
    else:
        bunch = datasets.load_linnerud() if name == "linnerud" else datasets.load_digits()
        labels = bunch.target if name == "linnerud" else np.eye(10)[bunch.target]
        tasks = readers.pad([bunch.data] * labels.shape[1], list(labels.T.astype(float)))
    kept = tasks.x[tasks.mask]
    scale = kept.std(0)
    x = (tasks.x - kept.mean(0)) / np.where(scale > 0, scale, 1)
    y = (tasks.y - tasks.y[tasks.mask].mean()) / tasks.y[tasks.mask].std()
    return x, y, tasks.mask


def _from_file(name, config):
    """Tasks on file, those of many rows cut to a random choice; refused where none would be left to test."""
    path = getattr(config, FILES[name])
    table = dict(task=config.columns[0], target=config.columns[1], outputs=config.outputs) if name == "own" else {}
    tasks = readers.read_tasks(path, **table)
    least = next(n for n in range(2 * FOLDS + 1, 10_000) if round(TRAIN[name] * n) < n)
    readers.check_rows(tasks, least, path, f"so that {2 * FOLDS} train and one is left to test")
    if np.ptp(np.concatenate(tasks.y)) == 0:
        raise BadInput(f"the responses of {path} are all equal; there is nothing to predict")
    rng = np.random.default_rng(0)
    chosen = [np.sort(rng.permutation(len(y))[: config.rows]) for y in tasks.y]
    if tasks.shared:
        chosen = [chosen[0]] * len(tasks.y)
    return readers.pad(
        [x[rows] for x, rows in zip(tasks.x, chosen, strict=True)],
        [y[rows] for y, rows in zip(tasks.y, chosen, strict=True)],
    )


def published_splits(config, seeds, mask):
    """Rows that train in the published splits of School, one file a seed, (seed, task, sample)."""
    place = pathlib.Path(config.splits)
    files = sorted(place.glob("school_*_indexes.mat"), key=lambda path: (len(path.name), path.name))
    if max(seeds) >= len(files):
        raise BadInput(
            f"splits got {place} with {len(files)} files school_<i>_indexes.mat; give --seeds={max(1, len(files))}, one a file"
        )
    chosen = np.zeros((len(seeds), *mask.shape), bool)
    task, sample = np.nonzero(mask)  # students in the order of the file, school by school
    for split, seed in zip(chosen, seeds, strict=True):
        train, test = readers.read_splits(files[seed])
        if max(train.max(), test.max()) >= len(task):
            raise BadInput(
                f"{files[seed]} counts to {max(train.max(), test.max()) + 1}, but {config.school} holds {len(task)} students"
            )
        split[task[train], sample[train]] = True
    return chosen


def few_rows(mask, fraction, dim):
    """The most rows of a task that train where they are too few to pay for Gram matrices, else 0."""
    most = int(np.maximum(np.round(fraction * mask.sum(1)), 2 * FOLDS).max())
    return 0 if convex.gram_pays(most, dim, 1) else most


def one_split(key, *arrays, name, folds=FOLDS, published=False, rows=0, **options):
    """Test RMSE, mean over tasks, of one method on a random split of (x, y, mask, share that trains), or on a given one before these.

    With `rows` the folds stay rows, of at most so many a task, instead of moments: the same estimators.
    """
    given, x, y, mask, fraction = arrays if published else (None, *arrays)
    keys = split_named(key, "split")
    order = jnp.where(mask, jax.random.uniform(keys["split"], mask.shape), 2.0)
    rank = jnp.argsort(jnp.argsort(order, axis=1), axis=1)
    count = jnp.maximum(jnp.round(fraction * jnp.sum(mask, axis=1)), 2 * folds)[:, None]
    train = (rank < count) & mask if given is None else given
    test = mask & ~train

    def centre(v, weights):
        mean = jnp.sum(v * weights, axis=1, keepdims=True) / jnp.sum(weights, axis=1, keepdims=True)
        return v - mean

    x, y = centre(x, train[..., None]), centre(y, train)
    if rows:
        data = convex.fold_rows(x, y, rank, train, folds, most=rows)
    else:
        data = statistics.fold_moments(x, y, jnp.where(train, rank % folds, -1), folds)
    chosen = methods.select(name, data, clusters=3, ratio_min=1e-3, ratios=(0.5,), **options)
    residual = jnp.where(test, jnp.einsum("tnd,dt->tn", x, chosen.weights) - y, 0)
    return jnp.mean(jnp.sqrt(jnp.sum(residual**2, axis=1) / jnp.sum(test, axis=1)))


def run(config, seeds):
    """One data set."""
    name = config.datasets[0]
    arrays = load(name, config)
    representation.pack_tasks(*arrays)
    checks.check_whole(lower=2, tasks=len(arrays[0]))
    options = dict(points=config.points, iterations=config.iterations, gap=config.gap)
    published = name == "school" and bool(config.splits)
    given = (published_splits(config, seeds, arrays[2]),) if published else ()
    options |= dict(published=True) if published else {}
    rows = 0 if published else few_rows(arrays[2], TRAIN[name], arrays[0].shape[2])
    # One split at a time: many at once wait for the slowest, and those of large files leave the cache.
    options |= dict(rows=rows, per_seed=given, in_turn=True)
    errors = [over_seeds(one_split, seeds, *arrays, TRAIN[name], name=method, **options) for method in METHODS]
    unit = "test RMSE over the standard deviation of all responses, mean over tasks"
    return dataset(seeds, {"method": METHODS}, rmse=(("method", "seed"), np.stack(errors), unit))


RELATIVE = value("rmse") / value("rmse", method=METHODS[0])


def draw(data, config):
    """Error against single-task ridge, as a change in percent."""
    names = list(data["datasets"].values)
    canvas, axes = plots.panel(1, len(names), width=3.6 if len(names) > 1 else 5.6, height=3.2)
    change = 100 * (RELATIVE(data, config).sel({"method": list(METHODS[1:])}) - 1)
    looks = plots.looks(METHODS)
    for ax, name in zip(axes[0], names, strict=True):
        low, high = -4.0, 4.0
        for i, method in enumerate(METHODS[1:]):
            seen = change.sel({"datasets": name, "method": method}).transpose("seed").values
            bar = dict(fmt=looks[method].marker, color=looks[method].color, capsize=2)
            middle, half = float(seen.mean()), float(plots.style.half_width(seen))
            ax.errorbar(middle, i, xerr=half, **bar)
            low, high = min(low, 1.2 * (middle - half)), max(high, 1.2 * (middle + half))
        ax.set_yticks(range(len(METHODS) - 1), METHODS[1:] if name == names[0] else [""] * (len(METHODS) - 1))
        ax.invert_yaxis()
        ax.axvline(0, color="black", linewidth=0.8)
        plots.zero_and_logs(ax, width=3.0, ticks=(-30, -10, -3, 0, 3, 10, 30, 100, 200))
        ax.set_xlim(low, high)
        shown = pathlib.Path(config.data_dir).stem if name == "own" else name
        title = f"{shown}\n({TRAIN[name]:.0%} of the rows train)"
        plots.finish(
            ax, x="change of the test RMSE against\nsingle-task ridge [%], below 0 is better", title=title, legend=None
        )
    return canvas


def _best(name):
    """Relative error of the best multitask method, chosen in every resample, minus 1."""
    return bootstrap(lambda ratio: np.min(ratio) - 1, RELATIVE.at(datasets=name, method=list(METHODS[1:])))


FIGURE = Figure(
    __name__, name="real_tasks", aliases=("R1",), split={"datasets": "datasets"},
    title="Classical methods on real tasks",
    question="On real tasks, does any classical multitask method predict better than single-task ridge?",
    claims=tuple(
        Claim(
            text=f"{name}: the best multitask method beats single-task ridge (relative RMSE minus 1)",
            paper="Zhang and Yang 2021: multitask methods improve on School and SARCOS",
            measure=_best(name),
            accepts=at_most(0.0),
            unit="relative to single-task ridge on the same split",
            note="best of five methods, chosen in every resample of the splits",
            stand_in=name not in ("school", "sarcos"),
        )
        for name in DATASETS
    ),
    presets={
        "smoke": dict(seeds=2, datasets=("linnerud",), points=2, iterations=100),
        "paper": dict(seeds=30, points=20, gap=1e-6),
    },
)  # fmt: skip
