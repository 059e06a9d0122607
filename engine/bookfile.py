"""The format of a rule file, as pydantic models: what ``foedus schema rules`` prints.

These models check the shape of one file. What the parts mean together (bound variables, strata,
defeat) is checked when the files become a :class:`foedus.book.RuleBook`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from foedus.wire import OneOrMany, Part
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
"""A table, attribute, value or group."""
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*(\.[a-z][a-z0-9_]*)?$")]
"""A row of the theory, with a suffix where the row takes several rules: ``W2`` or ``W2.decided``."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Flag = Annotated[Literal["yes", "no"], Field(description="yes or no")]
Variable = Annotated[str, StringConstraints(pattern=r"^\$[a-z][a-z0-9_]*$")]
Term = Annotated[str, StringConstraints(pattern=r"^(\$[a-z][a-z0-9_]*|[A-Za-z][A-Za-z0-9_]{0,63})$")]
"""A variable or a constant."""


class AttributeEntry(Part):
    """One thing that can be said about the subject of a table."""

    ordered: list[Name] | None = Field(None, description="Values of an ordered scale, lowest first")
    nominal: list[Name] | None = Field(None, description="Values without an order")
    nominal_from: Name | None = Field(None, description="The reference table whose keys are the values")
    side: list[Name] | None = Field(None, description="Values beside the sides of the war")
    linked: Literal["inverse", "symmetric"] | None = Field(
        None, description="How the fact for (b, a) follows from the one for (a, b)"
    )
    stated_asked_by: list[RuleId] = Field(default=[], description="Rules that may ask whether the fact was stated")
    ask: str = Field("", description="The question that the fact answers")
    sentence: str = Field("", description="The statement that the fact makes, with {value}")
    phrases: dict[Name, str] = Field(default={}, description="How each value reads in the sentence")


KeyType = Literal["state", "war", "side", "ideology", "word", "any"]


class TableEntry(Part):
    """A subject, or a tuple of subjects, with what can be said about it."""

    keys: dict[Name, KeyType]
    about: str = ""
    sentence: str = Field("", description="For tables without attributes: the statement made")
    denied: str = Field("", description="The statement that there is no such row")
    reference: Flag = Field("no", description="Filled by the rule book, not by cases")
    attributes: dict[Name, AttributeEntry] = Field(default={})
    first_known: list[Annotated[str, StringConstraints(pattern=r"^\w+\.\w+$")]] = Field(
        default=[], description="Derived: the first of these that is known gives the value"
    )
    words: dict[Name, str] = Field(default={}, description="Legal words for keys of type word")


class ConstraintEntry(Part):
    """What a premise asks of one field, where a value, a list or a variable is not enough."""

    bind: Variable | None = None
    at_least: Name | None = None
    at_most: Name | None = None
    one_of: list[Name] | None = None
    not_: Name | None = Field(None, alias="not")
    stated: Flag | None = None


def shape(value: Any) -> str:
    """Which kind of YAML value this is; it chooses the branch that errors speak of."""
    if isinstance(value, dict | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list) else "text"


Constraint = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[Name], Tag("list")] | Annotated[ConstraintEntry, Tag("mapping")],
    Discriminator(shape),
]
PatternEntry = dict[Name, Constraint]


class CompareEntry(Part):
    """Two bound values of one ordered scale."""

    left: Variable
    is_: Literal["above", "below", "at_least", "at_most", "same", "other"] = Field(alias="is")
    right: Variable


class PremiseEntry(BaseModel):
    """One premise: a table with a pattern, or `not`, `differ` or `compare`."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    __pydantic_extra__: dict[str, PatternEntry]

    not_: dict[Name, PatternEntry] | None = Field(None, alias="not")
    reads: str | None = Field(None, description="How a `not` reads as a sentence")
    differ: Annotated[list[Variable], Field(min_length=2, max_length=2)] | None = None
    compare: CompareEntry | None = None


class StepsEntry(Part):
    """A strength that rises with a bound value: one word for each step that has one."""

    of: Variable
    steps: dict[Name, Name]


class EvidenceEntry(Part):
    """A vote on a question."""

    question: Name
    answer: Term | None = None
    of: Term
    toward: Term
    strength: Annotated[Annotated[Name, Tag("text")] | Annotated[StepsEntry, Tag("mapping")], Discriminator(shape)]
    group: Name


class WeighEntry(Part):
    """A change to the strength word of other rules' votes about the same pair."""

    rules: list[RuleId]
    of: Term
    toward: Term
    step: Literal["up", "down"] | None = None
    highest: Name | None = None


