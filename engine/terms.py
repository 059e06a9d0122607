"""The terms of a rule book once it is read: scales, tables, premises, conclusions, rules.

Plain immutable data, shared by everything that evaluates, checks or explains rules. Values are
texts; :data:`UNKNOWN` stands for a fact that is not given and lies on no scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

UNKNOWN = "unknown"
"""A fact that is not given."""
ANYONE = "none"
"""Stands in a key where a statement is about nobody in particular."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that can be said about the subject of a table.

    Attributes:
        values: Legal values; lowest first where ``ordered``.
        side: The legal values are these and the sides of the war in question.
        nominal_from: The reference table whose keys are the legal values.
    """

    name: str
    table: str
    values: tuple[str, ...]
    ordered: bool
    side: bool = False
    nominal_from: str | None = None
    linked: Literal["inverse", "symmetric"] | None = None
    stated_asked_by: tuple[str, ...] = ()
    ask: str = ""
    sentence: str = ""
    phrases: Mapping[str, str] = field(default_factory=dict)

    def step(self, value: str) -> int:
        """The place of a value on the scale, counted from 0 at the lowest."""
        return self.values.index(value)

    def inverse(self, value: str) -> str:
        """The value as far from the other end of the scale: what a linked fact says the other way round."""
        return self.values[-1 - self.step(value)]

    def phrase(self, value: str) -> str:
        """How a value reads in a sentence."""
        return self.phrases.get(value, value.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Table:
    """A kind of statement: keys (who) and attributes (what)."""

    name: str
    keys: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    about: str = ""
    sentence: str = ""
    denied: str = ""
    derived: bool = False
    reference: bool = False
    first_known: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a pattern asks of one field.

    Attributes:
        field: Key or attribute.
        variable: Name bound to, or compared with, the field's value; no ``$``.
        allowed: Values that satisfy it; ``None`` for any known value.
        stated: Asks only whether the fact was stated.
    """

    field: str
    variable: str | None = None
    allowed: tuple[str, ...] | None = None
    stated: bool | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row of a table that satisfies every constraint."""

    table: str
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """There is a row that matches."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Absent:
    """It is known that no row matches; an unknown fact that could match leaves it open."""

    pattern: Pattern
    reads: str


@dataclass(frozen=True, slots=True)
class Differ:
    """Two variables are bound to different subjects."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Two bound values stand in a relation on their common scale."""

    left: str
    relation: Literal["above", "below", "at_least", "at_most", "same", "other"]
    right: str
    values: tuple[str, ...]

    def true_of(self, left: str, right: str) -> bool:
        """Whether the relation holds between two known values."""
        a, b = self.values.index(left), self.values.index(right)
        return {
            "above": a > b,
            "below": a < b,
            "at_least": a >= b,
            "at_most": a <= b,
            "same": a == b,
            "other": a != b,
        }[self.relation]


Premise = Holds | Absent | Differ | Compare


@dataclass(frozen=True, slots=True)
class Term:
    """A variable (without ``$``) or a constant."""

    text: str
    variable: bool

    def value(self, bindings: Mapping[str, str]) -> str:
        """The constant, or what the variable is bound to."""
        return bindings[self.text] if self.variable else self.text


@dataclass(frozen=True, slots=True)
class Strength:
    """A word, or a word for each step of a bound value."""

    word: str | None = None
    of: str | None = None
    steps: Mapping[str, str] = field(default_factory=dict)

    def base(self, bindings: Mapping[str, str]) -> str:
        """The word before anything weighs it."""
        return self.word if self.word is not None else self.steps[bindings[str(self.of)]]


@dataclass(frozen=True, slots=True)
class Vote:
    """A conclusion that speaks for or against an answer (or a higher grade) of a question."""

    question: str
    answer: Term | None
    of: Term
    toward: Term
    sign: Literal[1, -1]
    strength: Strength
    group: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """A conclusion that moves the strength word of other rules' votes about the same pair."""

    rules: tuple[str, ...]
    of: Term
    toward: Term
    step: Literal["up", "down"] | None
    highest: str | None


@dataclass(frozen=True, slots=True)
class Cap:
    """A conclusion that limits a grade."""

    question: str
    of: Term
    toward: Term
    highest: str


@dataclass(frozen=True, slots=True)
class Conclude:
    """A conclusion that states a row of a derived table."""

    table: str
    fields: Mapping[str, Term]


Conclusion = Vote | Weigh | Cap | Conclude


