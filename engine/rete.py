"""Experta: the one module that imports it, and deals with what it gets wrong.

A program's rules become Experta rules in one network, working memory becomes Experta facts, and
Experta's agenda fires them, stratum by stratum, in a total order. What is recorded of a firing is
its rule, its bindings and the rows that matched each premise.

What is done about Experta 1.9.4's faults: ``frozendict`` gets the name that it lacks while it is
imported; every positive pattern has a capture name; tests follow their binders and name only bound
variables; the agenda orders by stratum, rule and matched rows, and removes by that same key; an
exception in a right-hand side leaves the engine usable; networks are built once per program. Forms
that Experta evaluates wrongly (EXISTS, FORALL, OR in fields, nested NOT) are never generated.
"""

from __future__ import annotations

import collections
import collections.abc
import inspect
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from foedus.book import Program
from foedus.memory import Row
from foedus.terms import UNKNOWN, Absent, Compare, Constraint, Differ, Holds, Pattern, Rule


def _import_experta() -> None:
    """Import Experta on a Python whose ``collections`` has no ``Mapping`` any more."""
    patched = "frozendict" not in sys.modules and not hasattr(collections, "Mapping")
    handlers = list(logging.root.handlers)
    if patched:
        collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
    try:
        import frozendict  # noqa: F401
    finally:
        if patched:
            del collections.Mapping  # type: ignore[attr-defined]
    import experta

    if not hasattr(experta, "KnowledgeEngine"):
        raise ImportError("Experta is installed but could not be imported whole")
    for handler in list(logging.root.handlers):
        if handler not in handlers:
            logging.root.removeHandler(handler)


_import_experta()

from experta import MATCH, NOT, TEST, Fact, KnowledgeEngine, P  # noqa: E402
from experta import Rule as ExpertaRule  # noqa: E402
from experta.abstract import Matcher, Strategy  # noqa: E402
from experta.fact import InitialFact  # noqa: E402
from experta.fieldconstraint import ANDFC  # noqa: E402
from experta.matchers import ReteMatcher  # noqa: E402
from experta.matchers.rete.abstract import OneInputNode  # noqa: E402
from experta.matchers.rete.check import FactCapture, TypeCheck  # noqa: E402
from experta.matchers.rete.mixins import AnyChild, NoMemory  # noqa: E402
from experta.matchers.rete.nodes import BusNode  # noqa: E402
from experta.matchers.rete.token import Token  # noqa: E402
from experta.matchers.rete.utils import extract_facts, generate_checks  # noqa: E402

ROW = "ROW"
"""Field of an Experta fact that holds the identity of its row."""
_CAPTURE = "P"
_VARIABLE = "V"
"""First letters of what Experta binds: rows by premise, variables by name; a variable may be called anything."""


@dataclass(frozen=True, slots=True)
class Match:
    """One activation that fired: a rule, its bindings, and the row that met each premise.

    Attributes:
        rows: Row identities by the place of the positive premise in the rule.
    """

    rule: str
    bindings: tuple[tuple[str, str], ...]
    rows: tuple[tuple[int, str], ...]


@lru_cache(maxsize=4096)
def _one_of(values: tuple[str, ...]) -> Callable[[str], bool]:
    """A predicate shared by all patterns that ask the same, so that they share a network node."""
    allowed = frozenset(values)
    return lambda value: value in allowed


def _known(value: str) -> bool:
    return value != UNKNOWN


class _Test:
    """A test on bound variables; its signature tells Experta which."""

    def __init__(self, left: str, right: str, holds: Callable[[str, str], bool]) -> None:
        self.left, self.right, self.holds = left, right, holds
        names = dict.fromkeys((_VARIABLE + left, _VARIABLE + right))
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, **bound: str) -> bool:
        return self.holds(bound[_VARIABLE + self.left], bound[_VARIABLE + self.right])


def _field(constraint: Constraint, is_key: bool, negated: bool) -> Any:
    """What an Experta pattern asks of one field; ``None`` where it asks nothing."""
    parts: list[Any] = []
    if constraint.stated is not None:
        return P(_known) if constraint.stated else P(_one_of((UNKNOWN,)))
    if constraint.variable is not None:
        parts.append(getattr(MATCH, _VARIABLE + constraint.variable))
    if constraint.allowed is not None:
        # an unknown fact might match, so it is not known that nothing does
        values = (*constraint.allowed, UNKNOWN) if negated and not is_key else constraint.allowed
        parts.append(P(_one_of(values)))
    elif not is_key and (constraint.variable is not None or not negated):
        parts.append(P(_known))
    if not parts:
        return None
    result = parts[0]
    for part in parts[1:]:
        result = result & part
    return result


