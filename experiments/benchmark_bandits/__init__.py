"""How fast the bandits run: against literal NumPy loops, a Python loop over jitted steps, other libraries, and the machine's limits.

`python -m experiments.benchmark_bandits --figure=linear`
"""

from experiments.benchmark_bandits import libraries, linear, neural, scaling
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_bandits",
    paper="Benchmark of this codebase (algorithms of Li et al. 2010, Hu et al. 2021, Lu et al. 2022)",
    summary="speed of the bandits: interleaved ratios, exponents, distance to the machine's limits",
    figures=(linear.FIGURE, neural.FIGURE, libraries.FIGURE, scaling.FIGURE),
)
