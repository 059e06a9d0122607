"""A plain reference evaluator of rule books, and the small books and crises that it is tried on.

Written from the design and :mod:`foedus.terms` alone: nested loops over rows, no network, no strata.
It shares nothing with the engine but the terms of a rule, the rows of a case and the texts of a book.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml
from foedus.assembly import assemble
from foedus.book import Program, RuleBook
from foedus.case import Case
from foedus.casereader import read_case
from foedus.documents import Document, parse
from foedus.inference import infer
from foedus.library import shipped_book, shipped_documents
from foedus.memory import Memory
from foedus.problems import InputError
from foedus.record import Record
from foedus.terms import (
    Absent,
    Attribute,
    Cap,
    Compare,
    Conclude,
    Differ,
    Holds,
    Pattern,
    Premise,
    Question,
    Rule,
    Vote,
    Weigh,
)

Fields = dict[str, str]
Bindings = dict[str, str]
Identity = tuple[str, tuple[tuple[str, str], ...]]
"""A firing: its rule and its bindings, in the order of the variables' names."""


@dataclass
class Fired:
    """A rule that fired, with the rows that met each premise and what defeats it."""

    rule: Rule
    bindings: Bindings
    premises: list[set[str]]
    defeated_by: set[Identity] = field(default_factory=set)

    @property
    def identity(self) -> Identity:
        return (self.rule.id, tuple(sorted(self.bindings.items())))


@dataclass
class Ballot:
    """One vote of one firing."""

    firing: Fired
    place: int
    question: str
    answer: str | None
    of: str
    toward: str
    sign: int
    group: str
    word: str
    points: int = 0


@dataclass
class Outcome:
    """Everything that the evaluator concludes, in comparable form."""

    firings: dict[Identity, tuple[tuple[frozenset[str], ...], frozenset[Identity]]] = field(default_factory=dict)
    ballots: list[tuple[Any, ...]] = field(default_factory=list)
    grades: dict[tuple[str, str, str], tuple[Any, ...]] = field(default_factory=dict)
    contests: dict[tuple[str, str, str], tuple[Any, ...]] = field(default_factory=dict)
    postures: list[tuple[str, str, str, str]] = field(default_factory=list)
    census: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    rows: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


