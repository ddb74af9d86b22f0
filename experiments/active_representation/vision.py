"""What the image figures share: one-against-all labels on corrupted digits, the targets, the run.

The papers' orderings are claimed with their verdicts, but on digits-C, a stand-in, they say little of MNIST-C: they depend on
the targets, and with enough target labels target-only ridge beats every representation.
"""

from typing import Any

import numpy as np

from experiments.active_representation import images
from experiments.active_representation.protocol import RULE_CHOICES, RULE_NAMES, active, check_sizes, rule_array
from experiments.active_representation.vision_model import image_targets
from mtrl.harness import BadInput, dataset, field, over_seeds
from mtrl.harness.judge.measures import LAST, Quantity, value

TITLE = {"linear": "linear", "convnet": "ConvNet"}  # in the order of the panels
STAND_IN = (
    "unless run on MNIST-C, a stand-in of small digit images, few targets and small learners, and no test of the papers"
)
UNTRAINED = (
    "; at quick the ConvNet gets 150 Adam steps: its source heads lie along one direction, the rarity of positives, so that the "
    "LASSO opens one to three tasks"
)
NOTES = {"linear": STAND_IN, "convnet": STAND_IN + UNTRAINED}


class VisionConfig(images.ImageConfig):
    """Tasks (corruption, digit): is it digit j?"""

    seeds: int = field(1, help="number of random seeds (every target draws its own data)", lower=1)
    seed_batch: int = field(1, help="seeds per cell", lower=0)
    learners: tuple[str, ...] = field(tuple(TITLE), help="representations", choices=tuple(TITLE))
    rules: tuple[str, ...] = field(RULE_NAMES, help="allocation rules", choices=RULE_CHOICES)
    targets: int = field(16, help="targets, spread over corruptions and digits; 0 for all", lower=0)
    exclude_same_corruption: bool = field(False, help="leave out sources that share the target's corruption")
    totals: tuple[int, ...] = field((3200, 6400), help="samples of each epoch", lower=1)
    floor: int = field(20, help="samples every task gets, N_min", lower=0)
    target_samples: int = field(40, help="target samples n_0", lower=1)
    rank: int = field(12, help="representation dimension K", lower=1)
    cell: int = field(4, help="pooling of the linear learner's features; 1 keeps all pixels", choices=(1, 2, 4, 7))
    picture_cell: int = field(2, help="pooling of the ConvNet's pictures; 1 keeps 28x28", choices=(1, 2))
    channels: tuple[int, ...] = field((4, 8), help="channels of the two convolutions", lower=1, length=2)
    steps: int = field(150, help="Adam steps per epoch of sampling", lower=1)
    minibatch: int = field(64, help="rows of a minibatch", lower=1)
    rate: float = field(0.01, help="Adam learning rate", lower=0.0, strict=True)
    loss: str = field("logistic", help="loss of the ConvNet", choices=("squared", "logistic"))
    iterations: int = field(15, help="alternating minimisation rounds", lower=1)
    lasso_ratio: float = field(0.05, help="LASSO penalty over max |w_t^T w|")
    debias: bool = field(False, help="refit on the LASSO support")
    reuse: bool = field(False, help="pool the samples of all epochs (linear learner only)")
    sparse: tuple[int, ...] = field((0,), help="tasks sampled beyond the floor; 0 for all", lower=0)

    def validate(self):
        """Refuse what cannot be identified or bought."""
        super().validate()
        tasks = 10 * len(self.corruptions) - (10 if self.exclude_same_corruption else 1)
        check_sizes(self, dim=(28 // self.cell) ** 2 + 1, tasks=tasks)
        if self.reuse and "convnet" in self.learners:
            raise BadInput("reuse pools moments, which the ConvNet has none of; add --learners=linear or --reuse=false")

    def chosen(self) -> list[tuple[int, int]]:
        """`targets` of them spread evenly: corruption c with digit 3c + 2 mod 10; all or many of them in order."""
        count = len(self.corruptions)
        if self.targets == 0 or self.targets > count:
            places = np.linspace(0, 10 * count - 1, self.targets or 10 * count).round().astype(int)
            return [divmod(int(place), 10) for place in places]
        places = np.linspace(0, count - 1, self.targets).round().astype(int)
        return [(int(c), int(3 * c + 2) % 10) for c in places]


def run(config: VisionConfig, seeds):
    """One learner, one seed batch: all targets and methods."""
    (learner,) = config.learners
    data = images.load(config)
    images.check_target_samples(data, config.target_samples)
    targets, count = config.chosen(), len(config.corruptions)
    excluded = dict(exclude_same_corruption=config.exclude_same_corruption)
    sources = np.stack([active.source_tasks(target, count, **excluded) for target in targets])
    limits = [k or sources.shape[1] for k in config.sparse]
    methods = np.array([(*rule, k) for k in limits for rule in rule_array(config.rules)])
    flat, options = images.vectors(data, config.cell), dict(rank=config.rank, rows=max(config.totals))
    if learner == "linear":
        kind, options["iterations"] = np.float64, config.iterations
        features, flat = flat.astype(kind), None
    else:
        kind, features = np.float32, images.pictures(data, config.picture_cell)
        flat = flat.astype(kind)
        options |= dict(steps=config.steps, minibatch=config.minibatch, channels=tuple(config.channels))
        options["logistic"] = config.loss == "logistic"
    pools = active.ImagePools(features, images.one_hot(data.labels).astype(kind), data.pool)
    hyper = (config.floor, kind(config.lasso_ratio), kind(config.rate))
    traced = (pools, flat, data.test, np.array(targets), sources, methods.astype(kind), np.array(config.totals), hyper)
    static = dict(samples=config.target_samples, debias=config.debias, reuse=config.reuse)
    found = over_seeds(image_targets, seeds, *traced, learner=learner, **static, **options)
    wrong, balanced, counts, zero, gap, residual, ridge, ridge_balanced = found
    active.warn_of_estimates(zero, gap)
    shape = (len(seeds), len(targets), len(config.sparse), len(config.rules))
    grid = np.full((*shape, count, 10), np.nan, np.float32)
    for i, tasks in enumerate(sources):
        grid[:, i, :, :, tasks[:, 0], tasks[:, 1]] = np.moveaxis(counts.reshape(*shape, -1)[:, i], -1, 0)
    axes = ("seed", "target", "sparse", "rule")
    wrong, balanced, zero, residual = (x.reshape(*shape, -1) for x in (wrong, balanced, zero, residual))
    return (
        dataset(
            seeds,
            {
                "target": [f"{config.corruptions[c]}/{j}" for c, j in targets],
                "sparse": list(config.sparse),
                "rule": list(config.rules),
                "epoch": np.arange(1, len(config.totals) + 1),
                "corruption": list(config.corruptions),
                "digit": np.arange(10),
            },
            wrong=((*axes, "epoch"), wrong, "images", "wrong predictions"),
            balanced=((*axes, "epoch"), balanced, "1"),
            counts=((*axes, "corruption", "digit"), grid, "samples"),
            all_zero=((*axes, "epoch"), zero),
            residual=((*axes, "epoch"), residual),
            target_only=(axes[:2], ridge, "images"),
            target_only_balanced=(axes[:2], ridge_balanced, "1"),
        )
        .expand_dims(learner=[learner])
        .assign(test_images=len(data.test))
    )


def memory(config):
    """Gram matrices of all tasks in double precision, three at a time, the pictures, and their features in both precisions."""
    dim = (28 // config.cell) ** 2 + 1
    pictures = len(config.corruptions) * (70000 if config.dataset != "digits_c" else 1797) * 784 * 4
    return int(3 * 160 * dim**2 * 8 + (2 + 5 / config.cell**2) * pictures)


def learners(data: Any) -> list[str]:
    """The learners there are, linear first."""
    return [name for name in TITLE if name in data["learner"].values]


def count(seeds: int) -> str:
    """A number of seeds in words."""
    return f"mean of {seeds} seeds" if seeds > 1 else "one seed"


def is_stand_in(data: Any) -> bool:
    """The papers run on MNIST-C; any other images stand in for it."""
    return '"dataset": "mnist_c"' not in data.attrs.get("config", "")


def wrong(**where: Any) -> Quantity:
    """Wrong predictions after the last epoch."""
    return value("wrong", epoch=LAST, **where)


def over_targets(x: Quantity) -> Quantity:
    """Targets in place of seeds, each the mean of its own: intervals are over targets."""
    return x.over("seed").then(lambda array: array.rename(target="seed"))


# One target and two methods in every figure: one program a learner serves all of them.
SMOKE = dict(
    seeds=1, corruptions=("identity", "glass_blur", "brightness"), images=200, targets=1, totals=(300, 600),
    rules=("passive", "L1"), floor=10, rank=3, steps=2, iterations=2, cell=7, channels=(2, 2),
)  # fmt: skip
FULL = dict(
    dataset="mnist", seeds=5, targets=0, totals=(8000, 16000, 32000, 64000), floor=50, target_samples=100, rank=50, cell=1,
    picture_cell=1, channels=(16, 32), steps=5000, minibatch=256, rate=1e-3, iterations=20,
)  # fmt: skip
COMMON = dict(run=run, split=("learners",), memory=memory)
