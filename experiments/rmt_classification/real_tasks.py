"""Tasks of the real-data figure: pairs of scikit-learn's digits, or the binary tasks of a file."""

from typing import NamedTuple

import numpy as np

from mtrl import data as readers
from mtrl.harness import BadInput

DIGIT_SOURCES = {"3 vs 9": (3, 9), "1 vs 7": (1, 7), "8 vs 3 (flip)": (8, 3), "5 vs 6": (5, 6)}


class Tasks(NamedTuple):
    """A pool of samples and the pairs of classes that make tasks."""

    X: np.ndarray  # (sample, dim) standardised
    pool: np.ndarray  # (sample,) class identity
    target: tuple[int, int]
    sources: dict[str, tuple[int, int]]
    title: str


def standardise(X, min_std):
    """Drop nearly constant features, then zero mean and unit variance over the pool."""
    kept = X.std(0) > min_std
    if not kept.any():
        raise BadInput(f"no feature has a standard deviation above {min_std:g}; choose a smaller one, e.g. --min_std=0")
    return (X[:, kept] - X[:, kept].mean(0)) / X[:, kept].std(0)


def load(config) -> Tasks:
    """Digits, or the tasks of a file."""
    if not config.data_dir:
        from sklearn.datasets import load_digits

        digits = load_digits()
        return Tasks(standardise(digits.data, config.min_std), digits.target, (3, 8), DIGIT_SOURCES, "digits 3 vs 8")
    task, target = config.columns
    data = readers.load_labelled(config.data_dir, task=task, target=target, outputs=config.outputs)
    name = config.target_task or data.names[-1]
    if name not in data.names:
        raise BadInput(f"target_task got '{name}', but the file holds the tasks {', '.join(data.names)}")
    if len(data.names) < 2:
        raise BadInput(f"{config.data_dir} holds only the task {name}, but a source and a target are needed")
    pairs = {other: (2 * i, 2 * i + 1) for i, other in enumerate(data.names)}
    pool = 2 * data.task + data.y - 1
    rarer = {other: min(np.sum(pool == c) for c in pair) for other, pair in pairs.items() if other != name}
    largest = sorted(rarer, key=lambda other: -rarer[other])[: config.sources]
    sources = {other: pairs[other] for other in data.names if other in largest}
    X = standardise(data.X, 1e-9 * np.abs(data.X).max())
    used = np.isin(pool, [pairs[name], *sources.values()])  # every split orders the whole pool
    return Tasks(X[used], pool[used], pairs[name], sources, f"task {name}")


def check_sizes(tasks: Tasks, config) -> None:
    """Every class must hold the samples that are asked of it, the target's one more to be held out."""
    pairs = [("target", tasks.target), *tasks.sources.items()]
    counts = {c: int(np.sum(tasks.pool == c)) for _, pair in pairs for c in pair}
    for name, c in ((name, c) for name, pair in pairs for c in pair):
        # ranks are shared: a source class starts after the samples reserved for the target
        need = config.target + (name != "target") * config.source + (c in tasks.target)
        if counts[c] < need:
            least = min(counts.values())
            target = max(2, min(config.target, least // 4))
            fits = f"--source={least - target - 1} --target={target}" if least >= 5 else "a task with more samples"
            raise BadInput(
                f"a class of {name} holds {counts[c]} samples, but {need} are needed at --source={config.source} "
                f"--target={config.target}; choose {fits}"
            )
