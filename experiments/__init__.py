"""One study per paper; `python -m experiments --list` names them all."""

import pkgutil
import sys


def _refuse_unknown_study() -> None:
    """`python -m experiments.<typo>` ends with one sentence and the nearest name instead of Python's own message."""
    arguments = sys.orig_argv
    module = arguments[arguments.index("-m") + 1] if "-m" in arguments[:-1] else ""
    name = module.removeprefix("experiments.")
    known = sorted(m.name for m in pkgutil.iter_modules(__path__))
    if module.startswith("experiments.") and name.split(".")[0] not in known:
        from mtrl.harness.study import unknown

        print(f"error: {unknown('study', name, known)}", file=sys.stderr)
        sys.exit(2)


_refuse_unknown_study()
