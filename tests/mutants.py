"""Plants single bugs, one at a time, into a copy of the tree, and says which of them the tests catch.

    make mutants WING=bandits COUNT=20

The bugs are those that mathematics written in code suffers from (a root, a transpose, a factor dropped; sum for mean; the wrong axis), drawn with a
fixed seed, every kind in turn. Each runs the test file that mirrors the changed one, and if that passes the folder of the wing. What neither catches is
a gap in the tests, or a change that cannot be seen: a good new test says what the paper says, not what the line says.
"""

import argparse
import ast
import copy
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[1]
DROPPED = {"sqrt", "log", "square", "abs", "swapaxes", "transpose"}
PAIRS = [("sum", "mean"), ("max", "min"), ("maximum", "minimum"), ("argmax", "argmin"), ("any", "all")]
SWAPPED = dict([*PAIRS, *((b, a) for a, b in PAIRS)])
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}


class Mutant(NamedTuple):
    """One bug: the text of `node` becomes `new`."""

    kind: str
    node: ast.expr
    new: str


def changed(node: ast.expr, **fields: object) -> str:
    """Source of the node with some fields replaced."""
    other = copy.copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return f"({ast.unparse(other)})"


def variants(node: ast.AST) -> Iterator[Mutant]:
    """The bugs that one node can have."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[first, *rest]):
            inner = (
                node.func.value
                if name in ("swapaxes", "transpose") and len(rest) != 2 and isinstance(node.func, ast.Attribute)
                else first
            )
            if name in DROPPED:
                yield Mutant(f"{name} dropped", node, changed(inner))
            if name in SWAPPED and isinstance(node.func, ast.Attribute):
                yield Mutant(
                    f"{SWAPPED[name]} for {name}",
                    node,
                    changed(node, func=ast.Attribute(node.func.value, SWAPPED[name])),
                )
            if rest and isinstance(first, ast.Name) and isinstance(rest[0], ast.Name):
                yield Mutant("arguments swapped", node, changed(node, args=[rest[0], first, *rest[1:]]))
        case ast.Attribute(attr="T" | "mT", value=value):
            yield Mutant("transpose dropped", node, changed(value))
        case ast.BinOp(op=ast.Add() | ast.Sub() as op):
            yield Mutant("sign flipped", node, changed(node, op=OPERATORS[type(op)]()))
        case ast.BinOp(op=ast.Mult() | ast.Div() as op, left=left, right=right):
            yield Mutant("factor dropped", node, changed(left))
            if isinstance(op, ast.Mult):
                yield Mutant("factor dropped", node, changed(right))
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=2)):
            yield Mutant("square dropped", node, changed(left))
        case ast.Compare(ops=[op]) if type(op) in OPERATORS:
            yield Mutant("bound moved", node, changed(node, ops=[OPERATORS[type(op)]()]))
        case ast.keyword(arg="axis", value=ast.Constant(value=0 | 1 as axis)):
            yield Mutant("wrong axis", node.value, str(1 - axis))
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield Mutant("constant plus one", node, repr(value + 1))


def mutants(source: str) -> list[Mutant]:
    """All bugs of a file: of its expressions, not of annotations, messages, decorators or defaults of types."""
    found = []

    def visit(node: ast.AST) -> None:
        found.extend(variants(node))
        skipped = {"annotation", "returns", "decorator_list", "type_params", "bases"}
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                axis = isinstance(node, ast.keyword) and node.arg == "axis"
                if (
                    name not in skipped
                    and isinstance(child, ast.AST)
                    and not isinstance(child, ast.Raise | ast.JoinedStr)
                    and not axis
                ):
                    visit(child)

    visit(ast.parse(source))
    return found


def planted(source: str, mutant: Mutant) -> str:
    """The source with the bug in it."""
    lines, node = source.encode().splitlines(keepends=True), mutant.node
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    text = source.encode()
    return (text[:start] + mutant.new.encode() + text[end:]).decode()


def drawn(files: list[pathlib.Path], count: int, seed: int) -> list[tuple[pathlib.Path, Mutant]]:
    """`count` bugs, every kind in turn."""
    kinds, rng = defaultdict(list), random.Random(seed)
    for file in files:
        for mutant in mutants(file.read_text()):
            kinds[mutant.kind].append((file, mutant))
    for places in kinds.values():
        rng.shuffle(places)
    order = sorted(kinds)
    rng.shuffle(order)
    turns = [places[turn] for turn in range(count) for places in (kinds[k] for k in order) if turn < len(places)]
    return turns[:count]


def run(where: pathlib.Path, tests: pathlib.Path, limit: float) -> str:
    """What fails first in `tests`, empty when all pass; `limit` is in processor seconds, which other work on the machine does not use up."""
    settings = {"JAX_COMPILATION_CACHE_DIR": str(ROOT / ".pytest_cache" / "jax"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(tests)]
    with subprocess.Popen(
        command,
        cwd=where,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (round(limit), round(limit))),
    ) as child:
        try:
            output, _ = child.communicate(timeout=20 * limit)  # one that sleeps
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return f"no end within {20 * limit:g} s"
    if child.returncode == -signal.SIGKILL:
        return f"no end within {limit:g} processor seconds"
    failed = [line.split(" - ")[0] for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "" if child.returncode == 0 else (failed or [f"exit {child.returncode}"])[0]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wing", help="folder or file under mtrl/, such as bandits or numerics/linalg/psd.py")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=300, help="processor seconds for one run of pytest")
    options = parser.parse_args()
    top = ROOT / "mtrl" / options.wing
    files = [top] if top.is_file() else sorted(top.rglob("*.py"))
    if not files:
        sys.exit(f"{top} holds no Python files")
    with tempfile.TemporaryDirectory() as folder:
        where, survivors, caught, clean = pathlib.Path(folder) / "tree", [], 0, {}
        shutil.copytree(ROOT, where, ignore=shutil.ignore_patterns(".*", "results", "figures", "__pycache__"))
        bugs = drawn(files, options.count, options.seed)
        for file, mutant in bugs:
            inside = file.relative_to(ROOT / "mtrl")
            wing = pathlib.Path("tests") / (inside.parent if top.is_file() else options.wing)
            mirror = pathlib.Path("tests") / inside.parent / f"test_{inside.name}"
            stages = [mirror, wing] if (where / mirror).is_file() else [wing]
            if stages[0] not in clean:
                clean[stages[0]] = run(where, stages[0], 4 * options.limit)
            if clean[stages[0]]:
                sys.exit(f"{stages[0]} fails without any bug: {clean[stages[0]]}")
            source = file.read_text()
            (where / "mtrl" / inside).write_text(planted(source, mutant))
            by = next(filter(None, (run(where, tests, options.limit) for tests in stages)), "")
            (where / "mtrl" / inside).write_text(source)
            old = ast.get_source_segment(source, mutant.node)
            line = f"mtrl/{inside}:{mutant.node.lineno} {mutant.kind}: {old} -> {mutant.new}"
            print(f"{'caught' if by else 'PASSED'} {line}  {by}", flush=True)
            caught += bool(by)
            survivors += [] if by else [line]
    print(f"\ncaught {caught} of {len(bugs)}", *survivors, sep="\n")


if __name__ == "__main__":
    main()
