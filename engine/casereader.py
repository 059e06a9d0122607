"""Reading a case file: from its document to a checked case.

Reading resolves names and codes, turns numbers into values, follows linked facts in their
other direction, fills lists that are declared complete, and refuses what cannot be true together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from foedus.book import RuleBook
from foedus.case import Case, Classified, Fact, Origin, alias, impossible, memory_of, side_of
from foedus.casefile import CaseHead, GivenFact, ObservedEntry, case_model
from foedus.documents import Document, Path_
from foedus.memory import Key, Memory, fact_path
from foedus.problems import InputError, Problem, suggestion
from foedus.terms import ANYONE, UNKNOWN, Attribute
from foedus.validation import problems_of, salvage
from pydantic import ValidationError


@dataclass
class _Reader:
    document: Document
    book: RuleBook
    entry: Any
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    places: dict[str, Path_] = field(default_factory=dict)
    lookup: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    wars: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def report(self, path: Path_, message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, message, hint, key=key))

    # ---- names ------------------------------------------------------------------------------

    def enter_states(self) -> None:
        reserved = {UNKNOWN, ANYONE, "situation", "unclear", "system"}
        for identifier, state in self.entry.states.items():
            path: Path_ = ("states", identifier)
            if identifier in reserved:
                self.report(path, f"'{identifier}' has a meaning of its own and cannot name a state", key=True)
            name = state.name if state is not None and state.name else identifier.replace("_", " ").title()
            self.names[identifier] = name
            self.lookup[identifier] = identifier
        for identifier, state in self.entry.states.items():
            path = ("states", identifier)
            aliases = [("name", alias(self.names[identifier]))]
            if state is not None:
                if state.codes.cow:
                    aliases.append(("codes", alias(state.codes.cow)))
                if state.codes.iso:
                    aliases.append(("codes", alias(state.codes.iso)))
            for part, called in aliases:
                if self.lookup.setdefault(called, identifier) != identifier:
                    other = self.lookup[called]
                    self.report((*path, part), f"'{called}' names both '{other}' and '{identifier}'")

    def state(self, reference: str, path: Path_, *, key: bool = False) -> str | None:
        """The identifier of a state that is named by identifier, name or code."""
        found = self.lookup.get(alias(reference))
        if found is None:
            self.report(
                path,
                f"no state '{reference[:60]}' in this case",
                suggestion(reference, sorted(self.entry.states)),
                key=key,
            )
        return found

    def pair(self, entry: Any, path: Path_, first: str, second: str) -> Key | None:
        a = self.state(getattr(entry, first), (*path, first))
        b = self.state(getattr(entry, second), (*path, second))
        if a is None or b is None:
            return None
        if a == b:
            self.report(
                path,
                f"'{first}' and '{second}' are the same state, {self.names[a]}; a state has no such relation to itself",
            )
            return None
        return (a, b)

    # ---- facts ------------------------------------------------------------------------------

    def take(self, table: str, key: Key, entry: Any, path: Path_) -> None:
        """Every fact that an entry of the file gives about one subject."""
        for attribute in self.book.tables[table].attributes.values():
            given = getattr(entry, attribute.name, None)
            if isinstance(given, GivenFact):
                self.fact(table, key, attribute, given, (*path, attribute.name))

    def fact(self, table: str, key: Key, attribute: Attribute, given: GivenFact, path: Path_) -> None:
        address = fact_path(table, key, attribute.name)
        line = self.document.problem(path, "", key=True).line
        if address in self.facts:
            self.report(path, f"'{address}' is given twice", f"first in line {self.facts[address].line}", key=True)
            return
        for name in given.source:
            if name not in self.entry.sources:
                self.report(
                    (*path, "source"), f"no source '{name}' in this case", suggestion(name, sorted(self.entry.sources))
                )
        if not given.source and self.entry.default_source is not None:
            given = given.model_copy(update={"source": [self.entry.default_source]})
        value, classified = given.value or UNKNOWN, None
        measure = self.book.measures.get(given.measure or "")
        if given.number is not None and measure is not None:
            number = Fraction(given.number)
            if number > measure.highest:
                self.report(
                    (*path, "number"),
                    f"{given.number} is beyond the range of '{measure.name}'",
                    f"0 to {measure.highest} {measure.unit}",
                )
            classified = Classified(given.number, measure, measure.classify(number))
            value = classified.cut.value
        if value in given.other_reading and classified is not None:
            self.report(
                (*path, "other_reading"), f"the other reading of '{attribute.name}' is the value itself, '{value}'"
            )
        self.facts[address] = Fact(address, table, key, attribute.name, value, "stated", given, None, classified, line)
        self.places[address] = path

    def derived(self, table: str, key: Key, attribute: str, value: str, origin: Origin, line: int) -> None:
        address = fact_path(table, key, attribute)
        if address not in self.facts:
            self.facts[address] = Fact(address, table, key, attribute, value, origin, line=line)

    def enter(self) -> None:
        entry = self.entry
        if entry.default_source is not None and entry.default_source not in entry.sources:
            hint = suggestion(entry.default_source, sorted(entry.sources))
            self.report(("default_source",), f"no source '{entry.default_source}' in this case", hint)
        self.enter_states()
        self.take("situation", (), entry.situation, ("situation",))
        for identifier, state in entry.states.items():
            if state is not None:
                self.take("state", (identifier,), state, ("states", identifier))
        self.enter_wars()
        seen: dict[tuple[str, Key], Path_] = {}
        for place, relation in enumerate(entry.relations):
            path: Path_ = ("relations", place)
            key = self.pair(relation, path, "state", "other")
            if key is not None and self.once(seen, "relation", key, path):
                self.take("relation", key, relation, path)
        for place, allies in enumerate(entry.allies):
            path = ("allies", place)
            key = self.pair(allies, path, "state", "against")
            if key is not None and self.once(seen, "list of allies", key, path):
                self.enter_allies(allies, key, path)
        for table, first, second in (("aid", "donor", "recipient"), ("penetration", "penetrator", "target")):
            for place, link in enumerate(getattr(entry.links, table)):
                path = ("links", table, place)
                key = self.pair(link, path, first, second)
                if key is not None and self.once(seen, table, key, path):
                    self.take(table, key, link, path)
        self.complete_links()
        self.link()

    def once(self, seen: dict[tuple[str, Key], Path_], what: str, key: Key, path: Path_) -> bool:
        first = seen.setdefault((what, key), path)
        if first != path:
            subjects = " and ".join(self.names[k] for k in key)
            where = self.document.problem(first, "").line
            self.report(path, f"a second {what} entry for {subjects}", f"first in line {where}")
            return False
        return True

    def enter_allies(self, entry: Any, key: Key, path: Path_) -> None:
        state, against = key
        attribute = self.book.tables["support"].attributes["support"]
        for reference, given in entry.support.items():
            here = (*path, "support", reference)
            ally = self.state(reference, here, key=True)
            if ally is None:
                continue
            if ally in key:
                self.report(
                    here,
                    f"{self.names[ally]} cannot be an ally of {self.names[state]} against {self.names[against]}",
                    key=True,
                )
                continue
            self.fact("support", (state, ally, against), attribute, given, here)
        self.take("coalition", key, entry, path)
        line = self.document.problem(path, "").line
        if "support" in entry.model_fields_set:
            self.derived("coalition", key, "complete", "yes", "given list", line)
        complete = self.facts.get(fact_path("coalition", key, "complete"))
        if complete is not None and complete.value == "yes":
            for ally in sorted(self.entry.states):
                if ally not in key:
                    self.derived(
                        "support", (state, ally, against), "support", attribute.values[0], "complete list", line
                    )

    def complete_links(self) -> None:
        for table in self.entry.links.complete:
            attribute = next(iter(self.book.tables[table].attributes.values()))
            line = self.document.problem(("links", "complete"), "").line
            for a in sorted(self.entry.states):
                for b in sorted(self.entry.states):
                    stated = any(f.table == table and f.key == (a, b) for f in self.facts.values())
                    if a != b and not stated:
                        self.derived(table, (a, b), attribute.name, attribute.values[0], "complete list", line)

    def enter_wars(self) -> None:
        taken = dict(self.names)
        for place, war in enumerate(self.entry.wars):
            path: Path_ = ("wars", place)
            reserved = (UNKNOWN, ANYONE, "unclear", "situation", "system")
            if war.id in taken or war.id in reserved:
                self.report((*path, "id"), f"'{war.id}' already names something else in this case")
            if war.id in self.wars:
                continue
            taken[war.id] = war.id
            self.names[war.id] = war.name or war.id.replace("_", " ").title()
            sides: dict[str, tuple[str, ...]] = {}
            member_of: dict[str, str] = {}
            for side, members in war.sides.items():
                here = (*path, "sides", side)
                if side in reserved:
                    self.report(here, f"'{side}' has a meaning of its own and cannot name a side", key=True)
                found = [self.state(reference, (*here, index)) for index, reference in enumerate(members)]
                if not members:
                    self.report(here, f"the side '{side}' has no members", key=True)
                for index, member in enumerate(found):
                    if member is None:
                        continue
                    if member in member_of:
                        self.report(
                            (*here, index),
                            f"{self.names[member]} fights twice in this war",
                            f"already on '{member_of[member]}'",
                        )
                    member_of[member] = side
                inside = side_of(war.id, side)
                sides[inside] = tuple(member for member in found if member is not None)
                listed = ", ".join(sorted(self.names[m] for m in sides[inside]))
                of_war = f" in {self.names[war.id]}" if len(self.entry.wars) > 1 else ""
                self.names[inside] = f"{side.replace('_', ' ').title()} ({listed}){of_war}"
            self.wars[war.id] = sides
            self.take("war", (war.id,), war, path)
            ahead = self.facts.get(fact_path("war", (war.id,), "side_ahead"))
            nobody = self.book.tables["war"].attributes["side_ahead"].values
            if ahead is not None and ahead.value not in (*nobody, UNKNOWN):
                if ahead.value not in war.sides:
                    hint = suggestion(ahead.value, [*nobody, *war.sides])
                    self.report(self.places[ahead.path], f"'{ahead.value[:60]}' is no side of this war", hint)
                self.facts[ahead.path] = replace(ahead, value=side_of(war.id, ahead.value))
            for other in ahead.given.other_reading if ahead is not None and ahead.given is not None else ():
                if other not in (*nobody, *war.sides):
                    hint = suggestion(other, [*nobody, *war.sides])
                    self.report((*path, "side_ahead"), f"'{other[:60]}' is no side of this war", hint)

    def link(self) -> None:
        """Follow linked facts in their other direction; contradictions are refused."""
        for fact in list(self.facts.values()):
            attribute = self.book.tables[fact.table].attributes[fact.attribute]
            if attribute.linked is None or len(fact.key) != 2 or fact.value == UNKNOWN:
                continue
            value, given = fact.value, fact.given
            if attribute.linked == "inverse":
                value = attribute.inverse(value)
                if given is not None and given.other_reading:
                    others = [attribute.inverse(other) for other in given.other_reading]
                    given = given.model_copy(update={"other_reading": others})
            address = fact_path(fact.table, fact.key[::-1], fact.attribute)
            other = self.facts.get(address)
            if other is None or other.value == UNKNOWN:
                self.facts[address] = Fact(
                    address,
                    fact.table,
                    fact.key[::-1],
                    fact.attribute,
                    value,
                    "linked",
                    given,
                    fact.path,
                    fact.classified,
                    fact.line,
                )
            elif other.value != value and fact.path < other.path and fact.origin == other.origin == "stated":
                self.report(
                    self.places[other.path],
                    f"'{other.path}: {other.value}' contradicts '{fact.path}: {fact.value}' in line {fact.line}",
                    "give one direction only, or make them agree",
                    key=True,
                )


def read_case(document: Document, book: RuleBook, *, name: str = "") -> Case:
    """Check a case file and make a case of it.

    Args:
        document: The parsed file.
        book: The rule book whose vocabulary it uses.
        name: What the case is called in lists and saved runs.

    Raises:
        InputError: Everything that is wrong with the file.
    """
    model = case_model(book)
    problems: list[Problem] = []
    try:
        entry: CaseHead = model.model_validate(document.data)
    except ValidationError as error:
        problems = problems_of(error, document, model)
        stand_ins = {"foedus": "1", "title": "?", "kind": "hypothetical"}
        rest = salvage(document, model, keep=("states", "sources"), stand_ins=stand_ins)
        if rest is None:
            raise InputError(problems) from None
        entry, document = rest
    reader = _Reader(document, book, entry, problems)
    reader.enter()
    focus = [reader.state(reference, ("focus", place)) for place, reference in enumerate(entry.focus)]
    repeated = sorted({state for state in focus if state is not None and focus.count(state) > 1})
    for state in repeated:
        reader.report(("focus",), f"{reader.names[state]} stands twice in 'focus'")
    observed = _observed(reader, entry)
    memory = memory_of(book, tuple(reader.entry.states), reader.wars, reader.facts)
    if not reader.problems:
        _illegal(reader, memory)
    if reader.problems:
        raise InputError(reader.problems)
    names = dict(reader.names)
    for row in book.reference:
        names.setdefault(row.key, row.name)
    return Case(
        name or document.file,
        entry.title,
        entry.kind,
        entry.date,
        entry.summary.strip(),
        document.file,
        tuple(sorted(reader.entry.states)),
        reader.wars,
        dict(sorted(names.items())),
        dict(sorted(entry.sources.items())),
        tuple(state for state in focus if state) or tuple(sorted(reader.entry.states)),
        observed,
        {path: reader.facts[path] for path in sorted(reader.facts)},
        memory,
        dict(sorted(reader.lookup.items())),
    )


def _observed(reader: _Reader, entry: CaseHead) -> tuple[ObservedEntry, ...]:
    """What happened, with states by their identifiers."""
    found: list[ObservedEntry] = []
    states_seen: dict[str, int] = {}
    for place, seen in enumerate(entry.observed):
        path: Path_ = ("observed", place)

        def named(part: str, names: Sequence[str], path: Path_ = path) -> list[str]:
            states = [reader.state(name, (*path, part)) for name in names]
            return [state for state in states if state is not None]

        for source in seen.classified_by.source:
            if source not in entry.sources:
                reader.report(
                    (*path, "classified_by"),
                    f"no source '{source}' in this case",
                    suggestion(source, sorted(entry.sources)),
                )
        if seen.posture in seen.other_reading:
            reader.report((*path, "other_reading"), f"the other reading is the posture itself, '{seen.posture}'")
        if states_seen.setdefault(seen.state, place) != place:
            reader.report((*path, "state"), f"what '{seen.state[:60]}' did is given twice")
        motives = reader.book.tables["motive"].words if "motive" in reader.book.tables else {}
        if seen.motive is not None and seen.motive not in motives:
            reader.report((*path, "motive"), f"'{seen.motive}' is no motive", suggestion(seen.motive, list(motives)))
        states = named("state", [seen.state])
        changes = {
            "state": states[0] if states else seen.state,
            "toward": named("toward", seen.toward),
            "with_": named("with", seen.with_),
        }
        found.append(seen.model_copy(update=changes))
    return tuple(found)


def _illegal(reader: _Reader, memory: Memory) -> None:
    """Refuse combinations of facts that the rule book declares impossible."""
    for text, addresses in impossible(reader.book, memory, reader.names):
        places = [reader.places[address] for address in addresses if address in reader.places]
        reader.report(places[-1] if places else (), text, key=True)
