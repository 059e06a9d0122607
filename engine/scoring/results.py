"""What scoring returns: typed objects, the same in the library, in JSON and on the page.

Measures are exact fractions written as text, such as ``7/12``.
"""

from __future__ import annotations

from typing import Literal

from foedus.wire import Part
from pydantic import Field

Cause = Literal["theory", "coding", "open decision"]


class Said(Part):
    """What one account concludes for a state."""

    posture: str
    alignment: str


class Reading(Part):
    """A defensible other reading of one fact that would change the verdict."""

    fact: str
    value: str
    reading: str


class Outcome(Part):
    """One state of one case: what happened, and what the rules conclude."""

    case: str
    state: str
    name: str
    observed: str
    observed_toward: list[str]
    confidence: str = Field(description="In the classification of what happened: low, moderate or high")
    family: str = Field(description="What the choice is said to turn on")
    concluded: str = Field(description="balance, bandwagon, free-ride, tie, divided or none")
    concluded_toward: list[str]
    hit: bool
    target: Literal["same", "in part", "other"] | None = Field(
        description="Whether the states named agree; none where what happened names nobody"
    )
    observed_alignment: str
    concluded_alignment: str
    margin: int | None = Field(description="The least lead of the verdict in points; none where it rests on no lead")
    robust: bool = Field(description="Every lead rests on the signs alone; false where there is none")
    settled: bool = Field(description="No value of an unknown fact changes the verdict, proved by bounds")
    firm: bool = Field(
        description="No other reading of the facts in doubt changes the posture, alone or together, proved by bounds"
    )
    upset_by: Reading | None = Field(
        description="For a hit, one other reading of a fact that by itself changes it, where causes are looked for"
    )
    other_readings: list[str] = Field(description="Postures that other classifiers give what happened")
    accounts: dict[str, Said] = Field(description="What each account of the book concludes, by theory")


class Miss(Part):
    """A miss, with what decided it and its likeliest cause."""

    case: str
    state: str
    name: str
    observed: str
    concluded: str
    margin: int | None = Field(
        description="Points by which the alignment, or the effort, went against what happened; none where no rule spoke"
    )
    by_default: bool = Field(description="The specific evidence ties, and a default decided")
    decided_by: list[str] = Field(description="Counted votes for that answer and against its rivals, with their points")
    against: list[str] = Field(description="Counted votes for the rivals and against that answer")
    cause: Cause | None = Field(description="The likeliest cause; none where causes were not looked for")
    why: str
    readings: list[Reading]


class Estimate(Part):
    """A measure with its 95 % bootstrap interval."""

    value: str | None
    low: str | None
    high: str | None


class AccountScore(Part):
    """How one account of the book does on one set of verdicts."""

    theory: str
    title: str
    subset: Literal["all", "robust", "settled"]
    states: int
    hits: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    macro_f1: Estimate
    alignment_accuracy: Estimate
    behind: Estimate = Field(description="By how much its accuracy is below that of the main theory, paired by case")


class Moved(Part):
    """What the main theory does with another cut-point of significance."""

    question: str
    significant_from: str
    hits: int
    gained: int
    lost: int


class FamilyScore(Part):
    """Hits among the states whose choice is said to turn on one thing."""

    family: str
    states: int
    hits: int


class Score(Part):
    """Observed against concluded, over cases."""

    format: Literal["foedus-score/1"] = Field(default="foedus-score/1", description="Name and version of this form")
    software: str
    book: str
    hash: str
    cases: int
    unobserved: list[str] = Field(description="Cases given that say nothing of what happened")
    resamples: int
    seed: int
    accounts: list[AccountScore]
    confusion: dict[str, dict[str, int]] = Field(description="Observed posture, then concluded posture")
    families: list[FamilyScore]
    upset_hits: int | None = Field(
        description="Hits that one other reading of a fact would lose; none where causes are not asked for"
    )
    firm_hits: int = Field(description="Hits that stand under every other reading of the facts in doubt")
    moved: list[Moved]
    facts: int = Field(description="Facts that the cases state")
    unverified: int = Field(description="Of these, facts that cite nothing but general knowledge")
    same_target: int = Field(description="Hits that name exactly the same states")
    part_target: int = Field(description="Hits that name some of the same states")
    targets: int = Field(description="Hits for which what happened names a state")
    outcomes: list[Outcome]
    misses: list[Miss]

    def __rich__(self) -> object:
        from foedus.render.scores import score
        from foedus.render.text import group

        return group(score(self))

    def __str__(self) -> str:
        from foedus.render.scores import score
        from foedus.render.text import to_text

        return to_text(score(self))

    def _repr_html_(self) -> str:
        from foedus.render.html import render
        from foedus.render.scores import score

        return render(score(self))
