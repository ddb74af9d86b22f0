"""C4: a client that joins after training has few samples (Collins et al. 2021, new clients)."""

from experiments.linear_representation.federated import ERROR, SMALL, FederatedConfig, final_errors
from experiments.linear_representation.protocol import LOOK, means_and_seeds, ratio_of_means, subspace
from mtrl.harness import Claim, Figure, at_most, dataset, field, jax, jnp, over_seeds
from mtrl.harness.judge.measures import value
from mtrl.harness.picture import plots

LEARNERS = ("Local", "FedRep")


class NewClientConfig(FederatedConfig):
    """C4: a client that joins after training."""

    samples: tuple[int, ...] = field((5, 20), help="samples per training client n", lower=1)
    target_samples: tuple[int, ...] = field((1, 2, 5, 10, 20), help="samples of the new client", lower=1)


def one_seed(key, noise, steps, *, target_samples, **sizes):
    """Error of a new client with few samples, alone and on the learned basis, (target, learner)."""
    params, basis, target, _ = final_errors(key, noise, steps, **sizes)
    theta = subspace.target_weights(params)
    alone = jnp.eye(theta.shape[0], dtype=theta.dtype)

    def errors(count):
        def once(key):
            x, y = subspace.draw_target(key, params, samples=count, scale=count**-0.5)
            return jnp.stack([jnp.sum((subspace.transfer(x, y, known) - theta) ** 2) for known in (alone, basis)])

        return jnp.mean(jax.vmap(once)(jax.random.split(jax.random.fold_in(target, count), 20)), axis=0)

    return jnp.stack([errors(count) for count in target_samples]) + params.noise**2


def run(config, seeds):
    """One n."""
    counts = config.target_samples
    errors = over_seeds(one_seed, seeds, config.noise, config.steps(), target_samples=counts, **config.sizes())
    dims = ("seed", "target", "learner")
    return dataset(seeds, {"target": counts, "learner": LEARNERS}, error=(dims, errors, *ERROR))


def draw(data, config):
    """Error against samples of the new client, one panel per n of training."""
    canvas, axes = plots.panel(1, data.sizes["samples"], width=4.2, sharey=True)
    for ax, n in zip(axes[0], data["samples"].values, strict=True):
        means_and_seeds(ax, data["error"].sel(samples=n), "target", "learner", LOOK)
        plots.level(ax, config.noise**2, "label noise", linestyle=":")
        y = "test error of the new client\n(mean, 95 % interval, and every seed)" if ax is axes[0, 0] else " "
        words = dict(x="samples of the new client", y=y, title=f"{config.clients} clients trained with n = {int(n)}")
        plots.finish(ax, **words, log="y", ticks=data["target"], legend=None)
    canvas.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right upper")
    return canvas


FIGURE = Figure(
    __name__, aliases=("C4",), split={"samples": "samples"},
    title="A new client with few samples",
    question="How much does a new client with few samples gain from the learned representation?",
    claims=tuple(
        Claim(f"with {count} samples a new client has lower mean error on FedRep's basis than alone (log10 of the ratio of means, "
              "worst n of training)", "Collins et al. 2021, new clients: FedRep far below Local until n is about d",
              ratio_of_means(*(value("error", learner=learner, target=count) for learner in ("FedRep", "Local"))),
              at_most(bound), unit="orders of magnitude of the mean squared error",
              reason="far below: a factor of ten" if bound else "r samples identify a head: better, by how much is not said",
              note="trained with n = 5 two of ten bases are not found after 500 rounds and decide the mean; some "
              f"{seeds} seeds would decide the verdict")
        for count, bound, seeds in ((2, 0.0, 90), (5, -1.0, 110), (10, -1.0, 170))
    ),
    presets={
        "smoke": {**SMALL, "samples": (5,), "target_samples": (2, 5, 10)},
        "paper": dict(seeds=100, samples=(5, 10, 20)),
    },
)  # fmt: skip