class Oracle:
    """Evaluates one case by a program, in any order that the rules' own needs allow."""

    def __init__(self, program: Program, case: Case) -> None:
        self.program, self.case = program, case
        self.tables = program.book.tables
        self.rules = dict(program.rules)
        self.questions = dict(program.questions)
        self.rows: dict[str, dict[tuple[str, ...], Fields]] = {name: {} for name in self.tables}
        for name, held in case.memory.rows.items():
            for key, row in held.items():
                self.rows[name][key] = dict(row.fields)
        self.fired: dict[str, list[Fired]] = {}
        self.settled: set[str] = set()
        self.answered: set[str] = set()
        self.filled: set[str] = set()
        self.ballots: dict[str, list[Ballot]] = {name: [] for name in self.questions}
        self.moves: list[tuple[str, str, str, str, str | None, str | None]] = []
        self.caps: list[tuple[str, str, str, str]] = []
        self.result = Outcome()

    # ---- what has to come first -------------------------------------------------------------

    def evaluate(self) -> Outcome:
        steps = [self.fire_any, self.settle_any, self.answer_any, self.fill_any]
        while sum(step() for step in steps):
            pass
        assert set(self.fired) == set(self.rules), "some rule never became ready"
        assert self.settled == set(self.rules)
        assert self.answered == set(self.questions)
        for name, firings in self.fired.items():
            for firing in firings:
                assert name == firing.rule.id
                met = tuple(frozenset(rows) for rows in firing.premises)
                self.result.firings[firing.identity] = (met, frozenset(firing.defeated_by))
        for name, held in self.rows.items():
            for key, fields in held.items():
                self.result.rows[f"{name}({', '.join(key)})"] = tuple(sorted(fields.items()))
        self.result.ballots.sort(key=repr)
        self.result.postures.sort()
        return self.result

    def complete(self, table: str) -> bool:
        declared = self.tables[table]
        if table in self.questions:
            return table in self.answered
        if table == "posture" or declared.first_known:
            return table in self.filled
        return all(
            rule.id in self.settled
            for rule in self.rules.values()
            for conclusion in rule.conclusions
            if isinstance(conclusion, Conclude) and conclusion.table == table
        )

    def evidence_complete(self, pattern: Pattern) -> bool:
        """Whether every rule whose votes could match is settled."""
        wanted = {c.field: c.allowed for c in pattern.constraints if c.allowed is not None}
        for rule in self.rules.values():
            for vote in rule.conclusions:
                if isinstance(vote, Vote) and rule.id not in self.settled:
                    given = {"row": rule.row, "question": vote.question, "group": vote.group}
                    if all(value in (wanted.get(name) or (value,)) for name, value in given.items()):
                        return False
        return True

    def ready(self, rule: Rule) -> bool:
        patterns = [p.pattern for p in rule.premises if isinstance(p, Holds | Absent)]
        return all(self.evidence_complete(p) if p.table == "evidence" else self.complete(p.table) for p in patterns)

    def fire_any(self) -> bool:
        ready = [rule for rule in self.rules.values() if rule.id not in self.fired and self.ready(rule)]
        for rule in ready:
            firings: dict[Identity, Fired] = {}
            for bindings, met in self.solve(rule.premises, {}, ()):
                new = Fired(rule, bindings, [set() for _ in rule.premises])
                firing = firings.setdefault(new.identity, new)
                for place, row in met:
                    firing.premises[place].add(row)
            self.fired[rule.id] = list(firings.values())
        return bool(ready)

    # ---- premises ---------------------------------------------------------------------------

    def solve(
        self, premises: Sequence[Premise], bindings: Bindings, met: tuple[tuple[int, str], ...], place: int = 0
    ) -> Iterator[tuple[Bindings, tuple[tuple[int, str], ...]]]:
        if place == len(premises):
            yield bindings, met
            return
        premise = premises[place]
        if isinstance(premise, Holds):
            table = premise.pattern.table
            for key, fields in list(self.rows[table].items()):
                extended = self.match(premise.pattern, fields, bindings, unknown_may=False)
                if extended is not None:
                    here = (place, f"{table}({', '.join(key)})")
                    yield from self.solve(premises, extended, (*met, here), place + 1)
            return
        if isinstance(premise, Absent):
            rows = self.rows[premise.pattern.table].values()
            holds = all(self.match(premise.pattern, fields, bindings, unknown_may=True) is None for fields in rows)
        elif isinstance(premise, Differ):
            holds = bindings[premise.left] != bindings[premise.right]
        else:
            holds = stands(premise, bindings[premise.left], bindings[premise.right])
        if holds:
            yield from self.solve(premises, bindings, met, place + 1)

    def match(self, pattern: Pattern, fields: Fields, bindings: Bindings, *, unknown_may: bool) -> Bindings | None:
        """The bindings after matching a row; a fact that is not known matches only if it may."""
        extended = dict(bindings)
        for constraint in pattern.constraints:
            value = fields[constraint.field]
            if constraint.stated is not None:
                if (value != "unknown") is not constraint.stated:
                    return None
                continue
            if value == "unknown" and constraint.field in self.tables[pattern.table].attributes:
                if not unknown_may:
                    return None
                continue
            if constraint.allowed is not None and value not in constraint.allowed:
                return None
            if constraint.variable is not None and extended.setdefault(constraint.variable, value) != value:
                return None
        return extended

    # ---- settling ---------------------------------------------------------------------------

    def settle_any(self) -> bool:
        moved = False
        for rule in self.rules.values():
            if rule.id in self.settled or rule.id not in self.fired:
                continue
            first = {d.rule for d in rule.defeated_by if d.rule in self.rules}
            first |= {
                r.id for r in self.rules.values() for c in r.conclusions if isinstance(c, Weigh) and rule.id in c.rules
            }
            if first <= self.settled:
                self.settle(rule)
                self.settled.add(rule.id)
                moved = True
        return moved

    def settle(self, rule: Rule) -> None:
        for firing in self.fired[rule.id]:
            for defeat in rule.defeated_by:
                for other in self.fired.get(defeat.rule, []):
                    shared = [(name, name) for name in firing.bindings if name in other.bindings]
                    same = defeat.same or shared
                    if not other.defeated_by and all(firing.bindings[a] == other.bindings[b] for a, b in same):
                        firing.defeated_by.add(other.identity)
            for place, conclusion in enumerate(rule.conclusions):
                if isinstance(conclusion, Vote):
                    self.vote(firing, place, conclusion)
                elif firing.defeated_by:
                    continue
                elif isinstance(conclusion, Conclude):
                    self.state(conclusion.table, {n: t.value(firing.bindings) for n, t in conclusion.fields.items()})
                else:
                    of, toward = conclusion.of.value(firing.bindings), conclusion.toward.value(firing.bindings)
                    if isinstance(conclusion, Cap):
                        self.caps.append((conclusion.question, of, toward, conclusion.highest))
                    else:
                        for target in conclusion.rules:
                            self.moves.append((target, of, toward, rule.row, conclusion.step, conclusion.highest))

    def state(self, table: str, fields: Fields) -> None:
        key = tuple(fields[name] for name in self.tables[table].keys)
        self.rows[table].setdefault(key, fields)

    def vote(self, firing: Fired, place: int, vote: Vote) -> None:
        of, toward = vote.of.value(firing.bindings), vote.toward.value(firing.bindings)
        question = self.questions[vote.question]
        answer = vote.answer.value(firing.bindings) if vote.answer is not None else None
        word = vote.strength.word or vote.strength.steps[firing.bindings[vote.strength.of or ""]]
        word = self.weighed(firing.rule.id, question, word, of, toward)
        self.ballots[question.name].append(
            Ballot(firing, place, question.name, answer, of, toward, vote.sign, vote.group, word)
        )
        if not firing.defeated_by and word != "nothing":
            sign = "for" if vote.sign == 1 else "against"
            row = {"row": firing.rule.row, "question": question.name, "answer": answer or "none", "of": of}
            self.state("evidence", {**row, "toward": toward, "sign": sign, "group": vote.group})

    def weighed(self, rule: str, question: Question, word: str, of: str, toward: str) -> str:
        """One step for each row of the theory and direction, then the lowest of the highest words."""
        moves = [m for m in self.moves if m[:3] == (rule, of, toward)]
        scale = ["nothing", *question.words]
        ups = len({row for _, _, _, row, step, _ in moves if step == "up"})
        downs = len({row for _, _, _, row, step, _ in moves if step == "down"})
        limits = [scale.index(highest) for *_, highest in moves if highest is not None]
        place = max(0, min(len(scale) - 1, scale.index(word) + ups - downs))
        return scale[min([place, *limits])]

    # ---- answers ----------------------------------------------------------------------------

    def answer_any(self) -> bool:
        moved = False
        for question in self.questions.values():
            speakers = {
                rule.id
                for rule in self.rules.values()
                for c in rule.conclusions
                if isinstance(c, Vote | Cap) and c.question == question.name
            }
            about = [t for t in (question.about, question.counts, question.excluded_by) if t is not None]
            if question.name in self.answered or not speakers <= self.settled or not all(map(self.complete, about)):
                continue
            if question.kind == "census":
                self.count_answers(question)
            else:
                self.count_ballots(question)
                getattr(self, f"answer_{question.kind}")(question)
            self.answered.add(question.name)
            moved = True
        return moved

    def counted(self, question: Question, ballots: Sequence[Ballot]) -> list[Ballot]:
        """The ballots that count: the strongest undefeated one of each group, unless a stronger one fell."""
        scale = ["nothing", *question.words]
        chosen: list[Ballot] = []
        seen = {(b.answer, b.of, b.toward, b.sign, b.group) for b in ballots}
        for identity in sorted(seen, key=repr):
            members = [b for b in ballots if (b.answer, b.of, b.toward, b.sign, b.group) == identity]
            alive = [b for b in members if not b.firing.defeated_by and b.word != "nothing"]
            fallen = [b for b in members if b.firing.defeated_by and not b.firing.rule.weaker_may_stand]
            if not alive:
                continue
            best = max(scale.index(b.word) for b in alive)
            if any(scale.index(b.word) > best for b in fallen):
                continue
            tops = [b for b in alive if scale.index(b.word) == best]
            chosen.append(min(tops, key=lambda b: (b.firing.rule.id, shown(b.firing))))
        return chosen

    def count_ballots(self, question: Question) -> None:
        ballots = self.ballots[question.name]
        for ballot in self.counted(question, ballots):
            ballot.points = ballot.sign * question.points[question.words.index(ballot.word)]
        if question.kind == "graded":
            self.show(ballots)

    def show(self, ballots: Iterable[Ballot]) -> None:
        """Put ballots that an answer rests on into the outcome, each once."""
        for b in ballots:
            entry = (b.firing.identity, b.question, b.answer, b.of, b.toward, b.sign, b.group, b.word, b.points)
            if entry not in self.result.ballots:
                self.result.ballots.append(entry)

    def answer_graded(self, question: Question) -> None:
        pairs = {(b.of, b.toward) for b in self.ballots[question.name]}
        known: dict[tuple[str, str], bool] = {}
        for source in question.sources:
            table, _, name = source.partition(".")
            for key, fields in self.rows[table].items():
                pairs.add((key[0], key[1]))
                known[key[0], key[1]] = known.get((key[0], key[1]), True) and fields[name] != "unknown"
        names = [g.name for g in question.grades]
        graded: dict[tuple[str, str], tuple[int, int, str, int]] = {}
        for of, toward in pairs:
            total = sum(b.points for b in self.ballots[question.name] if (b.of, b.toward) == (of, toward))
            reached = [place for place, g in enumerate(question.grades) if total >= g.least]
            place = max(reached, default=0)
            limits = [names.index(c[3]) for c in self.caps if c[:3] == (question.name, of, toward)]
            final = min([place, *limits])
            significant = "unknown"
            if question.significant_from is not None:
                floor = names.index(question.significant_from)
                if final >= floor:
                    significant = "yes"
                elif known.get((of, toward), True) or any(limit < floor for limit in limits):
                    significant = "no"
            # a limited grade ranks with the most points that still have it
            roof = question.grades[final + 1].least - 1 if final + 1 < len(question.grades) else total
            graded[of, toward] = (final, total, significant, min(total, roof))
        left_out = {(row["of"], row["toward"]) for row in self.rows.get(question.excluded_by or "", {}).values()}
        for (of, toward), (final, total, significant, ranked) in graded.items():
            rivals = [graded[pair][3] for pair in graded if pair[0] == of and pair not in left_out]
            first = (of, toward) not in left_out and ranked == max(rivals)
            standing = "highest" if first else "lower"
            self.result.grades[question.name, of, toward] = (total, names[final], standing, significant)
            row = {"of": of, "toward": toward, "grade": names[final], "standing": standing, "significant": significant}
            self.state(question.name, row)

    def answer_contest(self, question: Question) -> None:
        ballots = self.ballots[question.name]
        sides = {side for war in self.case.wars.values() for side in war}
        subjects = [
            (row["of"], row["toward"])
            for row in self.rows[question.about or ""].values()
            if question.about_answer is None or row["answer"] == question.about_answer
        ]
        to_join = sorted({(b.of, b.toward) for b in ballots if b.toward in sides})
        if question.about not in self.questions:
            without = {of for of, _ in to_join} - {of for of, _ in subjects}
            subjects += [next(pair for pair in to_join if pair[0] == of) for of in sorted(without)]
        for of, about in subjects:
            self.decide(question, of, about, [side for state, side in to_join if state == of])

    def decide(self, question: Question, of: str, about: str, joinable: Sequence[str]) -> None:
        ballots = [b for b in self.ballots[question.name] if b.of == of]
        specific = self.counted(question, [b for b in self.ballots[question.name] if not b.firing.rule.default])
        options = [] if about in joinable else [(answer, about) for answer in question.answers]
        options += sorted({(b.answer or "", b.toward) for b in ballots if b.toward in joinable})

        def mine(option: tuple[str, str], source: Iterable[Ballot]) -> list[Ballot]:
            return [b for b in source if (b.of, b.answer, b.toward) == (of, *option)]

        def weight(ballot: Ballot) -> int:
            return ballot.sign * question.points[question.words.index(ballot.word)]

        totals = {option: sum(b.points for b in mine(option, ballots)) for option in options}
        bare = {option: sum(weight(b) for b in mine(option, specific)) for option in options}
        if about in joinable and max(totals.values()) <= 0:
            return
        for option in options:
            self.show(mine(option, ballots))
        answer, toward, margin, tied, by_default, by_silence = "tie", about, 0, (), False, False
        leaders = [option for option in options if totals[option] == max(totals.values())]
        level = [option for option in options if bare[option] == max(bare.values())]
        favoured = [
            option
            for option in level
            if any(b.firing.rule.default and b.sign == 1 and not b.firing.defeated_by for b in mine(option, ballots))
        ]
        if question.when_silent is not None and not any(b.points for option in options for b in mine(option, ballots)):
            answer, by_silence = question.when_silent, True
        else:
            if len(level) > 1 and len(favoured) == 1 and favoured[0] in leaders:
                leaders, by_default = favoured, True
            if len(leaders) == 1:
                answer, toward = leaders[0]
                others = [total for option, total in totals.items() if option != leaders[0]]
                margin = totals[leaders[0]] - max(others, default=0)
            else:
                tied = tuple(sorted(leaders))
        self.result.contests[question.name, of, about] = (
            answer,
            toward,
            margin,
            tied,
            by_default,
            by_silence,
            tuple(sorted(totals.items())),
            tuple(sorted(bare.items())),
        )
        self.state(question.name, {"of": of, "toward": toward, "answer": answer})

    # ---- what follows from the answers ------------------------------------------------------

    def fill_any(self) -> bool:
        moved = False
        for name, table in self.tables.items():
            if name in self.filled:
                continue
            if name == "posture" and all(
                q.name in self.answered for q in self.questions.values() if q.kind == "contest"
            ):
                self.recommend()
            elif table.first_known and all(self.complete(part.partition(".")[0]) for part in table.first_known):
                self.first_known(name)
            else:
                continue
            self.filled.add(name)
            moved = True
        return moved

    def first_known(self, name: str) -> None:
        ((key, attribute),) = [
            (key, attribute) for key in self.tables[name].keys for attribute in self.tables[name].attributes
        ]
        subjects = {k[0] for part in self.tables[name].first_known for k in self.rows[part.partition(".")[0]]}
        for subject in sorted(subjects):
            for part in self.tables[name].first_known:
                source, _, attr = part.partition(".")
                value = self.rows[source].get((subject,), {}).get(attr, "unknown")
                if value != "unknown":
                    self.state(name, {key: subject, attribute: value})
                    break

    def recommend(self) -> None:
        for (question, of, about), found in self.result.contests.items():
            if question != "alignment":
                continue
            answer, toward = found[0], found[1]
            effort = self.result.contests.get(("effort", of, about)) if toward == about else None
            facts = self.rows["state"].get((of,), {})
            posture, label = "tie", " or ".join(sorted({kind for kind, _ in found[3]}))
            if answer != "tie":
                if effort is None:
                    given = {self.questions["effort"].when_silent if "effort" in self.questions else None}
                else:
                    given = {kind for kind, _ in effort[3]} if effort[0] == "tie" else {effort[0]}
                named: set[tuple[str, str]] = set()
                for kind in given:
                    most = -1
                    for entry in self.program.book.recommendations:
                        fits = entry.alignment == answer and (entry.effort is None or entry.effort == kind)
                        fits = fits and all(facts.get(name) == value for name, value in entry.where.items())
                        if fits and len(entry.where) > most:
                            most = len(entry.where)
                            best = (entry.posture, entry.label or entry.posture.replace("_", "-"))
                    if most >= 0:
                        named.add(best)
                label = " or ".join(sorted(name for _, name in named)) or "tie"
                if len({name for name, _ in named}) == 1:
                    posture = min(named)[0]
            self.result.postures.append((of, about, posture, label))
            self.state("posture", {"of": of, "toward": toward, "posture": posture})

    def count_answers(self, question: Question) -> None:
        given: dict[str, set[str]] = {}
        for (name, of, about), found in self.result.contests.items():
            if name == question.counts and about in self.case.states:
                given.setdefault(of, set()).add(found[0])
        rivals = self.questions[question.counts or ""].answers
        counts = dict.fromkeys((*rivals, "divided", "tie"), 0)
        for answers in given.values():
            counts[answers.pop() if len(answers) == 1 else "divided"] += 1
        most = max(counts[kind] for kind in rivals)
        leading = [kind for kind in rivals if counts[kind] == most]
        prevalent = None if most == 0 else leading[0] if len(leading) == 1 else "even"
        self.result.census[question.name] = (prevalent, tuple(sorted(counts.items())))
        if prevalent is not None:
            self.state(question.name, {"outlook": "system", "prevalent": prevalent})


