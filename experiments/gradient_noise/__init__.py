"""Annealed gradient noise for very deep networks: figures and claims.

python -m experiments.gradient_noise
    [--figure=gain|clusters|spread|depth|annealed|restarts|multitask|landscapes|baselines|published]
"""

from experiments.gradient_noise import (
    annealed,
    baselines,
    clusters,
    depth,
    gain,
    landscapes,
    multitask,
    published,
    restarts,
    spread,
)
from mtrl.harness import Study

STUDY = Study(
    name="gradient_noise",
    paper="Neelakantan et al. 2015, arXiv 1511.06807",
    summary="decaying noise on gradients trains very deep networks from poor starts",
    figures=(
        gain.FIGURE,
        clusters.FIGURE,
        spread.FIGURE,
        depth.FIGURE,
        annealed.FIGURE,
        restarts.FIGURE,
        multitask.FIGURE,
        landscapes.FIGURE,
        baselines.FIGURE,
        published.FIGURE,
    ),
)
