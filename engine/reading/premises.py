"""Premises: patterns, negation, comparison; what is unbound, mistyped or can never hold is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from foedus.bookfile import (
    ConstraintEntry,
    PremiseEntry,
)
from foedus.documents import Document, Path_
from foedus.problems import suggestion
from foedus.reading.vocabulary import VocabularyReader
from foedus.terms import (
    Absent,
    Attribute,
    Compare,
    Constraint,
    Differ,
    Holds,
    Pattern,
    Premise,
    Table,
)

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
Bound = dict[str, Attribute | str]
"""What each bound variable stands for: the kind of a key, or an attribute."""


TWO = 2
"""Keys of a table whose facts can be linked in both directions."""


class PremiseReader(VocabularyReader):
    """Reads the premises of rules."""

    def pattern(
        self,
        document: Document,
        path: Path_,
        name: str,
        fields: Mapping[str, Any],
        bound: Bound,
        rule_id: str,
        negated: bool,
    ) -> Pattern | None:
        """Read a pattern, and bind its variables unless it is negated."""
        table = self.tables.get(name)
        if table is None:
            self.report(document, path, f"unknown table '{name[:60]}'", suggestion(name, sorted(self.tables)), key=True)
            return None
        constraints: list[Constraint] = []
        local: dict[str, Attribute | str] = {}
        for key, raw in fields.items():
            here = (*path, key)
            legal = [*table.keys, *table.attributes]
            if key not in legal:
                self.report(document, here, f"'{name}' has no field '{key[:60]}'", suggestion(key, legal), key=True)
                continue
            attribute = table.attributes.get(key)
            constraint = self.constraint(document, here, table, key, attribute, raw, rule_id)
            if constraint is None:
                continue
            constraints.append(constraint)
            if constraint.variable is not None:
                kind: Attribute | str = attribute if attribute is not None else table.keys[key]
                seen = bound.get(constraint.variable, local.get(constraint.variable))
                if seen is not None and not same_kind(seen, kind):
                    self.report(
                        document,
                        here,
                        f"'${constraint.variable}' stands for {kind_name(seen)} and for {kind_name(kind)}",
                    )
                if negated and constraint.variable not in bound:
                    hint = suggestion(constraint.variable, sorted(bound))
                    self.report(
                        document,
                        here,
                        f"'${constraint.variable}' is not bound before the `not`",
                        hint or "leave the field out to deny it of all",
                    )
                local.setdefault(constraint.variable, kind)
        if not negated:
            for variable, kind in local.items():
                bound.setdefault(variable, kind)
        return Pattern(name, tuple(sorted(constraints, key=lambda c: [*table.keys, *table.attributes].index(c.field))))

    def constraint(
        self,
        document: Document,
        path: Path_,
        table: Table,
        key: str,
        attribute: Attribute | None,
        raw: Any,
        rule_id: str,
    ) -> Constraint | None:
        """Read what a pattern asks of one field."""
        if isinstance(raw, str) and raw.startswith("$"):
            if not re.fullmatch(r"\$[a-z][a-z0-9_]*", raw):
                self.report(document, path, f"'{raw[:60]}' is not a variable name", "lower case letters, digits and _")
                return None
            return Constraint(key, variable=raw[1:])
        if isinstance(raw, ConstraintEntry):
            if raw.stated is not None:
                asked = attribute.stated_asked_by if attribute is not None else ()
                if rule_id not in asked:
                    allowed = ", ".join(asked) or "none"
                    self.report(
                        document,
                        path,
                        f"{rule_id} may not ask whether '{key}' was stated",
                        f"rules that may: {allowed}",
                    )
                if raw.model_fields_set != {"stated"}:
                    self.report(document, path, "'stated' stands alone: it asks nothing of the value")
                return Constraint(key, stated=raw.stated == "yes")
            variable = raw.bind[1:] if raw.bind else None
            values = self.values(document, path, table, key, attribute, raw)
            return Constraint(key, variable=variable, allowed=values)
        wanted = [raw] if isinstance(raw, str) else list(raw)
        return Constraint(key, allowed=self.legal(document, path, table, key, attribute, wanted))

    def values(
        self, document: Document, path: Path_, table: Table, key: str, attribute: Attribute | None, raw: ConstraintEntry
    ) -> tuple[str, ...] | None:
        """The values that a comparison with constants leaves."""
        if attribute is None:
            if raw.one_of is not None and raw.at_least is None and raw.at_most is None and raw.not_ is None:
                return self.legal(document, path, table, key, None, raw.one_of)
            if any(x is not None for x in (raw.at_least, raw.at_most, raw.not_)):
                self.report(document, path, f"'{key}' is a key: it has no order and no complement")
            return None
        left = list(attribute.values)
        for bound_name in ("at_least", "at_most"):
            value = getattr(raw, bound_name)
            if value is None:
                continue
            if not attribute.ordered:
                self.report(
                    document, path, f"'{key}' has no order, so '{bound_name}' has no meaning", "use a list of values"
                )
                continue
            if self.legal(document, path, table, key, attribute, [value]) and value in attribute.values:
                place = attribute.step(value)
                left = [
                    v
                    for v in left
                    if (attribute.step(v) >= place) == (bound_name == "at_least") or attribute.step(v) == place
                ]
        if raw.one_of is not None:
            chosen = self.legal(document, path, table, key, attribute, raw.one_of)
            left = [value for value in left if value in chosen] if not attribute.side else list(chosen)
        if raw.not_ is not None:
            self.legal(document, path, table, key, attribute, [raw.not_])
            left = [value for value in left if value != raw.not_]
        if attribute.side or attribute.nominal_from:
            if raw.not_ is not None:
                self.report(document, path, f"the values of '{key}' depend on the case, so 'not' has no meaning here")
            return tuple(left) if raw.one_of is not None else None
        if not left:
            self.report(document, path, f"no value of '{key}' can satisfy this; the premise can never hold")
        return None if len(left) == len(attribute.values) else tuple(left)

    def legal(
        self,
        document: Document,
        path: Path_,
        table: Table,
        key: str,
        attribute: Attribute | None,
        wanted: Sequence[str],
    ) -> tuple[str, ...]:
        """Constants, each checked against the scale of the field."""
        if attribute is not None and attribute.nominal_from:
            names = sorted(row.key for row in self.references if row.table == attribute.nominal_from)
        elif attribute is not None:
            names = list(attribute.values)
        elif table.keys[key] == "word" and table.words:
            names = list(table.words)
        else:
            return tuple(wanted)
        for value in wanted:
            if value not in names and not (value.startswith("$") and len(wanted) == 1):
                self.report(document, path, f"'{value[:60]}' is no value of '{key}'", suggestion(value, names))
        order = {name: place for place, name in enumerate(names)}
        return tuple(sorted(set(wanted), key=lambda value: order.get(value, len(order))))

    def premises(
        self,
        document: Document,
        path: Path_,
        entries: Sequence[PremiseEntry],
        rule_id: str,
        bound: Bound,
    ) -> tuple[Premise, ...]:
        """Read the premises of a rule in the order of writing."""
        found: list[Premise] = []
        for place, entry in enumerate(entries):
            here = (*path, place)
            patterns = entry.__pydantic_extra__ or {}
            parts = len(patterns) + sum(x is not None for x in (entry.not_, entry.differ, entry.compare))
            if parts != 1:
                self.report(document, here, "a premise is exactly one of: a table, not, differ, compare")
                continue
            if entry.reads is not None and entry.not_ is None:
                self.report(document, (*here, "reads"), "'reads' goes with 'not' only", key=True)
            if patterns:
                ((name, fields),) = patterns.items()
                pattern = self.pattern(document, (*here, name), name, fields, bound, rule_id, False)
                if pattern is not None:
                    found.append(Holds(pattern))
            elif entry.not_ is not None:
                if len(entry.not_) != 1:
                    self.report(document, here, "'not' denies exactly one table")
                    continue
                ((name, fields),) = entry.not_.items()
                if not entry.reads:
                    self.report(document, here, "a 'not' needs 'reads': the sentence that an analyst reads")
                pattern = self.pattern(document, (*here, "not", name), name, fields, bound, rule_id, True)
                if pattern is not None:
                    self.placeholders(document, (*here, "reads"), entry.reads or "", bound)
                    found.append(Absent(pattern, entry.reads or ""))
            elif entry.differ is not None:
                left, right = (variable[1:] for variable in entry.differ)
                for variable in (left, right):
                    if variable not in bound:
                        self.report(
                            document,
                            (*here, "differ"),
                            f"'${variable}' is not bound by an earlier premise",
                            suggestion(variable, sorted(bound)),
                        )
                if left == right:
                    self.report(
                        document, (*here, "differ"), f"'${left}' cannot differ from itself; the rule can never fire"
                    )
                found.append(Differ(left, right))
            elif entry.compare is not None:
                found += self.compare(document, (*here, "compare"), entry, bound)
        return tuple(found)

    def compare(
        self, document: Document, path: Path_, entry: PremiseEntry, bound: Mapping[str, Attribute | str]
    ) -> list[Premise]:
        """Read a comparison of two bound values."""
        assert entry.compare is not None
        left, right = entry.compare.left[1:], entry.compare.right[1:]
        scales: list[Attribute] = []
        for variable in (left, right):
            kind = bound.get(variable)
            if kind is None:
                self.report(
                    document,
                    path,
                    f"'${variable}' is not bound by an earlier premise",
                    suggestion(variable, sorted(bound)),
                )
            elif isinstance(kind, str) or not kind.ordered:
                self.report(document, path, f"'${variable}' has no ordered scale to compare on")
            else:
                scales.append(kind)
        if len(scales) != 2:
            return []
        if scales[0].values != scales[1].values:
            self.report(document, path, f"'${left}' and '${right}' are on different scales")
        if left == right and entry.compare.is_ in ("above", "below", "other"):
            self.report(document, path, f"'${left}' cannot be {entry.compare.is_} itself; the rule can never fire")
        return [Compare(left, entry.compare.is_, right, scales[0].values)]

    def satisfiable(self, document: Document, path: Path_, premises: Sequence[Premise]) -> None:
        """Refuse premises that contradict each other on the same row."""
        rows: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, set[str]]] = {}
        for place, premise in enumerate(premises):
            if not isinstance(premise, Holds):
                continue
            table = self.tables[premise.pattern.table]
            identity = _identity(table, premise.pattern)
            states = [
                c.variable for c in premise.pattern.constraints if table.keys.get(c.field) == "state" and c.variable
            ]
            if not table.derived and len(states) != len(set(states)):
                self.report(document, (*path, place), "a state has no such relation to itself; the rule can never fire")
            if identity is None:
                continue
            for constraint in premise.pattern.constraints:
                attribute = table.attributes.get(constraint.field)
                if attribute is not None and constraint.allowed:
                    known = rows.setdefault((table.name, identity), {})
                    left = known.setdefault(constraint.field, set(constraint.allowed))
                    left &= set(constraint.allowed)
                    if attribute.linked is not None and len(table.keys) == TWO:
                        # the fact for (b, a) follows from the one for (a, b)
                        mirrored = rows.setdefault((table.name, _mirrored(identity)), {})
                        mirrored[constraint.field] = {_across(attribute, value) for value in left}
                    if not left:
                        self.report(
                            document,
                            (*path, place),
                            f"'{constraint.field}' cannot satisfy this and an earlier premise; the rule can never fire",
                        )
        self.comparable(document, path, premises)
        for place, premise in enumerate(premises):
            if not isinstance(premise, Absent):
                continue
            table = self.tables[premise.pattern.table]
            identity = _identity(table, premise.pattern)
            if identity is None or (table.name, identity) not in rows:
                continue
            known = rows[(table.name, identity)]
            asked = {
                c.field: set(c.allowed)
                for c in premise.pattern.constraints
                if c.field in table.attributes and c.allowed is not None
            }
            free = [c for c in premise.pattern.constraints if c.field in table.attributes and c.allowed is None]
            if not free and all(field in known and known[field] <= values for field, values in asked.items()):
                self.report(
                    document, (*path, place), "this denies what an earlier premise asks for; the rule can never fire"
                )

    def comparable(self, document: Document, path: Path_, premises: Sequence[Premise]) -> None:
        """Refuse comparisons that no two values of the variables satisfy together."""
        open_values: dict[str, tuple[str, ...]] = {}
        for premise in premises:
            if isinstance(premise, Holds):
                for constraint in premise.pattern.constraints:
                    if constraint.variable is not None and constraint.allowed is not None:
                        held = open_values.get(constraint.variable, constraint.allowed)
                        open_values[constraint.variable] = tuple(v for v in held if v in constraint.allowed)
        left: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for place, premise in enumerate(premises):
            if not isinstance(premise, Compare):
                continue
            pair = (min(premise.left, premise.right), max(premise.left, premise.right))
            scales = (open_values.get(name, premise.values) for name in pair)
            lower, upper = ([value for value in scale if value in premise.values] for scale in scales)
            turned = pair[0] != premise.left
            found = left.get(pair, [(a, b) for a in lower for b in upper])
            left[pair] = [(a, b) for a, b in found if premise.true_of(*((b, a) if turned else (a, b)))]
            if not left[pair]:
                message = "no values satisfy this and the earlier premises; the rule can never fire"
                self.report(document, (*path, place), message)

    def placeholders(self, document: Document, path: Path_, text: str, bound: Mapping[str, Any]) -> None:
        """Check that every {variable} of a sentence is bound."""
        for name in _PLACEHOLDER.findall(text):
            if name not in bound:
                self.report(
                    document, path, f"'{{{name}}}' is not a variable of the rule", suggestion(name, sorted(bound))
                )
        rest = _PLACEHOLDER.sub("", text)
        if "{" in rest or "}" in rest:
            self.report(document, path, "a brace that is no {variable}")


def _identity(table: Table, pattern: Pattern) -> tuple[tuple[str, str], ...] | None:
    """Which row a pattern speaks of, if its keys are all fixed; ``None`` if they are open."""
    fixed = {
        c.field: "$" + c.variable if c.variable else str((c.allowed or ("",))[0])
        for c in pattern.constraints
        if c.field in table.keys and (c.variable or (c.allowed is not None and len(c.allowed) == 1))
    }
    return tuple(sorted(fixed.items())) if set(fixed) == set(table.keys) else None


def _mirrored(identity: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The row of the same pair, seen from the other side."""
    (first, a), (second, b) = identity
    return ((first, b), (second, a))


def _across(attribute: Attribute, value: str) -> str:
    """The value of a linked fact in the other direction."""
    if attribute.linked == "symmetric":
        return value
    return attribute.inverse(value)


def same_kind(left: Attribute | str, right: Attribute | str) -> bool:
    """Whether two things may be the same: of one kind of key, or on one scale."""

    def kind(value: Attribute | str) -> tuple[str, ...] | str:
        if isinstance(value, str):
            return value
        return "ideology" if value.nominal_from else "side" if value.side else value.values

    a, b = kind(left), kind(right)
    return a == b or "any" in (a, b) or "word" in (a, b)


def kind_name(kind: Attribute | str) -> str:
    """How a kind of key or a scale is called in a message."""
    return f"a {kind}" if isinstance(kind, str) else f"a value of '{kind.name}'"
