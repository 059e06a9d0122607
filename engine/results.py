"""What a consultation returns: typed objects, the same in the library, in JSON and on every page.

``foedus schema result`` prints the JSON Schema of :class:`Consultation`. A share is an exact fraction
written as text, such as ``5/6``; points are whole numbers; names of states are identifiers of the
case, their display names stand in ``names``.
"""

from __future__ import annotations

from typing import Literal

from foedus.problems import NameUnknown, suggestion
from foedus.wire import Part
from pydantic import Field


class Evidence(Part):
    """A vote of a rule on a question."""

    rule: str
    row: str = Field(description="Row of the theory that the rule belongs to")
    question: str
    bindings: dict[str, str]
    posture: str | None = Field(description="The answer that it speaks for or against; none for a graded question")
    toward: str
    speaks: Literal["for", "against"]
    group: str
    strength: str = Field(description="The strength word after everything that weighs it")
    base_strength: str
    points: int = Field(description="What it added to the total: 0 where it is included in another or defeated")
    counted: bool
    default: bool
    corollary: bool
    included_in: str | None
    suppressed_by: str | None
    defeated_by: list[str]
    weighed_by: list[str]
    because: str
    source: list[str]
    firing: str


class Total(Part):
    """An alternative with its points."""

    question: str
    about: str
    posture: str
    toward: str
    points: int
    without_defaults: int


class Robustness(Part):
    """How far a lead rests on the sizes of the strength words."""

    about: str
    question: str
    signs_alone: bool = Field(description="The lead holds under every admissible weighting")
    share: str = Field(description="Share of admissible weightings under which it holds, an exact fraction")
    leads: list[int] = Field(description="Least lead along each extreme ray")


class Threat(Part):
    """Another state as a threat, with what makes it one."""

    state: str
    grade: str
    points: int
    significant: Literal["yes", "no", "unknown"]
    principal: bool
    unknown: list[str] = Field(description="Facts about it that are not known; grade and points are without them")
    evidence: list[Evidence]
    uncapped_grade: str
    capped_by: list[str]


class Margin(Part):
    """Leads in points over the next alternative; none where a question was not asked or is tied."""

    alignment: int | None
    effort: int | None
    principal_threat: int | None = Field(description="Lead of the principal threat over the next significant one")


class Motive(Part):
    """Why the state is concluded to act so."""

    motive: str
    toward: str
    rule: str
    because: str
    defeated_by: list[str]


class Graded(Part):
    """A graded answer with its evidence."""

    grade: str
    points: int
    evidence: list[Evidence]


class Partner(Part):
    """A candidate for partner, ranked."""

    state: str
    rank: int | None = Field(description="1 for the best; none where nothing speaks for it or it joins the threat")
    grade: str
    points: int
    joins_threat: bool
    significant_threat: str = Field(description="Whether it is itself a significant threat: yes, no or unknown")
    posture: str = Field(description="Its own verdict")
    toward: list[str] = Field(description="Toward whom that verdict is")
    commitment: str
    support: dict[str, str] = Field(description="Support expected of it, by principal threat")
    common_threats: list[str]
    evidence: list[Evidence]
    durability: Graded | None


class Leverage(Part):
    """A donor's leverage over the state."""

    donor: str
    grade: str
    points: int
    evidence: list[Evidence]


class Remark(Part):
    """A caution, remark, implication or piece of advice, with the rule that says it."""

    rule: str
    about: str
    text: str
    source: list[str]


class Tension(Part):
    """A declared conflict of claims that arose in this case, and how the book settles it."""

    id: str
    title: str
    text: str
    resolution: str
    between: list[str]


class Gap(Part):
    """A fact that is not known and that rules bearing on the verdict ask for."""

    fact: str
    asks: str
    rules: list[str]


class Contested(Part):
    """The verdict toward one subject; there are several where there are several principal threats."""

    about: str
    posture: str
    label: str
    alignment: str
    effort: str | None
    toward: str
    margin: Margin
    by_default: bool
    effort_by_silence: bool
    says: str = Field(description="The rule book's sentence for it; empty for a tie")
    strained: bool
    tied: list[str]


class Verdict(Part):
    """What the rules conclude for one state."""

    state: str
    name: str
    posture: str = Field(description="balance, bandwagon, free-ride, tie, divided or none")
    label: str = Field(description="The more special name, such as buck-pass; else the posture")
    alignment: str = Field(description="balance, bandwagon, tie, divided or none")
    effort: str | None = Field(description="carried, free-ride, buck-pass or tie; none where it is not asked")
    toward: list[str]
    principal_threats: list[str]
    by_threat: list[Contested]
    motive: list[Motive]
    totals: list[Total]
    margin: Margin
    robustness: list[Robustness]
    threats: list[Threat]
    partners: list[Partner]
    leverage: list[Leverage]
    remarks: list[Remark]
    cautions: list[Remark]
    tensions: list[Tension]
    gaps: list[Gap]
    settled: bool = Field(
        description="No value of any unknown fact changes this verdict, proved by bounds; else it is provisional"
    )
    left_open: list[str] = Field(description="What else the bounds leave open: posture and toward whom, or no verdict")
    evidence: list[Evidence]
    sentence: str = Field(description="The verdict in a sentence")


class Outlook(Part):
    """What prevails among the significantly threatened states of the case."""

    prevalent: str | None
    counts: dict[str, int]
    states: dict[str, list[str]]
    positions: dict[str, str] = Field(description="For each of these states, toward whom it stands so, and its effort")
    implications: list[Remark]
    advice: list[Remark]


class SourceOut(Part):
    """A source of the case."""

    id: str
    title: str
    author: str | None
    address: str | None
    passage: str | None
    date: str | None
    reliability: str | None
    facts: int = Field(description="How many facts rest on it")


class CaseOut(Part):
    """Which case was consulted."""

    name: str
    title: str
    kind: str
    date: str | None
    summary: str


class BookOut(Part):
    """Which rule book and theory answered."""

    title: str
    version: str
    hash: str
    theory: str
    works: dict[str, str] = Field(description="The documents that rules cite, by the letter they are cited with")


class Observed(Part):
    """What happened, where the case says so; no rule sees it."""

    state: str
    posture: str
    toward: list[str]
    what: str
    classified_by: str
    confidence: str


class Consultation(Part):
    """The answer to a case."""

    format: Literal["foedus-result/1"] = Field(default="foedus-result/1", description="Name and version of this form")
    software: str
    case: CaseOut
    book: BookOut
    verdicts: list[Verdict]
    outlook: Outlook
    stated: int = Field(description="Facts that the case states")
    following: int = Field(description="Facts that follow from stated ones: other directions, complete lists")
    unsourced: list[str] = Field(description="Facts without a source")
    sources: list[SourceOut]
    observed: list[Observed]
    names: dict[str, str]

    def verdict(self, state: str) -> Verdict:
        """The verdict of a state in focus.

        Args:
            state: By identifier or name.

        Raises:
            NameUnknown: No verdict was asked for that state.
        """
        for verdict in self.verdicts:
            if state.lower() in (verdict.state.lower(), verdict.name.lower()):
                return verdict
        hint = suggestion(state, [verdict.state for verdict in self.verdicts])
        raise NameUnknown(f"no verdict on '{state[:60]}' in this result" + (f" ({hint})" if hint else ""))

    def __rich__(self) -> object:
        from foedus.render.text import consultation

        return consultation(self)

    def __str__(self) -> str:
        from foedus.render.text import plain

        return plain(self)

    def _repr_html_(self) -> str:
        from foedus.render.html import consultation

        return consultation(self)
