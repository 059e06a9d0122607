"""From rules and facts to English: the sentence templates of the rule book, filled with names.

Templates come from the rule book, names from the case. Names are put in as text and never read again
as templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from foedus.case import Case, Fact
from foedus.memory import Row
from foedus.terms import UNKNOWN, Absent, Attribute, Compare, Holds, Rule, Table

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
RELATIONS = {
    "above": "is higher than",
    "below": "is lower than",
    "at_least": "is at least",
    "at_most": "is at most",
    "same": "is the same as",
    "other": "differs from",
}


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill ``{name}`` places once, from left to right; what is put in is not looked at again."""
    return _PLACE.sub(lambda match: values.get(match.group(1), match.group(0)), template)


def kinds(rule: Rule, tables: Mapping[str, Table]) -> dict[str, Attribute | str]:
    """What each variable of a rule stands for: the kind of a key, or an attribute."""
    found: dict[str, Attribute | str] = {}
    for premise in rule.premises:
        if isinstance(premise, Holds):
            table = tables[premise.pattern.table]
            for constraint in premise.pattern.constraints:
                if constraint.variable is not None:
                    kind = table.attributes.get(constraint.field) or table.keys[constraint.field]
                    found.setdefault(constraint.variable, kind)
    return found


class Speaker:
    """Puts facts, premises and rules of one case into sentences.

    Args:
        case: For the names.
        tables: The vocabulary.
    """

    def __init__(self, case: Case, tables: Mapping[str, Table]) -> None:
        self.case, self.tables = case, tables

    def name(self, identifier: str) -> str:
        """The display name of a state, war, side or ideology; other words without underscores."""
        return self.case.names.get(identifier, identifier.replace("_", " "))

    def _values(self, bindings: Mapping[str, str], found: Mapping[str, Attribute | str]) -> dict[str, str]:
        shown: dict[str, str] = {}
        for variable, value in bindings.items():
            kind = found.get(variable)
            if isinstance(kind, Attribute) and not kind.side:
                shown[variable] = kind.phrase(value)
            elif kind == "word":
                shown[variable] = value
            else:
                shown[variable] = self.name(value)
        return shown

    def because(self, rule: Rule, bindings: Mapping[str, str]) -> str:
        """The reason of a firing."""
        return fill(rule.because, self._values(bindings, kinds(rule, self.tables)))

    def reads(self, rule: Rule, premise: Absent, bindings: Mapping[str, str]) -> str:
        """An absent premise as a sentence."""
        return fill(premise.reads, self._values(bindings, kinds(rule, self.tables)))

    def compared(self, rule: Rule, premise: Compare, bindings: Mapping[str, str]) -> str:
        """A comparison of bound values as a sentence."""
        values = self._values(bindings, kinds(rule, self.tables))
        return f"“{values[premise.left]}” {RELATIONS[premise.relation]} “{values[premise.right]}”"

    def fact(self, fact: Fact) -> str:
        """A fact of the case as a sentence."""
        table = self.tables[fact.table]
        keys = dict(zip(table.keys, fact.key, strict=True))
        return self.stated(table, keys, table.attributes[fact.attribute], fact.value)

    def stated(self, table: Table, keys: Mapping[str, str], attribute: Attribute, value: str) -> str:
        """What an attribute says of its subject; an unknown value is said to be unknown."""
        values = {key: self.name(subject) for key, subject in keys.items()}
        if value == UNKNOWN:
            return f"it is not known: {fill(attribute.ask, values)}"
        phrase = self.name(value) if attribute.side and value not in attribute.values else attribute.phrase(value)
        return fill(attribute.sentence, {**values, "value": phrase})

    def row(self, row: Row) -> str:
        """A concluded row as a sentence."""
        table = self.tables[row.table]
        values = {key: self.name(row.fields[key]) for key in table.keys}
        for word, meaning in table.words.items():
            values = {key: meaning if row.fields[key] == word else value for key, value in values.items()}
        for attribute in table.attributes.values():
            values[attribute.name] = attribute.phrase(row.fields[attribute.name])
        return fill(table.sentence, values)

    def asks(self, fact_table: str, keys: Mapping[str, str], attribute: str) -> str:
        """The question that a fact would answer."""
        declared = self.tables[fact_table].attributes[attribute]
        return fill(declared.ask, {key: self.name(subject) for key, subject in keys.items()})
