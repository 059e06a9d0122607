"""Find and load rule books: the shipped one, or a pack in a folder of the user's."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from foedus.assembly import RULE_PARTS, assemble
from foedus.book import RuleBook
from foedus.documents import Document, Path_, parse, read
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
    try:
        is_folder = folder.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
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
    parts = [document.data for document in pack if isinstance(document.data, dict)]
    books = [data["book"] for data in parts if isinstance(data.get("book"), dict)]
    if not books:
        hint = "add `book: {title: ..., version: ..., extends: shipped}` to one of its files"
        raise InputError([Problem(pack[0].file, 0, 0, "the rule pack has no part 'book'", hint)])
    if not any(book.get("extends") == "shipped" for book in books):
        return pack
    # the pack's own shape is checked when it is assembled, so nothing is taken for granted here
    replaced: dict[str, set[str]] = {}
    for data in parts:
        for part, entries in data.items():
            names = replaced.setdefault(part, set())
            if isinstance(entries, dict):
                names.update(entries)
            elif isinstance(entries, list):
                names.update(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry)
    ids = set().union(*(replaced.get(part, set()) for part in RULE_PARTS))
    base: list[Document] = []
    for document in shipped_documents():
        gone: set[Path_] = {("book",)}
        for part, entries in document.data.items():
            if isinstance(entries, list):
                gone |= {(part, place) for place, entry in enumerate(entries) if entry.get("id") in ids}
            else:
                gone |= {(part, name) for name in replaced.get(part, set()) & set(entries)}
        base.append(document.without(gone))
    return [*base, *pack]


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
    pack = pack_documents(folder)
    book = assemble(_extend(pack))
    _check_examples(book, {document.file for document in pack})
    return book


def _check_examples(book: RuleBook, files: set[str]) -> None:
    """Run the examples of a pack's own rules, so that none is shown that is not true.

    Raises:
        InputError: A rule that is silent on an example on which it should fire, or the reverse.
    """
    from foedus.examples import fires

    problems: list[Problem] = []
    for rule in book.rules.values():
        theories = [name for name in book.theories if rule.id in book.program(name).rules]
        if rule.file not in files or not theories:
            continue
        for wanted, examples in ((True, rule.examples.fires), (False, rule.examples.silent)):
            for example in examples:
                shown = "; ".join(example)
                try:
                    fired = fires(rule.id, example, book, theories[0])
                except InputError as error:
                    problems += [
                        Problem(rule.file, rule.line, 1, f"{rule.id}: {p.message}", p.hint) for p in error.problems
                    ]
                    continue
                if fired != wanted:
                    what = (
                        "does not fire on an example on which it should"
                        if wanted
                        else "fires on an example that says silent"
                    )
                    problems.append(Problem(rule.file, rule.line, 1, f"{rule.id} {what}: {shown}"))
    if problems:
        raise InputError(problems)