def stands(compare: Compare, left: str, right: str) -> bool:
    """Whether a comparison holds, by walking the scale."""
    if left == right:
        return compare.relation in ("same", "at_least", "at_most")
    first = next(value for value in compare.values if value in (left, right))
    return compare.relation in (("below", "at_most", "other") if first == left else ("above", "at_least", "other"))


def shown(firing: Fired) -> str:
    """The identity of a firing as the engine writes it."""
    return f"{firing.rule.id}[{', '.join(f'{name}={value}' for name, value in firing.bindings.items())}]"


def evaluate(program: Program, case: Case) -> Outcome:
    """Everything that a program concludes from a case."""
    return Oracle(program, case).evaluate()


def outcome_of(record: Record) -> Outcome:
    """The engine's record in the same form."""
    names = {f.id: (f.rule, tuple(sorted(f.bindings.items()))) for f in record.firings.values()}
    outcome = Outcome()
    for firing in record.firings.values():
        met = tuple(frozenset(rows) for rows in firing.premises)
        outcome.firings[names[firing.id]] = (met, frozenset(names[other] for other in firing.defeated_by))
    votes = [v for g in record.grades.values() for v in g.votes]
    votes += [v for c in record.contests.values() for option in c.alternatives for v in option.votes]
    entries = {
        (names[v.firing], v.question, v.answer, v.of, v.toward, v.sign, v.group, v.word, v.points) for v in votes
    }
    outcome.ballots = sorted(entries, key=repr)
    for key, grade in record.grades.items():
        outcome.grades[key] = (grade.total, grade.grade, grade.standing, grade.significant)
    for key, c in record.contests.items():
        totals = tuple(sorted(((a.answer, a.toward), a.total) for a in c.alternatives))
        bare = tuple(sorted(((a.answer, a.toward), a.specific) for a in c.alternatives))
        outcome.contests[key] = (c.answer, c.toward, c.margin, c.tied, c.by_default, c.by_silence, totals, bare)
    outcome.postures = sorted((p.of, p.about, p.posture, p.label) for p in record.postures)
    for name, census in record.census.items():
        outcome.census[name] = (census.prevalent, tuple(sorted(census.counts.items())))
    for row in record.memory.every():
        outcome.rows[row.id] = tuple(sorted(row.fields.items()))
    return outcome


