"""Against TorchJD (Quinton and Rey), where it is installed (`pip install -e .[peers]`): 200 random and adversarial Jacobians."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtrl.descent import aligned_mtl, cagrad, fairgrad, imtl_g, mean, mgda, nash_mtl, upgrad
from tests.descent.fixtures import direction, random_jacobians

torch = pytest.importorskip("torch", reason="TorchJD and its torch are not installed: pip install -e .[peers]")
aggregation = pytest.importorskip("torchjd.aggregation", reason="TorchJD is not installed: pip install -e .[peers]")

# Both are exact, or TorchJD solves to a stated tolerance of a normalised problem.
PAIRS = [
    (mean, {}, "Mean", {}, 1e-9),
    (mgda, {"solver": "frank_wolfe", "iterations": 100, "tolerance": 1e-3}, "MGDA", {}, 1e-6),
    (aligned_mtl, {}, "AlignedMTL", {}, 1e-6),
    (aligned_mtl, {"scale": "median"}, "AlignedMTL", {"scale_mode": "median"}, 1e-6),
    (aligned_mtl, {"scale": "rmse"}, "AlignedMTL", {"scale_mode": "rmse"}, 1e-6),
    (imtl_g, {}, "IMTLG", {}, 1e-6),
    (cagrad, {"c": 0.5, "iterations": 400}, "CAGrad", {"c": 0.5}, 2e-2),
    (nash_mtl, {"largest_norm": None}, "NashMTL", {"n_tasks": 3, "max_norm": 0.0, "optim_niter": 200}, 1e-3),
    (fairgrad, {"gamma": 2.0}, "FairGrad", {"alpha": 2.0}, 1e-3),
    (upgrad, {}, "UPGrad", {}, 2e-2),
]


@pytest.mark.parametrize("ours, options, name, theirs, accuracy", PAIRS, ids=[f"{p[2]} {p[3]}" for p in PAIRS])
def test_same_directions(ours, options, name, theirs, accuracy):
    """Relative to the direction's own norm; a third of the Jacobians is nearly opposed, where squaring costs TorchJD digits too."""
    try:
        peer = getattr(aggregation, name)(**theirs)
    except (AttributeError, ImportError, TypeError) as error:
        pytest.skip(f"TorchJD's {name} does not run here: {error}")
    errors = []
    for J in random_jacobians():
        if hasattr(peer, "reset"):
            peer.reset()
        with np.errstate(all="ignore"):
            reference = peer(torch.tensor(J)).detach().numpy()
        found = direction(ours, jnp.asarray(J), **options)
        errors.append(np.linalg.norm(found - reference) / max(np.linalg.norm(reference), 1e-12))
    # Of the nearly opposed third some of TorchJD's iterative solvers stop far from the optimum, which theorems tell: the rest must agree.
    agreed = {"NashMTL": 0.6, "UPGrad": 0.5}.get(name, 0.9)
    assert np.quantile(errors, agreed) < accuracy, np.quantile(errors, [0.5, 0.6, 0.9, 0.99, 1])
