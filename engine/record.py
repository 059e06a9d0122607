"""What a run leaves behind: every firing, vote, grade and contest, as plain immutable data.

A record is what explanations read; nothing in it is recomputed later, and nothing that a verdict
rests on is missing from it. Sequences are in a fixed order: stratum, rule, bindings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from foedus.book import Program
from foedus.case import Case
from foedus.memory import Memory, named_by

NOTHING = "nothing"
"""The word of a vote that was weighed down to no weight."""
TIE = "tie"
DIVIDED = "divided"
"""The posture of a state that several principal threats would have take different ones."""
NONE = "none"
"""The posture of a state of which no threat-driven alignment is concluded."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired.

    Attributes:
        id: The rule and its bindings: ``T2d[s=finland, p=ussr]``.
        premises: For each premise of the rule, the rows that met it, in order; empty for premises that
            ask for an absence or compare bindings.
        concluded: Rows that it concluded; they stand only if it is undefeated.
        defeated_by: Undefeated firings that defeat it.
    """

    id: str
    rule: str
    stratum: int
    bindings: Mapping[str, str]
    premises: tuple[tuple[str, ...], ...]
    concluded: tuple[str, ...] = ()
    defeated_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighing:
    """A firing that moved the word of a vote: one step, or a highest word."""

    firing: str
    step: str | None
    highest: str | None


@dataclass(frozen=True, slots=True)
class Voice:
    """One vote as it counted.

    Attributes:
        base: The word that the rule gives; ``word`` after everything that weighs it.
        points: What it added to its alternative's total: its signed points if it counted, else 0.
        counted: Whether it is the strongest undefeated one of its group.
        included_in: The firing that counts for its group instead of it.
        suppressed_by: The defeated, stronger firing of its group that it may not replace.
    """

    firing: str
    rule: str
    row: str
    question: str
    answer: str | None
    of: str
    toward: str
    sign: int
    group: str
    base: str
    word: str
    weighed_by: tuple[Weighing, ...]
    counted: bool
    points: int
    included_in: str | None
    suppressed_by: str | None
    defeated_by: tuple[str, ...]
    default: bool


@dataclass(frozen=True, slots=True)
class GradeOf:
    """The answer to a graded question about a pair.

    Attributes:
        total: Sum of the points that counted.
        uncapped: The grade of the total; ``grade`` after the caps.
        caps: Firings that limited it.
        ranked: The points with which it ranks: its total, or the most that its limited grade allows.
        standing: ``highest`` where no other ``toward`` ranks above it for the same ``of``.
        significant: ``yes``, ``no``, or ``unknown`` where facts that it needs are not known.
    """

    question: str
    of: str
    toward: str
    total: int
    uncapped: str
    grade: str
    caps: tuple[str, ...]
    ranked: int
    standing: str
    significant: str
    votes: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One answer toward one subject, with what speaks for and against it.

    Attributes:
        words: Counted votes per strength word, for less against, weakest word first.
        specific: The total without defaults.
    """

    answer: str
    toward: str
    total: int
    specific: int
    words: tuple[int, ...]
    votes: tuple[Voice, ...]


@dataclass(frozen=True, slots=True)
class Robust:
    """How far a lead rests on the sizes of the strength words.

    Attributes:
        signs_alone: The winner leads under every admissible weighting.
        share: Share of admissible weightings under which it leads all rivals.
        leads: Its least lead over the rivals along each extreme ray.
    """

    signs_alone: bool
    share: Fraction
    leads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contest:
    """The answer to a contest about a pair.

    Attributes:
        about: The subject of the contest: a principal threat, or a side where there is none.
        answer: The winning answer, or ``tie``.
        toward: Toward whom the winning answer is: ``about``, or a side of a war.
        margin: Lead over the next alternative, in points; 0 for a tie.
        by_default: A default decided, because the specific evidence ties.
        by_silence: No rule spoke, and the question says what is then answered.
        strained: The winner's target is not the subject of the contest.
    """

    question: str
    of: str
    about: str
    answer: str
    toward: str
    margin: int
    alternatives: tuple[Alternative, ...]
    tied: tuple[tuple[str, str], ...]
    by_default: bool
    by_silence: bool
    strained: bool
    robust: Robust | None


@dataclass(frozen=True, slots=True)
class Posture:
    """What is recommended to a state with regard to one subject.

    Attributes:
        says: The rule book's sentence for it, with {of}, {about} and {toward}; empty for a tie.
    """

    of: str
    about: str
    posture: str
    label: str
    alignment: Contest
    effort: Contest | None
    says: str


@dataclass(frozen=True, slots=True)
class Census:
    """How many of the significantly threatened states give each answer."""

    question: str
    prevalent: str | None
    counts: Mapping[str, int]
    states: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Record:
    """A whole run of one case through one program.

    Attributes:
        memory: Every row, stated or concluded.
        producers: The undefeated firings that concluded each derived row, by the row's identity.
    """

    case: Case
    program: Program
    memory: Memory
    firings: Mapping[str, Firing]
    grades: Mapping[tuple[str, str, str], GradeOf]
    contests: Mapping[tuple[str, str, str], Contest]
    postures: tuple[Posture, ...]
    census: Mapping[str, Census]
    producers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def concluding(self, table: str, subject: str | None = None) -> list[tuple[Firing, tuple[str, ...]]]:
        """Firings that conclude a row of a table, with the row's keys, defeated ones too.

        Args:
            table: The table.
            subject: The first key of the row; any by default.
        """
        return [
            (firing, keys)
            for firing in self.firings.values()
            for name, keys in map(named_by, firing.concluded)
            if name == table and subject in (None, keys[0])
        ]

    def fired(self, *rows: str, standing: bool = True) -> list[Firing]:
        """Firings of rules of these rows of the theory, in order; only undefeated ones by default."""
        return [
            firing
            for firing in self.firings.values()
            if self.program.rules[firing.rule].row in rows and not (standing and firing.defeated_by)
        ]

    def of(self, state: str) -> tuple[Posture, ...]:
        """What is recommended to a state, one for each subject."""
        return tuple(posture for posture in self.postures if posture.of == state)

    def posture(self, state: str) -> str:
        """A state's posture in a word: that of every subject, ``divided`` where they differ, or ``none``."""
        return summary([posture.posture for posture in self.of(state)])


def summary(answers: Sequence[str]) -> str:
    """One answer for several: theirs where they agree, ``divided`` where not, ``none`` where there is none."""
    kinds = sorted(set(answers))
    if not kinds:
        return NONE
    return kinds[0].replace("_", "-") if len(kinds) == 1 else DIVIDED