# ---- a record as text ------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """Any part of a record as data that JSON can hold; mappings keep their order, places in files are left out."""
    if isinstance(value, Record):
        parts = {
            f.name: plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.name not in ("case", "program", "memory")
        }
        rows = [[row.id, sorted(row.fields.items())] for row in value.memory.every()]
        return {**parts, "rows": rows, "case": plain(value.case), "book": value.program.book.hash}
    if isinstance(value, Case):
        facts = [[fact.path, fact.value, fact.origin, fact.via] for fact in value.facts.values()]
        return [value.title, list(value.states), dict(value.names), list(value.focus), facts]
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if hasattr(value, "items"):
        return [[plain(key), plain(entry)] for key, entry in value.items()]
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    assert value is None or isinstance(value, str | int | bool), value
    return value


def dump(record: Record) -> str:
    """A record as canonical text: everything in it, in its own order."""
    return json.dumps(plain(record), separators=(",", ":"), ensure_ascii=False)


def dump_of(path: str, text: str | None = None) -> str:
    """What the shipped book concludes from a case file, or from a text under its name."""
    name = Path(path).stem
    document = parse(Path(path).read_text("utf-8") if text is None else text, name)
    return dump(infer(read_case(document, shipped_book(), name=name), shipped_book().program()))


