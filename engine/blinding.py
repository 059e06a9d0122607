"""Take out of a case what tells which crisis it is, and nothing that a rule reads.

Names, codes, titles, dates, sources' texts, notes, numbers and what happened go; who is who is a matter of the
key, which is kept apart. Numbers are replaced by the values that they were classified as, because a share of
capabilities names a state as surely as its flag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from string import ascii_uppercase
from typing import Any

from foedus.book import RuleBook
from foedus.case import Case, Fact
from foedus.documents import as_yaml
from foedus.memory import fact_path
from foedus.terms import Attribute

KEPT = ("other_reading", "reliability", "confidence", "assumption", "mover", "basis", "advocate")
"""What is said of a fact and does not tell which crisis it is about."""


@dataclass(frozen=True, slots=True)
class Blinded:
    """A case without names.

    Attributes:
        text: The case file.
        key: What each new name stands for.
    """

    text: str
    key: Mapping[str, str]

    def __str__(self) -> str:
        return self.text


def _order(names: Iterable[str], salt: str) -> list[str]:
    """Names in an order that says nothing and is always the same."""
    return sorted(names, key=lambda name: sha256(f"{salt}\0{name}".encode()).hexdigest())


class _Blinder:
    def __init__(self, case: Case, book: RuleBook) -> None:
        self.case, self.book = case, book
        states = _order(case.states, case.title)
        self.states = {name: f"state_{ascii_uppercase[place].lower()}" for place, name in enumerate(states)}
        self.wars = {name: f"war_{place + 1}" for place, name in enumerate(_order(case.wars, case.title))}
        self.sides: dict[str, str] = {}
        for war in self.wars:
            for place, side in enumerate(_order(case.wars[war], case.title)):
                self.sides[side] = f"side_{place + 1}"
        self.sources = {name: f"source_{place + 1}" for place, name in enumerate(_order(case.sources, case.title))}

    def key(self) -> dict[str, str]:
        called = {new: self.case.called(old) for old, new in self.states.items()}
        called |= {new: self.case.called(old) for old, new in self.wars.items()}
        for side, new in self.sides.items():
            called[f"{self.wars[side.partition('.')[0]]}.{new}"] = self.case.called(side)
        called |= {new: self.case.sources[old].title for old, new in self.sources.items()}
        return dict(sorted(called.items()))

    def fact(self, fact: Fact, attribute: Attribute) -> Any:
        value = self.sides.get(fact.value, fact.value)
        given = fact.given
        said: dict[str, Any] = {"value": value}
        if given is not None:
            said["source"] = [self.sources[name] for name in given.source]
            for name in KEPT:
                said[name] = getattr(given, name)
            if attribute.side:
                war = fact.key[0]
                said["other_reading"] = [self.sides.get(f"{war}.{v}", v) for v in given.other_reading]
        said = {name: part for name, part in said.items() if part and (name, part) != ("assumption", "no")}
        return value if set(said) == {"value"} else said

    def facts(self, table: str, key: tuple[str, ...]) -> dict[str, Any]:
        """The stated facts about one subject, in the order of the vocabulary."""
        found: dict[str, Any] = {}
        for name, attribute in self.book.tables[table].attributes.items():
            fact = self.case.facts.get(fact_path(table, key, name))
            if fact is not None and fact.origin == "stated":
                found[name] = self.fact(fact, attribute)
        return found

    def keys(self, table: str) -> list[tuple[str, ...]]:
        """The subjects that the case states facts about, by their new names."""
        stated = {f.key for f in self.case.facts.values() if f.table == table and f.origin == "stated"}
        return sorted(stated, key=lambda key: tuple(self.states.get(part, part) for part in key))

    def data(self) -> dict[str, Any]:
        case, name = self.case, self.states
        data: dict[str, Any] = {"foedus": "1", "title": "A case without names", "kind": case.kind}
        data["sources"] = {
            new: {"title": f"Source {new.rpartition('_')[2]}", **self.rated(old)} for old, new in _by_new(self.sources)
        }
        data["situation"] = self.facts("situation", ())
        data["states"] = {
            new: {"name": f"State {new[-1].upper()}", **self.facts("state", (old,))} for old, new in _by_new(name)
        }
        data["relations"] = [
            {"state": name[a], "other": name[b], **self.facts("relation", (a, b))} for a, b in self.keys("relation")
        ]
        data["allies"] = self.allies()
        data["wars"] = [
            {
                "id": new,
                "name": f"War {new.rpartition('_')[2]}",
                **self.facts("war", (old,)),
                "sides": {
                    self.sides[side]: sorted(name[member] for member in case.wars[old][side])
                    for side in sorted(case.wars[old], key=lambda side: self.sides[side])
                },
            }
            for old, new in _by_new(self.wars)
        ]
        data["links"] = self.links()
        data["focus"] = sorted(name[state] for state in case.focus)
        return data

    def rated(self, source: str) -> dict[str, str]:
        reliability = self.case.sources[source].reliability
        return {"reliability": reliability} if reliability else {}

    def allies(self) -> list[dict[str, Any]]:
        lists: set[tuple[str, str]] = {(a, b) for a, _, b in self.keys("support")}
        lists |= {(f.key[0], f.key[1]) for f in self.case.facts.values() if f.table == "coalition"}
        found: list[dict[str, Any]] = []
        for state, against in sorted(lists, key=lambda pair: (self.states[pair[0]], self.states[pair[1]])):
            entry: dict[str, Any] = {"state": self.states[state], "against": self.states[against]}
            entry |= self.facts("coalition", (state, against))
            support = {
                self.states[key[1]]: self.facts("support", key)["support"]
                for key in self.keys("support")
                if (key[0], key[2]) == (state, against)
            }
            given = self.case.facts.get(f"{state}>{against}.complete")
            if support or (given is not None and given.origin == "given list"):
                entry["support"] = support
            found.append(entry)
        return found

    def links(self) -> dict[str, Any]:
        name = self.states
        links: dict[str, Any] = {}
        complete: list[str] = []
        for table in ("aid", "penetration"):
            roles = list(self.book.tables[table].keys)
            links[table] = [
                {roles[0]: name[a], roles[1]: name[b], **self.facts(table, (a, b))} for a, b in self.keys(table)
            ]
            if any(f.table == table and f.origin == "complete list" for f in self.case.facts.values()):
                complete.append(table)
        return {**links, "complete": complete}


def _by_new(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of old and new names, in the order of the new."""
    return sorted(names.items(), key=lambda pair: (len(pair[1]), pair[1]))


def blind(case: Case, book: RuleBook) -> Blinded:
    """A case without what tells which crisis it is.

    Args:
        case: The case.
        book: The rule book that it was read with.
    """
    blinder = _Blinder(case, book)
    return Blinded(as_yaml(blinder.data()), blinder.key())
