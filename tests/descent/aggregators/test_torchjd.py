"""Against TorchJD, where it is installed (`pip install mtrl[peers]`): 200 Jacobians, plain, badly scaled and nearly opposed.

Where a program only approaches its solution both are held against what the solution satisfies, and against each other where TorchJD's does.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import aggregators
from tests.descent.fixtures import TABLE, directions, over, random_jacobians
from tests.helpers import assert_close

torch = pytest.importorskip("torch", reason="an optional peer")
peers = pytest.importorskip("torchjd.aggregation", reason="an optional peer")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ALL = random_jacobians(200)
LENGTHS = np.linalg.norm(ALL, axis=2).max(1)


def theirs(make, Js=ALL):
    """A fresh aggregator a Jacobian: some warm-start from the one before."""
    return np.stack([make()(torch.tensor(J)).numpy() for J in Js])


def distance(ours, other):
    """Per Jacobian, over its longest gradient."""
    return np.linalg.norm(ours - other, axis=1) / LENGTHS


@pytest.mark.parametrize(
    "ours, options, make",
    [
        (aggregators.aligned_mtl_weights, {"scale": "min"}, lambda: peers.AlignedMTL(scale_mode="min")),
        (aggregators.aligned_mtl_weights, {"scale": "median"}, lambda: peers.AlignedMTL(scale_mode="median")),
        (aggregators.aligned_mtl_weights, {"scale": "rmse"}, lambda: peers.AlignedMTL(scale_mode="rmse")),
        (aggregators.imtl_g_weights, {}, peers.IMTLG),
    ],
    ids=("aligned min", "aligned median", "aligned rmse", "imtl_g"),
)
def test_closed_forms_are_equal(ours, options, make):
    """1e-6, and 1e-5 where norms differ by 1e6, so that the Gramian holds four digits of the shortest gradient."""
    far = distance(directions(ours, ALL, **options), theirs(make))
    print(f"largest distance {far[0::3].max():.1e} plain, {far[1::3].max():.1e} scaled, {far[2::3].max():.1e} opposed")
    assert far[0::3].max() < 1e-6 and far[1::3].max() < 1e-5 and far[2::3].max() < 1e-6


def test_pcgrad_of_two_tasks_where_no_order_matters():
    Js = random_jacobians(200, 2)
    orders = jnp.array([[1, 0], [1, 0]])
    ours = directions(aggregators.pcgrad_weights, Js, orders=orders)
    assert_close("PCGrad", ours, theirs(peers.PCGrad, Js), rtol=1e-12)


def test_mgda_is_as_near_as_frank_wolfes_certificate_says():
    """TorchJD's Frank-Wolfe comes near slowly. Its gap `d.d - min_t g_t.d` bounds the squared distance to the solution."""
    ours, other = directions(aggregators.mgda_weights, ALL), theirs(lambda: peers.MGDA(epsilon=1e-9, max_iters=100))
    gap = (other**2).sum(1) - np.einsum("ctd,cd->ct", ALL, other).min(1)
    own_gap = (ours**2).sum(1) - np.einsum("ctd,cd->ct", ALL, ours).min(1)
    assert (own_gap <= 1e-9 * LENGTHS**2).all()
    assert (((ours - other) ** 2).sum(1) <= gap + 1e-9 * LENGTHS**2).all()


def test_frank_wolfe_takes_the_same_steps():
    """The iteration with its published stop, step below 1e-3 or 100 steps."""
    ours = directions(lambda M: aggregators.mgda_weights(M, solver="frank_wolfe"), ALL)
    assert distance(ours, theirs(peers.MGDA)).max() < 1e-9


def test_upgrad_within_its_regularisation():
    """TorchJD adds `reg_eps` to the diagonal of the scaled Gramian; here as little as its solver takes. Plain and opposed Jacobians."""
    from torchjd.linalg import QuadprogProjector  # pyright: ignore[reportMissingImports]

    kept = np.arange(len(ALL)) % 3 != 1
    make = lambda: peers.UPGrad(projector=QuadprogProjector(norm_eps=1e-12, reg_eps=1e-12))  # noqa: E731
    ours, other = directions(aggregators.upgrad_weights, ALL[kept]), theirs(make, ALL[kept])
    far = np.linalg.norm(ours - other, axis=1) / LENGTHS[kept]
    print(f"largest distance {far.max():.1e}")
    assert far.max() < 1e-6


def test_cagrad_is_as_good_to_the_solvers_tolerance():
    """A cone program against projected descent: both are in the ball, and the worst task descends as fast."""
    other = theirs(lambda: peers.CAGrad(c=0.5, norm_eps=1e-12))
    ours = directions(aggregators.cagrad_weights, ALL, c=0.5)
    mean = np.linalg.norm(ALL.mean(1), axis=1)
    worst, rival = (np.einsum("ctd,cd->ct", ALL, d).min(1) for d in (ours, other))
    assert (worst >= rival - 1e-6 * mean * LENGTHS).all()
    assert distance(ours, other).max() < 2e-4


@pytest.mark.parametrize("name", ["nash", "fairgrad"])
def test_bargaining_solutions_satisfy_their_equation_at_least_as_well(name):
    """`a_t (g_t . d)^gamma = 1`: ours to 1e-4 everywhere; equal directions where TorchJD's satisfies it too."""
    gamma = 1.0 if name == "nash" else 2.0
    if name == "nash":
        make = lambda: peers.NashMTL(n_tasks=3, max_norm=0.0, optim_niter=50)  # noqa: E731
        ours = aggregators.nash_weights
    else:
        make = lambda: peers.FairGrad(alpha=2.0)  # noqa: E731
        ours = lambda gram: aggregators.fairgrad_weights(gram, gamma=2.0)  # noqa: E731
    weights, other = over(ours, ALL), theirs(make)

    def residual(d, alpha):
        return np.abs(alpha * np.einsum("ctd,cd->ct", ALL, d) ** gamma - 1).max(1)

    d = np.einsum("ct,ctd->cd", weights, ALL)
    solved = np.einsum("ctd,cd->ct", ALL, other)
    found = np.stack([np.linalg.lstsq(J.T, x, rcond=None)[0] for J, x in zip(ALL, other, strict=True)])
    off = np.where((solved > 0).all(1), np.abs(found * np.abs(solved) ** gamma - 1).max(1), np.inf)
    mine = residual(d, weights)
    print(f"residuals: ours {mine.max():.1e}, TorchJD's median {np.median(off):.1e}, solved {np.mean(off < 1e-5):.2f}")
    assert mine.max() < 1e-4
    near = off < 1e-5
    assert near.mean() > 0.3
    assert (np.linalg.norm(d - other, axis=1)[near] < 1e-4 * np.linalg.norm(d, axis=1)[near]).all()


@pytest.mark.parametrize("J", TABLE)
def test_mean(J):
    assert_close("mean", J.mean(0), theirs(peers.Mean, J[None])[0], rtol=1e-12)