class _TotalOrder(Strategy):  # type: ignore[misc]
    """Orders the agenda by stratum, rule and matched rows; the next activation stands last."""

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        held: dict[Any, Any] = agenda.__dict__.setdefault("by_key", {})
        for activation in removed:
            held.pop(self.key(activation), None)
        for activation in added:
            activation.key = self.key(activation)
            held[activation.key] = activation
        agenda.activations = [held[key] for key in sorted(held, reverse=True)]

    @staticmethod
    def key(activation: Any) -> tuple[int, str, tuple[tuple[str, str], ...]]:
        """Stratum, rule, and the row of each capture."""
        context = activation.context
        rows = tuple(sorted((name, fact[ROW]) for name, fact in context.items() if name.startswith(_CAPTURE)))
        rule: Rule = activation.rule.foedus_rule
        return (activation.rule.foedus_stratum, rule.id, rows)


class _PatternNode(AnyChild, NoMemory, OneInputNode):  # type: ignore[misc]
    """The node of one pattern: it stands for the whole chain of tests that Experta would wire."""

    def __init__(self, pattern: Any) -> None:
        super().__init__()
        self.tests: list[tuple[str, Callable[[str], bool]]] = []
        self.binds: list[tuple[str, str]] = []
        self.capture = ""
        for check in generate_checks(pattern):
            if isinstance(check, FactCapture):
                self.capture = check.bind
            elif not isinstance(check, TypeCheck):
                for part in check.how if isinstance(check.how, ANDFC) else (check.how,):
                    if isinstance(part, P):
                        self.tests.append((check.what, part.match))
                    else:
                        self.binds.append((check.what, part.__bind__))

    def context(self, fact: Any) -> dict[str, Any] | None:
        """What the pattern binds in a fact that it matches; ``None`` where it does not match."""
        for field, test in self.tests:
            if not test(fact[field]):
                return None
        bound: dict[str, Any] = {}
        for field, name in self.binds:
            if bound.setdefault(name, fact[field]) != fact[field]:
                return None
        bound[self.capture] = fact
        return bound

    def _activate(self, token: Any) -> None:
        for child in self.children:
            child.callback(token)


