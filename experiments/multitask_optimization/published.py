"""The papers' tables, for orderings: their data (Cityscapes, NYUv2) need downloads and networks of their size, ours are stand-ins.

Senushkin et al., Delta_m in per cent, negative is better. Readers of both layouts: `mtrl.data.read_scenes`.
"""

from mtrl.harness import Claim, at_least
from mtrl.harness.judge.measures import bootstrap, value

# Cityscapes with three tasks (PSPNet).
CITYSCAPES = {
    "mean": 14.30, "rlw": 15.58, "dwa": 13.20, "uw": 1.53, "mgda": 20.62, "gradnorm": 6.55, "graddrop": 12.50, "pcgrad": 10.00,
    "gradvac": 12.99, "cagrad": 1.46, "imtl_g": 3.10, "nash_mtl": 9.38, "aligned_mtl": -0.02,
    "mgda_ub": 25.05, "aligned_mtl_ub": -0.35,
}  # fmt: skip
# NYUv2 (MTAN), task-weighted.
NYUV2 = {
    "mean": -1.07,
    "cagrad": -4.18,
    "imtl_g": -4.76,
    "nash_mtl": -7.56,
    "aligned_mtl": -8.40,
    "aligned_mtl_ub": -7.83,
}


def listed(config):
    """Methods of a run that the table of Cityscapes has."""
    return [method for method in config.methods if method in CITYSCAPES]


def same_order(short, kind):
    """Whether the published order of the methods carries over to a stand-in."""

    def correlation(ours, paper):
        from scipy import stats

        return float(stats.spearmanr(ours, paper).statistic)

    ours = value(f"delta_m_lower_is_better_{short}", method=listed)
    return Claim(
        f"{kind}: the published order of the methods carries over, rank correlation of Delta_m with Cityscapes",
        "Senushkin et al., table of Cityscapes with three tasks",
        lambda data, config: bootstrap(correlation, ours, [CITYSCAPES[m] for m in listed(config)])(data, config),
        at_least(0.5, "0.6 is the one-sided 2.5 % point of 11 unrelated rankings"),
        unit="1",
        stand_in=True,
    )
