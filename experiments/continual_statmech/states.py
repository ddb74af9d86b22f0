"""Beside the paper's Figure 2: is the measure of one task one state, as its replica-symmetric theory takes for granted?

Two chains sample `exp(-20 data loss)` on each task. In one state their magnetisations come to overlap as those of one chain with itself do,
by q of the theory; where the theory's replicon eigenvalue is below 0 they stay apart.
"""

from typing import Any

import numpy as np

from experiments.continual_statmech import protocol
from mtrl import continual
from mtrl.harness import (
    Axis,
    BadInput,
    BaseConfig,
    Claim,
    Figure,
    at_least,
    at_most,
    dataset,
    evaluate,
    field,
    jax,
    jnp,
    less_than_zero,
    over_seeds,
    split_named,
)
from mtrl.harness.judge.claims import Absent
from mtrl.harness.judge.measures import LAST, exact, mean, value, worst
from mtrl.harness.judge.quantities import Quantity
from mtrl.harness.picture import plots

OVERLAP = plots.looks({"within": "of one chain with itself", "between": "of two chains"})
EPS = plots.looks({"sampled": "sampled", "theory": "theory"})


class StatesConfig(BaseConfig):
    """Tasks with two chains each, at the main figures' temperature."""

    seeds: int = field(16, help="tasks", lower=1)
    dim: int = field(200, help="inputs N", lower=2)
    loads: tuple[float, ...] = field(
        (0.3, 0.5, 0.7, 0.9, 1.1, 1.3), help="sampled loads alpha", lower=0.0, strict=True, distinct=True
    )
    beta: float = field(20.0, help="inverse temperature of chains and theory", lower=0.0, strict=True)
    others: tuple[float, ...] = field((5.0, 12.0), help="inverse temperatures of further lines", lower=0.0, strict=True)
    moves: int = field(700, help="moves of a chain; half of them warm it up", lower=8)
    leaps: int = field(15, help="leapfrog steps of a move", lower=1)
    nodes: int = field(60, help="nodes of a Gaussian in the theory", lower=15)
    step: float = field(0.05, help="step of the theory's loads", lower=0.01, upper=0.5)

    def validate(self) -> None:
        """A chain's second half is compared in two quarters."""
        if self.moves % 4:
            raise BadInput(f"moves got {self.moves}, but must be a multiple of 4; use {self.moves - self.moves % 4}")

    @property
    def grid(self):
        """Loads of the theory, below the jump."""
        return np.round(np.arange(self.step, 1.45, self.step), 10)


