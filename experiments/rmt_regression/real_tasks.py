"""Tasks of the real-data figure: scikit-learn's diabetes patients, channels of `.ts` series, or a table."""

import pathlib

import numpy as np

from mtrl import data as readers
from mtrl.harness import BadInput


def diabetes() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two tasks, one per value of `sex` (235 and 207 rows): 9 features and their 45 products, d = 54, standardised and centred per task."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    sex = bunch.data[:, 1] > 0
    base = np.delete(bunch.data, 1, axis=1)
    rows, cols = np.triu_indices(base.shape[1])
    features = np.concatenate([base, base[:, rows] * base[:, cols]], axis=1)
    features = (features - features.mean(0)) / features.std(0)
    target = (bunch.target - bunch.target.mean()) / bunch.target.std()
    tasks = [np.flatnonzero(~sex), np.flatnonzero(sex)]
    return [features[i] - features[i].mean(0) for i in tasks], [target[i] - target[i].mean() for i in tasks]


def series_tasks(
    train: pathlib.Path, test: pathlib.Path, channels: tuple[int, ...]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Channels as tasks, d = series length, train and test cases pooled (they are split again), standardised and centred per task."""
    parts = [readers.read_ts(path) for path in (train, test)]
    if parts[0].series.shape[1:] != parts[1].series.shape[1:]:
        raise BadInput(
            f"{train} and {test} differ in channels x times: {parts[0].series.shape[1:]} and {parts[1].series.shape[1:]}"
        )
    series = np.concatenate([part.series for part in parts])
    target = np.concatenate([part.targets for part in parts])
    if max(channels) >= series.shape[1]:
        there = ",".join(map(str, range(min(2, series.shape[1]))))
        raise BadInput(
            f"channels got {max(channels)}, but {train} has channels 0 to {series.shape[1] - 1}; give --channels={there}"
        )
    scaled = [(x - x.mean(0)) / x.std() for x in (series[:, c] for c in channels)]
    y = (target - target.mean()) / target.std()
    return scaled, [y] * len(scaled)


def table_tasks(config) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The tasks with most rows of a table, at most `rows` of each; features and responses standardised over them and centred per task."""
    table = readers.read_tasks(
        config.data_dir, task=config.columns[0], target=config.columns[1], outputs=config.outputs
    )
    sizes = np.array([len(y) for y in table.y])
    chosen = np.sort(np.argsort(-sizes, kind="stable")[: config.tasks])
    table = table._replace(**{name: tuple(getattr(table, name)[t] for t in chosen) for name in ("x", "y", "names")})
    readers.check_rows(table, 20, config.data_dir, "to hold some out")
    rng = np.random.default_rng(0)
    rows = [rng.permutation(len(y))[: config.rows] for y in table.y]
    xs, ys = [x[i] for x, i in zip(table.x, rows, strict=True)], [y[i] for y, i in zip(table.y, rows, strict=True)]
    scale, spread = np.concatenate(xs).std(0), np.concatenate(ys).std()
    kept = scale > 1e-9 * np.abs(np.concatenate(xs)).max(0)
    if not kept.any() or not spread > 0:
        raise BadInput(
            f"{config.data_dir} holds no input or no response that varies over the chosen tasks; raise --tasks or --rows"
        )
    return [(x - x.mean(0))[:, kept] / scale[kept] for x in xs], [(y - y.mean()) / spread for y in ys]


def load(config) -> tuple[list[np.ndarray], list[np.ndarray], tuple[int, ...], str]:
    """Features and responses per task, training samples of each, and the data's name; some rows must be held out."""
    place = pathlib.Path(config.data_dir)
    if not config.data_dir:
        name, (features, targets) = "diabetes (stand-in)", diabetes()
    elif place.suffix == ".ts" or (place.is_dir() and any(place.glob("*_TRAIN.ts"))):
        name, *files = readers.find_ts(place)
        features, targets = series_tasks(*files, config.channels)
    else:
        name, (features, targets) = place.stem, table_tasks(config)
    sizes = [len(y) for y in targets]
    counts = tuple(round(95 / 137 * size) for size in sizes) if config.data_dir else config.counts
    if any(n >= size for n, size in zip(counts, sizes, strict=True)):
        raise BadInput(
            f"counts got {counts}, but the tasks have {sizes} rows and some must be held out; lower --counts"
        )
    return features, targets, counts, name
