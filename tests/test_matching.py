"""The plain matcher of premises agrees with enumerating every combination of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from foedus.matching import candidates, solutions
from foedus.memory import Memory, Row
from foedus.terms import UNKNOWN, Absent, Attribute, Compare, Constraint, Differ, Holds, Pattern, Premise, Table
from hypothesis import event, given, settings
from hypothesis import strategies as st

steady = settings(max_examples=120, deadline=None, derandomize=True)

LEVELS = ("low", "medium", "high")
SUBJECTS = ("a", "b", "c")


def _table(name: str, keys: Sequence[str], attributes: Sequence[str]) -> Table:
    return Table(
        name, dict.fromkeys(keys, "state"), {entry: Attribute(entry, name, LEVELS, True) for entry in attributes}
    )


TABLES = {
    "state": _table("state", ["state"], ["rank", "trend"]),
    "relation": _table("relation", ["state", "other"], ["power", "nearness"]),
    "tie": _table("tie", ["of", "toward"], []),
}
KEY_VARIABLES = ("s", "p", "q")
VALUE_VARIABLES = ("u", "v", "w")


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    memory = Memory(TABLES)
    value = st.sampled_from([*LEVELS, UNKNOWN])
    for name, table in TABLES.items():
        for key in product(SUBJECTS, repeat=len(table.keys)):
            if draw(st.booleans()):
                fields = {**dict(zip(table.keys, key, strict=True)), **{a: draw(value) for a in table.attributes}}
                memory.add(name, fields)
    return memory


@st.composite
def patterns(draw: st.DrawFn, keys: Sequence[str], values: Sequence[str]) -> Pattern:
    """A pattern over some fields of a table, in the table's order, with variables of the given names."""
    table = TABLES[draw(st.sampled_from(sorted(TABLES)))]
    constraints: list[Constraint] = []
    for field in table.keys:
        kind = draw(st.sampled_from(["variable", "variable", "constant", "none"]))
        if kind == "variable" and keys:
            constraints.append(Constraint(field, variable=draw(st.sampled_from(keys))))
        elif kind == "constant":
            constraints.append(Constraint(field, allowed=tuple(draw(st.sets(st.sampled_from(SUBJECTS), min_size=1)))))
    for field in table.attributes:
        kind = draw(st.sampled_from(["variable", "allowed", "both", "known", "stated", "none", "none"]))
        allowed = tuple(draw(st.sets(st.sampled_from(LEVELS), min_size=1)))
        if kind == "allowed":
            constraints.append(Constraint(field, allowed=allowed))
        elif kind == "known":
            constraints.append(Constraint(field))
        elif kind == "stated":
            constraints.append(Constraint(field, stated=draw(st.booleans())))
        elif kind in ("variable", "both") and values:
            variable = draw(st.sampled_from(values))
            constraints.append(Constraint(field, variable=variable, allowed=allowed if kind == "both" else None))
    return Pattern(table.name, tuple(constraints))


def variables(pattern: Pattern) -> set[str]:
    return {c.variable for c in pattern.constraints if c.variable is not None}


@st.composite
def rules(draw: st.DrawFn) -> list[Premise]:
    """Premises of which each names only variables that an earlier one binds, or binds its own."""
    premises: list[Premise] = []
    bound: set[str] = set()
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["holds", "holds", "absent", "differ", "compare"])) if number else "holds"
        subjects = sorted(bound & set(KEY_VARIABLES))
        levels = sorted(bound & set(VALUE_VARIABLES))
        if kind == "differ" and subjects:
            premises.append(Differ(draw(st.sampled_from(subjects)), draw(st.sampled_from(subjects))))
        elif kind == "compare" and levels:
            relation = draw(st.sampled_from(["above", "below", "at_least", "at_most", "same", "other"]))
            premises.append(Compare(draw(st.sampled_from(levels)), relation, draw(st.sampled_from(levels)), LEVELS))
        elif kind == "absent":
            # a variable of a `not` is bound before it, or stands in it alone
            pattern = draw(patterns(subjects, levels))
            premises.append(Absent(pattern, "it is not so"))
        else:
            pattern = draw(patterns(KEY_VARIABLES, VALUE_VARIABLES))
            premises.append(Holds(pattern))
            bound |= variables(pattern)
    return premises


# ---- an independent reading of the same premises ------------------------------------------------


def known_to_match(pattern: Pattern, row: Row, bindings: Mapping[str, str]) -> bool:
    """Every constraint is met by a value that is known."""
    for c in pattern.constraints:
        value = row.fields[c.field]
        if c.stated is not None:
            if c.stated != (value != UNKNOWN):
                return False
        elif value == UNKNOWN:
            return False
        elif (c.allowed is not None and value not in c.allowed) or (c.variable and bindings[c.variable] != value):
            return False
    return True


