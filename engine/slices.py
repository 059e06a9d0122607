"""Which rules can be run for one state alone, when only that state's verdict is wanted.

A rule is about one state where all its conclusions name the same variable as their subject, where it reads
what others concluded of that subject only, and where what defeats it is about that subject too. Whatever
another rule reads of all states is needed of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foedus.strata import EVIDENCE, evidence_read
from foedus.terms import Absent, Conclude, Holds, Pattern, Question, Rule, Table, Weigh

SUBJECT = "of"
"""The key by which derived tables and conclusions name whom they are about."""


@dataclass(frozen=True, slots=True)
class Slices:
    """What can be limited to one state.

    Attributes:
        subjects: For each rule that can be limited, the variable that stands for the state.
        everywhere: Derived tables and questions that are needed of all states.
    """

    subjects: Mapping[str, str]
    everywhere: frozenset[str]


def _subject(rule: Rule) -> str | None:
    """The variable that all conclusions of a rule are about."""
    found: set[str | None] = set()
    for conclusion in rule.conclusions:
        term = conclusion.fields.get(SUBJECT) if isinstance(conclusion, Conclude) else conclusion.of
        found.add(term.text if term is not None and term.variable else None)
    return found.pop() if len(found) == 1 else None


def _derived(rule: Rule, tables: Mapping[str, Table]) -> list[Pattern]:
    patterns = [premise.pattern for premise in rule.premises if isinstance(premise, Holds | Absent)]
    return [pattern for pattern in patterns if tables[pattern.table].derived]


def _about_one(rule: Rule, rules: Mapping[str, Rule], tables: Mapping[str, Table]) -> str | None:
    """The variable of the one state that a rule is about, if it is about one."""
    subject = _subject(rule)
    if subject is None or subject not in rule.variables:
        return None
    for pattern in _derived(rule, tables):
        if not any(c.field == SUBJECT and c.variable == subject for c in pattern.constraints):
            return None
    for defeat in rule.defeated_by:
        other = rules.get(defeat.rule)
        if other is None:
            continue
        theirs = _subject(other)
        pairs = defeat.same or tuple((name, name) for name in set(rule.variables) & set(other.variables))
        if (subject, theirs) not in pairs:
            return None
    return subject


def slices(rules: Mapping[str, Rule], questions: Mapping[str, Question], tables: Mapping[str, Table]) -> Slices:
    """Which of a set of rules can be run for one state alone.

    Args:
        rules: The rules that are run, by id.
        questions: The questions that they answer.
        tables: All tables.
    """
    subjects = {name: v for name, rule in rules.items() if (v := _about_one(rule, rules, tables)) is not None}
    everywhere: set[str] = set()
    before = None
    while before != (len(subjects), len(everywhere)):
        before = (len(subjects), len(everywhere))
        for name, rule in rules.items():
            if name in subjects:
                continue
            everywhere.update(pattern.table for pattern in _derived(rule, tables))
            for other in (*evidence_read(rule, rules.values()), *(defeat.rule for defeat in rule.defeated_by)):
                subjects.pop(other, None)
        for table in sorted(everywhere):
            question = questions.get(table)
            if question is not None:
                parts = (question.about, question.counts, question.excluded_by)
                everywhere.update(part for part in parts if part is not None)
            everywhere.update(part.partition(".")[0] for part in tables[table].first_known)
        for name, rule in rules.items():
            for conclusion in rule.conclusions:
                if isinstance(conclusion, Weigh):
                    wanted = any(target in rules and target not in subjects for target in conclusion.rules)
                elif isinstance(conclusion, Conclude):
                    wanted = conclusion.table in everywhere
                else:
                    wanted = conclusion.question in everywhere
                if wanted:
                    subjects.pop(name, None)
    return Slices(dict(sorted(subjects.items())), frozenset(everywhere - {EVIDENCE}))
