"""A case as the engine sees it: names, sources, and facts with where each came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from foedus.book import RuleBook
from foedus.casefile import UNVERIFIED, GivenFact, ObservedEntry, SourceEntry
from foedus.matching import solutions
from foedus.memory import Key, Memory, fact_path
from foedus.problems import FoedusError, NameUnknown, suggestion
from foedus.terms import ANYONE, UNKNOWN, Attribute, Cut, Measure, Table

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
        found = self.lookup.get(alias(reference))
        if found is None:
            hint = suggestion(reference, list(self.states))
            raise NameUnknown(f"no state '{reference[:60]}' in this case" + (f" ({hint})" if hint else ""))
        return found

    def stated(self) -> list[Fact]:
        """The facts that the file states and that are known, by address."""
        return [fact for fact in self.facts.values() if fact.origin == "stated" and fact.value != UNKNOWN]

    def unverified(self, fact: Fact) -> bool:
        """Whether a fact cites sources, and none that was opened."""
        named = fact.given.source if fact.given is not None else []
        return bool(named) and all(self.sources[name].title == UNVERIFIED for name in named)

    def called(self, identifier: str) -> str:
        """The display name of anything in the case."""
        return self.names.get(identifier, identifier)


def alias(reference: str) -> str:
    """The form in which names and codes are compared: lower case, numbers without leading zeros."""
    wanted = " ".join(unicodedata.normalize("NFKC", reference).casefold().split())
    return (wanted.lstrip("0") or "0") if wanted.isascii() and wanted.isdecimal() else wanted


def side_of(war: str, side: str) -> str:
    """The identity of a side of a war: two wars may call their sides alike."""
    return f"{war}.{side}"


# ---- working memory -----------------------------------------------------------------------------

Wars = Mapping[str, Mapping[str, tuple[str, ...]]]
Cell = tuple[Table, Key, Attribute]


def _keys(table: Table, states: Sequence[str], wars: Wars) -> list[Key]:
    """Every tuple of different subjects that a table could speak of."""
    domains = {"state": sorted(states), "war": sorted(wars)}
    found: list[Key] = [()]
    for kind in table.keys.values():
        found = [(*key, subject) for key in found for subject in domains.get(kind, []) if subject not in key]
    return found


def _stated(tables: Mapping[str, Table]) -> Iterator[Table]:
    """The tables whose rows a case states, by name."""
    for name in sorted(tables):
        if not (tables[name].derived or tables[name].reference or name in ("member", "input")):
            yield tables[name]


def cells(tables: Mapping[str, Table], states: Sequence[str], wars: Wars) -> dict[str, Cell]:
    """Everything that a case of these states and wars can state, by address."""
    return {
        fact_path(table.name, key, attribute.name): (table, key, attribute)
        for table in _stated(tables)
        for key in _keys(table, states, wars)
        for attribute in table.attributes.values()
    }


def memory_of(book: RuleBook, states: Sequence[str], wars: Wars, facts: Mapping[str, Fact]) -> Memory:
    """Every row of the base tables, known or not."""
    memory = Memory(book.tables)
    values: dict[tuple[str, Key], dict[str, str]] = {}
    for fact in facts.values():
        values.setdefault((fact.table, fact.key), {})[fact.attribute] = fact.value
    for table in _stated(book.tables):
        for key in _keys(table, states, wars):
            fields = dict(zip(table.keys, key, strict=True))
            memory.add(table.name, {**fields, **values.get((table.name, key), {})})
    for war in sorted(wars):
        for side, members in sorted(wars[war].items()):
            for member in sorted(members):
                memory.add("member", {"war": war, "side": side, "state": member})
    for row in book.reference:
        memory.add(row.table, {next(iter(book.tables[row.table].keys)): row.key, **row.attributes})
    for path in sorted(facts):
        fact = facts[path]
        if fact.given is None or fact.origin not in ("stated", "linked"):
            continue
        notes = {name: getattr(fact.given, name) for name in ("basis", "advocate") if getattr(fact.given, name)}
        if notes:
            of, toward = [*fact.key, *fact.key, ANYONE, ANYONE][:2]
            memory.add("input", {"fact": path, "attribute": fact.attribute, "of": of, "toward": toward, **notes})
    return memory


def impossible(book: RuleBook, memory: Memory, names: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Combinations of facts that the rule book declares impossible: the message, and the facts' addresses."""
    for illegal in book.illegal:
        for bindings, rows in solutions(illegal.premises, memory):
            text = illegal.message
            for variable, value in bindings.items():
                text = text.replace("{" + variable + "}", names.get(value, value))
            yield (
                text,
                [
                    fact_path(row.table, tuple(row.fields[k] for k in book.tables[row.table].keys), name)
                    for row, fields in rows
                    for name in fields
                ],
            )


class Impossible(FoedusError):
    """A change that would make facts true together that cannot be."""


def changed(case: Case, book: RuleBook, values: Mapping[str, str]) -> Case:
    """A case with some facts changed; linked facts move together, and what is said of a changed fact goes.

    Args:
        case: The case.
        book: The rule book that it was read with.
        values: The new value of each fact, by address.

    Raises:
        Impossible: The facts could not be true together.
        NameUnknown: No such fact, or no such value.
    """
    known = cells(book.tables, case.states, case.wars)
    facts = dict(case.facts)
    for path, value in values.items():
        if path not in known:
            hint = suggestion(path, list(known))
            raise NameUnknown(f"no fact '{path[:100]}' in this case" + (f" ({hint})" if hint else ""))
        table, key, attribute = known[path]
        sides = tuple(case.wars[key[0]]) if attribute.side else ()
        if value not in (*attribute.values, *sides, UNKNOWN):
            hint = suggestion(value, [*attribute.values, *sides])
            raise NameUnknown(f"'{value[:60]}' is not legal for '{path}'" + (f" ({hint})" if hint else ""))
        facts[path] = Fact(path, table.name, key, attribute.name, value, "stated")
        if attribute.linked is not None:
            back = fact_path(table.name, key[::-1], attribute.name)
            other = attribute.inverse(value) if attribute.linked == "inverse" and value != UNKNOWN else value
            facts[back] = Fact(back, table.name, key[::-1], attribute.name, other, "linked", None, path)
    facts = {path: facts[path] for path in sorted(facts)}
    memory = memory_of(book, case.states, case.wars, facts)
    for message, _ in impossible(book, memory, case.names):
        raise Impossible(message)
    return replace(case, facts=facts, memory=memory)
