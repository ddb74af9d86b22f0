"""`python -m experiments.benchmark_optimization`."""

from experiments.benchmark_optimization import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
