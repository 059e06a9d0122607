"""The format of a case file, as pydantic models built from the rule book's vocabulary.

The vocabulary decides which facts exist and which values they take, so the models are made for a
rule book; ``foedus schema case`` prints the JSON Schema that they give.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from foedus.book import RuleBook
from foedus.problems import suggestion
from foedus.terms import UNKNOWN, Attribute
from foedus.wire import OneOrMany, Part
from pydantic import Field, StringConstraints, create_model
from pydantic_core import PydanticCustomError, core_schema

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""How a state, war, side or source is called inside a case: lower case, digits and _."""
Reference = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A state by its identifier, name, COW code or ISO code."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Prose = Annotated[str, StringConstraints(max_length=4000)]
YesNo = Literal["yes", "no"]
UNVERIFIED = "general knowledge, unverified"
"""The title of a source that was not opened."""


class GivenFact(Part):
    """A fact with what the analyst says about it; a plain value stands for `{value: ...}`."""

    value: str | None = Field(None, description="A value of the vocabulary, or unknown")
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")] | None = Field(
        None, description="A number that a measure turns into a value"
    )
    measure: str | None = Field(None, description="The measure of the number, from the rule book")
    source: Annotated[list[Identifier], OneOrMany()] = Field(default=[], description="Sources of the case")
    source_date: Line | None = None
    reliability: Annotated[str, StringConstraints(pattern=r"^[A-F][1-6]$")] | None = Field(
        None, description="Admiralty code: reliability of the source A-F, credibility of the information 1-6"
    )
    confidence: Literal["low", "moderate", "high"] | None = Field(None, description="The analyst's, in this fact")
    note: Prose | None = None
    other_reading: Annotated[list[str], OneOrMany()] = Field(
        default=[], description="Values that another careful reader could defend; the note says why"
    )
    assumption: YesNo = "no"
    mover: Literal["nobody", "us", "adversary"] | None = Field(None, description="Who can move this fact")
    basis: Literal["conduct", "estimate", "declaration"] | None = None
    advocate: Literal["disinterested", "interested"] | None = None


class FactOf:
    """Makes a model field hold a fact of one attribute: plain or annotated, with legal values only."""

    def __init__(self, attribute: Attribute, measures: tuple[str, ...]) -> None:
        self.attribute, self.measures = attribute, measures

    def _check(self, value: Any, handler: Any) -> GivenFact:
        wrapped = {"value": value} if isinstance(value, str) else value
        given: GivenFact = handler(wrapped)
        name = self.attribute.name
        if (given.value is None) == (given.number is None):
            raise PydanticCustomError(
                "fact", "'{name}' needs either a value or a number with its measure", {"name": name}
            )
        if given.number is not None and given.measure not in self.measures:
            what = f"'{given.measure[:60]}' is no measure of" if given.measure else "a number needs the measure of"
            hint = suggestion(given.measure or "", self.measures) or "no measure turns numbers into this fact"
            raise PydanticCustomError("fact", "{what} '{name}'", {"what": what, "name": name, "hint": hint})
        if given.number is None and given.measure is not None:
            raise PydanticCustomError("fact", "'{name}' has a measure but no number", {"name": name})
        if given.value is not None and not self.attribute.side and given.value not in (*self.attribute.values, UNKNOWN):
            raise self._not_legal(given.value)
        for other in given.other_reading:
            if not self.attribute.side and other not in self.attribute.values:
                raise self._not_legal(other)
            if other == given.value:
                problem = "the other reading of '{name}' is the value itself, '{other}'"
                raise PydanticCustomError("fact", problem, {"name": name, "other": other[:60]})
        return given

    def _not_legal(self, value: str) -> PydanticCustomError:
        hint = suggestion(value, self.attribute.values)
        return PydanticCustomError(
            "fact",
            "'{shown}' is not legal for '{name}'",
            {"shown": value[:60], "name": self.attribute.name, "hint": hint},
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        reference = handler(schema)
        if self.attribute.side:
            plain: dict[str, Any] = {
                "type": "string",
                "description": f"A side of the war, or {', '.join(self.attribute.values)}",
            }
        else:
            plain = {"type": "string", "enum": [*self.attribute.values, UNKNOWN]}
        annotated = {"allOf": [reference, {"properties": {"value": plain}}]}
        if self.measures:
            annotated["allOf"].append({"properties": {"measure": {"enum": list(self.measures)}}})
        result: dict[str, Any] = {"anyOf": [plain, annotated]}
        if self.attribute.ask:
            result["description"] = self.attribute.ask
        return result


class SourceEntry(Part):
    """A source: opened ones have an address and a passage."""

    title: Line
    author: Line | None = None
    address: Annotated[str, StringConstraints(max_length=500)] | None = None
    passage: Annotated[str, StringConstraints(max_length=1000)] | None = None
    date: Line | None = None
    reliability: Annotated[str, StringConstraints(pattern=r"^[A-F][1-6]$")] | None = None


class CodesEntry(Part):
    """Codes by which a state may be named as well."""

    cow: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")] | None = None
    iso: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,3}$")] | None = None


class ClassifiedEntry(Part):
    """Who classifies what happened so."""

    who: Prose
    source: Annotated[list[Identifier], OneOrMany()] = Field(default=[])


Posture = Literal["balance", "bandwagon", "free-ride", "none"]
"""What a state may be observed to have done."""


