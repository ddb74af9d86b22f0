"""Predictions on the axes of the simulations: bracketing numbers, margins, rates, degrees of freedom.

Brackets are pairs (l, u) of functions on trajectories with l <= P <= u and `max_n max_pi sum_tau pi (u_n - l_n) <= eta`; N_eta is the least
number of them that covers a class. The formulas of `log N_eta` are leading terms (natural logarithm) in the form this project's reading
of the paper gives them; margins and rates are without the paper's constants.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.mdp.psr.problem import POMDP, trajectory_table
from mtrl.numerics.checks import check_choice, check_positive, check_share, check_whole
from mtrl.numerics.types import Scalar

Rate = Float[Array, "..."]
Number = Scalar | Rate


def log_bracket_pomdp(
    tasks: Number, *, states: int, actions: int, observations: int, horizon: int, eta: Scalar
) -> Rate:
    """N tabular POMDPs with shared transitions, `H (S^2 A + N S O) log(H O A S / eta)`."""
    check_positive(eta=eta)
    s, a, o, h = states, actions, observations, horizon
    return h * (s * s * a + jnp.asarray(tasks, float) * s * o) * jnp.log(h * o * a * s / eta)


def log_bracket_psr(*, rank: int, actions: int, observations: int, horizon: int, eta: Scalar) -> Rate:
    """One PSR of rank r, `r^2 O A H^2 log(O A / eta)`."""
    check_positive(eta=eta)
    return rank**2 * observations * actions * horizon**2 * jnp.log(observations * actions / jnp.asarray(eta))


def log_bracket_perturbed(base: Number, tasks: Number, *, perturbations: Number) -> Rate:
    """Perturbed copies of one model of a base class, `log N(base) + N log #Delta`."""
    return jnp.asarray(base) + jnp.asarray(tasks) * jnp.log(perturbations)


def log_bracket_mixture(base: Number, tasks: Number, *, cores: Number, eta: Scalar) -> Rate:
    """Mixtures of m core tasks of a base class, `m log N(base) + N m log(m / eta)`."""
    check_positive(eta=eta)
    return cores * jnp.asarray(base) + jnp.asarray(tasks) * cores * jnp.log(cores / jnp.asarray(eta))


def log_bracket_emissions(*, states: int, observations: int, horizon: int, eta: Scalar) -> Rate:
    """Downstream with T known, emissions alone, `H S O log(H O S / eta)`."""
    check_positive(eta=eta)
    return horizon * states * observations * jnp.log(horizon * observations * states / jnp.asarray(eta))


def log_bracket_downstream_mixture(*, cores: Number, eta: Scalar) -> Rate:
    """Downstream with m known core tasks, the weights alone, `m log(m / eta)`; a known base leaves `log #Delta`."""
    check_positive(eta=eta)
    return cores * jnp.log(cores / jnp.asarray(eta))


def upstream_margin(
    log_bracket: Number, *, tasks: Number, horizon: Number, episodes: Number, delta: Scalar, constant: Scalar = 1.0
) -> Rate:
    """`beta = c (log(K H N / delta) + log N_eta)`, eta of order 1 / (K H N)."""
    check_share(delta=delta)
    return constant * (jnp.log(jnp.asarray(episodes, float) * horizon * tasks / delta) + log_bracket)


def downstream_margin(
    log_bracket: Number, *, horizon: Number, episodes: Number, error: Number, delta: Scalar, constant: Scalar = 1.0
) -> Rate:
    """`beta_0 = c (log(K H / delta) + log N_eta + eps_0 K H)` with the realisability error eps_0 (see `worst_renyi`)."""
    check_share(delta=delta)
    total = jnp.asarray(episodes, float) * horizon
    return constant * (jnp.log(total / delta) + log_bracket + error * total)


MARGINS = ("joint", "separate", "pooled", "known")


def finite_margin(tasks: Number, *, shared: Number, own: Number, delta: Scalar, sharing: str = "joint") -> Rate:
    """Margins of the finite class: `log(J L^N / delta)` of a joint set, `log(J L N / delta)` of each separate one.

    Pooled, `log(J L / delta)`; with T known, `log(L^N / delta)`. With these the truth stays inside in all rounds with probability
    1 - delta, whatever the exploration: the likelihood ratio of a wrong member to the truth is a martingale of mean 1 (Ville), and there
    are so many members.
    """
    check_share(delta=delta)
    check_choice("sharing", sharing, MARGINS)
    n, members = jnp.asarray(tasks, float), jnp.log(jnp.asarray(own, float))
    if sharing == "separate":
        return jnp.log(jnp.asarray(shared, float)) + members + jnp.log(n) - jnp.log(delta)
    first = 0.0 if sharing == "known" else jnp.log(jnp.asarray(shared, float))
    return first + members * (1.0 if sharing == "pooled" else n) - jnp.log(delta)


def upstream_iterations(
    margin: Number, tasks: Number, *, rank: Number, tests: Number, test_actions: Number, horizon: Number, actions: Number,
    conditioning: Number, eps: Scalar,
) -> Rate:  # fmt: skip
    """Order of the iterations that suffice, `(r + Q_A^2 H / gamma^2) r d H^3 A^2 Q_A^4 beta / (N gamma^4 eps^2)`.

    The polynomial is that of the single-task analysis; what is shown of it is `beta / N`, which replaces the single-task `log N_eta`.
    """
    q, gamma, h = jnp.asarray(test_actions, float), jnp.asarray(conditioning, float), jnp.asarray(horizon, float)
    eluder = rank + q**2 * h / gamma**2
    return eluder * rank * tests * h**3 * jnp.asarray(actions) ** 2 * q**4 * margin / (tasks * gamma**4 * eps**2)


def free_parameters(tasks: Number, *, states: int, actions: int, observations: int, sharing: str = "joint") -> Rate:
    """Degrees of freedom with mu known: `A S (S - 1) + N S (O - 1)` joint, N times one task's separate, `N S (O - 1)` with T known."""
    check_choice("sharing", sharing, MARGINS)
    n = jnp.asarray(tasks, float)
    moves, shows = actions * states * (states - 1), states * (observations - 1)
    copies = {"joint": 1.0, "separate": n, "pooled": 1.0, "known": 0.0}[sharing]
    return jnp.asarray(copies * moves + (1.0 if sharing == "pooled" else n) * shows)


