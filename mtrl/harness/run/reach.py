"""What a piece of this project's code reaches: from names through imports and attributes of modules to the statements that bind them.

A file is read as top-level statements, each binding names. A name that a statement uses is followed to the statements that bind it, there
or where it is imported from, and so on; where it cannot be followed (a module handed on as a value, a `getattr`), the whole module counts.
"""

import ast
import functools
import pathlib
import tokenize
from collections.abc import Callable, Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[3]

Need = tuple[str, int]  # a module and the place of a statement in it


class Room(NamedTuple):
    """A file: its statements, the names that each binds, and those that run whatever is asked of it."""

    name: str
    path: pathlib.Path
    package: tuple[str, ...]
    statements: tuple[ast.stmt, ...]
    binds: dict[str, list[int]]
    always: tuple[int, ...]
    stars: tuple[str, ...]


@functools.cache
def room(name: str) -> Room | None:
    """The module of that name, None where it is not of this project."""
    parts = name.split(".")
    place = ROOT.joinpath(*parts)
    path = next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)
    if path is None:
        return None
    package = tuple(parts if path.name == "__init__.py" else parts[:-1])
    statements = tuple(ast.parse(path.read_bytes()).body)
    binds: dict[str, list[int]] = {}
    always, stars = [], []
    for place, statement in enumerate(statements):
        names = list(_bound(statement))
        if isinstance(statement, ast.ImportFrom) and "*" in names:
            stars.append(_base(statement, package))
        for bound in names:
            binds.setdefault(bound, []).append(place)
        if not names and not _is_words(statement) and not _is_main(statement):
            always.append(place)
    return Room(name, path, package, statements, binds, tuple(always), tuple(stars))


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds, or changes in place."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names):
            yield from (alias.asname or alias.name.split(".")[0] for alias in names)
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _bound(target)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from _bound(target)
        case ast.If(body=body, orelse=orelse):
            for statement in [*body, *orelse]:
                yield from _bound(statement)
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _bound(element)
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            yield from _bound(value)


