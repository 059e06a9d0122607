"""Gaps: facts that are not known and that a rule bearing on a verdict waits for.

A rule waits for a fact where every premise either holds or could hold if facts that are not known
were known. Whether a gap can still change the verdict is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from foedus.explain.sentences import Speaker
from foedus.matching import candidates
from foedus.memory import Memory, fact_path
from foedus.record import Record
from foedus.results import Gap
from foedus.terms import UNKNOWN, Absent, Compare, Conclude, Differ, Holds, Premise, Rule

Cell = tuple[str, tuple[str, ...], str]
"""Table, keys and attribute of a fact."""


def waiting(premises: Sequence[Premise], memory: Memory, bindings: dict[str, str]) -> Iterator[set[Cell]]:
    """For every way in which premises could hold together: the facts that it waits for."""

    def step(place: int, bound: dict[str, str], cells: frozenset[Cell]) -> Iterator[set[Cell]]:
        if place == len(premises):
            if cells:
                yield set(cells)
            return
        premise = premises[place]
        if isinstance(premise, Holds | Absent):
            table = memory.tables[premise.pattern.table]
            found = candidates(premise.pattern, memory, bound)
            if isinstance(premise, Holds):
                for row, added, unknown in found:
                    keys = tuple(row.fields[key] for key in table.keys)
                    more = {(table.name, keys, field) for field in unknown}
                    yield from step(place + 1, {**bound, **added}, cells | more)
                return
            more = set()
            for row, _, unknown in found:
                if not unknown:
                    return
                keys = tuple(row.fields[key] for key in table.keys)
                more |= {(table.name, keys, field) for field in unknown}
            yield from step(place + 1, bound, cells | more)
        elif isinstance(premise, Differ):
            if bound.get(premise.left) != bound.get(premise.right):
                yield from step(place + 1, bound, cells)
        elif isinstance(premise, Compare):
            left, right = bound.get(premise.left), bound.get(premise.right)
            if left is None or right is None or premise.true_of(left, right):
                yield from step(place + 1, bound, cells)

    yield from step(0, bindings, frozenset())


def _about(rule: Rule) -> list[str | None]:
    """The variables that stand for the state that a rule's conclusions are about."""
    found: list[str | None] = []
    for conclusion in rule.conclusions:
        term = conclusion.fields.get("of") if isinstance(conclusion, Conclude) else conclusion.of
        found.append(term.text if term is not None and term.variable else None)
    return sorted(set(found), key=str)


def gaps(record: Record, state: str, speaker: Speaker, rules: Sequence[Rule]) -> list[Gap]:
    """The gaps of a state's verdict.

    Args:
        record: The run.
        state: The state in question.
        speaker: For the questions.
        rules: What :func:`bearing` returns for the program.
    """
    memory = record.memory
    asked: dict[Cell, set[str]] = {}
    for rule in rules:
        for variable in _about(rule):
            for cells in waiting(rule.premises, memory, {variable: state} if variable is not None else {}):
                for cell in cells:
                    asked.setdefault(cell, set()).add(rule.id)
    found: list[Gap] = []
    for (table, keys, attribute), names in asked.items():
        declared = memory.tables[table]
        if declared.derived or table == "input":
            continue
        row = memory.get(table, *keys)
        if row is None or row.fields[attribute] != UNKNOWN:
            continue
        subjects = dict(zip(declared.keys, keys, strict=True))
        found.append(
            Gap(
                fact=fact_path(table, keys, attribute),
                asks=speaker.asks(table, subjects, attribute),
                rules=sorted(names),
            )
        )
    return sorted(found, key=lambda gap: gap.fact)