def expected_divergence(parameters: Number, episodes: Number) -> Rate:
    """Wilks: the sum over tasks of `KL(P_n || P_hat_n)` of maximum likelihood is about `dof / (2 K)` [nat], K episodes per task.

    For regular points inside the class and large K; joint over separate is the ratio of degrees of freedom whatever K.
    """
    return jnp.asarray(parameters) / (2 * jnp.asarray(episodes, float))


def grid_bracket(model: POMDP, spacing: Scalar, *, horizon: int) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Lower and upper functions (l, u) of a model: T and E rounded down and up to a grid of this spacing; l <= P <= u."""
    check_positive(spacing=spacing)

    def rounded(to):
        t, e = (to(x / spacing) * spacing for x in (model.transitions, model.emissions))
        return trajectory_table(POMDP(model.initial, t, e), horizon=horizon)

    return rounded(jnp.floor), rounded(jnp.ceil)


def grid_bracket_width(spacing: Scalar, *, states: int, observations: int, horizon: int) -> Rate:
    """Width that no such bracket exceeds, `(1 + S t)^H (1 + O t)^H - (1 - S t)^H (1 - O t)^H`, about `2 H (S + O) t`; S t, O t <= 1."""
    check_positive(spacing=spacing)
    check_whole(states=states, observations=observations, horizon=horizon)
    s, o = states * jnp.asarray(spacing, float), observations * jnp.asarray(spacing, float)
    return ((1 + s) * (1 + o)) ** horizon - ((1 - s) * (1 - o)) ** horizon
