"""How fast learning dynamics run: against literal NumPy loops, against running every switch of task anew, and against the machine.

`python -m experiments.benchmark_dynamics --figure=recursion`
"""

from experiments.benchmark_dynamics import completion, recursion, saddle
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_dynamics",
    paper="Benchmark of this codebase (algorithms of Kleinman et al. 2024 and Li et al. 2023)",
    summary="speed of learning dynamics: interleaved ratios, what sharing a first task gives, distance to the machine's limits",
    figures=(recursion.FIGURE, completion.FIGURE, saddle.FIGURE),
)
