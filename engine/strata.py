"""In which order rules may be settled: strata, computed from what rules read and conclude.

A rule reads tables; a table is ready when every rule that concludes it is settled; a rule is
settled when it, whatever defeats it and whatever weighs it have fired. Each rule's stratum is one
above everything it reads, so that a rule never reads its own stratum and negates only what is
complete: conclusions cannot depend on the order of firing (Apt, Blair and Walker 1988).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from foedus.terms import Absent, Cap, Conclude, Holds, Question, Rule, Table, Vote, Weigh

EVIDENCE = "evidence"
"""The table of undefeated votes, which rules may read."""
POSTURE = "posture"
"""The table of recommendations."""


class NotStratified(Exception):
    """The rules read each other in a circle; ``cycle`` names the circle."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        self.cycle = cycle
        super().__init__(" -> ".join(cycle))


MAX_CHAIN = 100
"""Most rules in a row that read, or defeat, each other."""


class TooDeep(Exception):
    """The rules read each other in too long a chain; ``rule`` is one of them."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True, slots=True)
class Strata:
    """The order of settling.

    Attributes:
        fires: The stratum in which each rule fires, counted from 1.
        settles: The stratum at whose end each rule's conclusions stand.
        resolves: The stratum at whose end each question is answered.
        ready: The stratum at whose end each table is complete; 0 for what a case states.
        last: The highest stratum.
    """

    fires: Mapping[str, int]
    settles: Mapping[str, int]
    resolves: Mapping[str, int]
    ready: Mapping[str, int]
    last: int


def evidence_read(rule: Rule, rules: Iterable[Rule]) -> list[str]:
    """The rules whose undefeated votes a rule reads: by row, by group, or all."""
    found: list[str] = []
    for premise in rule.premises:
        if not isinstance(premise, Holds | Absent) or premise.pattern.table != EVIDENCE:
            continue
        asked = {c.field: c.allowed for c in premise.pattern.constraints if c.allowed is not None}
        for other in rules:
            for vote in other.conclusions:
                if not isinstance(vote, Vote):
                    continue
                if "row" in asked and other.row not in (asked["row"] or ()):
                    continue
                if "group" in asked and vote.group not in (asked["group"] or ()):
                    continue
                if "question" in asked and vote.question not in (asked["question"] or ()):
                    continue
                found.append(other.id)
    return sorted(set(found))


class _Order:
    """Depth-first computation of the strata, with the path kept to name a cycle."""

    def __init__(
        self, rules: Mapping[str, Rule], questions: Mapping[str, Question], tables: Mapping[str, Table]
    ) -> None:
        self.rules, self.questions, self.tables = rules, questions, tables
        self.done: dict[str, int] = {}
        self.path: list[str] = []
        self.makers: dict[str, list[str]] = {}
        self.voters: dict[str, list[str]] = {}
        self.weighers: dict[str, list[str]] = {}
        for rule in rules.values():
            for conclusion in rule.conclusions:
                if isinstance(conclusion, Conclude):
                    self.makers.setdefault(conclusion.table, []).append(rule.id)
                elif isinstance(conclusion, Vote | Cap):
                    self.voters.setdefault(conclusion.question, []).append(rule.id)
                elif isinstance(conclusion, Weigh):
                    for target in conclusion.rules:
                        self.weighers.setdefault(target, []).append(rule.id)

    def level(self, node: str) -> int:
        if node in self.done:
            return self.done[node]
        if node in self.path:
            cycle = [part.partition(":")[2] for part in (*self.path[self.path.index(node) :], node)]
            named = [part for place, part in enumerate(cycle) if place == 0 or part != cycle[place - 1]]
            raise NotStratified(tuple(named if len(named) > 1 else [*named, *named]))
        self.path.append(node)
        kind, _, name = node.partition(":")
        if kind == "fires" and sum(part.startswith("fires:") for part in self.path) > MAX_CHAIN:
            raise TooDeep(name)
        result: int = getattr(self, f"_{kind}")(name)
        self.path.pop()
        self.done[node] = result
        return result

    def _fires(self, name: str) -> int:
        rule = self.rules[name]
        below = [0]
        for premise in rule.premises:
            if isinstance(premise, Holds | Absent) and premise.pattern.table != EVIDENCE:
                below.append(self.level(f"table:{premise.pattern.table}"))
        below += [self.level(f"settles:{other}") for other in evidence_read(rule, self.rules.values())]
        return 1 + max(below)

    def _settles(self, name: str) -> int:
        parts = [self.level(f"fires:{name}")]
        parts += [self.level(f"settles:{d.rule}") for d in self.rules[name].defeated_by if d.rule in self.rules]
        parts += [self.level(f"settles:{weigher}") for weigher in self.weighers.get(name, [])]
        return max(parts)

    def _resolves(self, name: str) -> int:
        question = self.questions[name]
        parts = [0] + [self.level(f"settles:{voter}") for voter in self.voters.get(name, [])]
        for table in (question.about, question.counts, question.excluded_by):
            if table is not None:
                parts.append(self.level(f"table:{table}"))
        return max(parts)

    def _table(self, name: str) -> int:
        if name in self.questions:
            return self.level(f"resolves:{name}")
        if name == POSTURE:
            return max(
                (self.level(f"resolves:{q.name}") for q in self.questions.values() if q.kind == "contest"), default=0
            )
        table = self.tables[name]
        parts = [0] + [self.level(f"settles:{maker}") for maker in self.makers.get(name, [])]
        parts += [self.level(f"table:{part.partition('.')[0]}") for part in table.first_known]
        return max(parts)


def stratify(rules: Mapping[str, Rule], questions: Mapping[str, Question], tables: Mapping[str, Table]) -> Strata:
    """Compute the strata of a set of rules.

    Raises:
        NotStratified: Something is read, however indirectly, by what concludes it.
    """
    order = _Order(rules, questions, tables)
    fires = {name: order.level(f"fires:{name}") for name in sorted(rules)}
    settles = {name: order.level(f"settles:{name}") for name in sorted(rules)}
    resolves = {name: order.level(f"resolves:{name}") for name in sorted(questions)}
    ready = {name: order.level(f"table:{name}") for name in sorted(tables)}
    last = max([0, *settles.values(), *resolves.values()])
    return Strata(fires, settles, resolves, ready, last)


def depth(question: Question, questions: Mapping[str, Question]) -> int:
    """How many questions stand between a question and the facts, itself counted."""
    tables = (question.about, question.counts)
    below = [questions[table] for table in tables if table is not None and table in questions]
    return 1 + max((depth(other, questions) for other in below), default=0)


def in_order_of_defeat(names: Iterable[str], rules: Mapping[str, Rule]) -> list[str]:
    """Rules so ordered that what defeats or weighs comes before what it defeats or weighs.

    Args:
        names: Rules that are settled together.
        rules: All rules, by id.
    """
    inside = set(names)
    done: dict[str, None] = {}
    weighers: dict[str, list[str]] = {}
    for name in sorted(inside):
        for conclusion in rules[name].conclusions:
            if isinstance(conclusion, Weigh):
                for target in conclusion.rules:
                    weighers.setdefault(target, []).append(name)

    def visit(name: str) -> None:
        if name in done or name not in inside:
            return
        for defeat in rules[name].defeated_by:
            visit(defeat.rule)
        for weigher in weighers.get(name, []):
            visit(weigher)
        done.setdefault(name)

    for name in sorted(inside):
        visit(name)
    return list(done)


def bearing(rules: Mapping[str, Rule], questions: Mapping[str, Question], declared: Mapping[str, Table]) -> list[Rule]:
    """The rules on which the contests rest, directly or through what they read.

    Args:
        rules: Of a program, by id.
        questions: Of the same program, by name.
        declared: All tables, by name.
    """
    wanted: set[str] = set()
    tables: set[str] = set()
    asked = [question.name for question in questions.values() if question.kind == "contest"]
    changed = True
    while changed:
        before = (len(wanted), len(tables), len(asked))
        for rule in rules.values():
            for conclusion in rule.conclusions:
                useful = (
                    (isinstance(conclusion, Vote | Cap) and conclusion.question in asked)
                    or (isinstance(conclusion, Conclude) and conclusion.table in tables)
                    or (isinstance(conclusion, Weigh) and wanted & set(conclusion.rules))
                )
                if useful:
                    wanted.add(rule.id)
        for name in sorted(wanted):
            rule = rules[name]
            wanted.update(defeat.rule for defeat in rule.defeated_by if defeat.rule in rules)
            wanted.update(evidence_read(rule, rules.values()))
            for premise in rule.premises:
                if isinstance(premise, Holds | Absent) and premise.pattern.table != EVIDENCE:
                    tables.add(premise.pattern.table)
        for name in sorted(tables & set(questions)):
            if name not in asked:
                asked.append(name)
        for name in asked:
            question = questions[name]
            tables.update(table for table in (question.about, question.counts, question.excluded_by) if table)
        for name in sorted(tables):
            tables.update(part.partition(".")[0] for part in declared[name].first_known)
        changed = before != (len(wanted), len(tables), len(asked))
    return [rules[name] for name in sorted(wanted)]