@dataclass(frozen=True, slots=True)
class Defeat:
    """A rule that defeats, and which variables must name the same: (here, there)."""

    rule: str
    same: tuple[tuple[str, str], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A work of the book, and the page where it has pages."""

    work: str
    page: str

    def __str__(self) -> str:
        return f"{self.work}, p. {self.page}" if self.page else self.work


@dataclass(frozen=True, slots=True)
class Examples:
    """Written examples, each a tuple of statements."""

    fires: tuple[tuple[str, ...], ...]
    silent: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One claim as a production rule; ``tension`` rules state that a resolution was applied."""

    id: str
    row: str
    role: str
    theories: tuple[str, ...]
    claim: str
    source: tuple[Citation, ...]
    premises: tuple[Premise, ...]
    conclusions: tuple[Conclusion, ...]
    because: str
    decision: str
    reason: str
    default: bool
    corollary: bool
    defeated_by: tuple[Defeat, ...]
    weaker_may_stand: bool
    examples: Examples
    file: str
    line: int
    between: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Every variable that a positive premise binds, in the order of writing."""
        found: dict[str, None] = {}
        for premise in self.premises:
            if isinstance(premise, Holds):
                for constraint in premise.pattern.constraints:
                    if constraint.variable is not None:
                        found.setdefault(constraint.variable)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim that fires nothing."""

    id: str
    role: str
    claim: str
    source: tuple[Citation, ...]
    decision: str
    reason: str
    shown_with: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Grade:
    """Totals from ``least`` on have this grade."""

    name: str
    least: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question that evidence answers.

    Attributes:
        words: Strength words, weakest first.
        points: Points of each word; 0 is the absence of any.
        grades: For a graded question, lowest first.
        significant_from: The lowest grade that counts as significant.
        sources: ``table.attribute`` facts without which insignificance is not known.
        answers: For a contest, the rival answers.
        about: For a contest, the table (and its answer) whose pairs it is asked of.
        rays: Extreme rays of the admissible weights, one weight for each word.
    """

    name: str
    kind: Literal["graded", "contest", "census"]
    theories: tuple[str, ...]
    asks: str
    decision: str
    source: str
    words: tuple[str, ...] = ()
    points: tuple[int, ...] = ()
    grades: tuple[Grade, ...] = ()
    significant_from: str | None = None
    sources: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    about: str | None = None
    about_answer: str | None = None
    when_silent: str | None = None
    rays: tuple[tuple[int, ...], ...] = ()
    excluded_by: str | None = None
    counts: str | None = None
    says: str = ""

    def grade_of(self, total: int) -> str:
        """The grade of a total: the last one whose cut-point it reaches, or the lowest."""
        name = self.grades[0].name
        for grade in self.grades:
            if total >= grade.least:
                name = grade.name
        return name

    def most(self, grade: str, total: int) -> int:
        """A total, or the highest one that still has a grade where the total goes beyond it."""
        place = self.rank(grade) + 1
        return total if place == len(self.grades) else min(total, self.grades[place].least - 1)

    def rank(self, grade: str) -> int:
        """The place of a grade, counted from 0 at the lowest."""
        return [entry.name for entry in self.grades].index(grade)


@dataclass(frozen=True, slots=True)
class Cut:
    """Numbers from ``least`` on, or above it where it is exclusive, take ``value``."""

    least: Fraction
    exclusive: bool
    number: str
    value: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A classification rule: how a number becomes a value of one attribute."""

    name: str
    attribute: str
    meaning: str
    unit: str
    highest: Fraction
    source: str
    cuts: tuple[Cut, ...]

    def range_of(self, cut: Cut) -> str:
        """Which numbers fall under a cut, in words."""
        place = self.cuts.index(cut)
        low = f"above {cut.number}" if cut.exclusive else f"from {cut.number}"
        if place + 1 == len(self.cuts):
            return low + ("" if cut.exclusive else " on")
        following = self.cuts[place + 1]
        high = f"up to {following.number}" if following.exclusive else f"below {following.number}"
        return high if place == 0 else f"{low} and {high}"

    def classify(self, number: Fraction) -> Cut:
        """The cut that a number falls under: the last that it reaches."""
        chosen = self.cuts[0]
        for cut in self.cuts:
            if number > cut.least or (number == cut.least and not cut.exclusive):
                chosen = cut
        return chosen


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which posture is printed for which answers, and its more special name."""

    posture: str
    alignment: str
    effort: str | None
    label: str | None
    where: Mapping[str, str]
    says: str


@dataclass(frozen=True, slots=True)
class Work:
    """A document that claims are cited from."""

    id: str
    title: str
    note: str


@dataclass(frozen=True, slots=True)
class Theory:
    """A theory of the book."""

    name: str
    title: str
    note: str
    shares: tuple[str, ...]
    shares_questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Illegal:
    """Premises that no case may satisfy together."""

    premises: tuple[Premise, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that the rule book itself states."""

    table: str
    key: str
    name: str
    source: str
    attributes: Mapping[str, str]
