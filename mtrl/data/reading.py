"""Bytes and text of a file, and one way round other people's parsers: whatever they raise becomes one sentence."""

import contextlib
import pathlib
from collections.abc import Iterator

from mtrl.numerics.errors import BadInput

# A compressed file may grow by this when it is opened, and a little more when it is tiny: what claims more is damaged or hostile.
GROWTH, SLACK = 200, 2**22
Path = pathlib.Path | str


@contextlib.contextmanager
def parsing(path: Path, what: str, advice: str) -> Iterator[None]:
    """Any exception of the block as `BadInput`: the file, what it was taken for, and what to do.

    Raises:
      BadInput: the block's own, or one made of another exception.
    """
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # parsers raise what they like on damaged input
        detail = " ".join(str(error).split())[:120]
        reason = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
        raise BadInput(f"{path} cannot be read as {what} ({reason}); {advice}") from None


def read_bytes(path: Path, expected: str) -> bytes:
    """The content of a file.

    Raises:
      BadInput: there is none, or it cannot be opened; `expected` says what should lie there.
    """
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        raise BadInput(f"{path} is a folder, but a file was expected: {expected}")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; expected {expected}") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be opened ({error.strerror}); expected {expected}") from None


def read_text(path: Path, expected: str) -> str:
    """The content of a text file in UTF-8 (with or without a mark), UTF-16 with its mark, or else Latin-1.

    Raises:
      BadInput: as `read_bytes`, or the file is binary.
    """
    content = read_bytes(path, expected)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    with parsing(path, "text", f"expected {expected}"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            if encoding == "utf-16":
                raise
            text = content.decode("latin-1")
    if "\0" in text:
        raise BadInput(f"{path} is not a text file; expected {expected}")
    return text


def check_growth(path: Path, claimed: int, size: int) -> None:
    """Refuse a size claimed in a header that a file of `size` bytes cannot hold, before memory is taken for it.

    Raises:
      BadInput: with both numbers.
    """
    if claimed > GROWTH * size + SLACK:
        raise BadInput(
            f"{path} claims {claimed} bytes of content, but is {size} bytes long; it is damaged, get it again"
        )


def number(cell: str, where: str) -> float:
    """A finite number as people write it in files.

    Raises:
      BadInput: text, an empty or missing cell, or a value that is not finite or whose square is not.
    """
    try:
        if "_" in cell:  # Python takes 1_0 for ten
            raise ValueError
        value = float(cell)
    except ValueError:
        comma = (
            "; write decimals with a point"
            if cell.count(",") == 1 and cell.replace(",", "").strip("-").isdigit()
            else ""
        )
        raise BadInput(f"{where}: got {cell!r}; expected a number{comma}") from None
    if not abs(value) < 1e100:
        if value != value or abs(value) == float("inf"):
            raise BadInput(f"{where}: got {cell}; expected a finite number, fill or cut missing values first")
        raise BadInput(f"{where}: got {cell}; values above 1e100 overflow when squared, mend or cut them")
    return value
