"""The studies there are, by name: handed to the gallery by whoever starts it."""

import importlib
import pkgutil
from typing import NamedTuple

from mtrl.harness.study import Study, unknown
from mtrl.numerics.errors import BadInput


class Registry(NamedTuple):
    """Every module or package of `package` is a study, with its `STUDY` inside.

    Attributes:
      package: name of the package that holds the studies.
    """

    package: str

    def names(self) -> list[str]:
        """Names of the studies, sorted."""
        return sorted(
            m.name for m in pkgutil.iter_modules(importlib.import_module(self.package).__path__) if m.name[0] != "_"
        )

    def load(self, name: str) -> Study:
        """A study by name.

        Raises:
          BadInput: there is none; the nearest name is suggested.
        """
        if name not in self.names():
            raise BadInput(unknown("study", name, self.names()))
        return importlib.import_module(f"{self.package}.{name}").STUDY

    def studies(self) -> list[Study]:
        """All of them."""
        return [self.load(name) for name in self.names()]


def listing(studies: list[Study]) -> str:
    """Every study and figure with its claims, in words."""
    lines = []
    for study in studies:
        lines += [f"{study.name}: {study.summary}", f"  {study.paper}"]
        for figure in study.figures:
            lines.append(f"  --figure={figure.name}: {figure.title}")
            lines += [f"      claim: {claim.text} (paper: {claim.paper})" for claim in figure.claims]
        lines.append("")
    return "\n".join(lines)
