"""Ill-conditioned PSRs: what happens to gamma, to the rank of the dynamics and to learned operators as states look alike. Own design."""

import dataclasses

import numpy as np

from experiments.multitask_psr.protocol import LOOKS, derived, own
from mtrl import mdp
from mtrl.harness import BaseConfig, Figure, at_most, between, dataset, field, jax, jnp, less_than_zero, over_seeds
from mtrl.harness.judge.measures import FIRST, LAST, bootstrap, mean, slope, value, worst
from mtrl.harness.picture import plots

METHODS = ("operators from moments", "maximum likelihood")


@dataclasses.dataclass(frozen=True)
class ConditioningConfig(BaseConfig):
    """One task of the test bed, its emissions moved towards their mean."""

    sharpness: tuple[float, ...] = field(
        (0.05, 0.1, 0.2, 0.5, 1.0), help="emissions over their mean, 1 as they are", lower=0.001, upper=1.0
    )
    episodes: int = field(3000, help="episodes K, uniform actions", lower=1)
    horizon: int = field(4, help="observations in an episode H", lower=3, upper=6)
    steps: int = field(60, help="EM steps, from the truth", lower=1)


def one(key, sharpness, *, episodes, horizon, steps):
    """gamma's bound, sigma_min(E), the second and third singular value of D_2, and TV* (or half the L1 distance) of both learners."""
    psr = mdp.psr
    key_model, key_data = jax.random.split(key)
    model = jax.tree.map(lambda x: x[0], psr.sample_two_state(key_model, tasks=1))

    def at(sharpness):
        truth = model._replace(emissions=psr.blurred(model.emissions, sharpness))
        law = psr.trajectory_table(truth, horizon=horizon)
        singular = jnp.linalg.svd(psr.history_matrix(law, 2), compute_uv=False)
        counts = psr.draw(key_data, law / 2 ** (horizon - 1), episodes)
        moments = psr.psr_table(psr.from_moments(counts / episodes * 2 ** (horizon - 1), rank=2), horizon=horizon)
        fit = psr.em(counts[None], jax.tree.map(lambda x: x[None], truth), steps=steps).model
        fitted = psr.trajectory_table(jax.tree.map(lambda x: x[0], fit), horizon=horizon)
        smallest = jnp.linalg.svd(truth.emissions, compute_uv=False)[-1]
        errors = jnp.stack([psr.distance(law, moments), psr.distance(law, fitted)])
        return psr.conditioning(truth.emissions), smallest, singular[1:3] / singular[0], errors

    return jax.lax.map(at, sharpness)


def run(config, seeds):
    """One cell."""
    static = dict(episodes=config.episodes, horizon=config.horizon, steps=config.steps)
    gamma, smallest, singular, errors = over_seeds(one, seeds, np.array(config.sharpness), **static)
    dims = ("seed", "sharpness")
    return dataset(
        seeds,
        {"sharpness": list(config.sharpness), "method": list(METHODS)},
        gamma=(dims, gamma, "1", "1 / ||pinv(E)||_1, below gamma"),
        smallest=(dims, smallest, "1", "smallest singular value of E"),
        second=(dims, singular[..., 0], "1", "second singular value of D_2, relative"),
        third=(dims, singular[..., 1], "1", "third singular value of D_2, relative"),
        error=((*dims, "method"), errors, "1", "TV* of the learned law"),
    )


def draw(data, config):
    """Conditioning and errors against sharpness."""
    figure, axes = plots.panel(1, 2, width=4.8)
    for name, look in zip(("gamma", "smallest", "second"), LOOKS.values(), strict=False):
        plots.points(
            axes[0, 0], data[name], "sharpness", look=look._replace(words=data[name].attrs["long_name"]), linestyle="-"
        )
    plots.finish(axes[0, 0], x="sharpness of the emissions", y="size", log="xy", legend={"fontsize": 8})
    look = {m: k._replace(words=m) for m, k in zip(METHODS, LOOKS.values(), strict=False)}
    shown = data["error"].assign_coords(sharpness=data["gamma"].mean("seed").values)
    plots.points(axes[0, 1], shown, "sharpness", "method", look)
    plots.level(axes[0, 1], 1, "largest TV of two laws", linestyle="--")
    plots.finish(axes[0, 1], x="bound of gamma", y=f"TV* of the learned law, K = {config.episodes}", log="xy")
    return own(figure)


MOMENTS, LIKELY = (value("error", method=method) for method in METHODS)

FIGURE = Figure(
    name="conditioning",
    title="Conditioning, rank and errors of learned PSRs as latent states look alike (own design)",
    config=ConditioningConfig,
    run=run,
    draw=draw,
    claims=(
        derived(
            "the bound of gamma is proportional to the sharpness: slope in logarithms",
            "1 / ||pinv(E)||, linear in sigma_min(E)",
            slope(value("gamma"), "sharpness"), between(0.9, 1.1), unit="1", value=1.0, reason="a tenth",
        ),
        derived(
            "D_2 has rank S = 2: third singular value over the second, worst sharpness", "0 up to rounding",
            worst(value("third") / value("second")), at_most(1e-8), unit="1",
        ),
        derived(
            "operators learned by moments blow up: TV* at the largest sharpness over that at the least", "error grows with ||pinv||",
            bootstrap(lambda a, b: b / a, MOMENTS.at(sharpness=FIRST), MOMENTS.at(sharpness=LAST)),
            at_most(0.2), unit="1", reason="a factor 5 at least where gamma falls by 20",
        ),
        derived(
            "likelihood stays in the class: its TV* minus that of moments (at most 1 each) at the least sharpness",
            "laws of the class have TV* of at most 1",
            mean((LIKELY - MOMENTS.then(lambda x: np.minimum(x, 1))).at(sharpness=FIRST)),
            less_than_zero, unit="TV*",
        ),
    ),
    presets={
        "smoke": dict(seeds=2, sharpness=(0.2, 1.0), episodes=100, horizon=3, steps=3),
        "paper": dict(seeds=200, episodes=10000),
    },
)  # fmt: skip
