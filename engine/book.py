"""The rule book as one object, and the program that one of its theories is.

A book is what the files say; a program is the part of it that one theory fires, with its strata.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from foedus.problems import NameUnknown, suggestion
from foedus.strata import Strata, stratify
from foedus.terms import (
    Attribute,
    Illegal,
    Measure,
    Question,
    Recommendation,
    Reference,
    Rule,
    Statement,
    Table,
    Theory,
    Work,
)

MAIN = "main"
"""The theory whose verdict is the verdict."""


@dataclass(frozen=True)
class RuleBook:
    """Everything that the rule files say, checked.

    Attributes:
        hash: SHA-256 of the canonical content, independent of file names, order and layout.
        rules: By id, in the order of ids; tensions are among them.
    """

    title: str
    version: str
    hash: str
    works: Mapping[str, Work]
    theories: Mapping[str, Theory]
    tables: Mapping[str, Table]
    annotations: Mapping[str, Attribute]
    illegal: tuple[Illegal, ...]
    reference: tuple[Reference, ...]
    measures: Mapping[str, Measure]
    questions: Mapping[str, Question]
    recommendations: tuple[Recommendation, ...]
    rules: Mapping[str, Rule]
    statements: Mapping[str, Statement]

    def program(self, theory: str = MAIN) -> Program:
        """The rules and questions that a theory fires.

        Raises:
            NameUnknown: The book has no such theory.
        """
        if theory not in self.theories:
            hint = suggestion(theory, sorted(self.theories))
            raise NameUnknown(f"no theory '{theory[:60]}'" + (f" ({hint})" if hint else ""))
        return self._programs[theory]

    @cached_property
    def _programs(self) -> dict[str, Program]:
        return {name: Program.of(self, name) for name in sorted(self.theories)}

    def claim(self, name: str) -> Rule | Statement:
        """A rule, tension or statement by id; a row's id also finds its first rule.

        Raises:
            NameUnknown: No such id.
        """
        found = self.rules.get(name) or self.statements.get(name)
        if found is not None:
            return found
        for rule in self.rules.values():
            if rule.row == name:
                return rule
        lower = {key.lower(): key for key in (*self.rules, *self.statements)}
        if name.lower() in lower:
            return self.claim(lower[name.lower()])
        hint = suggestion(name, sorted({*self.rules, *self.statements}))
        raise NameUnknown(f"no rule '{name[:60]}'" + (f" ({hint})" if hint else ""))

    def rows(self) -> dict[str, str]:
        """The role of every row of the theory that the book holds, by id."""
        roles: dict[str, str] = {}
        for rule in self.rules.values():
            # the role of a row is that of the rule that bears its name alone
            if rule.role not in ("tension", "house") and (rule.id == rule.row or rule.row not in roles):
                roles[rule.row] = rule.role
        roles.update({statement.id: statement.role for statement in self.statements.values()})
        return dict(sorted(roles.items()))


@dataclass(frozen=True)
class Program:
    """One theory's rules and questions, stratified."""

    book: RuleBook
    theory: str
    rules: Mapping[str, Rule]
    questions: Mapping[str, Question]
    strata: Strata

    @classmethod
    def of(cls, book: RuleBook, name: str) -> Program:
        """The part of a book that a theory fires.

        Raises:
            NotStratified: Its rules read each other in a circle.
        """
        theory = book.theories[name]
        rules = {
            rule.id: rule
            for rule in book.rules.values()
            if name in rule.theories or rule.id in theory.shares or rule.row in theory.shares
        }
        questions = {
            question.name: question
            for question in book.questions.values()
            if name in question.theories or question.name in theory.shares_questions
        }
        return cls(book, name, rules, questions, stratify(rules, questions, book.tables))
