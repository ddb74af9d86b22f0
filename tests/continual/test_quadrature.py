"""The site and the energy against SciPy's adaptive quadrature and a brute grid, the table against the site."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import integrate, special

from mtrl.continual import quadrature
from tests.helpers import assert_close


def test_site_is_its_integral():
    def entropy(m):
        return (1 + m) / 2 * np.log1p(m) + (1 - m) / 2 * np.log1p(-m)

    def weight(m, h):
        return np.exp(-3 * m**2 - 2 * entropy(m) + h * m)

    ours = jax.jit(lambda h: quadrature.site(h, -3.0, 2.0, nodes=60))(jnp.array([0.3, -2.0]))
    for i, h in enumerate((0.3, -2.0)):
        z = integrate.quad(weight, -1, 1, args=(h,))[0]
        mean = integrate.quad(lambda m, h=h: m * weight(m, h), -1, 1)[0] / z
        sign = (integrate.quad(weight, 0, 1, args=(h,))[0] - integrate.quad(weight, -1, 0, args=(h,))[0]) / z
        assert_close("site", [ours.log_z[i], ours.mean[i]], [np.log(z), mean], 1e-9)
        assert_close("sign", ours.sign[i], sign, 1e-9)


def test_table_gives_the_site():
    """In a double well and in a stiff one, far beyond the flip and at it."""
    h = jnp.array([-700.0, -20.0, -0.3, 0.0, 0.01, 1.3, 55.0, 640.0])

    @jax.jit
    def both(a, k):
        table = quadrature.tabulate(800.0, a, k, nodes=160, points=800, dtype=h.dtype)
        return quadrature.look_up(table, h), quadrature.site(h, a, k, nodes=160)

    for a, k in ((80.0, 2.0), (-300.0, 20.0)):
        ours, exact = both(a, k)
        for name, x, y in zip(ours._fields, ours, exact, strict=True):
            assert_close(f"table, {name}", x, y, 1e-5)


@jax.jit
def slopes(order, floor):
    """The energy, and its automatic derivative."""
    energy = lambda order: quadrature.energy(order, 20.0, nodes=60, floor=floor)  # noqa: E731
    return energy(order), jax.grad(lambda order: energy(order).value)(order)


def brute_energy(q, r, q_star, beta, reach, count=241):
    """Equal steps everywhere, wide enough for the inner integrand."""
    z, x = np.linspace(-7.5, 7.5, count), np.linspace(-reach, reach, int(30 * reach))
    weight, log_x = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum(), -(x**2) / 2
    g = (np.sqrt(q_star - q) * x + np.sqrt(q) * z[:, None]) / np.sqrt(1 - q_star)
    inner = special.logsumexp(beta * special.log_ndtr(-g) + log_x - special.logsumexp(log_x), axis=1)
    return 2 * (weight * special.ndtr(-z * r / np.sqrt(q - r**2))) @ inner


def test_energy_and_what_a_cut_off_costs():
    """The inner integrand peaks far out where alpha is large: equal steps on +-7.5 miss 2 per cent of the energy at alpha = 1.2, beta = 20."""
    order = (0.9061, 0.6616, 0.9491)
    ours = slopes(jnp.array(order), 1e-9)[0].value
    assert_close("energy", ours, brute_energy(*order, 20.0, 40.0), 1e-6)
    cut = jax.jit(lambda order: quadrature.energy(order, 20.0, nodes=241, floor=1e-9, literal=True).value)(
        jnp.array(order)
    )
    assert_close("energy on +-7.5", cut, brute_energy(*order, 20.0, 7.5), 5e-4)
    assert 1.02 < float(cut / ours) < 1.03


def test_energy_where_the_teacher_side_is_steep():
    """`H(z r / sqrt(q - r^2))` falls from 1 to 0 within a hundredth of a standard deviation as r^2 -> q: the nodes follow it."""
    order = (0.97, 0.9848, 0.977)
    assert_close("energy", slopes(jnp.array(order), 1e-9)[0].value, brute_energy(*order, 20.0, 40.0, 2001), 1e-6)


def test_slopes_of_the_energy_are_its_derivatives():
    """By hand against automatic differentiation: little data, a learnt task, and below the floor, where it is a constant."""

    for order, floor in (((0.1, 0.05, 0.4), 1e-9), ((0.97, 0.984, 0.977), 1e-9), ((0.4, 0.3, 0.40001), 1e-4)):
        ours, automatic = slopes(jnp.array(order), floor)
        assert_close(f"slopes at {order}", ours.slopes, automatic, 1e-9)


def test_tails_of_the_normal():
    """On both sides of where the series takes over, and far beyond underflow."""
    for dtype, rtol in ((np.float64, 1e-13), (np.float32, 2e-6)):
        g = np.array([-9.0, -1.0, 0.0, 2.0, 9.9, 10.1, 29.9, 30.1, 7500.0], dtype)
        log_h, hazard = jax.jit(quadrature.log_tail)(jnp.asarray(g))
        exact = special.log_ndtr(-g.astype(float))
        assert_close("ln H", log_h[2:], exact[2:], rtol)
        assert np.abs(np.asarray(log_h[:2]) - exact[:2]).max() < rtol
        upper = np.sqrt(2 / np.pi) / special.erfcx(g.astype(float) / np.sqrt(2))
        assert_close("hazard", hazard, upper, 20 * rtol)