def might_match(pattern: Pattern, row: Row, bindings: Mapping[str, str]) -> bool:
    """Some values in the place of unknown ones would let the row match."""
    unknown = [field for field, value in row.fields.items() if value == UNKNOWN]
    asked_stated = {c.field for c in pattern.constraints if c.stated is not None}
    open_fields = [field for field in unknown if field not in asked_stated]
    for values in product(LEVELS, repeat=len(open_fields)):
        filled = Row(row.table, row.id, {**row.fields, **dict(zip(open_fields, values, strict=True))})
        if known_to_match(pattern, filled, bindings):
            return True
    return False


def enumerated(premises: Sequence[Premise], memory: Memory) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    """Every choice of one row for each positive premise that satisfies all premises."""
    positive = [premise.pattern for premise in premises if isinstance(premise, Holds)]
    for rows in product(*(list(memory.all(pattern.table)) for pattern in positive)):
        bindings: dict[str, str] = {}
        for pattern, row in zip(positive, rows, strict=True):
            for c in pattern.constraints:
                if c.variable is not None:
                    bindings.setdefault(c.variable, row.fields[c.field])
        if not all(known_to_match(pattern, row, bindings) for pattern, row in zip(positive, rows, strict=True)):
            continue
        fits = True
        for premise in premises:
            if isinstance(premise, Absent):
                fits &= not any(
                    might_match(premise.pattern, row, bindings) for row in memory.all(premise.pattern.table)
                )
            elif isinstance(premise, Differ):
                fits &= bindings[premise.left] != bindings[premise.right]
            elif isinstance(premise, Compare):
                left, right = LEVELS.index(bindings[premise.left]), LEVELS.index(bindings[premise.right])
                fits &= {
                    "above": left > right,
                    "below": left < right,
                    "at_least": left >= right,
                    "at_most": left <= right,
                    "same": left == right,
                    "other": left != right,
                }[premise.relation]
        if fits:
            yield bindings, tuple(row.id for row in rows)


def _counted(found: Iterator[tuple[dict[str, str], tuple[str, ...]]]) -> Counter[tuple[object, ...]]:
    return Counter((*sorted(bindings.items()), rows) for bindings, rows in found)


@steady
@given(rules(), memories())
def test_solutions_are_exactly_the_combinations_of_rows_that_satisfy_all_premises(
    premises: list[Premise], memory: Memory
) -> None:
    found = ((bindings, tuple(row.id for row, _ in met)) for bindings, met in solutions(premises, memory))
    expected = _counted(enumerated(premises, memory))
    event("some solutions" if expected else "no solution")
    assert _counted(found) == expected


@steady
@given(rules(), memories())
def test_a_solution_names_the_attributes_that_each_positive_premise_asked_for(
    premises: list[Premise], memory: Memory
) -> None:
    positive = [premise.pattern for premise in premises if isinstance(premise, Holds)]
    for _, met in solutions(premises, memory):
        for pattern, (row, asked) in zip(positive, met, strict=True):
            assert row.table == pattern.table
            assert set(asked) == {c.field for c in pattern.constraints} - set(TABLES[row.table].keys)


@steady
@given(patterns(KEY_VARIABLES, VALUE_VARIABLES), memories())
def test_candidates_are_the_rows_that_match_and_those_that_might(pattern: Pattern, memory: Memory) -> None:
    for row, added, unknown in candidates(pattern, memory, {}):
        assert all(row.fields[field] == UNKNOWN for field in unknown)
        assert added.keys() <= variables(pattern)
        if not unknown:
            assert known_to_match(pattern, row, added)


@steady
@given(rules(), memories(), st.data())
def test_forgetting_a_fact_adds_no_solution_unless_a_rule_asks_whether_it_was_stated(
    premises: list[Premise], memory: Memory, data: st.DataObject
) -> None:
    asks = [p.pattern for p in premises if isinstance(p, Holds | Absent)]
    if any(c.stated is not None for pattern in asks for c in pattern.constraints):
        return
    rows = [row for row in memory.every() if TABLES[row.table].attributes]
    if not rows:
        return
    chosen = data.draw(st.sampled_from(rows))
    field = data.draw(st.sampled_from(sorted(TABLES[chosen.table].attributes)))
    poorer = Memory(TABLES)
    for row in memory.every():
        poorer.add(row.table, {**row.fields, field: UNKNOWN} if row.id == chosen.id else row.fields)
    before, after = _counted(_ids(premises, memory)), _counted(_ids(premises, poorer))
    assert after <= before


def _ids(premises: Sequence[Premise], memory: Memory) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    for bindings, met in solutions(premises, memory):
        yield bindings, tuple(row.id for row, _ in met)


def test_a_row_is_added_once_and_what_is_not_given_is_unknown() -> None:
    memory = Memory(TABLES)
    first = memory.add("state", {"state": "a", "rank": "low"})
    assert first is not None
    assert first.fields == {"state": "a", "rank": "low", "trend": UNKNOWN}
    assert memory.add("state", {"state": "a", "rank": "high"}) is None
    assert memory.get("state", "a") == first
    assert [row.id for row in memory.every()] == ["state(a)"]
