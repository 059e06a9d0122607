"""Why a verdict misses what happened: the coding, an open decision of the rule book, or the theory.

The order is stated, and each step says only what it computed:

1. *coding*, where one fact in doubt, read otherwise, would make the verdict what happened: another
   reading that the coder names, a fact of low confidence moved by a step, another value of an
   assumption, a value for a fact that is not known; or where the classification of what happened is
   itself of low confidence;
2. else *open decision*, where a convention of the rule book does: other sizes of the words, the grade
   from which a threat is significant, or what the book says where no rule speaks;
3. else *theory*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product

from foedus.book import RuleBook
from foedus.bounds import Bounds
from foedus.case import Case, Fact, Impossible, cells, changed
from foedus.casefile import ObservedEntry
from foedus.inference import EFFORT, infer
from foedus.memory import fact_path
from foedus.record import Contest, Posture, Record
from foedus.robustness import Vector, share
from foedus.scoring.outcomes import alignment_of
from foedus.scoring.results import Cause, Reading
from foedus.terms import UNKNOWN, Attribute

MOST_SHOWN = 3
"""Most readings that the sentence of a miss names; the typed result has them all."""
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
        if fact is None or fact.value == UNKNOWN:
            if attribute.linked is None or key == tuple(sorted(key)):
                values = (*attribute.values, *(case.wars[key[0]] if attribute.side else ()))
                found += [Doubt(path, value, MISSING) for value in values]
        elif fact.origin == "stated" and fact.given is not None:
            found += [Doubt(path, value, why) for value, why in _other_values(fact, attribute).items()]
    return found


def _other_values(fact: Fact, attribute: Attribute) -> dict[str, str]:
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
        for value in attribute.values:
            values.setdefault(value, ASSUMED)
    values.pop(fact.value, None)
    return values


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
            named = [f"{d.path} is {d.value.replace('_', ' ')} ({d.because})" for d in found[:MOST_SHOWN]]
            more = f"; or {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
            readings = [Reading(fact=d.path, value=d.value, reading=d.because) for d in found]
            return "coding", "would be a hit if " + "; or ".join(named) + more, readings
        if seen.confidence == "low":
            return "coding", "the classification of what happened is of low confidence", []
        decisions = self.decisions(seen)
        if decisions:
            return "open decision", "; ".join(decisions), []
        return (
            "theory",
            f"no other sizes of the words and no next grade of significance give what happened, {beyond}",
            [],
        )

    # ---- coding -----------------------------------------------------------------------------

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
        """The conventions of the rule book of which another would give what happened."""
        postures = self.record.of(seen.state)
        alignment = alignment_of(seen.posture, self.book.recommendations)
        named = [e for e in self.book.recommendations if e.posture.replace("_", "-") == seen.posture]
        efforts = {entry.effort for entry in named if entry.effort is not None}
        found = self.weighting(seen.posture, postures, alignment, efforts)
        asked = [p.effort for p in postures if p.effort is not None and p.alignment.answer == alignment]
        silent = [effort for effort in asked if effort.by_silence and effort.answer not in efforts]
        if (
            efforts
            and silent
            and len(asked) == len(postures)
            and all(e in silent or e.answer in efforts for e in asked)
        ):
            found.append(f"no rule speaks of the effort, and the book then says {silent[0].answer}")
        return found + self.significance(seen)

    def weighting(
        self, posture: str, postures: Sequence[Posture], alignment: str, efforts: Collection[str]
    ) -> list[str]:
        """Under which share of the admissible weightings all contests give a posture, with the threats as graded."""
        choices: list[list[list[Vector]]] = []
        rays: Sequence[Sequence[int]] = ()
        for one in postures:
            choices.append(_ways(one.alignment, {alignment}))
            rays = self.program.questions[one.alignment.question].rays
            question = self.program.questions.get(EFFORT)
            if one.effort is not None and not one.effort.by_silence and efforts:
                choices.append(_ways(one.effort, efforts))
            elif efforts and question is not None and question.when_silent not in efforts:
                return []  # no rule spoke of the effort, or it was not asked: sizes do not decide it
        if not postures or not rays:
            return []
        parts = [share([lead for way in ways for lead in way], rays) for ways in product(*choices)]
        best = max(parts, default=Fraction(0))
        return (
            [f"with other sizes of the words it is {posture}: under {best} of the admissible weightings"]
            if best
            else []
        )

    def significance(self, seen: ObservedEntry) -> list[str]:
        """The neighbouring grades from which a threat would have to be significant to give what happened."""
        found: list[str] = []
        for name, question in self.program.questions.items():
            if question.significant_from is None:
                continue
            cut = question.rank(question.significant_from)
            for grade in [
                question.grades[place].name for place in (cut - 1, cut + 1) if 0 <= place < len(question.grades)
            ]:
                moved = replace(question, significant_from=grade)
                other = replace(self.program, questions={**self.program.questions, name: moved})
                if infer(self.case, other).posture(seen.state) == seen.posture:
                    now = question.significant_from
                    found.append(f"it is {seen.posture} if {name} is significant from {grade} on, not from {now} on")
        return found


def _ways(contest: Contest, wanted: Collection[str]) -> list[list[Vector]]:
    """For each alternative with a wanted answer: its leads over all rivals, counted in words."""
    return [
        [
            tuple(a - b for a, b in zip(mine.words, rival.words, strict=True))
            for rival in contest.alternatives
            if rival is not mine
        ]
        for mine in contest.alternatives
        if mine.answer in wanted
    ]