class ObservedEntry(Part):
    """What a state did afterwards. It is compared with verdicts and never read by rules."""

    state: Reference
    posture: Posture
    toward: Annotated[list[Reference], OneOrMany()] = Field(default=[])
    with_: Annotated[list[Reference], OneOrMany()] = Field(default=[], alias="with")
    what: Prose
    classified_by: ClassifiedEntry
    confidence: Literal["low", "moderate", "high"]
    other_reading: Annotated[list[Posture], OneOrMany()] = Field(
        default=[], description="Postures that other classifiers give it"
    )
    motive: Identifier | None = Field(None, description="Why, in the words of the rule book's motives")
    family: Literal["threat", "ideology", "aid", "leverage", "penetration"] = Field(
        "threat", description="What the choice is said to turn on"
    )


class CaseHead(Part):
    """The parts of a case file that hold no facts."""

    foedus: Literal["1"] = Field(description="Version of the format")
    title: Line
    kind: Literal["historical", "hypothetical"]
    date: Line | None = None
    summary: Prose = ""
    sources: dict[Identifier, SourceEntry] = Field(default={})
    default_source: Identifier | None = Field(None, description="The source of every fact that names none")
    focus: list[Reference] = Field(default=[], description="States whose verdict is wanted; default: all")
    observed: list[ObservedEntry] = Field(default=[])


def _facts(book: RuleBook, table: str) -> dict[str, Any]:
    """Model fields for the attributes of a table."""
    fields: dict[str, Any] = {}
    for attribute in book.tables[table].attributes.values():
        measures = tuple(sorted(m.name for m in book.measures.values() if m.attribute == attribute.name))
        fields[attribute.name] = (
            Annotated[GivenFact, FactOf(attribute, measures)] | None,
            Field(None, description=attribute.ask or None),
        )
    return fields


def _of(book: RuleBook, model_name: str, table: str, doc: str, /, **fields: Any) -> type[Part]:
    """A model for an entry about one table's subject."""
    model: type[Part] = create_model(model_name, __base__=Part, __doc__=doc, **fields, **_facts(book, table))
    return model


_models: dict[str, type[CaseHead]] = {}


def case_model(book: RuleBook) -> type[CaseHead]:
    """The model of a case file under a rule book's vocabulary; made once per book."""
    if book.hash not in _models:
        _models[book.hash] = _make(book)
    return _models[book.hash]


def _make(book: RuleBook) -> type[CaseHead]:
    situation = _of(book, "SituationEntry", "situation", "The system as a whole.")
    state = _of(
        book,
        "StateEntry",
        "state",
        "A state by itself.",
        name=(Annotated[str, StringConstraints(min_length=1, max_length=100)] | None, None),
        codes=(CodesEntry, CodesEntry()),
    )
    relation = _of(
        book,
        "RelationEntry",
        "relation",
        "How `state` stands to `other`, as it sees it.",
        state=(Reference, ...),
        other=(Reference, ...),
    )
    support = book.tables["support"].attributes["support"]
    allies = _of(
        book,
        "AlliesEntry",
        "coalition",
        "The support that `state` expects against `against`.",
        state=(Reference, ...),
        against=(Reference, ...),
        support=(
            dict[Reference, Annotated[GivenFact, FactOf(support, ())]],
            Field(default={}, description=support.ask),
        ),
    )
    war = _of(
        book,
        "WarEntry",
        "war",
        "A war that is being fought.",
        id=(Identifier, ...),
        name=(Annotated[str, StringConstraints(min_length=1, max_length=100)] | None, None),
        sides=(Annotated[dict[Identifier, list[Reference]], Field(min_length=2)], ...),
    )
    aid = _of(
        book, "AidEntry", "aid", "Aid of `donor` to `recipient`.", donor=(Reference, ...), recipient=(Reference, ...)
    )
    penetration = _of(
        book,
        "PenetrationEntry",
        "penetration",
        "Penetration of `target` by `penetrator`.",
        penetrator=(Reference, ...),
        target=(Reference, ...),
    )
    link_fields: dict[str, Any] = {
        "aid": (list[aid], Field(default=[])),  # type: ignore[valid-type]
        "penetration": (list[penetration], Field(default=[])),  # type: ignore[valid-type]
        "complete": (
            Annotated[list[Literal["aid", "penetration"]], OneOrMany()],
            Field(default=[], description="Kinds of which the links listed are all there are"),
        ),
    }
    links: type[Part] = create_model("LinksEntry", __base__=Part, __doc__="Aid and penetration.", **link_fields)
    many, few = Field(min_length=2, max_length=MAX_STATES), Field(max_length=MAX_WARS)
    fields: dict[str, Any] = {
        "situation": (situation, Field(default_factory=situation)),
        "states": (Annotated[dict[Identifier, state | None], many], ...),  # type: ignore[valid-type]
        "relations": (list[relation], Field(default=[])),  # type: ignore[valid-type]
        "allies": (list[allies], Field(default=[])),  # type: ignore[valid-type]
        "wars": (Annotated[list[war], few], Field(default=[])),  # type: ignore[valid-type]
        "links": (links, Field(default_factory=links)),
    }
    doc = "A crisis, real or invented, as facts about states."
    model: type[CaseHead] = create_model("CaseFile", __base__=CaseHead, __doc__=doc, **fields)
    return model


MAX_STATES = 24
"""Most states in one case: the relations of more take Experta minutes."""
MAX_WARS = 20
"""Most wars in one case."""


def _closed(schema: Any) -> Any:
    """A schema in which a mapping whose keys follow a pattern has no other keys."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


@lru_cache(maxsize=8)
def _schema(key: str) -> Mapping[str, Any]:
    schema = _closed(_models[key].model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def case_schema(book: RuleBook) -> Mapping[str, Any]:
    """The JSON Schema of a case file."""
    case_model(book)
    return _schema(book.hash)
