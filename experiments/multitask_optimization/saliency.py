"""Rep-MTL on the overlaid digits: entropy of the tasks' saliencies, and how sensitive the score is to both lambdas.

python -m experiments.multitask_optimization --figure=saliency (10 seeds). lambda = 0 for both is equal weighting; the sweep goes from 0.1
to 1.9 with the other at 0.9, as in the paper's sensitivity figure. The temperature is not stated there: 0.5.
"""

import numpy as np

from experiments.multitask_optimization import training
from experiments.multitask_optimization.training import MULTI, PAPER, SMOKE, DigitsConfig
from mtrl import optimization
from mtrl.harness import Axis, Claim, Figure, at_most, dataset, field, jax, less_than_zero, over_seeds
from mtrl.harness.judge.measures import mean, value
from mtrl.harness.picture import plots

LOOK = plots.looks({"tsr": "lambda of TSR, CSA at 0.9", "csa": "lambda of CSA, TSR at 0.9"})


class SaliencyConfig(DigitsConfig, width=16, batch=32):
    """Both lambdas, one after the other."""

    lambdas: tuple[float, ...] = field(
        (0.1, 0.5, 0.9, 1.3, 1.9), help="values of lambda, ascending", lower=0.0, distinct=True
    )
    other: float = field(0.9, help="the lambda that stays", lower=0.0)
    tau: float = field(0.5, help="temperature of CSA", lower=0.0, strict=True)


def swept(key, parts, rate, pairs, tau, **sizes):
    """(mean score, entropy of the shares on test pictures) per pair of lambdas."""
    model, train, held = training.prepare(key, parts, kind=MULTI, **sizes)

    def one(pair):
        rule = optimization.saliency_rule(lambda_tsr=pair[0], lambda_csa=pair[1], tau=tau)
        weights, scores, _ = training.fit(key, model, train, held, rule, rate, **sizes)
        split = model.split(held)
        _, salient = optimization.rep_mtl.task_saliencies(
            lambda z: split.decode(weights.heads, z), split.encode(weights.shared)
        )
        return scores.mean(), optimization.rep_mtl.tsr(salient)

    return jax.lax.map(one, pairs.astype(train.inputs.dtype))


def run(config, seeds):
    """One cell."""
    parts, sizes, grid = training.pictures_of(config), training.sizes_of(config), np.sort(config.lambdas)
    rest = np.full_like(grid, config.other)
    pairs = np.concatenate([np.zeros((1, 2)), np.stack([grid, rest], 1), np.stack([rest, grid], 1)])
    scores, entropy = over_seeds(swept, seeds, parts, config.rate, pairs, config.tau, **sizes)
    n, dims = len(grid), ("seed", "term", "lambda")
    return dataset(
        seeds,
        {"term": ["tsr", "csa"], "lambda": Axis(grid, words="lambda")},
        accuracy=(dims, 100 * scores[:, 1:].reshape(-1, 2, n), "%", "test accuracy, mean of both digits"),
        accuracy_equal=("seed", 100 * scores[:, 0], "%", "test accuracy of equal weights"),
        entropy=(dims, entropy[:, 1:].reshape(-1, 2, n), "nat", "entropy of the tasks' shares of the saliency"),
        entropy_equal=("seed", entropy[:, 0], "nat", "the same of equal weights"),
    )


def draw(data, config):
    """Accuracy and entropy against lambda, equal weights as a level."""
    figure, axes = plots.panel(1, 2, width=4.6)
    for ax, name in zip(axes[0], ("accuracy", "entropy"), strict=True):
        plots.points(ax, data[name], "lambda", "term", LOOK, linestyle="-")
        level = data[f"{name}_equal"]
        half = plots.style.half_width(level.values)
        plots.level(ax, level.mean(), "equal weights (lambda = 0)")
        ax.axhspan(float(level.mean() - half), float(level.mean() + half), color="0.35", alpha=0.15, linewidth=0)
    plots.level(axes[0, 1], np.log(2), "log 2, equally salient", linestyle=":")
    plots.finish(axes[0, 0], title="stand-in: two overlaid digits")
    plots.finish(axes[0, 1], y="entropy of the saliency shares [nat]", ylim=(0.1, 1.0), legend="upper right")
    return figure


def at(name, term, config_value):
    """A quantity at one lambda."""
    return value(name, term=term, **{"lambda": config_value})


SHARES = (
    "the accuracy falls with the weight of TSR, hardly with that of CSA: of a vector the shares are those of a "
    "whole picture, and the term takes the gradient from one of its two tasks"
)

FIGURE = Figure(
    __name__,
    title="Rep-MTL: entropy of saliencies, and the sensitivity to its two weights",
    question="Does Rep-MTL improve on equal weights, and how sensitive is it to its two weights?",
    claims=(
        Claim("Rep-MTL at 0.9 and 0.9 beats equal weights (accuracy, equal weights minus Rep-MTL)",
              "Wang et al., table of NYUv2: Delta_p 1.70 against -1.78 (ordering)",
              mean(value("accuracy_equal") - at("accuracy", "tsr", lambda config: config.other)), less_than_zero, unit="%", stand_in=True,
              note=SHARES),
        Claim("insensitive to the weights: standard deviation of the accuracy over the grid of both lambdas",
              "Wang et al., sensitivity figure (flat)", mean(value("accuracy").over("term", "lambda", how="std")),
              at_most(1.0, "a point of accuracy"), unit="%", stand_in=True, note=SHARES),
        Claim.derived("TSR lowers the entropy of the tasks' shares (Rep-MTL at 0.9 and 0.9 minus equal weights)",
              "the term is that entropy", mean(at("entropy", "tsr", lambda config: config.other) - value("entropy_equal")),
              less_than_zero, unit="nat", stand_in=True),
        Claim.derived("a larger weight of TSR lowers it further (largest minus smallest lambda)", "the term is that entropy",
              mean(at("entropy", "tsr", lambda config: max(config.lambdas)) - at("entropy", "tsr", lambda config: min(config.lambdas))),
              less_than_zero, unit="nat", stand_in=True),
    ),
    presets={
        "smoke": dict(SMOKE, lambdas=(0.9, 1.9)),
        "paper": dict(PAPER, lambdas=tuple(round(0.1 + 0.2 * i, 1) for i in range(10))),
    },
)  # fmt: skip
