"""A plain reference evaluator of rule books, and the small books and crises that it is tried on.

Written from the design and :mod:`foedus.terms` alone: nested loops over rows, no network, no strata.
It shares nothing with the engine but the terms of a rule, the rows of a case and the texts of a book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from foedus.book import Program
from foedus.case import Case
from foedus.record import Record
from foedus.terms import Absent, Assert_, Cap, Compare, Differ, Holds, Pattern, Premise, Question, Rule, Vote, Weigh

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
        while any([step() for step in steps]):
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
            if isinstance(conclusion, Assert_) and conclusion.table == table
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
            first |= {r.id for r in self.rules.values() for c in r.conclusions if isinstance(c, Weigh) and rule.id in c.rules}
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
                elif isinstance(conclusion, Assert_):
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
        graded: dict[tuple[str, str], tuple[int, int, str]] = {}
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
            graded[of, toward] = (final, total, significant)
        left_out = {(row["of"], row["toward"]) for row in self.rows.get(question.excluded_by or "", {}).values()}
        for (of, toward), (final, total, significant) in graded.items():
            rivals = [graded[pair][:2] for pair in graded if pair[0] == of and pair not in left_out]
            first = (of, toward) not in left_out and (final, total) == max(rivals)
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
            answer, toward, margin, tied, by_default, by_silence, tuple(sorted(totals.items())), tuple(sorted(bare.items()))
        )  # fmt: skip
        self.state(question.name, {"of": of, "toward": toward, "answer": answer})

    # ---- what follows from the answers ------------------------------------------------------

    def fill_any(self) -> bool:
        moved = False
        for name, table in self.tables.items():
            if name in self.filled:
                continue
            if name == "posture" and all(q.name in self.answered for q in self.questions.values() if q.kind == "contest"):
                self.recommend()
            elif table.first_known and all(self.complete(part.partition(".")[0]) for part in table.first_known):
                self.first_known(name)
            else:
                continue
            self.filled.add(name)
            moved = True
        return moved

    def first_known(self, name: str) -> None:
        ((key, attribute),) = [(key, attribute) for key in self.tables[name].keys for attribute in self.tables[name].attributes]
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
            posture = label = "tie"
            if answer != "tie" and not (effort is not None and effort[0] == "tie"):
                facts = self.rows["state"].get((of,), {})
                fitting = [
                    entry
                    for entry in self.program.book.recommendations
                    if entry.alignment == answer
                    and (effort is None or entry.effort in (None, effort[0]))
                    and all(facts.get(name) == value for name, value in entry.where.items())
                ]
                if fitting:
                    posture = fitting[0].posture
                    special = [entry for entry in fitting if entry.posture == posture]
                    named = max(special, key=lambda entry: len(entry.where))
                    label = named.label or posture.replace("_", "-")
            self.result.postures.append((of, about, posture, label))
            self.state("posture", {"of": of, "toward": toward, "posture": posture})

    def count_answers(self, question: Question) -> None:
        given: dict[str, set[str]] = {}
        for (name, of, about), found in self.result.contests.items():
            if name == question.counts and found[1] == about and about in self.case.states:
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


# ---- small rule books and crises ------------------------------------------------------------


BASE = [document for document in shipped_documents() if "rules" not in document.data and "tensions" not in document.data]
"""The shipped vocabulary, questions, measures and ideologies, without any rule."""
STATES = ("ana", "bor", "cid", "dun", "eno")
PLAIN = ("state", "relation", "support", "coalition", "aid", "penetration", "situation", "war", "member")
CONCLUDED = ("significant_threat", "common_threat", "at_war", "penetrated", "no_partner", "foe_in", "motive", "caution")
RESTS_ON = {
    "alignment": ("principal_threat",),
    "effort": ("alignment", "principal_threat"),
    "outlook": ("alignment", "principal_threat"),
    "posture": ("alignment", "effort", "principal_threat"),
    "partner": ("no_partner",),
    "felt_security": ("derived_security",),
}
ANSWERED = ("threat", "partner", "durability", "leverage", "alignment", "effort", "outlook", "posture", "felt_security")


class BookMaker:
    """Writes a random rule book that is legal: each rule reads only what no later rule adds to.

    Args:
        rng: Where every choice comes from.
        book: A book with the vocabulary to use.
        values_in_not: Whether a `not` may ask for a value that an earlier premise binds.
    """

    def __init__(self, rng: random.Random, book: RuleBook, *, values_in_not: bool = False) -> None:
        self.rng, self.tables, self.questions = rng, book.tables, book.questions
        self.values_in_not = values_in_not
        self.rules: list[dict[str, Any]] = []
        self.variables: dict[str, list[str]] = {}
        self.made: dict[str, list[str]] = {}
        self.voters: dict[str, set[str]] = {}
        self.closed: set[str] = set()
        self.frozen: set[str] = set()
        self.weighed_by: dict[str, list[str]] = {}
        self.level = rng.choice(["insecure", "moderate", "secure"])

    def write(self, size: int) -> str:
        names = [f"K{n}" for n in range(1, size + 1)]
        self.rng.shuffle(names)
        for name in names:
            suffix = self.rng.choice(["", "", ".x", ".y"])
            row = self.rng.choice(names) if suffix else name
            identity = f"{row}{suffix}"
            if identity in self.variables:
                identity = f"{name}.z"
            self.rules.append(self.rule(identity))
        self.rng.shuffle(self.rules)
        return yaml.safe_dump({"rules": self.rules}, sort_keys=False)

    def likely(self, part: float) -> bool:
        return self.rng.random() < part

    # ---- one rule ---------------------------------------------------------------------------

    def rule(self, identity: str) -> dict[str, Any]:
        self.bound: dict[str, Any] = {}
        self.asked: set[tuple[str, tuple[str, ...]]] = set()
        when = [self.premise(self.rng.choice(["state", "relation", "relation", "support", "aid"]))]
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            when.append(self.premise(self.rng.choice(self.readable())))
        if self.likely(0.3):
            when += self.comparison()
        when = [premise for premise in when if premise]
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            when += self.denial()
        states = self.of_kind("state")
        if len(states) > 1 and self.likely(0.4):
            when.append({"differ": [f"${name}" for name in self.rng.sample(states, 2)]})
        weighs = self.likely(0.25) and self.weighing(identity)
        then = [weighs] if weighs else [self.conclusion(identity) for _ in range(self.rng.choice([1, 1, 2]))]
        votes = any(set(part) & {"raises", "lowers", "favours", "opposes"} for part in then)
        entry = {
            "id": identity, "claim": "a claim", "source": ["convention"], "when": when, "then": then, "because": "so",
            "default": "yes" if votes and self.likely(0.2) else "no",
            "weaker_may_stand": "yes" if self.likely(0.3) else "no",
            "examples": {"fires": [["x"]], "silent": [["x"]]},
        }  # fmt: skip
        if not weighs and self.variables and self.likely(0.5):
            entry["defeated_by"] = self.defeats()
        self.variables[identity] = [name for name in self.bound]
        return entry

    def of_kind(self, kind: Any) -> list[str]:
        return [name for name, held in self.bound.items() if held == kind]

    def readable(self) -> list[str]:
        found = [*PLAIN, "relation", "state"]
        found += [name for name in self.made if name not in ANSWERED] * 3
        found += [name for name in ANSWERED if self.voters.get(name) or name in RESTS_ON]
        found += ["evidence"] * 2 * bool(any(self.voters.values()))
        return found

    def pick(self, kind: str, prefix: str, without: Iterable[str], fresh: float = 0.45) -> str:
        """A variable of a kind: one that is bound already, or a new one."""
        known = [name for name in self.of_kind(kind) if name not in without]
        if known and not self.likely(fresh):
            return self.rng.choice(known)
        free = [f"{prefix}{n}" for n in range(1, 5) if f"{prefix}{n}" not in self.bound]
        if not free:
            return self.rng.choice(known)
        self.bound[free[0]] = kind
        return free[0]

    def premise(self, table: str) -> dict[str, Any]:
        if table == "evidence":
            return self.evidence()
        self.read(table)
        keys: dict[str, str] = {}
        before = dict(self.bound)
        for key, kind in self.tables[table].keys.items():
            if kind == "word":
                keys[key] = self.rng.choice(sorted(self.tables[table].words) or ["system"])
            else:
                kind = "state" if kind == "any" else kind
                keys[key] = "$" + self.pick(kind, kind[0], [value[1:] for value in keys.values()])
        if (table, tuple(keys.values())) in self.asked:
            self.bound = before
            return {}
        self.asked.add((table, tuple(keys.values())))
        fields: dict[str, Any] = dict(keys)
        attributes = list(self.tables[table].attributes)
        for name in self.rng.sample(attributes, min(len(attributes), self.rng.choice([0, 1, 1, 2]))):
            fields[name] = self.asks(table, name)
        return {table: fields}

    def asks(self, table: str, name: str) -> Any:
        """What a premise asks of an attribute."""
        attribute = self.tables[table].attributes[name]
        if attribute.side:
            return "$" + self.pick("side", "s", [])
        values = list(attribute.values)
        scale = ("scale", attribute.nominal_from or attribute.values)
        ways = ["value", "list", "bind", "bind"] + ["least", "most"] * attribute.ordered
        way = self.rng.choice(ways)
        if way == "value":
            return self.rng.choice(values)
        if way == "list":
            return sorted(self.rng.sample(values, self.rng.randint(1, len(values))))
        if way in ("least", "most"):
            return {f"at_{way}": self.rng.choice(values)}
        known = self.of_kind(scale)
        if known and self.likely(0.4):
            return "$" + self.rng.choice(known)
        free = [f"r{n}" for n in range(1, 5) if f"r{n}" not in self.bound]
        if not free:
            return self.rng.choice(values)
        self.bound[free[0]] = scale
        if self.likely(0.3):
            return {"bind": f"${free[0]}", "one_of": sorted(self.rng.sample(values, self.rng.randint(1, len(values))))}
        return f"${free[0]}"

    def comparison(self) -> list[dict[str, Any]]:
        """Two bound values of one scale, and how they compare."""
        scales = [kind for kind in self.bound.values() if isinstance(kind, tuple) and isinstance(kind[1], tuple)]
        for scale in scales:
            names = self.of_kind(scale)
            ordered = any(a.values == scale[1] and a.ordered for t in self.tables.values() for a in t.attributes.values())
            if len(names) > 1 and ordered and not any(a.values == scale[1] and not a.ordered for t in self.tables.values() for a in t.attributes.values()):
                left, right = self.rng.sample(names, 2)
                relation = self.rng.choice(["above", "below", "at_least", "at_most", "same", "other"])
                return [{"compare": {"left": f"${left}", "is": relation, "right": f"${right}"}}]
        known = self.of_kind("state")
        free = [f"r{n}" for n in range(1, 5) if f"r{n}" not in self.bound]
        if len(known) < 2 or len(free) < 2:
            return []
        attribute = self.rng.choice(["relative_power", "proximity", "intentions"])
        first, second = self.rng.sample(known, 2)
        third = self.pick("state", "s", [first, second])
        pairs = [("$" + first, "$" + second), ("$" + first, "$" + third)]
        if any(("relation", pair) in self.asked for pair in pairs) or third == second:
            return []
        self.asked.update(("relation", pair) for pair in pairs)
        scale = ("scale", self.tables["relation"].attributes[attribute].values)
        self.bound.update({free[0]: scale, free[1]: scale})
        premises: list[dict[str, Any]] = [
            {"relation": {"state": pair[0], "other": pair[1], attribute: f"${name}"}}
            for pair, name in zip(pairs, free[:2], strict=True)
        ]
        relation = self.rng.choice(["above", "below", "at_least", "at_most", "same", "other"])
        return [*premises, {"compare": {"left": f"${free[0]}", "is": relation, "right": f"${free[1]}"}}]

    def denial(self) -> list[dict[str, Any]]:
        """A `not` about subjects that are bound, or nothing."""
        table = self.rng.choice([name for name in self.readable() if name not in ("evidence", "situation", "outlook")])
        fields: dict[str, Any] = {}
        for key, kind in self.tables[table].keys.items():
            known = [f"${name}" for name in self.of_kind("state" if kind == "any" else kind)]
            known = [name for name in known if name not in fields.values()]
            if known and self.likely(0.7):
                fields[key] = self.rng.choice(known)
        if not fields or (table, tuple(fields.values())) in self.asked:
            return []
        self.read(table)
        for name, attribute in self.tables[table].attributes.items():
            if attribute.side or not self.likely(0.5):
                continue
            known = self.of_kind(("scale", attribute.nominal_from or attribute.values))
            if known and self.values_in_not and self.likely(0.6):
                fields[name] = "$" + self.rng.choice(known)
            elif attribute.ordered and self.likely(0.5):
                fields[name] = {self.rng.choice(["at_least", "at_most"]): self.rng.choice(attribute.values)}
            else:
                fields[name] = sorted(self.rng.sample(attribute.values, self.rng.randint(1, len(attribute.values))))
        return [{"not": {table: fields}, "reads": "not so"}]

    def evidence(self) -> dict[str, Any]:
        votes = sorted((question, rule) for question, rules in self.voters.items() for rule in rules)
        question, rule = self.rng.choice(votes)
        for name in self.voters[question]:
            if name.partition(".")[0] == rule.partition(".")[0]:
                self.freeze(name)
        for name in self.variables:
            if name.partition(".")[0] == rule.partition(".")[0]:
                self.freeze(name)
        self.shut_rows = getattr(self, "shut_rows", set()) | {rule.partition(".")[0]}
        of = self.pick("state", "s", [])
        toward = self.pick("state", "s", [of])
        fields = {"row": rule.partition(".")[0], "of": f"${of}", "toward": f"${toward}"}
        if self.likely(0.5):
            fields["question"] = question
        if self.likely(0.3):
            fields["sign"] = self.rng.choice(["for", "against"])
        return {"evidence": fields}

    # ---- conclusions ------------------------------------------------------------------------

    def pair(self) -> tuple[str, str]:
        states = self.of_kind("state")
        return "$" + self.rng.choice(states), "$" + self.rng.choice(states)

    def conclusion(self, identity: str) -> dict[str, Any]:
        votable = [
            question.name
            for question in self.questions.values()
            if question.kind != "census" and question.name not in self.closed
        ]
        if identity.partition(".")[0] in getattr(self, "shut_rows", set()):
            votable = []
        if votable and self.likely(0.6):
            return self.vote(identity, self.rng.choice(votable))
        if "threat" not in self.closed and self.likely(0.2):
            of, toward = self.pair()
            self.made.setdefault("threat", []).append(identity)
            grade = self.rng.choice(self.questions["threat"].grades).name
            return {"caps": {"question": "threat", "of": of, "toward": toward, "highest": grade}}
        open_tables = [name for name in (*CONCLUDED, "principal_threat", "principal_threat") if name not in self.closed]
        if "derived_security" not in self.closed and self.likely(0.15):
            self.made.setdefault("derived_security", []).append(identity)
            return {"conclude": {"derived_security": {"of": self.pair()[0], "level": self.level}}}
        if not self.of_kind("war"):
            open_tables = [name for name in open_tables if name != "foe_in"]
        table = self.rng.choice(open_tables) if open_tables else "remark"
        fields: dict[str, str] = {}
        for key, kind in self.tables[table].keys.items():
            if kind == "word":
                fields[key] = self.rng.choice(sorted(self.tables[table].words))
            else:
                fields[key] = "$" + self.rng.choice(self.of_kind("state" if kind == "any" else kind))
        self.made.setdefault(table, []).append(identity)
        return {"conclude": {table: fields}}

    def vote(self, identity: str, name: str) -> dict[str, Any]:
        question = self.questions[name]
        of, toward = self.pair()
        sides = self.of_kind("side")
        if name == "alignment" and sides and self.likely(0.5):
            toward = "$" + self.rng.choice(sides)
        entry: dict[str, Any] = {"question": name, "of": of, "toward": toward, "group": self.rng.choice(["g1", "g2"])}
        scales = [n for n, kind in self.bound.items() if isinstance(kind, tuple) and isinstance(kind[1], tuple)]
        if scales and not any(self.stepped(n) for n in scales) and self.likely(0.4):
            variable = self.rng.choice(scales)
            values = self.rng.sample(self.bound[variable][1], self.rng.randint(1, len(self.bound[variable][1])))
            entry["strength"] = {"of": f"${variable}", "steps": {v: self.rng.choice(question.words) for v in sorted(values)}}
            self.bound["stepped"] = variable
        else:
            entry["strength"] = self.rng.choice(question.words)
        self.voters.setdefault(name, set()).add(identity)
        if question.kind == "graded":
            return {self.rng.choice(["raises", "raises", "lowers"]): entry}
        entry["answer"] = self.rng.choice(question.answers)
        return {self.rng.choice(["favours", "favours", "opposes"]): entry}

    def stepped(self, _: str) -> bool:
        return "stepped" in self.bound

    def weighing(self, identity: str) -> dict[str, Any] | None:
        targets = sorted({name for names in self.voters.values() for name in names} - self.frozen - {identity})
        if not targets:
            return None
        chosen = self.rng.sample(targets, self.rng.randint(1, min(2, len(targets))))
        for target in chosen:
            self.weighed_by.setdefault(target, []).append(identity)
        of, toward = self.pair()
        entry: dict[str, Any] = {"rules": chosen, "of": of, "toward": toward}
        if self.likely(0.7):
            entry["step"] = self.rng.choice(["up", "down"])
        else:
            entry["highest"] = self.rng.choice(["slight", "moderate"])
        return {"weighs": entry}

    def defeats(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for other in self.rng.sample(sorted(self.variables), min(len(self.variables), self.rng.choice([1, 1, 2]))):
            mine, theirs = self.of_kind("state"), [v for v in self.variables[other] if v.startswith("s")]
            if self.likely(0.5):
                found.append({"rule": other, "where": {self.rng.choice(mine): self.rng.choice(theirs)}})
            elif set(self.bound) & set(self.variables[other]) - {"stepped"}:
                found.append({"rule": other})
            if found:
                self.defeated.setdefault(self.current, []).append(other)
        return found