def chains(key: Any, count: Any, beta: Any, *, dim: int, rows: int, moves: int, leaps: int) -> Any:
    """(2, 4): of two chains on one task the overlap with itself, that of both, eps and q*; the second half of the moves counts."""
    keys = split_named(key, "world", "first", "second")
    (teacher, _), (task, _) = protocol.world(keys["world"], (count, 1), dim=dim, most=(rows, 1), r0=0.0)
    rule = continual.gibbs(beta=beta, warm_up=moves // 2, leaps=leaps)

    def one(key):
        first, rest = jax.random.split(key)

        def move(carry, i):
            state, sums = carry
            state, _ = rule.step(jax.random.fold_in(rest, i), state, task)
            m, quarter = jnp.tanh(state.theta), 4 * i // moves
            seen = continual.generalisation_error(continual.problem.overlap(teacher, state.theta)), jnp.mean(m**2)
            return (state, sums.at[quarter].add(4 * m / moves)), jnp.stack(seen)

        begin = rule.init(first, task), jnp.zeros((4, dim), task.x.dtype)
        (_, sums), seen = jax.lax.scan(move, begin, jnp.arange(moves))
        return sums[2:], jnp.mean(seen[moves // 2 :], 0)

    means, seen = jax.lax.map(one, jnp.stack([keys["first"], keys["second"]]))
    within = jnp.mean(means[:, 0] * means[:, 1], -1)  # of two quarters: the noise of a mean drops out
    between_them = jnp.mean(means[0].mean(0) * means[1].mean(0))
    return jnp.stack([jnp.mean(within), between_them, *jnp.mean(seen, 0)])


def symmetric(loads: Any, beta: Any, *, nodes: int) -> Any:
    """The branch from below with its replicon eigenvalues."""
    how = dict(nodes=nodes, sites=protocol.sites_for(nodes))
    found = continual.follow(loads, beta=beta, start=jnp.array(continual.COLD), **how)
    return found, jax.lax.map(lambda at: continual.replicon(at[0], load=at[1], beta=beta, **how), (found, loads))


def run(config: StatesConfig, seeds: np.ndarray) -> Any:
    """One cell."""
    loads, betas = np.sort(config.loads), np.unique([config.beta, *config.others])
    sizes = dict(dim=config.dim, rows=max(1, round(loads[-1] * config.dim)), moves=config.moves, leaps=config.leaps)
    counts = [max(1, round(load * config.dim)) for load in loads]
    seen = np.stack([over_seeds(chains, seeds, n, np.float32(config.beta), in_turn=True, **sizes) for n in counts], 1)
    both = np.sort(np.r_[config.grid, np.setdiff1d(loads, config.grid)])
    theory = [evaluate(symmetric, both, float(beta), nodes=config.nodes) for beta in betas]
    own, at = theory[int(np.argmax(betas == config.beta))], np.searchsorted(both, loads)
    q, eps = (protocol.masked(x, own[0].converged) for x in (own[0].q, protocol.error_of(own[0].p)))
    words = "examples per input, alpha"
    return dataset(
        seeds,
        {"load": Axis(loads, words=words), "grid": Axis(both, words=words), "beta": Axis(betas, words="inverse temperature"),
         "which": list(OVERLAP)},
        overlap=(("seed", "load", "which"), seen[..., :2], "1", "overlap of magnetisations"),
        eps=(("seed", "load"), seen[..., 2], "share of inputs", protocol.EPS),
        q_star=(("seed", "load"), seen[..., 3], "1", "q*"),
        q_theory=("grid", q, "1", "overlap of two replicas q"),
        eps_theory=("grid", eps, "share of inputs", protocol.EPS),
        q_at=("load", q[at], "1", "q"), eps_at=("load", eps[at], "share of inputs", protocol.EPS),
        replicon=(("beta", "grid"), np.stack([x[1] for x in theory]), "1", "replicon eigenvalue"),
        stable_at=("load", own[1][at], "1", "replicon eigenvalue"),
    )  # fmt: skip


def draw(data: Any, config: StatesConfig) -> Any:
    """Overlaps, errors, eigenvalues."""
    figure, axes = plots.panel(1, 3, width=4.2, height=3.8)
    own = data["replicon"].sel(beta=config.beta, drop=True)
    for ax, name, color in ((axes[0, 0], "q_theory", "black"), (axes[0, 1], "eps_theory", EPS["theory"].color)):
        for line, kept, words in (("-", own > 0, "theory"), (":", own <= 0, "theory, unstable")):
            plots.theory(ax, data[name].where(kept), "grid", look=plots.Look(words, color, line=line))
    plots.points(axes[0, 0], data["overlap"], "load", "which", OVERLAP)
    plots.points(axes[0, 1], data["eps"], "load", look=EPS["sampled"])
    plots.theory(
        axes[0, 2], data["replicon"], "grid", "beta", plots.looks({b: f"beta = {b:g}" for b in data["beta"].values})
    )
    plots.level(axes[0, 2], 0.0)
    plots.finish(axes[0, 0], title=f"N = {config.dim}, beta = {config.beta:g}")
    plots.finish(axes[0, 1], title="generalisation of a sample")
    plots.finish(axes[0, 2], title="below 0 replicas part", ylim=(-2, 1.05))
    return figure


def where(quantity: Any, stable: bool) -> Quantity:
    """At the sampled loads where the symmetric solution is stable, or at the others."""

    def some(data, config):
        kept = (data["stable_at"] > 0) == stable if "stable_at" in data else []
        if not np.any(kept):
            raise Absent("no sampled load on this side of the threshold")
        return quantity(data, config).where(kept, drop=True)

    return Quantity(some)


UNSTABLE = "at beta = 20 the eigenvalue is below 0 from alpha = .73 to the jump at about 1.55, where the branch of learnt tasks takes over"
within, between_them = value("overlap", which="within"), value("overlap", which="between")
FIGURE = Figure(
    __name__,
    title="Overlaps of two samples of one task's measure, and the stability of its theory (beside Figure 2)",
    question="Is the measure of one task a single state, as its replica-symmetric theory takes for granted?",
    claims=(
        Claim.derived("the symmetric solution is stable at every load below the jump: least replicon eigenvalue at the chains' temperature",
              "taken for granted by Figure 2a, b", exact(value("replicon", beta=lambda c: c.beta).over("grid", how="min")), at_least(0.0),
              unit="1", reason="below 0 replicas part (de Almeida and Thouless 1978)", note=UNSTABLE),
        Claim.derived("where it is stable two chains overlap as one does with itself: largest shortfall of a load",
              "one state", worst(where(within - between_them, True)), at_most(0.02), unit="1", reason="noise of a chain's quarters"),
        Claim.derived("where it is unstable two chains overlap less than one does with itself: mean over these loads",
              "several states", mean(where(between_them - within, False).over("load")), less_than_zero, unit="1"),
        protocol.agrees("overlap of two chains where the theory is stable", where(between_them, True), where(value("q_at"), True),
                        "Figure 2a (q)", make=Claim.derived),
        protocol.agrees("eps of samples where the theory is stable", where(value("eps"), True), where(value("eps_at"), True),
                        "Figure 2b", make=Claim.derived),
        Claim.derived("samples err less than the unstable solution says: eps of samples minus theory at the largest load",
              "derived after descent was seen to lie below it, too", mean((value("eps") - value("eps_at")).at(load=LAST)), less_than_zero,
              unit="share of inputs"),
    ),
    optional=("q_theory", "eps_theory", "q_at", "eps_at", "replicon"),
    presets={
        "smoke": dict(seeds=2, dim=20, loads=(0.3, 1.1), others=(5.0,), moves=12, leaps=2, nodes=15, step=0.4),
        "paper": dict(seeds=20, dim=1000, moves=4000, step=0.02),
    },
)  # fmt: skip
