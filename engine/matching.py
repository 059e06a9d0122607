"""A plain matcher of premises against rows, for checks and explanations.

Inference itself is Experta's (:mod:`foedus.rete`). This one answers what Experta cannot: which
combinations of facts are impossible, and which premises wait for a fact that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from foedus.memory import Memory, Row
from foedus.terms import UNKNOWN, Absent, Compare, Constraint, Differ, Holds, Pattern, Premise

Met = tuple[tuple[Row, tuple[str, ...]], ...]
"""The rows that met the positive premises, each with the attributes that were asked for."""


def satisfies(constraint: Constraint, row: Row, is_key: bool, bindings: Mapping[str, str]) -> bool | None:
    """Whether a row meets one constraint; ``None`` where a fact that is not known decides."""
    value = row.fields[constraint.field]
    if constraint.stated is not None:
        return (value != UNKNOWN) == constraint.stated
    if value == UNKNOWN and not is_key:
        return None
    if constraint.allowed is not None and value not in constraint.allowed:
        return False
    if constraint.variable is not None and constraint.variable in bindings:
        return bindings[constraint.variable] == value
    return True


def candidates(
    pattern: Pattern, memory: Memory, bindings: Mapping[str, str]
) -> Iterator[tuple[Row, dict[str, str], tuple[str, ...]]]:
    """Rows that meet a pattern, with the bindings that each adds and the fields that are unknown.

    A row with no unknown fields matches; one with some might.
    """
    table = memory.tables[pattern.table]
    for row in memory.all(pattern.table):
        added: dict[str, str] = {}
        unknown: list[str] = []
        for constraint in pattern.constraints:
            met = satisfies(constraint, row, constraint.field in table.keys, {**bindings, **added})
            if met is False:
                break
            if met is None:
                unknown.append(constraint.field)
            elif constraint.variable is not None and constraint.variable not in bindings:
                added[constraint.variable] = row.fields[constraint.field]
        else:
            yield row, added, tuple(unknown)


def solutions(premises: Sequence[Premise], memory: Memory) -> Iterator[tuple[dict[str, str], Met]]:
    """Every way in which premises are known to hold together."""

    def step(place: int, bindings: dict[str, str], met: Met) -> Iterator[tuple[dict[str, str], Met]]:
        if place == len(premises):
            yield bindings, met
            return
        premise = premises[place]
        if isinstance(premise, Holds):
            table = memory.tables[premise.pattern.table]
            asked = tuple(c.field for c in premise.pattern.constraints if c.field in table.attributes)
            for row, added, unknown in candidates(premise.pattern, memory, bindings):
                if not unknown:
                    yield from step(place + 1, {**bindings, **added}, (*met, (row, asked)))
        elif isinstance(premise, Absent):
            if next(candidates(premise.pattern, memory, bindings), None) is None:
                yield from step(place + 1, bindings, met)
        elif isinstance(premise, Differ):
            if bindings[premise.left] != bindings[premise.right]:
                yield from step(place + 1, bindings, met)
        elif isinstance(premise, Compare) and premise.true_of(bindings[premise.left], bindings[premise.right]):
            yield from step(place + 1, bindings, met)

    yield from step(0, {}, ())