# ---- small rule books and crises ------------------------------------------------------------


BASE = [
    document for document in shipped_documents() if "rules" not in document.data and "tensions" not in document.data
]
"""The shipped vocabulary, questions, measures and ideologies, without any rule."""
STATES = ("ana", "bor", "cid", "dun", "eno")
BASIC = ("state", "relation", "support", "coalition", "aid", "penetration", "situation", "war", "member", "input")
CONCLUDED = ("significant_threat", "common_threat", "at_war", "penetrated", "no_partner", "foe_in", "motive", "caution")
ANSWERED = ("threat", "partner", "durability", "leverage", "alignment", "effort", "posture", "felt_security", "outlook")
RELATIONS = ("above", "below", "at_least", "at_most", "same", "other")


class RuleMaker:
    """Writes one random rule.

    Args:
        rng: Where every choice comes from.
        book: A book with the vocabulary and the questions to use.
        earlier: Rules that this one may read, weigh or be defeated by.
    """

    def __init__(self, rng: random.Random, book: RuleBook, earlier: Sequence[Mapping[str, Any]]) -> None:
        self.rng, self.tables, self.questions = rng, book.tables, book.questions
        self.earlier = earlier
        self.bound: dict[str, Any] = {}
        self.made = [name for rule in earlier for part in rule["then"] for name in part.get("conclude", {})]
        self.votes = [
            (rule["id"], vote)
            for rule in earlier
            for part in rule["then"]
            for vote in (part.get("raises"), part.get("lowers"), part.get("favours"), part.get("opposes"))
            if vote is not None
        ]

    def likely(self, part: float) -> bool:
        return self.rng.random() < part

    def some(self, values: Sequence[Any], most: int = 9) -> list[Any]:
        """Some of the values, at least one, in their order."""
        chosen = self.rng.sample(range(len(values)), self.rng.randint(1, min(most, len(values))))
        return [values[place] for place in sorted(chosen)]

    def write(self, identity: str, level: str) -> dict[str, Any]:
        when = [self.premise(self.rng.choice(["state", "relation", "relation", "support", "aid", "member"]))]
        when += [self.premise(self.rng.choice(self.readable())) for _ in range(self.rng.choice([0, 0, 1, 1, 2]))]
        if self.likely(0.2):
            when += self.comparison()
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            when += self.denial()
        states = self.of_kind("state")
        if len(states) > 1 and self.likely(0.4):
            when.append({"differ": [f"${name}" for name in self.rng.sample(states, 2)]})
        rule: dict[str, Any] = {"id": identity, "claim": "a claim", "source": ["convention"], "because": "so"}
        rule["examples"] = {"fires": [["x"]], "silent": [["x"]]}
        rule["when"] = when
        if self.votes and self.likely(0.25):
            rule["then"] = [self.weighing()]
        else:
            rule["then"] = [self.conclusion(level) for _ in range(self.rng.choice([1, 1, 2]))]
        if any(set(part) & {"raises", "lowers", "favours", "opposes"} for part in rule["then"]):
            rule["default"] = self.rng.choice(["no", "no", "no", "yes"])
            rule["weaker_may_stand"] = self.rng.choice(["no", "yes"])
        if self.earlier and self.likely(0.5):
            rule["defeated_by"] = [self.defeat() for _ in range(self.rng.choice([1, 1, 2]))]
        return rule

    # ---- premises ---------------------------------------------------------------------------

    def of_kind(self, kind: Any) -> list[str]:
        return [name for name, held in self.bound.items() if held == kind]

    def readable(self) -> list[str]:
        found = [*BASIC, "relation", "state", *self.made * 6, "felt_security"]
        found += [vote["question"] for _, vote in self.votes]
        if any(vote["question"] == "alignment" for _, vote in self.votes):
            found += ["posture", "outlook", "effort"]
        return found + ["evidence"] * 2 * len(self.votes)

    def variable(self, kind: Any, prefix: str, without: Iterable[str] = ()) -> str:
        """A variable of a kind, with its $: one that is bound already, or a new one."""
        known = [name for name in self.of_kind(kind) if f"${name}" not in without]
        free = [name for n in range(1, 5) if (name := f"{prefix}{n}") not in self.bound]
        name = self.rng.choice(known) if known and (not free or self.likely(0.55)) else free[0]
        self.bound[name] = kind
        return f"${name}"

    def premise(self, table: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if table == "evidence":
            return {table: self.evidence()}
        for key, kind in self.tables[table].keys.items():
            if kind == "word":
                if self.tables[table].words:
                    fields[key] = self.rng.choice(list(self.tables[table].words))
            else:
                kind = "state" if kind == "any" else kind
                fields[key] = self.variable(kind, kind[:2], fields.values())
        attributes = self.tables[table].attributes
        if attributes and self.likely(0.6):
            for name in self.some(list(attributes), 2):
                fields[name] = self.asked(table, name)
        return {table: fields}

    def evidence(self) -> dict[str, Any]:
        identity, vote = self.rng.choice(self.votes)
        fields = {"row": identity.partition(".")[0], "of": self.variable("state", "st")}
        fields["toward"] = self.variable("state", "st", fields.values())
        if self.likely(0.5):
            fields["question"] = vote["question"]
        if self.likely(0.3):
            fields["sign"] = self.rng.choice(["for", "against"])
        if self.likely(0.2):
            fields["group"] = vote["group"]
            del fields["row"]
        return fields

    def asked(self, table: str, name: str) -> Any:
        """What a premise asks of an attribute: a value, a list, a bound or a variable."""
        attribute = self.tables[table].attributes[name]
        if attribute.side:
            return self.variable("side", "si")
        values = list(attribute.values)
        way = self.rng.choice(["value", "list", "bind", "bind", "bind", *(["at_least", "at_most"] * attribute.ordered)])
        if way == "value":
            return self.rng.choice(values)
        if way == "list":
            return self.some(values, most=len(values))
        if way != "bind":
            return {way: self.rng.choice(values)}
        variable = self.variable(scale_of(attribute), f"r_{name}_")
        return {"bind": variable, "one_of": self.some(values)} if self.likely(0.3) else variable

    def comparison(self) -> list[dict[str, Any]]:
        """Two values of one ordered scale, bound and compared."""
        name = self.rng.choice(["relative_power", "proximity", "intentions"])
        scale = scale_of(self.tables["relation"].attributes[name])
        of = self.variable("state", "st")
        others = [of]
        premises: list[dict[str, Any]] = []
        for side in ("left", "right"):
            others.append(self.variable("state", "st", others))
            self.bound[side] = scale
            premises.append({"relation": {"state": of, "other": others[-1], name: f"${side}"}})
        return [*premises, {"compare": {"left": "$left", "is": self.rng.choice(RELATIONS), "right": "$right"}}]

    def denial(self) -> list[dict[str, Any]]:
        """A `not` about subjects that are bound; nothing where there are none."""
        tables = [name for name in self.readable() if name not in ("evidence", "situation", "outlook")]
        table = self.rng.choice(tables)
        fields: dict[str, Any] = {}
        for key, kind in self.tables[table].keys.items():
            known = [f"${name}" for name in self.of_kind("state" if kind == "any" else kind)]
            known = [name for name in known if name not in fields.values()]
            if known and self.likely(0.7):
                fields[key] = self.rng.choice(known)
        if not fields:
            return []
        for name, attribute in self.tables[table].attributes.items():
            if attribute.side or not self.likely(0.5):
                continue
            if attribute.ordered and self.likely(0.5):
                # not the whole scale: that asks whether the fact is known, which is a form of its own
                way = self.rng.choice(["at_least", "at_most"])
                fields[name] = {
                    way: self.rng.choice(attribute.values[1:] if way == "at_least" else attribute.values[:-1])
                }
            else:
                fields[name] = self.some(list(attribute.values))
        return [{"not": {table: fields}, "reads": "not so"}]

    # ---- conclusions ------------------------------------------------------------------------

    def pair(self) -> dict[str, str]:
        states = self.of_kind("state")
        of = self.rng.choice(states)
        others = [name for name in states if name != of] or states
        return {"of": f"${of}", "toward": f"${self.rng.choice(others if self.likely(0.9) else states)}"}

    def conclusion(self, level: str) -> dict[str, Any]:
        way = self.rng.random()
        if way < 0.55:
            return self.vote()
        if way < 0.6:
            grade = self.rng.choice(self.questions["threat"].grades).name
            return {"caps": {"question": "threat", **self.pair(), "highest": grade}}
        if way < 0.65:
            return {"conclude": {"derived_security": {"of": self.pair()["of"], "level": level}}}
        tables = [name for name in CONCLUDED if name != "foe_in" or self.of_kind("war")]
        table = self.rng.choice(["principal_threat"] * 4 + tables)
        fields: dict[str, str] = {}
        for key, kind in self.tables[table].keys.items():
            if kind == "word":
                fields[key] = self.rng.choice(list(self.tables[table].words))
            else:
                fields[key] = "$" + self.rng.choice(self.of_kind("state" if kind == "any" else kind))
        return {"conclude": {table: fields}}

    def vote(self) -> dict[str, Any]:
        names = [question.name for question in self.questions.values() if question.kind != "census"]
        question = self.questions[self.rng.choice([*names, "threat", "alignment", "alignment"])]
        entry: dict[str, Any] = {"question": question.name, **self.pair(), "group": self.rng.choice(["g1", "g2"])}
        sides = self.of_kind("side")
        if question.name == "alignment" and sides and self.likely(0.8):
            entry["toward"] = f"${self.rng.choice(sides)}"
        steps = [name for name, kind in self.bound.items() if isinstance(kind, tuple)]
        entry["strength"] = self.rng.choice(question.words)
        if steps and self.likely(0.5):
            name = self.rng.choice(steps)
            words = {value: self.rng.choice(question.words) for value in self.some(list(self.bound[name]))}
            entry["strength"] = {"of": f"${name}", "steps": words}
        if question.kind == "graded":
            return {self.rng.choice(["raises", "raises", "lowers"]): entry}
        entry["answer"] = self.rng.choice(question.answers)
        return {self.rng.choice(["favours", "favours", "opposes"]): entry}

    def weighing(self) -> dict[str, Any]:
        targets = sorted({identity for identity, _ in self.votes})
        entry: dict[str, Any] = {"rules": self.some(targets, 2), **self.pair()}
        if self.likely(0.7):
            entry["step"] = self.rng.choice(["up", "down"])
        else:
            entry["highest"] = self.rng.choice(["slight", "moderate"])
        return {"weighs": entry}

    def defeat(self) -> dict[str, Any]:
        other = self.rng.choice(list(self.earlier))
        if self.likely(0.4):
            return {"rule": other["id"]}
        return {"rule": other["id"], "where": {self.rng.choice(self.of_kind("state")): "st1"}}


def scale_of(attribute: Attribute) -> tuple[str, ...]:
    """What tells the scale of an attribute from that of another."""
    return attribute.values


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(data: Any) -> str:
    """Data as a YAML document without aliases, in its own order."""
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True)


