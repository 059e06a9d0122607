"""Why a verdict misses what happened: the coding, an open decision of the rule book, or the theory.

The order is stated, and each step says only what it computed:

1. *coding*, where one fact in doubt, read otherwise, would make the verdict what happened: another
   reading that the coder names, a fact of low confidence moved by a step, another value of an
   assumption, a value for a fact that is not known; or where the verdict is what another classifier
   says of what happened;
2. else *open decision*, where a run with another convention of the rule book does: other sizes of the
   words (every slight < moderate < strong in whole numbers up to 8), the next grade from which a threat
   is significant, or another answer than the book's where no rule speaks;
3. else *theory*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from foedus.book import Program, RuleBook
from foedus.bounds import Bounds
from foedus.case import Case, Fact, Impossible, cells, changed
from foedus.casefile import ObservedEntry
from foedus.inference import infer
from foedus.memory import fact_path
from foedus.record import Record
from foedus.scoring.results import Cause, Reading
from foedus.terms import UNKNOWN, Attribute

MOST_SHOWN = 3
"""Most readings that the sentence of a miss names; the typed result has them all."""
WORDS = 3
"""Words of a question whose sizes are tried."""
LARGEST = 8
"""The size of the strongest word when others are tried: the other two take every smaller size in their order."""
OTHER, UNSURE, ASSUMED, MISSING = "its other reading", "of low confidence", "an assumption", "not known"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value that a fact in doubt may have instead, and why it is in doubt."""

    path: str
    value: str
    because: str


def doubts(case: Case, book: RuleBook) -> list[Doubt]:
    """Every other value of a fact that the case itself leaves open, in the order of addresses.

    A linked fact is in doubt where it is stated; an unknown one once for both directions.
    """
    found: list[Doubt] = []
    for path, (_, key, attribute) in sorted(cells(book.tables, case.states, case.wars).items()):
        fact = case.facts.get(path)
        sides = tuple(case.wars[key[0]]) if attribute.side else ()
        if fact is None or fact.value == UNKNOWN:
            if attribute.linked is None or key == tuple(sorted(key)):
                found += [Doubt(path, value, MISSING) for value in (*attribute.values, *sides)]
        elif fact.origin == "stated" and fact.given is not None:
            found += [Doubt(path, value, why) for value, why in _other_values(fact, attribute, sides).items()]
    return found


def _other_values(fact: Fact, attribute: Attribute, sides: Sequence[str]) -> dict[str, str]:
    """The other values of a known fact, each with why it is in doubt."""
    values: dict[str, str] = {}
    if fact.given is None:
        return values
    for value in fact.given.other_reading:
        stored = value if not attribute.side or value in attribute.values else f"{fact.key[0]}.{value}"
        values.setdefault(stored, OTHER)
    if fact.given.confidence == "low" and attribute.ordered and fact.value in attribute.values:
        place = attribute.step(fact.value)
        for value in attribute.values[max(place - 1, 0) : place + 2]:
            values.setdefault(value, UNSURE)
    if fact.given.assumption == "yes":
        for value in (*attribute.values, *sides):
            values.setdefault(value, ASSUMED)
    values.pop(fact.value, None)
    return values


def moved(program: Program) -> Iterator[tuple[str, str, Program]]:
    """The programs in which a neighbouring grade is the one from which a question's answer is significant."""
    for name, question in program.questions.items():
        if question.significant_from is None:
            continue
        cut = question.rank(question.significant_from)
        for place in (cut - 1, cut + 1):
            if 0 <= place < len(question.grades):
                grade = question.grades[place].name
                changed_one = replace(question, significant_from=grade)
                yield name, grade, replace(program, questions={**program.questions, name: changed_one})


