"""From rule files to a checked rule book.

Everything that can be wrong with a book and needs no case to show is found here, all of it at
once: names, types, unbound variables, premises that cannot hold together, strata, defeat.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from foedus.book import MAIN, RuleBook
from foedus.bookfile import (
    BookFile,
)
from foedus.documents import Document
from foedus.problems import InputError, Problem
from foedus.reading.rules import RuleReader
from foedus.reading.vocabulary import fill_nominal, read_measures, read_recommendations, read_references
from foedus.strata import MAX_CHAIN, NotStratified, TooDeep
from foedus.terms import (
    Attribute,
    Illegal,
    Statement,
    Theory,
    Work,
)
from foedus.validation import problems_of, salvage
from pydantic import ValidationError


def load_documents(
    documents: Sequence[Document], problems: list[Problem] | None = None
) -> list[tuple[Document, BookFile]]:
    """Check the shape of each file.

    Args:
        documents: The files.
        problems: Where findings are put; the rest of a file is then still returned, to be checked as well.

    Raises:
        InputError: The findings of all files together, where ``problems`` is not given or too much is wrong.
    """
    files: list[tuple[Document, BookFile]] = []
    found: list[Problem] = []
    hopeless = False
    for document in documents:
        try:
            files.append((document, BookFile.model_validate(document.data)))
        except ValidationError as error:
            found += problems_of(error, document, BookFile)
            rest = salvage(document, BookFile, keep=[part for part in BookFile.model_fields if part not in RULE_PARTS])
            hopeless = hopeless or rest is None
            if rest is not None:
                files.append((rest[1], rest[0]))
    if found and (problems is None or hopeless):
        raise InputError(found)
    if problems is not None:
        problems += found
    return files


RULE_PARTS = ("rules", "statements", "tensions")
"""Parts of a rule file that can be checked one by one."""


def content_hash(documents: Iterable[Document]) -> str:
    """SHA-256 over the content of rule files, whatever their names, order and layout."""
    merged: dict[str, Any] = {}
    for document in documents:
        for part, value in document.data.items():
            if isinstance(value, dict):
                merged.setdefault(part, {}).update(value)
            else:
                merged.setdefault(part, []).extend(value if isinstance(value, list) else [value])
    for part, value in merged.items():
        if isinstance(value, list):
            merged[part] = sorted(value, key=lambda entry: json.dumps(entry, sort_keys=True))
    text = json.dumps(merged, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def assemble(documents: Sequence[Document]) -> RuleBook:
    """Build and check a rule book.

    Args:
        documents: The rule files of one book, in any order.

    Raises:
        InputError: Everything that is wrong with it.
    """
    build = RuleReader()
    files = load_documents(documents, build.problems)
    whole = not build.problems
    entry = None
    for document, file in files:
        if file.book is not None:
            if entry is not None:
                build.report(document, ("book",), "the book is introduced twice", key=True)
            entry = file.book
        build.works.update({name: Work(name, work.title, work.note) for name, work in file.works.items()})
        for name, theory in file.theories.items():
            build.theories[name] = Theory(
                name, theory.title, theory.note, tuple(theory.shares), tuple(theory.shares_questions)
            )
        for name, table in file.tables.items():
            build.table(document, ("tables", name), name, table, False)
        for name, table in file.derived.items():
            build.table(document, ("derived", name), name, table, True)
        for name, note in file.annotations.items():
            build.annotations[name] = Attribute(
                name,
                "input",
                tuple(note.ordered or note.nominal or ()),
                note.ordered is not None,
                phrases=dict(note.phrases),
            )
    for document, file in files:
        for name, question in file.questions.items():
            build.question(document, ("questions", name), name, question)
    build.references = references = read_references(build, files)
    postures = [r.posture for _, file in files for r in file.recommendations]
    build.question_tables(postures)
    fill_nominal(build)
    measures = read_measures(build, files)
    recommendations = read_recommendations(build, files)
    illegal: list[Illegal] = []
    for document, file in files:
        for place, rule in enumerate(file.rules):
            build.rule(document, ("rules", place), rule)
        for place, tension in enumerate(file.tensions):
            build.tension(document, ("tensions", place), tension)
        for place, combination in enumerate(file.illegal):
            bound: dict[str, Attribute | str] = {}
            premises = build.premises(document, ("illegal", place, "when"), combination.when, "illegal", bound)
            build.placeholders(document, ("illegal", place, "message"), combination.message, bound)
            illegal.append(Illegal(premises, combination.message))
    for document, file in files:
        for place, statement in enumerate(file.statements):
            if statement.id in build.rules or statement.id in build.statements:
                build.report(document, ("statements", place, "id"), f"'{statement.id}' stands twice in the book")
                continue
            citations = build.citations(document, ("statements", place, "source"), statement.source)
            line = document.problem(("statements", place), "").line
            build.statements[statement.id] = Statement(
                statement.id,
                statement.role,
                statement.claim,
                citations,
                statement.decision,
                statement.reason,
                tuple(statement.shown_with),
                document.file,
                line,
            )
    if whole:
        build.check_questions()
        build.cross_checks()
    if entry is None or MAIN not in build.theories:
        name = documents[0].file if documents else "the rule book"
        what = "no part 'book'" if entry is None else f"no theory '{MAIN}'"
        build.problems.append(Problem(name, 0, 0, f"the book has {what}"))
    if build.problems:
        raise InputError(build.problems)
    assert entry is not None
    book = RuleBook(
        entry.title,
        entry.version,
        content_hash(documents),
        dict(sorted(build.works.items())),
        dict(sorted(build.theories.items())),
        build.tables,
        build.annotations,
        tuple(illegal),
        tuple(references),
        dict(sorted(measures.items())),
        dict(sorted(build.questions.items())),
        recommendations,
        dict(sorted(build.rules.items())),
        dict(sorted(build.statements.items())),
    )
    _check_strata(build, book)
    if build.problems:
        raise InputError(build.problems)
    return book


def _check_strata(build: RuleReader, book: RuleBook) -> None:
    for name in sorted(book.theories):
        try:
            book.program(name)
        except TooDeep as error:
            document, path = build.places[error.rule]
            build.report(document, path, f"the rules read each other in a chain of more than {MAX_CHAIN}")
            return
        except NotStratified as error:
            rules = [part for part in error.cycle if part in build.places]
            document, path = build.places[rules[0]] if rules else next(iter(build.places.values()))
            build.report(
                document,
                path,
                "the rules read each other in a circle and cannot be stratified: " + " reads ".join(error.cycle),
            )
            return