class CapEntry(Part):
    """The highest grade that a graded question may reach for a pair."""

    question: Name
    of: Term
    toward: Term
    highest: Name


class ConclusionEntry(Part):
    """Exactly one of these."""

    raises: EvidenceEntry | None = None
    lowers: EvidenceEntry | None = None
    favours: EvidenceEntry | None = None
    opposes: EvidenceEntry | None = None
    weighs: WeighEntry | None = None
    caps: CapEntry | None = None
    conclude: dict[Name, dict[Name, Term]] | None = None


class DefeatEntry(Part):
    """A rule whose undefeated firing about the same subjects defeats this rule's firing."""

    rule: RuleId
    where: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]\w*$")], str] | None = Field(
        None, description="This rule's variable: the other rule's variable; default: equal names"
    )
    reason: str = ""


class ExamplesEntry(Part):
    """Small sets of facts on which a rule fires, and on which it does not."""

    fires: list[list[str]] = Field(min_length=1)
    silent: list[list[str]] = Field(min_length=1)


Role = Literal["rule", "weight", "gate", "label", "text", "refusal", "house"]
Source = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\w-]*(:[0-9-]+)?$")]


class ClaimPart(Part):
    """What a rule and a statement have in common."""

    id: RuleId
    claim: Text
    source: Annotated[list[Source], OneOrMany()] = Field(description="Works of the book, as `work` or `work:page`")
    decision: str = Field("", description="A decision that the documents leave open, with its reason")
    reason: str = Field("", description="Why the claim holds, in the documents' own terms")


class RuleEntry(ClaimPart):
    """One claim as a production rule."""

    role: Role = "rule"
    theory: Annotated[list[Name], OneOrMany()] = Field(default=["main"])
    when: Annotated[list[PremiseEntry], Field(min_length=1, max_length=12)]
    then: Annotated[list[ConclusionEntry], OneOrMany(), Field(min_length=1)]
    because: Text
    default: Flag = "no"
    corollary: Flag = "no"
    defeated_by: list[DefeatEntry] = Field(default=[])
    weaker_may_stand: Flag = Field("no", description="A weaker member of its group stands in if it is defeated")
    examples: ExamplesEntry


class StatementEntry(ClaimPart):
    """A claim that is recorded and shown but fires nothing: text, refusal to vote, label."""

    role: Literal["text", "refusal", "label", "gate", "weight"]
    shown_with: list[RuleId] = Field(default=[], description="Rules beside which it is shown")


class TensionEntry(Part):
    """Where claims pull against each other, how that is settled, and when that was applied."""

    id: Annotated[str, StringConstraints(pattern=r"^tension_[0-9]+(\.[a-z]+)?$")]
    between: list[RuleId]
    title: Text
    resolution: Text
    theory: Annotated[list[Name], OneOrMany()] = Field(default=["main"])
    when: Annotated[list[PremiseEntry], Field(min_length=1)]
    of: Term
    toward: Term
    because: Text
    examples: ExamplesEntry


Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6}|/[1-9][0-9]{0,5})?$")]
"""A number that is not negative: whole, decimal, or a fraction such as 1/3."""


class CutEntry(Part):
    """Numbers from `from` (inclusive) or above `above` (exclusive) take `value`, up to the next cut."""

    from_: Number | None = Field(None, alias="from")
    above: Number | None = None
    value: Name


