"""Find and load rule books: the shipped one, or a pack in a folder of the user's."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from foedus.assembly import assemble, load_documents
from foedus.book import RuleBook
from foedus.documents import Document, parse, read
from foedus.problems import InputError, Problem

MAX_FILES = 200
"""Most files in one rule pack."""


def shipped_documents() -> list[Document]:
    """The rule files that come with Foedus, in the order of their names."""
    folder = resources.files("foedus.rules")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return [parse((folder / name).read_text("utf-8"), f"rules/{name}") for name in names]


def pack_documents(folder: Path) -> list[Document]:
    """The rule files in a folder, in the order of their names; links that leave it are refused.

    Raises:
        InputError: No such folder, no rule file in it, or files that cannot be read.
    """
    shown = str(folder)
    if not folder.is_dir():
        raise InputError([Problem(shown, 0, 0, "is not a folder of rule files")])
    root = folder.resolve()
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    if not paths:
        raise InputError([Problem(shown, 0, 0, "holds no rule file (*.yaml)")])
    if len(paths) > MAX_FILES:
        raise InputError([Problem(shown, 0, 0, f"holds more than {MAX_FILES} rule files")])
    problems: list[Problem] = []
    documents: list[Document] = []
    for path in paths:
        if path.resolve().parent != root:
            problems.append(Problem(str(path), 0, 0, "leaves the folder of the rule pack"))
            continue
        try:
            documents.append(read(path))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return documents


def _extend(pack: list[Document]) -> list[Document]:
    """The shipped files with the pack's on top; rules of the same id are replaced."""
    files = load_documents(pack)
    if not any(file.book is not None and file.book.extends == "shipped" for _, file in files):
        return pack
    replaced: set[str] = set()
    named: dict[str, set[str]] = {}
    for document in pack:
        for part in ("rules", "statements", "tensions"):
            replaced.update(entry["id"] for entry in document.data.get(part, []))
        for part in ("tables", "derived", "questions", "measures", "theories", "works", "annotations"):
            named.setdefault(part, set()).update(document.data.get(part, {}))
    base: list[Document] = []
    for document in shipped_documents():
        data = {part: value for part, value in document.data.items() if part != "book"}
        for part in ("rules", "statements", "tensions"):
            if part in data:
                data[part] = [entry if entry["id"] not in replaced else None for entry in data[part]]
        for part, names in named.items():
            if part in data:
                data[part] = {name: value for name, value in data[part].items() if name not in names}
        base.append(_without_gaps(document, data))
    return [*base, *pack]


def _without_gaps(document: Document, data: dict[str, object]) -> Document:
    """A copy of a document without replaced entries, each kept entry at its own place."""
    result = Document(document.file, {})
    for part, value in data.items():
        kept = value
        if isinstance(value, list):
            kept = [entry for entry in value if entry is not None]
            places = [place for place, entry in enumerate(value) if entry is not None]
            moved = {old: new for new, old in enumerate(places)}
        else:
            moved = {}
        result.data[part] = kept
        for source, target in ((document.marks, result.marks), (document.key_marks, result.key_marks)):
            for path, mark in source.items():
                if not path or path[0] != part:
                    continue
                if len(path) > 1 and isinstance(path[1], int):
                    if path[1] not in moved:
                        continue
                    path = (part, moved[path[1]], *path[2:])
                target[path] = mark
    return result


@lru_cache(maxsize=1)
def shipped_book() -> RuleBook:
    """The rule book that comes with Foedus."""
    return assemble(shipped_documents())


def load_book(folder: Path | None = None) -> RuleBook:
    """The shipped rule book, or the one that a folder holds.

    Args:
        folder: A rule pack: a book of its own, or one that says `extends: shipped`.

    Raises:
        InputError: Everything that is wrong with the pack.
    """
    if folder is None:
        return shipped_book()
    return assemble(_extend(pack_documents(folder)))
