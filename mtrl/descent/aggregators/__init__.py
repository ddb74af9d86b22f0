"""Aggregators of task gradients: optax gradient transformations that take a leading task axis and return a direction without it.

| factory | weights from the Gramian | source |
| --- | --- | --- |
| `mean` | w | linear scalarisation |
| `mgda` | `mgda_weights` | Desideri 2012; Sener and Koltun 2018 |
| `pcgrad`, `gradvac` | `pcgrad_weights`, `gradvac_weights` | Yu et al. 2020; Wang et al. 2021 |
| `graddrop` | needs the gradients themselves | Chen et al. 2020 |
| `cagrad` | `cagrad_weights` | Liu, Liu et al. 2021 |
| `imtl_g` | `imtl_g_weights` | Liu, Li et al. 2021 |
| `nash_mtl`, `fairgrad` | `nash_weights`, `fairgrad_weights` | Navon et al. 2022; Ban and Ji 2024 |
| `aligned_mtl` | `aligned_mtl_weights` | Senushkin et al. 2023 |
| `upgrad` | `upgrad_weights` | Quinton and Rey 2024 |
| `con_fig` | `con_fig_weights` | Liu, Chu and Thuerey 2025 |
"""

from mtrl.descent.aggregators.aligned_mtl import SCALES, aligned_mtl, aligned_mtl_weights, alignment
from mtrl.descent.aggregators.cagrad import RESCALES, cagrad, cagrad_weights
from mtrl.descent.aggregators.con_fig import con_fig, con_fig_weights
from mtrl.descent.aggregators.graddrop import graddrop
from mtrl.descent.aggregators.imtl_g import imtl_g, imtl_g_weights
from mtrl.descent.aggregators.mean import mean
from mtrl.descent.aggregators.mgda import NORMALISE, SOLVERS, mgda, mgda_weights
from mtrl.descent.aggregators.nash_mtl import fairgrad, fairgrad_weights, nash_mtl, nash_weights
from mtrl.descent.aggregators.pcgrad import gradvac, gradvac_weights, pcgrad, pcgrad_weights
from mtrl.descent.aggregators.upgrad import upgrad, upgrad_weights

__all__ = [
    "NORMALISE", "RESCALES", "SCALES", "SOLVERS", "aligned_mtl", "aligned_mtl_weights", "alignment", "cagrad", "cagrad_weights",
    "con_fig", "con_fig_weights", "fairgrad", "fairgrad_weights", "graddrop", "gradvac", "gradvac_weights", "imtl_g", "imtl_g_weights",
    "mean", "mgda", "mgda_weights", "nash_mtl", "nash_weights", "pcgrad", "pcgrad_weights", "upgrad", "upgrad_weights",
]  # fmt: skip
