"""What a reviewer asks of a case file: what is missing, what has no source, what nothing reads."""

from __future__ import annotations

from foedus.book import MAIN, RuleBook
from foedus.bounds import asked
from foedus.case import Case, Fact
from foedus.explain.gaps import gaps
from foedus.explain.sentences import Speaker
from foedus.inference import infer
from foedus.memory import fact_path
from foedus.results import Gap
from foedus.strata import bearing
from foedus.wire import Part
from pydantic import Field


class CaseCheck(Part):
    """A valid case file, and what its coder should look at again. Facts are given by address."""

    file: str
    name: str
    title: str
    stated: int = Field(description="Facts that the file states")
    following: int = Field(description="Facts that follow from them: other directions, complete lists")
    gaps: list[Gap] = Field(description="Unknown facts that rules bearing on a verdict in focus ask for")
    unsourced: list[str] = Field(description="Stated facts that name no source")
    unverified: list[str] = Field(description="Stated facts whose only source is general knowledge")
    unexplained: list[str] = Field(description="Stated facts with another reading and no note that says why")
    unread: list[str] = Field(description="Stated facts that no rule asks for in this case")
    idle_sources: list[str] = Field(description="Sources that nothing rests on")

    def __rich__(self) -> object:
        from foedus.render.listings import case_check
        from foedus.render.text import group

        return group(case_check(self))

    def __str__(self) -> str:
        from foedus.render.listings import case_check
        from foedus.render.text import to_text

        return to_text(case_check(self))

    def _repr_html_(self) -> str:
        from foedus.render.html import render
        from foedus.render.listings import case_check

        return render(case_check(self))


def _directions(fact: Fact, book: RuleBook) -> list[str]:
    """The addresses under which a fact is read: both directions of a linked one."""
    attribute = book.tables[fact.table].attributes[fact.attribute]
    back = [fact_path(fact.table, fact.key[::-1], fact.attribute)] if attribute.linked else []
    return [fact.path, *back]


def check(case: Case, book: RuleBook) -> CaseCheck:
    """Look through a case.

    Args:
        case: A case that was read without problems.
        book: The rule book that it was read with; its main theory says which facts are asked for.
    """
    record = infer(case, book.program(MAIN))
    rules, speaker = bearing(record.program.rules, record.program.questions, book.tables), Speaker(case, book.tables)
    missing = {gap.fact: gap for state in case.focus for gap in gaps(record, state, speaker, rules)}
    stated = case.stated()
    read = asked(record)
    used = {name for fact in case.facts.values() if fact.given is not None for name in fact.given.source}
    used |= {name for seen in case.observed for name in seen.classified_by.source}
    return CaseCheck(
        file=case.file,
        name=case.name,
        title=case.title,
        stated=len(stated),
        following=sum(fact.origin != "stated" for fact in case.facts.values()),
        gaps=[missing[path] for path in sorted(missing)],
        unsourced=[f.path for f in stated if f.given is None or not f.given.source],
        unverified=[f.path for f in stated if case.unverified(f)],
        unexplained=[
            f.path for f in stated if f.given is not None and f.given.other_reading and not (f.given.note or "").strip()
        ],
        unread=[f.path for f in stated if not read & set(_directions(f, book))],
        idle_sources=sorted(set(case.sources) - used),
    )