class Causes:
    """Looks for what would have made the verdicts of one run what happened."""

    def __init__(self, record: Record) -> None:
        self.record, self.case, self.program = record, record.case, record.program
        self.book = record.program.book
        self.bounds = Bounds(record)
        self.runs: dict[Doubt, Record | None] = {}

    @cached_property
    def doubts(self) -> list[Doubt]:
        """The doubts that some rule asks for; what none asks for, whatever the doubts are, changes nothing."""
        everything = doubts(self.case, self.book)
        asked = self.bounds.run(self.readings(everything)).asked_for()
        return [doubt for doubt in everything if asked & set(self.readings([doubt]))]

    def of(self, seen: ObservedEntry) -> tuple[Cause, str, list[Reading]]:
        """The likeliest cause of a miss, why, and the single readings that would have made it a hit."""
        if not self.could(seen, self.doubts):
            beyond = "nor does any other reading of the facts in doubt, alone or together"
            found: list[Doubt] = []
        else:
            beyond = "nor does one other reading of a fact in doubt; whether several together do is open"
            found = sorted(self.single(seen, self.doubts), key=lambda d: (d.because == MISSING, d.path, d.value))
        if found:
            named = [
                f"{d.path} is {self.case.called(d.value).replace('_', ' ')} ({d.because})" for d in found[:MOST_SHOWN]
            ]
            more = f"; or {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
            readings = [Reading(fact=d.path, value=d.value, reading=d.because) for d in found]
            return "coding", "would be a hit if " + "; or ".join(named) + more, readings
        concluded = self.record.posture(seen.state)
        if concluded in seen.other_reading:
            return "coding", f"what happened is also classified as {concluded}", []
        decisions = self.decisions(seen)
        if decisions:
            return "open decision", "; ".join(decisions), []
        return (
            "theory",
            f"no other sizes of the words tried and no next grade of significance give what happened, {beyond}",
            [],
        )

    # ---- coding -----------------------------------------------------------------------------

    def firm(self, state: str) -> bool:
        """Whether a posture stands under every other reading of the facts, alone and together; gaps are left open."""
        known = [doubt for doubt in self.doubts if doubt.because != MISSING]
        return self.bounds.postures(state, self.readings(known)) == {self.record.posture(state)}

    def upset_by(self, state: str) -> Doubt | None:
        """The first other reading of a known fact that by itself changes a posture; gaps are left open."""
        own = self.record.posture(state)

        def search(group: Sequence[Doubt]) -> Doubt | None:
            if not group or self.bounds.postures(state, self.readings(group)) == {own}:
                return None
            if len(group) == 1:
                run = self.run(group[0])
                return group[0] if run is not None and run.posture(state) != own else None
            middle = len(group) // 2
            return search(group[:middle]) or search(group[middle:])

        return search([doubt for doubt in self.doubts if doubt.because != MISSING])

    def single(self, seen: ObservedEntry, group: Sequence[Doubt]) -> list[Doubt]:
        """The single readings that give what happened; groups that cannot are left out whole."""
        if len(group) == 1:
            run = self.run(group[0])
            return list(group) if run is not None and run.posture(seen.state) == seen.posture else []
        middle = len(group) // 2
        halves = [half for half in (group[:middle], group[middle:]) if half and self.could(seen, half)]
        return [doubt for half in halves for doubt in self.single(seen, half)]

    def run(self, doubt: Doubt) -> Record | None:
        """The run with one fact read otherwise; ``None`` where that cannot be true with the rest."""
        if doubt not in self.runs:
            try:
                self.runs[doubt] = infer(changed(self.case, self.book, {doubt.path: doubt.value}), self.program)
            except Impossible:
                self.runs[doubt] = None
        return self.runs[doubt]

    def readings(self, group: Iterable[Doubt]) -> dict[str, list[str]]:
        """The other values of facts in doubt, by address; those of linked facts in both directions."""
        found: dict[str, list[str]] = {}
        for doubt in group:
            table, key, attribute = self.bounds.cells[doubt.path]
            found.setdefault(doubt.path, []).append(doubt.value)
            if attribute.linked is not None:
                value = attribute.inverse(doubt.value) if attribute.linked == "inverse" else doubt.value
                found.setdefault(fact_path(table.name, key[::-1], attribute.name), []).append(value)
        return found

    def could(self, seen: ObservedEntry, group: Iterable[Doubt]) -> bool:
        """Whether what happened might be concluded if each fact may have its other values as well."""
        return seen.posture in self.bounds.postures(seen.state, self.readings(group))

    # ---- open decisions ---------------------------------------------------------------------

    def decisions(self, seen: ObservedEntry) -> list[str]:
        """The conventions of the rule book of which another would give what happened, each tried by a run."""
        found: list[str] = []
        tried = [infer(self.case, program).posture(seen.state) for program in self.sized]
        hits = tried.count(seen.posture)
        if hits:
            found.append(
                f"with other sizes of the words it is {seen.posture}: under {hits} of {len(tried)} sizes tried"
            )
        found += self.silence(seen)
        return found + self.significance(seen)

    @cached_property
    def sized(self) -> list[Program]:
        """The program with other sizes of the words, in the contests whose sizes are open."""
        questions = self.program.questions
        open_ones = [question for question in questions.values() if question.rays and len(question.words) == WORDS]
        if not open_ones:
            return []
        sizes = [(a, b, LARGEST) for b in range(2, LARGEST) for a in range(1, b)]
        return [
            replace(self.program, questions={**questions, **{q.name: replace(q, points=points) for q in open_ones}})
            for points in sizes
        ]

    def silence(self, seen: ObservedEntry) -> list[str]:
        """The questions of which another answer where no rule speaks would give what happened."""
        found: list[str] = []
        for name, question in self.program.questions.items():
            for answer in question.answers if question.when_silent is not None else ():
                if answer == question.when_silent:
                    continue
                moved_one = {**self.program.questions, name: replace(question, when_silent=answer)}
                if infer(self.case, replace(self.program, questions=moved_one)).posture(seen.state) == seen.posture:
                    found.append(f"no rule speaks of the {name}, and the book then says {question.when_silent}")
        return found

    def significance(self, seen: ObservedEntry) -> list[str]:
        """The neighbouring grades from which a threat would have to be significant to give what happened."""
        found: list[str] = []
        for name, grade, other in moved(self.program):
            if infer(self.case, other).posture(seen.state) == seen.posture:
                now = self.program.questions[name].significant_from
                found.append(f"it is {seen.posture} if {name} is significant from {grade} on, not from {now} on")
        return found
