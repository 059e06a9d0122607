"""Read the examples of a rule: short statements that become rows of working memory.

An example is written in two forms. A fact of a case names its subjects, joined by ``>``, the attribute and
the value: ``a.power_rank=weak``, ``a>c>b.support=likely``, ``situation.phase=peace``. A row of any other
table, concluded ones among them, gives its keys in order or by name, and its attributes by name:
``principal_threat(a, b)``, ``alignment(a, b, answer=balance)``, ``evidence(row=T4d, of=a, toward=b)``.
What is not given is unknown, and a key that is not given is :data:`UNSTATED`. Everything else that a case
with these subjects would hold is there too, unknown, so that an absence means what it means in a case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from foedus.book import MAIN, RuleBook
from foedus.memory import Key, Memory, fact_path
from foedus.problems import InputError, NameUnknown, Problem, suggestion
from foedus.rete import network_of
from foedus.strata import EVIDENCE
from foedus.terms import ANYONE, UNKNOWN, Attribute, Table, Vote

UNSTATED = "unstated"
"""Stands in a key that an example leaves out."""
SITUATION = "situation"
"""The subject of facts about the system as a whole."""

_WORD = r"[A-Za-z][A-Za-z0-9_]*"
_FACT = re.compile(rf"({_WORD}(?:\s*>\s*{_WORD})*)\.({_WORD})\s*=\s*({_WORD})")
_ROW = re.compile(rf"({_WORD})\(([^()]*)\)")
_RESERVED = (ANYONE, UNSTATED, UNKNOWN, SITUATION, "system")


@dataclass
class _Reader:
    """Reads one example; what is wrong with any of its statements is gathered."""

    book: RuleBook
    problems: list[Problem] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)
    facts: dict[tuple[str, Key], dict[str, str]] = field(default_factory=dict)
    rows: dict[tuple[str, Key], dict[str, str]] = field(default_factory=dict)

    def report(self, statement: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(f"example '{statement[:100]}'", 0, 0, message, hint))

    # ---- statements -------------------------------------------------------------------------

    def read(self, statements: Sequence[str]) -> None:
        """Read all statements; rows come first, because they tell what kind a subject is."""
        facts: list[tuple[str, tuple[str, ...], str, str]] = []
        for statement in statements:
            text = statement.strip()
            if row := _ROW.fullmatch(text):
                self.row(statement, row[1], row[2])
            elif fact := _FACT.fullmatch(text):
                facts.append((statement, tuple(part.strip() for part in fact[1].split(">")), fact[2], fact[3]))
            else:
                forms = "subject.attribute=value or table(key, attribute=value)"
                self.report(statement, "is neither a fact nor a row", forms)
        for known_only in (True, False):
            for statement, subjects, name, value in list(facts):
                tables = self.tables_of(subjects, name)
                if known_only and len(tables) != 1:
                    continue
                facts.remove((statement, subjects, name, value))
                if len(tables) == 1:
                    self.fact(statement, tables[0], () if subjects == (SITUATION,) else subjects, name, value)
                else:
                    self.no_table(statement, subjects, name, [table.name for table in tables])

    def told(self, table: Table) -> bool:
        """Whether a case states facts of this table about its states and wars."""
        return not (table.derived or table.reference) and set(table.keys.values()) <= {"state", "war"}

    def tables_of(self, subjects: tuple[str, ...], name: str) -> list[Table]:
        """The tables with such an attribute whose keys fit the number and the kinds of the subjects."""
        key = () if subjects == (SITUATION,) else subjects
        return [
            table
            for table in self.book.tables.values()
            if self.told(table)
            and name in table.attributes
            and len(table.keys) == len(key)
            and all(self.kinds.get(word, kind) == kind for word, kind in zip(key, table.keys.values(), strict=True))
        ]

    def no_table(self, statement: str, subjects: tuple[str, ...], name: str, tables: list[str]) -> None:
        if tables:
            message = f"'{name}' could be a fact of {' or '.join(sorted(tables))}"
            self.report(statement, message, "say what its subjects are in another statement")
            return
        holders = sorted(t.name for t in self.book.tables.values() if self.told(t) and name in t.attributes)
        if holders:
            forms = [f"{'>'.join(self.book.tables[t].keys) or SITUATION}.{name}" for t in holders]
            message = f"'{name}' is no fact of {' and '.join(subjects)}"
            self.report(statement, message, f"it is written {' or '.join(forms)}")
            return
        legal = sorted({attribute for t in self.book.tables.values() if self.told(t) for attribute in t.attributes})
        self.report(statement, f"unknown attribute '{name[:60]}'", suggestion(name, legal))

    def fact(self, statement: str, table: Table, key: Key, name: str, value: str) -> None:
        """A fact that a case could state, with the direction that follows from it."""
        for word, kind in zip(key, table.keys.values(), strict=True):
            self.subject(statement, word, kind)
        if len(set(key)) != len(key):
            self.report(statement, "a subject has no such relation to itself")
            return
        attribute = table.attributes[name]
        if not self.legal(statement, attribute, value):
            return
        self.put(statement, table, key, name, value)
        if attribute.linked is not None and value != UNKNOWN:
            other = attribute.inverse(value) if attribute.linked == "inverse" else value
            self.put(statement, table, key[::-1], name, other)

    def put(self, statement: str, table: Table, key: Key, name: str, value: str) -> None:
        held = self.facts.setdefault((table.name, key), {})
        if held.setdefault(name, value) != value:
            self.report(statement, f"'{fact_path(table.name, key, name)}' is {held[name]} by another statement")

    def row(self, statement: str, name: str, inside: str) -> None:
        """A row of any table, with its keys in order or by name."""
        table = self.book.tables.get(name)
        if table is None or table.reference:
            legal = sorted(key for key, t in self.book.tables.items() if not t.reference)
            self.report(statement, f"unknown table '{name[:60]}'", suggestion(name, legal))
            return
        given = self.fields(statement, table, [part.strip() for part in inside.split(",")] if inside.strip() else [])
        if given is None:
            return
        key = tuple(given.get(part, UNSTATED) for part in table.keys)
        values = {part: value for part, value in given.items() if part in table.attributes}
        checks = [self.key(statement, table, part, value) for part, value in given.items() if part in table.keys]
        checks += [self.legal(statement, table.attributes[part], value) for part, value in values.items()]
        if not all(checks):
            return
        if self.told(table):
            for part, value in values.items():
                self.fact(statement, table, key, part, value)
        elif (name, key) in self.rows:
            self.report(statement, "is stated twice")
        else:
            self.rows[(name, key)] = values

    def fields(self, statement: str, table: Table, parts: Sequence[str]) -> dict[str, str] | None:
        """The fields that a row gives, by name; ``None`` where they cannot be read."""
        given: dict[str, str] = {}
        keys = list(table.keys)
        for place, part in enumerate(parts):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                if place >= len(keys) or "=" in "".join(parts[:place]):
                    message = f"'{part[:60]}' is no key of '{table.name}'"
                    self.report(statement, message, f"its keys are {', '.join(keys) or 'none'}")
                    return None
                name, value = keys[place], part
            if name not in keys and name not in table.attributes:
                legal = [*keys, *table.attributes]
                self.report(statement, f"'{table.name}' has no field '{name[:60]}'", suggestion(name, legal))
                return None
            if name in given:
                self.report(statement, f"'{name}' is given twice")
                return None
            if not re.fullmatch(_WORD, value):
                self.report(statement, f"'{value[:60]}' is no value of '{name}'")
                return None
            given[name] = value
        return given

    # ---- values -----------------------------------------------------------------------------

    def legal(self, statement: str, attribute: Attribute, value: str) -> bool:
        """Whether a value lies on the scale of an attribute; a side may have any name."""
        if attribute.side or value in (*attribute.values, UNKNOWN):
            return True
        self.report(statement, f"'{value[:60]}' is no value of '{attribute.name}'", suggestion(value, attribute.values))
        return False

    def key(self, statement: str, table: Table, name: str, value: str) -> bool:
        """Whether a word may stand in a key; subjects are noted."""
        kind = table.keys[name]
        if value == UNSTATED:
            return True
        words = self.words(table, name)
        if words is not None and value not in words:
            self.report(statement, f"'{value[:60]}' is no value of '{name}'", suggestion(value, words))
            return False
        if kind in ("state", "war", "side"):
            self.subject(statement, value, kind)
        elif kind == "any" and value not in _RESERVED:
            self.open.setdefault(value)
        return True

    def words(self, table: Table, name: str) -> list[str] | None:
        """The words that a key may hold, where the rule book says which; ``None`` where it does not."""
        if table.keys[name] == "ideology":
            return sorted(row.key for row in self.book.reference if row.table == name)
        if table.keys[name] != "word":
            return None
        if table.words:
            return list(table.words)
        if table.name == EVIDENCE:
            return self.evidence_words(name)
        if name == "attribute":
            return sorted({attribute for t in self.book.tables.values() if self.told(t) for attribute in t.attributes})
        return None

    def evidence_words(self, name: str) -> list[str] | None:
        votes = [(rule.row, c) for rule in self.book.rules.values() for c in rule.conclusions if isinstance(c, Vote)]
        legal: Mapping[str, Iterable[str]] = {
            "row": {row for row, _ in votes},
            "question": {vote.question for _, vote in votes},
            "answer": {ANYONE, *(answer for question in self.book.questions.values() for answer in question.answers)},
            "sign": {"for", "against"},
            "group": {vote.group for _, vote in votes},
        }
        return sorted(legal[name]) if name in legal else None

    def subject(self, statement: str, word: str, kind: str) -> None:
        known = self.kinds.setdefault(word, kind)
        if word in _RESERVED:
            self.report(statement, f"'{word}' has a meaning of its own and cannot name a {kind}")
        elif known != kind:
            self.report(statement, f"'{word}' is a {kind} here and a {known} in another statement")

    # ---- working memory ---------------------------------------------------------------------

    def memory(self) -> Memory:
        """The rows stated, and every other row that a case with the same subjects would hold."""
        for word in self.open:
            self.kinds.setdefault(word, "state")
        tables = self.book.tables
        memory = Memory(tables)
        for name in sorted(tables):
            if self.told(tables[name]):
                for key in self.keys(tables[name]):
                    fields = dict(zip(tables[name].keys, key, strict=True))
                    memory.add(name, {**fields, **self.facts.get((name, key), {})})
        for name, key in sorted(self.rows):
            memory.add(name, {**dict(zip(tables[name].keys, key, strict=True)), **self.rows[(name, key)]})
        for row in self.book.reference:
            memory.add(row.table, {next(iter(tables[row.table].keys)): row.key, **row.attributes})
        return memory

    def keys(self, table: Table) -> list[Key]:
        """Every tuple of different subjects of the right kinds, in order."""
        kinds = tuple(table.keys.values())
        subjects = sorted(word for word, kind in self.kinds.items() if kind in kinds)
        return [
            key
            for key in permutations(subjects, len(kinds))
            if all(self.kinds[word] == kind for word, kind in zip(key, kinds, strict=True))
        ]


def example_memory(statements: Sequence[str], book: RuleBook) -> Memory:
    """Working memory as an example describes it.

    Args:
        statements: Facts and rows, as the examples of a rule give them.
        book: The rule book whose tables they speak of.

    Raises:
        InputError: Every statement that is malformed, contradicts another, or names a table, an attribute or a
            value that the book does not have.
    """
    reader = _Reader(book)
    reader.read(statements)
    if reader.problems:
        raise InputError(reader.problems)
    return reader.memory()


def fires(rule_id: str, statements: Sequence[str], book: RuleBook, theory: str = MAIN) -> bool:
    """Whether a rule fires on an example, through the engine that fires it in a case.

    The rules of a theory share one network, so other rules may fire as well; nothing that they conclude is stated.

    Raises:
        InputError: The example cannot be read.
        NameUnknown: The theory has no such rule.
    """
    program = book.program(theory)
    if rule_id not in program.rules:
        hint = suggestion(rule_id, sorted(program.rules))
        raise NameUnknown(f"no rule '{rule_id[:60]}' in the theory '{theory}'" + (f" ({hint})" if hint else ""))
    memory = example_memory(statements, book)
    with network_of(program).session() as session:
        session.declare(memory.every())
        return any(match.rule == rule_id for match in session.fire_all())
