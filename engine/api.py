"""The library: consult a case and ask how, in typed objects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from foedus.book import MAIN, RuleBook
from foedus.case import Case
from foedus.casereader import read_case
from foedus.documents import MAX_DEPTH, MAX_SCALAR, Document, parse, printable, read
from foedus.explain.proof import Proof, prove
from foedus.explain.verdicts import write
from foedus.inference import infer
from foedus.library import load_book
from foedus.problems import InputError, NameUnknown, Problem, suggestion
from foedus.record import Record
from foedus.results import Consultation

CaseLike = str | os.PathLike[str] | Mapping[str, Any] | Case
"""A file, the name of a bundled case, nested data as a case file holds it, or a case."""


@lru_cache(maxsize=1)
def software() -> str:
    """Name and version of this program."""
    return f"foedus {metadata.version('foedus')}"


def bundled() -> list[str]:
    """The names of the cases that come with Foedus, sorted."""
    folder = resources.files("foedus.cases")
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def document(case: str | os.PathLike[str]) -> tuple[Document, str]:
    """The document of a file or bundled case, and what to call it.

    Raises:
        InputError: The file cannot be read.
        NameUnknown: Neither a file nor a bundled case.
    """
    text = os.fspath(case)
    path = Path(text)
    looks_like_a_file = path.suffix in (".yaml", ".yml") or os.sep in text
    if not looks_like_a_file and text in bundled():
        source = resources.files("foedus.cases") / f"{text}.yaml"
        return parse(source.read_text("utf-8"), f"cases/{text}.yaml"), text
    if looks_like_a_file or _exists(path):
        return read(path), path.stem
    hint = suggestion(text, bundled())
    raise NameUnknown(f"'{text[:80]}' is neither a file nor a bundled case" + (f" ({hint})" if hint else ""))


def _texts(value: Any, depth: int = 0) -> Any:
    """Nested data with every scalar as the text that a case file would hold, within the limits of one."""
    if depth > MAX_DEPTH:
        raise InputError([Problem(DATA, 0, 0, f"nested more than {MAX_DEPTH} levels deep")])
    if isinstance(value, Mapping):
        return {_text(key): _texts(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_texts(entry, depth + 1) for entry in value]
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    if len(text) > MAX_SCALAR or not printable(text):
        raise InputError([Problem(DATA, 0, 0, "control or invisible characters in a text, or a text that is too long")])
    return text


DATA = "<data>"
"""How nested data is called in problems."""


def load_case(case: CaseLike, *, book: RuleBook | None = None) -> Case:
    """A checked case.

    Args:
        case: See :data:`CaseLike`.
        book: The rule book whose vocabulary it uses; the shipped one by default.

    Raises:
        InputError: Everything that is wrong with the case.
        NameUnknown: Neither a file nor a bundled case.
    """
    if isinstance(case, Case):
        return case
    rules = book or load_book()
    if isinstance(case, Mapping):
        return read_case(Document(DATA, _texts(case)), rules, name="data")
    if not isinstance(case, str | os.PathLike):
        raise InputError([Problem(DATA, 0, 0, "a case is a file, a name or a mapping")])
    found, name = document(case)
    return read_case(found, rules, name=name)


def run(case: Case, book: RuleBook, theory: str = MAIN) -> Record:
    """Run a case through a theory of a rule book."""
    return infer(case, book.program(theory))


def _states(case: Case, wanted: Sequence[str]) -> list[str]:
    return [case.find(str(state)) for state in wanted] or list(case.focus)


def consult(
    case: CaseLike,
    *,
    states: Sequence[str] = (),
    rules: str | os.PathLike[str] | RuleBook | None = None,
    theory: str = MAIN,
) -> Consultation:
    """What the rules conclude for a crisis.

    Args:
        case: See :data:`CaseLike`.
        states: States to answer for, by identifier, name or code; the case's focus by default.
        rules: A folder of rule files, or a rule book; the shipped one by default.
        theory: The theory of the book that answers.

    Returns:
        The verdicts, with everything they rest on.

    Raises:
        InputError: The case or the rules are wrong.
        NameUnknown: No such case, state or theory.
    """
    book = the_book(rules)
    loaded = load_case(case, book=book)
    return write(run(loaded, book, theory), _states(loaded, states), software())


def how(
    case: CaseLike, state: str, *, rules: str | os.PathLike[str] | RuleBook | None = None, theory: str = MAIN
) -> Proof:
    """How the verdict for a state came about.

    Args:
        case: See :data:`CaseLike`.
        state: By identifier, name or code.
        rules: A folder of rule files, or a rule book; the shipped one by default.
        theory: The theory of the book that answers.

    Returns:
        The proof as a tree.

    Raises:
        InputError: The case or the rules are wrong.
        NameUnknown: No such case, state or theory.
    """
    book = the_book(rules)
    loaded = load_case(case, book=book)
    record = run(loaded, book, theory)
    (verdict,) = write(record, [loaded.find(state)], software()).verdicts
    return prove(record, verdict)


def the_book(rules: str | os.PathLike[str] | RuleBook | None) -> RuleBook:
    """The rule book of a folder, the shipped one for ``None``, or the book itself."""
    if isinstance(rules, RuleBook):
        return rules
    return load_book(Path(rules) if rules is not None else None)
