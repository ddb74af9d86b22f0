"""Single synapses over training: how decided they are, and how far each has moved from the last task's posterior."""

from typing import Any

import numpy as np

from experiments.continual_statmech import networks
from experiments.continual_statmech.networks import NetworkConfig
from mtrl import continual
from mtrl.harness import Axis, Claim, Figure, dataset, field, jax, jnp, less_than_zero, over_seeds, split_named
from mtrl.harness.judge.measures import FIRST, LAST, mean, value
from mtrl.harness.picture import plots

LOW = -8.0  # ln10 of the least KL that has a bin of its own


class SynapsesConfig(NetworkConfig):
    """Permuted images under BiVCL with the reference of the last update."""

    tasks: int = field(3, help="permutations", lower=1)
    rate: float = field(0.01, help="learning rate of Adam", lower=0.0, strict=True)
    bins: int = field(24, help="bins of the histograms", lower=2)


def watch(
    key: Any, permutations: Any, x: Any, y: Any, schedule: Any, rate: Any, *, widths: tuple[int, ...], epochs: int, batch: int,
    batches: int, bins: int,
) -> Any:  # fmt: skip
    """(variance histogram, KL histogram, mean variance, mean KL) per epoch; every layer's synapses together, as shares."""
    import optax

    keys = split_named(key, "start", "order", "noise")
    adam, count = optax.adam(rate, 0.9, 0.99), x.shape[0]
    fields = continual.deep.draw_fields(keys["start"], widths, np.float32)
    state = continual.deep.Network(fields, fields, adam.init(fields), jnp.asarray(0))

    def one_task(carry, task):
        state, anchor = carry

        def one_epoch(state, e):
            now = task * epochs + e
            beta_f = schedule[now]
            rule = continual.gaussian_field(widths=widths, optimiser=adam, temperature=lambda step: beta_f)
            order = jax.random.permutation(jax.random.fold_in(keys["order"], now), count)

            def step(i, state):
                rows = order[(i * batch + jnp.arange(batch)) % count]
                luck = jax.random.fold_in(jax.random.fold_in(keys["noise"], now), i)
                return rule.step(luck, state, continual.Batch(x[rows][:, permutations[task]], y[rows]))[0]

            state = jax.lax.fori_loop(0, batches, step, state)
            theta, old = (jnp.concatenate([t.ravel() for t in trees]) for trees in (state.fields, anchor))
            variance = 1 - jnp.tanh(beta_f * theta) ** 2
            exact = [v.astype(float) for v in (theta, old, beta_f)]  # differences of 1e-8 nat
            kl = jnp.maximum(jax.vmap(continual.objective.kl, (0, 0, None))(*exact), 0.0)
            power = jnp.log10(jnp.maximum(kl, 10**LOW)).astype(jnp.float32)
            both = (variance, (0.0, 1.0)), (power, (LOW, 2.0))
            shares = [jnp.histogram(v, bins, ends)[0] / theta.size for v, ends in both]
            return state, (*shares, jnp.mean(variance), jnp.mean(kl))

        state, seen = jax.lax.scan(one_epoch, state, jnp.arange(epochs))
        return (state, state.fields), seen

    _, seen = jax.lax.scan(one_task, (state, fields), jnp.arange(permutations.shape[0]))
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), seen)


def run(config: SynapsesConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    x, y, *_ = networks.digits(config.data_dir)
    permute = networks.permutations(seeds, config.tasks, x.shape[1])
    total = config.tasks * config.epochs
    schedule = np.array([continual.permuted_temperature(e, total) for e in range(1, total + 1)], np.float32)
    how = {name: getattr(config, name) for name in ("epochs", "batch", "batches", "bins")}
    given, widths = (x, y, schedule, np.float32(config.rate)), (x.shape[1], *config.hidden, 10)
    found = over_seeds(watch, seeds, *given, per_seed=(permute,), in_turn=True, widths=widths, **how)
    variance, kl, mean_variance, mean_kl = found
    edges = np.linspace(0, 1, config.bins + 1), np.linspace(LOW, 2, config.bins + 1)
    centres = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    return dataset(
        seeds,
        {"epoch": Axis(np.arange(1, total + 1), "1", "epoch"), "variance": Axis(centres[0], "1", "variance 1 - m^2"),
         "log_kl": Axis(centres[1], "1", "log10 of the KL per synapse [nat]")},
        decided=(("seed", "epoch", "variance"), variance, "share of synapses", "share of synapses"),
        moved=(("seed", "epoch", "log_kl"), kl, "share of synapses", "share of synapses"),
        mean_variance=(("seed", "epoch"), mean_variance, "1", "mean of 1 - m^2"),
        mean_kl=(("seed", "epoch"), mean_kl, "nat", "mean KL to the last task per synapse"),
    )  # fmt: skip


def draw(data: Any, config: SynapsesConfig) -> Any:
    """Heat maps of both, and their means."""
    figure, axes = plots.panel(1, 3, width=4.4, height=3.6)
    for ax, name, dim in ((axes[0, 0], "decided", "variance"), (axes[0, 1], "moved", "log_kl")):
        table = data[name].mean("seed").transpose(dim, "epoch")
        edge = (data[dim].values[1] - data[dim].values[0]) / 2
        box = (0.5, data.sizes["epoch"] + 0.5, data[dim].values[0] - edge, data[dim].values[-1] + edge)
        image = ax.imshow(np.sqrt(table), origin="lower", aspect="auto", extent=box, cmap="viridis")
        ax.grid(False)
        figure.colorbar(image, ax=ax, label="root of the share of synapses")
        plots.finish(ax, x="epoch", y=plots.axis_words(data[dim]))
    plots.curves(axes[0, 2], data["mean_variance"], "epoch", look=plots.Look("mean of 1 - m^2", "C0"))
    plots.curves(axes[0, 2], data["mean_kl"], "epoch", look=plots.Look("mean KL to the last task [nat]", "C1"))
    for ax in axes[0]:
        for task in range(1, config.tasks):
            ax.axvline(task * config.epochs + 0.5, color="0.8", linewidth=0.8)
    legend = dict(fontsize=8, loc="upper right")
    plots.finish(axes[0, 2], y="mean over synapses", log="y", ylim=(None, 30), legend=legend)
    return figure


FIGURE = Figure(
    __name__,
    title="Variance and KL of single synapses over training",
    question="Do single synapses settle over training, and do they move less with every further task?",
    claims=(
        Claim("synapses decide: mean of 1 - m^2 in the last epoch minus the first", "variances shrink as the temperature falls (ordering)",
              mean(value("mean_variance", epoch=LAST) - value("mean_variance", epoch=FIRST)), less_than_zero, unit="1", stand_in=True),
        Claim.derived("the last task moves synapses less than the first: mean KL to where the task began, "
              "last task minus first, last epochs",
              "each task moves the posterior less (ordering)",
              mean(value("mean_kl", epoch=LAST) - value("mean_kl", epoch=lambda c: c.epochs)), less_than_zero, unit="nat", stand_in=True),
    ),
    presets={
        "smoke": dict(seeds=2, tasks=2, epochs=1, batches=1, batch=8, hidden=(4,), bins=4),
        "paper": dict(seeds=10, tasks=5, hidden=(512, 512), epochs=5, batches=500),
    },
)  # fmt: skip
