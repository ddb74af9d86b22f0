"""Image data of the study: digits or MNIST under the MNIST-C corruptions, split into images before corrupting."""

import functools
from typing import NamedTuple

import numpy as np

from experiments.active_representation.protocol import active
from mtrl import data as readers
from mtrl.harness import BadInput, BaseConfig, field, jax

CORRUPTIONS = (
    "identity", "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "scale", "rotate", "brightness", "translate",
    "stripe", "fog", "spatter", "dotted_line", "zigzag", "canny_edges",
)  # of `mtrl.representation.active.corruptions`  # fmt: skip
DATASETS = ("digits_c", "mnist", "mnist_c")


class ImageConfig(BaseConfig):
    """Fields every image figure has."""

    dataset: str = field(
        "digits_c", help="embedded digits, MNIST idx files corrupted here, or MNIST-C", choices=DATASETS
    )
    data_dir: str = field(
        "",
        help="folder with MNIST idx files (train, t10k; one of them is split), or mnist_c/<corruption>/*.npy",
        path=True,
    )
    corruptions: tuple[str, ...] = field(CORRUPTIONS, help="corruptions used")
    images: int = field(
        0, help="images kept before splitting (split files: for training, and a fifth for testing); 0 for all", lower=0
    )
    split_seed: int = field(0, help="seed of the split into images and of the corruptions", lower=0)

    def validate(self):
        """Refuse unknown corruptions and missing folders."""
        for name in self.corruptions:
            active.corruptions.check_name(name)


class Corrupted(NamedTuple):
    """Corrupted images; image i is the same original under every corruption."""

    images: np.ndarray  # (corruption, image, 28, 28) float32 in [0, 1]
    labels: np.ndarray  # (image,)
    train: np.ndarray  # image numbers that may serve training
    test: np.ndarray  # image numbers for testing, disjoint from `train`
    pool: np.ndarray  # (corruption, digit, image_of_task)


def load(config: ImageConfig) -> Corrupted:
    """The dataset of a configuration, made once per process; `BadInput` where files are missing or damaged."""
    if config.dataset != "digits_c" and not config.data_dir:
        raise BadInput(f"dataset {config.dataset} needs files; give --data_dir=DIR, or use --dataset=digits_c")
    return _load(config.dataset, config.data_dir, config.corruptions, config.images, config.split_seed)


@functools.lru_cache(maxsize=2)
def _load(dataset: str, data_dir: str, names: tuple[str, ...], limit: int, seed: int) -> Corrupted:
    rng = np.random.default_rng(seed)
    if dataset == "mnist_c":
        return _released(data_dir, names, limit, rng)
    if dataset == "digits_c":
        images, labels = readers.load_digits_28()
        images, labels, train, test = _split(images, labels, 1200 / 1797, limit, rng)
    else:
        images, labels, train, test = _mnist(data_dir, limit, rng)
    check_disjoint_images(train, test)
    corrupted = np.stack([active.corruptions.corrupt(jax.random.key(seed), images, name) for name in names])
    # Few digits: every task may draw any training image. MNIST: tasks of one corruption have disjoint images.
    shared = dataset == "digits_c"
    pool = active.shared_pool(train, len(names)) if shared else active.disjoint_pool(rng, train, len(names))
    return Corrupted(corrupted, labels, train, test, pool)


def check_disjoint_images(train: np.ndarray, test: np.ndarray) -> None:
    """Refuse test images whose original also serves training, whatever the corruption."""
    shared = np.intersect1d(train, test)
    if shared.size:
        raise BadInput(
            f"{shared.size} test images (first: {shared[0]}) are also training images; split the images before corrupting"
        )


def check_target_samples(data: Corrupted, samples: int) -> None:
    """Refuse more target samples n_0 than a task has training images."""
    most = data.pool.shape[-1]
    if samples > most:
        remedy = "lower --target_samples or raise --images"
        raise BadInput(f"target_samples n_0={samples} is above the {most} training images of one task; {remedy}")


def _split(images: np.ndarray, labels: np.ndarray, share: float, limit: int, rng: np.random.Generator):
    """Images, labels and the numbers of training and test images: a random `share` for training."""
    kept = rng.permutation(len(images))[: limit or None]
    cut = round(share * len(kept))
    return images[kept], labels[kept], np.arange(cut), np.arange(cut, len(kept))


def _mnist(data_dir: str, limit: int, rng: np.random.Generator):
    """The 60000 training and 10000 test images as they come; if only one of the two files is there, it is split 4 to 1."""
    parts = [part for part in readers.PARTS if readers.has_part(data_dir, part)]
    if not parts:
        raise BadInput(
            f"{data_dir} has no MNIST files; expected {data_dir}/{{train,t10k}}-{{images-idx3,labels-idx1}}-ubyte[.gz], one "
            "of the two parts at least, or use --dataset=digits_c"
        )
    if len(parts) == 1:
        return _split(*readers.load_mnist(data_dir, parts[0]), 0.8, limit, rng)
    (train_images, train_labels), (test_images, test_labels) = (readers.load_mnist(data_dir, part) for part in parts)
    train = rng.permutation(len(train_images))[: limit or None]
    test = rng.permutation(len(test_images))[: max(1, limit // 5) if limit else None]
    images = np.concatenate([train_images[train], test_images[test]])
    labels = np.concatenate([train_labels[train], test_labels[test]])
    return images, labels, np.arange(len(train)), np.arange(len(train), len(images))


def _released(data_dir: str, names: tuple[str, ...], limit: int, rng: np.random.Generator) -> Corrupted:
    parts = [readers.load_mnist_c(f"{data_dir}/mnist_c", name) for name in names]
    for name, part in zip(names, parts, strict=True):
        if not all(np.array_equal(mine, first) for (_, mine), (_, first) in zip(part, parts[0], strict=True)):
            raise BadInput(
                f"{data_dir}/mnist_c/{name} has other labels than {names[0]}, but image i must be the same original under "
                "every corruption; fetch both folders again"
            )
    size = limit or len(parts[0][0][0])
    tests = min(len(parts[0][1][0]), max(1, size // 5)) if limit else len(parts[0][1][0])
    images = np.stack([np.concatenate([train[0][:size], test[0][:tests]]) for train, test in parts])
    labels = np.concatenate([parts[0][0][1][:size], parts[0][1][1][:tests]])
    train, test = np.arange(size), np.arange(size, size + tests)
    return Corrupted(images, labels, train, test, active.disjoint_pool(rng, train, len(names)))


def vectors(data: Corrupted, cell: int, constant: float = 0.5) -> np.ndarray:
    """Features of the linear learner (corruption, image, dim): pooled cells, unit rows."""
    return active.pooled_features(data.images, cell, constant)


def pictures(data: Corrupted, cell: int) -> np.ndarray:
    """Input of the ConvNet: float32 pictures, mean-pooled by `cell`."""
    side = 28 // cell
    shape = data.images.shape[:2]
    return data.images.reshape(*shape, side, cell, side, cell).mean((3, 5)).astype(np.float32)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Response of image i for digit j, (digit, image)."""
    return (labels[None] == np.arange(10)[:, None]).astype(np.float32)
