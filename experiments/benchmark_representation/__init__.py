"""Speed and memory of the linear representation learners, measured side by side with literal loops and scikit-learn."""

from experiments.benchmark_representation import convex_fits, peak_memory, scaling, sparse_fits, subspace_learners
from mtrl.harness import Study

STUDY = Study(
    name="benchmark_representation",
    paper="goals of this library; methods of Tripuraneni et al. 2021, Thekumparampil et al. 2021, Zhang and Yang 2021",
    summary="seconds and memory of moments, AltMin, factored search and convex fits against their yardsticks",
    figures=(subspace_learners.FIGURE, convex_fits.FIGURE, sparse_fits.FIGURE, scaling.FIGURE, peak_memory.FIGURE),
)