def _is_words(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_main(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in {
        n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)
    }


def _base(statement: ast.ImportFrom, package: tuple[str, ...]) -> str:
    outer = package[: len(package) + 1 - statement.level] if statement.level else ()
    return ".".join([*outer, *filter(None, [statement.module])])


def _chains(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """What a statement uses: names with the attributes asked of them, and texts that name a module."""
    if isinstance(node, ast.Attribute):
        outer, chain = node, []
        while isinstance(outer, ast.Attribute):
            chain.append(outer.attr)
            outer = outer.value
        if isinstance(outer, ast.Name):
            yield (outer.id, *reversed(chain))
            return
    elif isinstance(node, ast.Name):
        yield (node.id,)
    for child in ast.iter_child_nodes(node):
        yield from _chains(child)


class Closure:
    """The statements reached from some roots.

    Attributes:
      found: modules and places of statements in them.
    """

    def __init__(self, rooms: Callable[[pathlib.Path], bool], begun: "Closure | None" = None):
        self._rooms = rooms
        self.found: set[Need] = set(begun.found if begun else ())
        self._waiting: list[Need] = []
        self._whole: set[str] = set(begun._whole if begun else ())
        self._entered: set[str] = set(begun._entered if begun else ())

    def add(self, module: str, name: str = "") -> None:
        """A name of a module, or all of it, with whatever that uses."""
        if name and (place := room(module)) is not None and name in place.binds:
            self._name(place, (name,))
        else:
            self._all(module)
        while self._waiting:
            module, index = self._waiting.pop()
            place = room(module)
            assert place is not None
            self._follow(place, index)

    def _enter(self, module: str) -> Room | None:
        """A module that is imported: its packages first; what stands free in them runs."""
        parts = module.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            if name in self._entered or (place := room(name)) is None:
                continue
            self._entered.add(name)
            for index in place.always:
                self._need(place, index)
        return room(module)

    def _need(self, place: Room, index: int) -> None:
        if (place.name, index) not in self.found and self._rooms(place.path):
            self.found.add((place.name, index))
            self._waiting.append((place.name, index))

    def _all(self, module: str) -> None:
        if module in self._whole or (place := self._enter(module)) is None:
            return
        self._whole.add(module)
        for name in place.binds:
            if name != "*":
                self._name(place, (name,))
        for star in place.stars:
            self._all(star)

    def _name(self, place: Room, chain: tuple[str, ...]) -> None:
        """Follow `name.attribute.attribute` as a statement of this module reads it."""
        for index in place.binds.get(chain[0], ()):
            self._enter(place.name)
            for statement, conditional in _parts(place.statements[index]):
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    self._imported(place, statement, chain)
                elif chain[0] in _bound(statement) and not conditional:
                    self._need(place, index)

    def _imported(self, place: Room, statement: ast.Import | ast.ImportFrom, chain: tuple[str, ...]) -> None:
        for alias in statement.names:
            if chain[0] != (
                alias.asname or (alias.name if isinstance(statement, ast.ImportFrom) else alias.name.split(".")[0])
            ):
                continue
            if isinstance(statement, ast.Import):
                self._member(alias.name if alias.asname else chain[0], chain[1:])
            else:
                base = _base(statement, place.package)
                self._member(base, (alias.name, *chain[1:]), at=place.name)

    def _member(self, module: str, chain: tuple[str, ...], at: str = "") -> None:
        """Follow attributes of a module; `at` is the module that imports, whose own import is not what a package binds."""
        place = self._enter(module)
        if not chain:
            return self._all(module)
        own = place is not None and chain[0] in place.binds
        if place is not None and own and module != at:
            return self._name(place, chain)
        if room(f"{module}.{chain[0]}") is not None:
            return self._member(f"{module}.{chain[0]}", chain[1:])
        for star in place.stars if place else ():
            if (there := room(star)) is not None and chain[0] in there.binds:
                return self._member(star, chain)
        if place is not None:
            self._all(module)

    def _follow(self, place: Room, index: int) -> None:
        reads = _reads(place.name, index)
        for module, name in reads.imports:
            self._member(module, (name,) if name else (), at=place.name)
        for chain in reads.chains:
            self._name(place, chain)


class Reads(NamedTuple):
    """What a statement uses: names with attributes, and what it imports within, of modules that are named in texts too."""

    chains: tuple[tuple[str, ...], ...]
    imports: tuple[tuple[str, str], ...]


@functools.cache
def _reads(name: str, index: int) -> Reads:
    place = room(name)
    assert place is not None
    statement, imports = place.statements[index], []
    for node in ast.walk(statement):
        match node:
            case ast.ImportFrom(names=names):  # in a function; what it binds there is not followed by attributes
                imports += [(_base(node, place.package), alias.name) for alias in names]
            case ast.Import(names=names):
                imports += [(alias.name, "") for alias in names]
            case ast.Constant(value=str(text)) if _names_module(text):
                imports.append((text, ""))
    return Reads(tuple(dict.fromkeys(_chains(statement))), tuple(dict.fromkeys(imports)))


def _parts(statement: ast.stmt) -> Iterator[tuple[ast.stmt, bool]]:
    """A statement, or those within `if TYPE_CHECKING:`, where the import for the type checker says what the other branch stands for."""
    if isinstance(statement, ast.If) and "TYPE_CHECKING" in {
        n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)
    }:
        yield from ((inner, False) for inner in statement.body)
        yield from ((inner, True) for inner in statement.orelse)
    else:
        yield statement, False


def _names_module(text: str) -> bool:
    inside = text.startswith(("experiments.", "mtrl."))
    return inside and all(part.isidentifier() for part in text.split(".")) and room(text) is not None


@functools.cache
def _lines(name: str) -> list[str]:
    """A module's lines without comments, docstrings and blank ends; numbers of lines stay."""
    place = room(name)
    assert place is not None
    lines = place.path.read_text().splitlines()
    with place.path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.Module(list(place.statements), [])):
        body = getattr(node, "body", None)
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and body
            and _is_words(body[0])
            and body[0].lineno > node.lineno
        ):
            lines[body[0].lineno - 1 : body[0].end_lineno] = [""] * (body[0].end_lineno - body[0].lineno + 1)
    return [line.rstrip() for line in lines]


def first(statement: ast.stmt) -> int:
    """Number of its first line, decorators included."""
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])


def text(name: str, index: int) -> str:
    """A statement of a module without comments and docstrings; decorators belong to it."""
    place = room(name)
    assert place is not None
    statement = place.statements[index]
    return "\n".join(filter(None, _lines(name)[first(statement) - 1 : statement.end_lineno]))


def forget() -> None:
    """Read every file again at the next question."""
    for function in (room, _reads, _lines):
        function.cache_clear()
