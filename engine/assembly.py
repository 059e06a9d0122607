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
from foedus.documents import Document, Path_
from foedus.problems import InputError, Problem, suggestion
from foedus.reading.rules import RuleReader
from foedus.reading.vocabulary import fill_nominal, read_measures, read_recommendations, read_references
from foedus.strata import MAX_CHAIN, NotStratified, TooDeep
from foedus.terms import (
    Attribute,
    Cap,
    Illegal,
    Statement,
    Theory,
    Vote,
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
            if part in ("tables", "derived"):
                # the order of keys and attributes has a meaning: rows are named by their keys in order
                value = {
                    name: {**table, "order": [list(table[k]) for k in ("keys", "attributes") if k in table]}
                    for name, table in value.items()
                }
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
        for part, held in (("works", build.works), ("theories", build.theories), ("annotations", build.annotations)):
            for name in getattr(file, part):
                if name in held:
                    build.report(document, (part, name), f"'{name}' is declared twice", key=True)
        build.works.update({name: Work(name, work.title, work.note) for name, work in file.works.items()})
        for name, theory in file.theories.items():
            build.places[f"theory {name}"] = (document, ("theories", name))
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
            build.places[f"statement {statement.id}"] = (document, ("statements", place))
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
        _check_names(build, files)
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


def _check_names(build: RuleReader, files: Sequence[tuple[Document, BookFile]]) -> None:
    """Refuse what a question, a table or a theory names and the book does not have."""

    def known(document: Document, path: Path_, what: str, name: str | None, legal: Iterable[str]) -> None:
        names = sorted(legal)
        if name is not None and name not in names:
            build.report(document, path, f"no {what} '{name[:60]}'", suggestion(name, names))

    facts = {f"{t.name}.{a}" for t in build.tables.values() for a in t.attributes}
    references = {t.name for t in build.tables.values() if t.reference}
    rules = {name for rule in build.rules.values() for name in (rule.id, rule.row)}
    contests = {q.name for q in build.questions.values() if q.kind == "contest"}
    for document, file in files:
        for name, question in file.questions.items():
            path: Path_ = ("questions", name)
            for place, theory in enumerate(question.theory):
                known(document, (*path, "theory", place), "theory", theory, build.theories)
            for place, source in enumerate(question.sources):
                known(document, (*path, "sources", place), "fact", source, facts)
            known(document, (*path, "excluded_by"), "table", question.excluded_by, build.tables)
            known(document, (*path, "counts"), "contest", question.counts, contests)
            if question.about is not None:
                known(document, (*path, "about", "table"), "table", question.about.table, build.tables)
                about = build.questions.get(question.about.table)
                answers = about.answers if about is not None else ()
                known(document, (*path, "about", "answer"), "answer", question.about.answer, answers)
        for part in ("tables", "derived"):
            for name, table in getattr(file, part).items():
                for place, fact in enumerate(table.first_known):
                    known(document, (part, name, "first_known", place), "fact", fact, facts)
                for key, attribute in table.attributes.items():
                    here = (part, name, "attributes", key, "nominal_from")
                    known(document, here, "reference table", attribute.nominal_from, references)
        for name, account in file.theories.items():
            for place, shared in enumerate(account.shares):
                known(document, ("theories", name, "shares", place), "rule", shared, rules)
            for place, shared in enumerate(account.shares_questions):
                known(document, ("theories", name, "shares_questions", place), "question", shared, build.questions)
    for told in build.theories.values():
        asked = {q.name for q in build.questions.values() if told.name in q.theories or q.name in told.shares_questions}
        for rule in build.rules.values():
            if told.name in rule.theories or {rule.id, rule.row} & set(told.shares):
                document, path = build.places[rule.id]
                for conclusion in rule.conclusions:
                    if isinstance(conclusion, Vote | Cap) and conclusion.question not in asked:
                        message = (
                            f"{rule.id} speaks on '{conclusion.question}', which the theory '{told.name}' does not ask"
                        )
                        build.report(document, (*path, "then"), message, suggestion(conclusion.question, sorted(asked)))


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