def pack(rules: Sequence[Mapping[str, Any]], **parts: Any) -> Document:
    """A rule file with these rules."""
    return parse(as_yaml({"rules": [dict(rule) for rule in rules], **parts}), "pack.yaml")


def random_rules(rng: random.Random, size: int, base: RuleBook) -> tuple[list[dict[str, Any]], RuleBook]:
    """Up to ``size`` random rules that make a legal book together, and the book.

    A rule that the book refuses (a circle, premises that contradict each other) is left out.
    """
    rules: list[dict[str, Any]] = []
    book = base
    level = rng.choice(["insecure", "moderate", "secure"])
    names = rng.sample([f"K{n}" for n in range(10, 99)], size)
    for name in names:
        row = rng.choice([name, name, names[0]])
        identity = name if row == name else f"{row}.{name.lower()}"
        rule = RuleMaker(rng, base, rules).write(identity, level)
        try:
            book = assemble([*BASE, pack([*rules, rule])])
        except InputError:
            continue
        rules.append(rule)
    return rules, book


def random_crisis(rng: random.Random, book: RuleBook, size: int, *, known: float = 0.8) -> dict[str, Any]:
    """A legal case file, as data: some facts unknown, some wars, some links, some lists of allies.

    Args:
        known: The part of the facts that is given.
    """
    states = list(STATES[:size])
    pairs = list(itertools.permutations(states, 2))

    def facts(table: str) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for attribute in book.tables[table].attributes.values():
            if rng.random() < known and not attribute.side:
                value: Any = rng.choice(attribute.values)
                if rng.random() < 0.1:
                    value = {"value": value, "basis": rng.choice(["conduct", "declaration"]), "advocate": "interested"}
                given[attribute.name] = value
        return given

    case: dict[str, Any] = {"foedus": "1", "title": "A crisis", "kind": "hypothetical"}
    case["situation"] = facts("situation")
    case["states"] = {state: facts("state") for state in states}
    for state in case["states"].values():
        if value_of(state.get("power_rank")) == "weak" and value_of(state.get("potential_hegemon")) == "yes":
            del state["potential_hegemon"]
    case["relations"] = []
    for first, second in pairs:
        given = facts("relation")
        for attribute in book.tables["relation"].attributes.values():
            if attribute.linked and first > second:
                given.pop(attribute.name, None)
        case["relations"].append({"state": first, "other": second, **given})
    case["allies"] = []
    for first, second in pairs:
        if rng.random() < 0.5:
            scale = book.tables["support"].attributes["support"].values
            support = {s: rng.choice(scale) for s in states if s not in (first, second) and rng.random() < known}
            case["allies"].append({"state": first, "against": second, "support": support, **facts("coalition")})
    case["wars"] = [
        random_war(rng, states, name, facts("war")) for name in ("first", "second")[: rng.choice([0, 1, 1, 2])]
    ]
    ahead = any(value_of(war.get("side_ahead", "none")) not in ("none", "unclear") for war in case["wars"])
    if ahead and value_of(case["situation"].get("phase")) in ("peace", "peace_restored"):
        case["situation"]["phase"] = "crisis"
    case["links"] = {
        "aid": [],
        "penetration": [],
        "complete": [k for k in ("aid", "penetration") if rng.random() < 0.3],
    }
    for first, second in pairs:
        if rng.random() < 0.4:
            case["links"]["aid"].append({"donor": first, "recipient": second, **facts("aid")})
        if rng.random() < 0.4:
            given = facts("penetration")
            if value_of(given.get("access")) == "none":
                given.pop("intrusiveness", None)
            case["links"]["penetration"].append({"penetrator": first, "target": second, **given})
    if "penetration" in case["links"]["complete"]:
        for link in case["links"]["penetration"]:
            link.setdefault("access", "limited")
    return case


