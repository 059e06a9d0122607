"""A case as the engine sees it: names, sources, and facts with where each came from.

Reading a case resolves names and codes, turns numbers into values, follows linked facts in their
other direction, fills lists that are declared complete, and refuses what cannot be true together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from foedus.book import RuleBook
from foedus.casefile import CaseHead, GivenFact, ObservedEntry, SourceEntry, case_model
from foedus.documents import Document, Path_
from foedus.matching import solutions
from foedus.memory import Key, Memory, fact_path
from foedus.problems import InputError, NameUnknown, Problem, suggestion
from foedus.terms import ANYONE, UNKNOWN, Attribute, Cut, Measure, Table
from foedus.validation import problems_of, salvage
from pydantic import ValidationError

Origin = Literal["stated", "linked", "complete list", "given list"]


@dataclass(frozen=True, slots=True)
class Classified:
    """How a number became a value: the measure and the cut-point that it fell under."""

    number: str
    measure: Measure
    cut: Cut


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a case.

    Attributes:
        path: Its address, such as ``finland>ussr.intentions``.
        origin: Stated in the file; following from the other direction; or from a list that is complete.
        given: What the analyst says about it; for a linked fact, about the fact it follows from.
        via: The address of the fact that a linked one follows from.
        line: Where it stands in the file, 0 where it does not.
    """

    path: str
    table: str
    key: Key
    attribute: str
    value: str
    origin: Origin
    given: GivenFact | None = None
    via: str | None = None
    classified: Classified | None = None
    line: int = 0


@dataclass(frozen=True)
class Case:
    """A crisis, checked and complete.

    Attributes:
        names: What each state, war, side and ideology is called, by identifier.
        facts: Every fact that is known, or stated to be unknown, by path.
        observed: What happened; no rule sees it.
    """

    name: str
    title: str
    kind: str
    date: str | None
    summary: str
    file: str
    states: tuple[str, ...]
    wars: Mapping[str, Mapping[str, tuple[str, ...]]]
    names: Mapping[str, str]
    sources: Mapping[str, SourceEntry]
    focus: tuple[str, ...]
    observed: tuple[ObservedEntry, ...]
    facts: Mapping[str, Fact]
    memory: Memory
    lookup: Mapping[str, str]

    def find(self, reference: str) -> str:
        """The identifier of a state named by identifier, name, COW code or ISO code.

        Raises:
            NameUnknown: No such state; the message names the nearest.
        """
        found = self.lookup.get(_alias(reference))
        if found is None:
            hint = suggestion(reference, list(self.states))
            raise NameUnknown(f"no state '{reference[:60]}' in this case" + (f" ({hint})" if hint else ""))
        return found

    def called(self, identifier: str) -> str:
        """The display name of anything in the case."""
        return self.names.get(identifier, identifier)


def _alias(reference: str) -> str:
    """The form in which names and codes are compared: lower case, numbers without leading zeros."""
    wanted = " ".join(unicodedata.normalize("NFKC", reference).casefold().split())
    return (wanted.lstrip("0") or "0") if wanted.isascii() and wanted.isdecimal() else wanted


def side_of(war: str, side: str) -> str:
    """The identity of a side of a war: two wars may call their sides alike."""
    return f"{war}.{side}"


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
            aliases = [("name", _alias(self.names[identifier]))]
            if state is not None:
                if state.codes.cow:
                    aliases.append(("codes", _alias(state.codes.cow)))
                if state.codes.iso:
                    aliases.append(("codes", _alias(state.codes.iso)))
            for part, alias in aliases:
                if self.lookup.setdefault(alias, identifier) != identifier:
                    other = self.lookup[alias]
                    self.report((*path, part), f"'{alias}' names both '{other}' and '{identifier}'")

    def state(self, reference: str, path: Path_, *, key: bool = False) -> str | None:
        """The identifier of a state that is named by identifier, name or code."""
        found = self.lookup.get(_alias(reference))
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

    def link(self) -> None:
        """Follow linked facts in their other direction; contradictions are refused."""
        for fact in list(self.facts.values()):
            attribute = self.book.tables[fact.table].attributes[fact.attribute]
            if attribute.linked is None or len(fact.key) != 2 or fact.value == UNKNOWN:
                continue
            value = fact.value
            if attribute.linked == "inverse":
                value = attribute.values[len(attribute.values) - 1 - attribute.step(fact.value)]
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
                    fact.given,
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

    # ---- working memory ---------------------------------------------------------------------

    def memory(self) -> Memory:
        """Every row of the base tables, known or not."""
        tables = self.book.tables
        memory = Memory(tables)
        values: dict[tuple[str, Key], dict[str, str]] = {}
        for fact in self.facts.values():
            values.setdefault((fact.table, fact.key), {})[fact.attribute] = fact.value
        for name in sorted(tables):
            table = tables[name]
            if table.derived or table.reference or name in ("member", "input"):
                continue
            for key in self.keys(table):
                fields = dict(zip(table.keys, key, strict=True))
                memory.add(name, {**fields, **values.get((name, key), {})})
        for war in sorted(self.wars):
            for side, members in sorted(self.wars[war].items()):
                for member in sorted(members):
                    memory.add("member", {"war": war, "side": side, "state": member})
        for row in self.book.reference:
            table = tables[row.table]
            memory.add(row.table, {next(iter(table.keys)): row.key, **row.attributes})
        for fact in sorted(self.facts.values(), key=lambda f: f.path):
            if (
                fact.given is not None
                and fact.origin in ("stated", "linked")
                and (fact.given.basis or fact.given.advocate)
            ):
                subjects = [*fact.key, *fact.key, ANYONE, ANYONE][:2]
                notes = {name: getattr(fact.given, name) for name in ("basis", "advocate") if getattr(fact.given, name)}
                memory.add(
                    "input",
                    {"fact": fact.path, "attribute": fact.attribute, "of": subjects[0], "toward": subjects[1], **notes},
                )
        return memory

    def keys(self, table: Table) -> list[Key]:
        """Every tuple of different subjects that a table could speak of."""
        domains = {"state": sorted(self.entry.states), "war": sorted(self.wars)}
        found: list[Key] = [()]
        for kind in table.keys.values():
            found = [(*key, subject) for key in found for subject in domains.get(kind, []) if subject not in key]
        return found


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
    memory = reader.memory()
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
    for illegal in reader.book.illegal:
        for bindings, rows in solutions(illegal.premises, memory):
            text = illegal.message
            for variable, value in bindings.items():
                text = text.replace("{" + variable + "}", reader.names.get(value, value))
            path: Path_ = ()
            for row, fields in rows:
                for name in fields:
                    key = tuple(row.fields[k] for k in reader.book.tables[row.table].keys)
                    address = fact_path(row.table, key, name)
                    path = reader.places.get(address, path)
            reader.report(path, text, key=True)
