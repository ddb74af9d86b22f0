"""`python -m experiments.multitask_bandits`."""

from experiments.multitask_bandits import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
