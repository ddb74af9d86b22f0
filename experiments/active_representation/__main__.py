"""`python -m experiments.active_representation`."""

from experiments.active_representation import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