class _Bus(BusNode):  # type: ignore[misc]
    """The entry of the network: a fact goes to the patterns of its type, and on where it matches.

    Experta wires a chain of one-test nodes for each pattern and hands every fact to every type, copying a token at each
    step; that was three quarters of the time of a consultation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patterns: dict[type[Any], list[_PatternNode]] = {}

    def add(self, fact: Any) -> None:
        self._send(fact, Token.valid)

    def remove(self, fact: Any) -> None:
        self._send(fact, Token.invalid)

    def _send(self, fact: Any, token: Callable[..., Any]) -> None:
        for node in self.patterns.get(type(fact), ()):
            context = node.context(fact)
            if context is not None:
                node._activate(token(fact, context))


class _Rete(ReteMatcher):  # type: ignore[misc]
    """Experta's matcher with one node for each pattern; joins, negation and the conflict set are Experta's."""

    def __init__(self, engine: Any) -> None:
        Matcher.__init__(self, engine)
        self.root_node = _Bus()
        self.build_network()

    @staticmethod
    def build_alpha_part(ruleset: Any, root_node: Any) -> dict[Any, Any]:
        """Make the node of every pattern; equal patterns share one."""
        terminals: dict[Any, Any] = {}
        for rule in {*ruleset, ExpertaRule(InitialFact())}:
            for pattern in extract_facts(rule):
                if pattern not in terminals:
                    node = _PatternNode(pattern)
                    root_node.add_child(node, node.activate)
                    root_node.patterns.setdefault(type(pattern), []).append(node)
                    terminals[pattern] = node
        return terminals


class _Engine(KnowledgeEngine):  # type: ignore[misc]
    """An Experta engine that fires one stratum at a time and records each firing."""

    __strategy__ = _TotalOrder
    __matcher__ = _Rete
    matches: list[Match]

    def clear(self) -> None:
        """Forget all facts and whatever an interrupted run left behind."""
        self.reset()
        self.facts.changes  # noqa: B018  (reading drains it)
        self.get_activations()
        self.reset()
        self.matches = []

    def fire(self, stratum: int) -> list[Match]:
        """Fire every activation of a stratum, in order."""
        self.matches = []
        self.running = True
        try:
            while self.agenda.activations and self.agenda.activations[-1].key[0] == stratum:
                activation = self.agenda.get_next()
                self.agenda.by_key.pop(activation.key)
                activation.rule(self, **activation.context)
        finally:
            self.running = False
        return self.matches


class Network:
    """A program compiled to Experta; build it once, then run any number of cases through it.

    Args:
        program: The stratified rules.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._facts: dict[str, type[Any]] = {}
        self._asked: dict[str, set[tuple[tuple[str, frozenset[str] | None, bool], ...]]] = {}
        self._read: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        members: dict[str, Any] = {}
        for place, rule in enumerate(program.rules.values()):
            members[f"rule_{place:04}"] = self._rule(rule, program.strata.fires[rule.id])
        self._engine = type("FoedusEngine", (_Engine,), members)()

    def _class(self, table: str) -> type[Any]:
        if table not in self._facts:
            self._facts[table] = type(f"T_{table}", (Fact,), {})
        return self._facts[table]

    def _pattern(self, pattern: Pattern, negated: bool, unknown: tuple[str, ...] = ()) -> Any:
        table = self.program.book.tables[pattern.table]
        fields = {c.field: _field(c, c.field in table.keys, negated) for c in pattern.constraints}
        fields.update({field: P(_one_of((UNKNOWN,))) for field in unknown})
        asked = tuple(
            (
                c.field,
                None if c.allowed is None else frozenset(c.allowed),
                c.field in table.keys or negated or c.stated is not None,
            )
            for c in pattern.constraints
        )
        self._asked.setdefault(pattern.table, set()).add(asked)
        return self._class(pattern.table)(**{name: field for name, field in fields.items() if field is not None})

    def _denials(self, pattern: Pattern) -> list[Any]:
        """The patterns of which none may match: a value that is compared with a bound one may also be unknown."""
        table = self.program.book.tables[pattern.table]
        bound = [c.field for c in pattern.constraints if c.variable is not None and c.field in table.attributes]
        choices = [unknown for size in range(len(bound) + 1) for unknown in combinations(bound, size)]
        return [NOT(self._pattern(pattern, True, unknown)) for unknown in choices]

    def _rule(self, rule: Rule, stratum: int) -> Any:
        conditions: list[Any] = []
        for place, premise in enumerate(rule.premises):
            if isinstance(premise, Holds):
                conditions.append(f"{_CAPTURE}{place:02}" << self._pattern(premise.pattern, False))
            elif isinstance(premise, Absent):
                conditions += self._denials(premise.pattern)
            elif isinstance(premise, Differ):
                conditions.append(TEST(_Test(premise.left, premise.right, _differ)))
            elif isinstance(premise, Compare):
                conditions.append(TEST(_Test(premise.left, premise.right, premise.true_of)))
        variables = rule.variables

        def record(engine: _Engine, **context: Any) -> None:
            engine.matches.append(
                Match(
                    rule.id,
                    tuple((name, context[_VARIABLE + name]) for name in variables),
                    tuple(
                        sorted(
                            (int(name[1:]), fact[ROW]) for name, fact in context.items() if name.startswith(_CAPTURE)
                        )
                    ),
                )
            )

        record.foedus_rule = rule  # type: ignore[attr-defined]
        record.foedus_stratum = stratum  # type: ignore[attr-defined]
        return ExpertaRule(*conditions)(record)

    def can_match(self, row: Row) -> bool:
        """Whether a row meets what at least one pattern asks of it alone; no other can matter."""
        for asked in self._asked.get(row.table, ()):
            for field, allowed, unknown_may in asked:
                value = row.fields[field]
                if value == UNKNOWN and not unknown_may:
                    break
                if allowed is not None and value not in allowed and not (value == UNKNOWN and unknown_may):
                    break
            else:
                return True
        return False

    def fact(self, row: Row) -> Any:
        """A row as an Experta fact, with the fields that some pattern reads."""
        read = self._read.get(row.table)
        if read is None:
            read = sorted({field for asked in self._asked[row.table] for field, _, _ in asked})
            self._read[row.table] = read
        return self._facts[row.table](**{field: row.fields[field] for field in read}, ROW=row.id)

    def session(self) -> Session:
        """Begin a run; only one at a time uses a network."""
        self._lock.acquire()
        self._engine.clear()
        return Session(self)


def _differ(left: str, right: str) -> bool:
    return left != right


class Session:
    """One run through a network; close it, or use it in a ``with`` block."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._engine = network._engine
        self._declared: set[str] = set()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._network._lock.release()

    def declare(self, rows: Iterable[Row]) -> None:
        """Put rows into Experta's working memory; tables that no rule reads are left out."""
        facts = [
            self._network.fact(row) for row in rows if row.id not in self._declared and self._network.can_match(row)
        ]
        self._declared.update(fact[ROW] for fact in facts)
        if facts:
            self._engine.declare(*facts)

    def fire(self, stratum: int) -> list[Match]:
        """Fire the activations of a stratum, in the order of rule and matched rows."""
        matches: list[Match] = self._engine.fire(stratum)
        return matches

    def fire_all(self) -> list[Match]:
        """Fire every activation that stands, whatever its stratum: for examples of single rules."""
        return [
            match for stratum in range(1, self._network.program.strata.last + 1) for match in self._engine.fire(stratum)
        ]


_networks: dict[tuple[str, str], Network] = {}
_networks_lock = threading.Lock()


def network_of(program: Program) -> Network:
    """The network of a program, built at the first call for a rule book's hash and theory."""
    key = (program.book.hash, program.theory)
    with _networks_lock:
        if key not in _networks:
            _networks[key] = Network(program)
        return _networks[key]
