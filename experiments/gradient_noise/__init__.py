"""Annealed gradient noise for very deep networks: figures and claims.

python -m experiments.gradient_noise
    [--figure=gain|clusters|spread|depth|annealed|restarts|memory|multitask|landscapes|baselines|published]
"""

from experiments.gradient_noise import (
    annealed,
    baselines,
    clusters,
    depth,
    gain,
    landscapes,
    memory,
    multitask,
    published,
    restarts,
    spread,
)
from mtrl.harness import Paper, Study

STUDY = Study(
    name="gradient_noise",
    paper="Neelakantan et al. 2015, arXiv 1511.06807",
    summary="decaying noise on gradients trains very deep networks from poor starts",
    papers=(
        Paper("Adding Gradient Noise Improves Learning for Very Deep Networks",
              ("Neelakantan", "Vilnis", "Le", "Sutskever", "Kaiser", "Kurach", "Martens"), 2015, "arXiv", "1511.06807"),
    ),
    confirmed="the rule, its constants, the published settings and numbers, noise after clipping, no help for shallow or well "
    "started networks.",
    reconstructed="batch size, steps and biases; the clusters, the chains of facts, the program learner, the multitask extension and all "
    "of the theory.",
    figures=(gain.FIGURE, clusters.FIGURE, spread.FIGURE, depth.FIGURE, annealed.FIGURE, restarts.FIGURE, memory.FIGURE, multitask.FIGURE,
             landscapes.FIGURE, baselines.FIGURE, published.FIGURE),
)  # fmt: skip
