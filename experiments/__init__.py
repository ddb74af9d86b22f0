"""One study per paper; `python -m experiments --list` names them all."""