class MeasureEntry(Part):
    """A classification rule: how a number becomes a value."""

    attribute: Name
    meaning: Text
    unit: Text
    highest: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
    source: Text = Field(description="Where the cut-points were published, or `convention`")
    cuts: Annotated[list[CutEntry], Field(min_length=2)]


class GradeEntry(Part):
    """Totals from `from` (inclusive) on have this grade, up to the next."""

    grade: Name
    from_: Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,4}$")] = Field(alias="from")


class AboutEntry(Part):
    """The pairs that a question is asked of: the rows of a table."""

    table: Name
    answer: Name | None = None


class QuestionEntry(Part):
    """A question that evidence answers: by a grade, by a contest of answers, or by a count."""

    kind: Literal["graded", "contest", "census"]
    asks: Text
    says: str = Field("", description="For a graded question: what has the grade, with {of} and {toward}")
    theory: Annotated[list[Name], OneOrMany()] = Field(default=["main"])
    decision: str = ""
    points: dict[Name, Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]] = Field(
        default={}, description="Points of each strength word, weakest word first"
    )
    source: str = Field("", description="Where points and cut-points come from, or `convention`")
    grades: list[GradeEntry] = Field(default=[])
    significant_from: Name | None = None
    sources: list[str] = Field(default=[], description="Facts without which a low grade is not known")
    answers: list[Name] = Field(default=[])
    about: AboutEntry | None = None
    when_silent: Name | None = Field(None, description="The answer where no rule speaks")
    rays: list[list[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]]] = Field(
        default=[], description="Extreme rays of the admissible weights"
    )
    excluded_by: Name | None = Field(None, description="Table of pairs that the ranking leaves out")
    counts: Name | None = Field(None, description="Census: the contest whose answers are counted")


class RecommendationEntry(Part):
    """Which recommendation follows from the answers; `label` is the more special name of it."""

    posture: Name
    alignment: Name
    effort: Name | None = None
    label: str | None = None
    where: dict[Name, Name] = Field(default={}, description="Facts of the state that the label needs")
    says: Text = Field(description="The sentence of the verdict, with {of}, {about} and {toward}")


class WorkEntry(Part):
    """A document that claims are cited from."""

    title: Text
    note: str = ""


class TheoryEntry(Part):
    """A theory of the book; a rival shares some questions and rules with the main one."""

    title: Text
    note: str = ""
    shares: list[RuleId] = Field(default=[])
    shares_questions: list[Name] = Field(default=[])


class ReferenceRow(BaseModel):
    """A row of a reference table: its attributes, a name, a source."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Name]
    name: Text
    source: Text


class AnnotationEntry(Part):
    """The legal values of an annotation."""

    ordered: list[Name] | None = None
    nominal: list[Name] | None = None
    phrases: dict[Name, str] = Field(default={})


class IllegalEntry(Part):
    """Premises that no case may satisfy together, and what to tell the analyst."""

    when: Annotated[list[PremiseEntry], Field(min_length=1)]
    message: Text


class BookEntry(Part):
    """The book itself."""

    title: Text
    version: Text
    extends: Literal["shipped"] | None = Field(
        None, description="In a rule pack: add to the shipped book, replacing rules of the same id"
    )


class BookFile(Part):
    """One rule file: any of these parts."""

    book: BookEntry | None = None
    works: dict[Name, WorkEntry] = Field(default={})
    theories: dict[Name, TheoryEntry] = Field(default={})
    tables: dict[Name, TableEntry] = Field(default={})
    derived: dict[Name, TableEntry] = Field(default={})
    annotations: dict[Name, AnnotationEntry] = Field(default={})
    illegal: list[IllegalEntry] = Field(default=[])
    reference: dict[Name, dict[Name, ReferenceRow]] = Field(default={})
    measures: dict[Name, MeasureEntry] = Field(default={})
    questions: dict[Name, QuestionEntry] = Field(default={})
    recommendations: list[RecommendationEntry] = Field(default=[])
    rules: list[RuleEntry] = Field(default=[])
    statements: list[StatementEntry] = Field(default=[])
    tensions: list[TensionEntry] = Field(default=[])