def random_war(rng: random.Random, states: Sequence[str], name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A war between two or three of the states, the others outside it."""
    fighters = rng.sample(list(states), rng.randint(2, min(3, len(states))))
    sides = {"east": fighters[:1], "west": fighters[1:2]}
    if len(fighters) == 3:
        sides.setdefault(rng.choice(["east", "west", "south"]), []).append(fighters[2])
    war: dict[str, Any] = {"id": name, "sides": sides, **facts}
    if rng.random() < 0.8:
        war["side_ahead"] = rng.choice([*sides, *sides, "none", "unclear"])
    if war.get("side_ahead", "none") in ("none", "unclear"):
        war.pop("closeness_to_victory", None)
    if value_of(war.get("phase")) == "near_decision" and value_of(war.get("closeness_to_victory")) == "none":
        war["phase"] = "mid"
    return war


def value_of(fact: Any) -> Any:
    """The value of a fact, annotated or not."""
    return fact["value"] if isinstance(fact, dict) else fact


def case_of(data: Mapping[str, Any], book: RuleBook) -> Case:
    """A case from its data."""
    return read_case(parse(as_yaml(dict(data)), "case.yaml"), book, name="case")


def with_tables_of(case: Case, book: RuleBook) -> Case:
    """The same case for a book with the same vocabulary and other rules."""
    return replace(case, memory=Memory(book.tables, case.memory.rows))
