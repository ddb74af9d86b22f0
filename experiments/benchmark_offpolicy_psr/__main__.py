"""`python -m experiments.benchmark_offpolicy_psr`."""

from experiments.benchmark_offpolicy_psr import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
