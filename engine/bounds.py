"""What could still be concluded: one pass over a run in which every fact that is not known may have any value.

The pass is an abstract interpretation (Cousot and Cousot 1977): a field holds the set of values that it
may have, a firing is certain or possible, a total is a range. What it finds impossible is impossible; what
it finds possible may be so only because unknown facts are taken one by one, as if none depended on
another. So a verdict that it finds *settled* is settled under every assignment of values to the gaps,
legal or not; one that it does not find settled may still be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from foedus.case import cells
from foedus.inference import ALIGNMENT, EFFORT, chosen, efforts
from foedus.memory import Key, fact_path
from foedus.record import DIVIDED, NONE, NOTHING, TIE, Record
from foedus.slices import Slices, slices
from foedus.strata import EVIDENCE, POSTURE, bearing, depth, in_order_of_defeat
from foedus.terms import (
    ANYONE,
    UNKNOWN,
    Absent,
    Cap,
    Compare,
    Conclude,
    Constraint,
    Holds,
    Pattern,
    Question,
    Recommendation,
    Rule,
    Table,
    Vote,
    Weigh,
)

Values = frozenset[str]
_UNKNOWN = frozenset((UNKNOWN,))
Bindings = dict[str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether any value of a fact that is not known could change a verdict.

    Attributes:
        settled: No assignment of values to unknown facts changes it.
        possible: Every (subject, posture, toward) that the bounds leave open, the concluded ones among
            them; ``None`` for the posture stands for no verdict on that subject.
    """

    settled: bool
    possible: tuple[tuple[str, str | None, str], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that stands for certain or possibly, with the values that each field may have."""

    key: Key
    fields: Mapping[str, Values]
    certain: bool


@dataclass(slots=True)
class _Firing:
    rule: Rule
    bindings: Bindings
    certain: bool
    surely_defeated: bool = False
    maybe_defeated: bool = False

    @property
    def stands(self) -> bool:
        """It fires and is undefeated, for certain."""
        return self.certain and not self.maybe_defeated

    @property
    def may_stand(self) -> bool:
        return not self.surely_defeated


@dataclass(frozen=True, slots=True)
class _Voice:
    """A vote with the lowest and highest place that its word may take; 0 is no weight."""

    firing: _Firing
    vote: Vote
    answer: str
    of: str
    toward: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class _Option:
    """An alternative of a contest with the range of its total."""

    answer: str
    toward: str
    low: int
    high: int
    certain: bool


@dataclass
class _Store:
    """Rows by table, found by their first key."""

    tables: Mapping[str, Table]
    rows: dict[str, dict[Key, _Row]] = field(default_factory=lambda: defaultdict(dict))
    first: dict[str, dict[str, dict[Key, None]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))

    def add(self, table: str, key: Key, attributes: Mapping[str, Values], *, certain: bool) -> None:
        """Add a row; with one of the same key it becomes a row that may be either."""
        declared = self.tables[table]
        fields = {name: frozenset((part,)) for name, part in zip(declared.keys, key, strict=True)}
        held = self.rows[table].get(key)
        for name in declared.attributes:
            values = attributes.get(name, frozenset((UNKNOWN,)))
            fields[name] = values | held.fields[name] if held is not None else values
        self.rows[table][key] = _Row(key, fields, certain or (held is not None and held.certain))
        if key:
            self.first[table][key[0]].setdefault(key)

    def copy(self) -> _Store:
        """A store of the same rows, to which others can be added."""
        rows = {table: dict(held) for table, held in self.rows.items()}
        first = {table: {key: dict(held) for key, held in by.items()} for table, by in self.first.items()}
        made = _Store(self.tables)
        made.rows.update(rows)
        for table, by in first.items():
            made.first[table].update(by)
        return made

    def widen(self, table: str, key: Key, attribute: str, values: Iterable[str]) -> None:
        """Let a field have other values as well."""
        row = self.rows[table][key]
        fields = {**row.fields, attribute: row.fields[attribute].union(values)}
        self.rows[table][key] = _Row(key, fields, row.certain)

    def doubt(self, table: str, first: str) -> None:
        """Let rows about a subject stand or not."""
        for row in self.about(table, first):
            self.rows[table][row.key] = _Row(row.key, row.fields, False)

    def all(self, table: str) -> Iterator[_Row]:
        yield from self.rows[table].values()

    def about(self, table: str, first: str | None) -> list[_Row]:
        """The rows of a table, only those about a subject where one is given."""
        rows = self.rows[table]
        return list(rows.values()) if first is None else [rows[key] for key in self.first[table].get(first, ())]


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a pass is about: one state, or all; up to the postures, or whole."""

    state: str | None
    slices: Slices
    whole: bool

    def start(self, rule: str) -> Bindings:
        """The bindings with which the matching of a rule begins."""
        subject = self.slices.subjects.get(rule)
        return {} if self.state is None or subject is None else {subject: self.state}

    def wants(self, question: str, of: str) -> bool:
        """Whether a question is to be answered for a state."""
        return self.state in (None, of) or question in self.slices.everywhere


class _Pass:
    """One pass over a run, in which some facts may have other values as well."""

    def __init__(self, record: Record, rules: Mapping[str, Rule], store: _Store, limits: _Limits) -> None:
        self.record, self.rules, self.store, self.limits = record, rules, store, limits
        self.case, self.program = record.case, record.program
        self.questions, self.strata = record.program.questions, record.program.strata
        self.sides = {side for war in self.case.wars.values() for side in war}
        self.firings: dict[str, list[_Firing]] = defaultdict(list)
        self.voices: dict[str, list[_Voice]] = defaultdict(list)
        self.caps: dict[str, list[tuple[_Firing, Cap, str, str]]] = defaultdict(list)
        self.weighings: dict[tuple[str, str, str], list[tuple[_Firing, str, Weigh]]] = defaultdict(list)
        self.outcomes: dict[tuple[str, str, str], set[tuple[str, str] | None]] = {}
        self.asked: set[tuple[str, Key, str]] = set()

    # ---- matching ---------------------------------------------------------------------------

    def meets(self, pattern: Pattern, row: _Row, bound: Bindings) -> list[tuple[Bindings, bool]]:
        """The ways in which a row may meet a pattern, each with whether it does so for certain."""
        keys = self.store.tables[pattern.table].keys
        branches: list[tuple[Bindings, bool]] = [({}, row.certain)]
        for constraint in pattern.constraints:
            values, is_key = row.fields[constraint.field], constraint.field in keys
            if not is_key:
                self.asked.add((pattern.table, row.key, constraint.field))
            branches = [
                (more, certain and sure)
                for added, certain in branches
                for more, sure in self.meet(constraint, values, is_key, bound, added)
            ]
            if not branches:
                break
        return branches

    @staticmethod
    def meet(
        constraint: Constraint, values: Values, is_key: bool, bound: Bindings, added: Bindings
    ) -> Iterable[tuple[Bindings, bool]]:
        """The ways in which the values of a field may meet one constraint."""
        if constraint.stated is not None:
            fitting = frozenset(value for value in values if (value != UNKNOWN) == constraint.stated)
            return [(added, fitting == values)] if fitting else []
        fitting = values if is_key or UNKNOWN not in values else values - _UNKNOWN
        if constraint.allowed is not None:
            fitting = fitting.intersection(constraint.allowed)
        if not fitting:
            return []
        name = constraint.variable
        if name is None:
            return [(added, len(fitting) == len(values))]
        known = added.get(name, bound.get(name))
        if known is not None:
            return [(added, len(values) == 1)] if known in fitting else []
        return [({**added, name: value}, len(values) == 1) for value in sorted(fitting)]

    def rows(self, pattern: Pattern, bound: Bindings) -> list[_Row]:
        """The rows that agree with a pattern in the keys that are known already."""
        keys = self.store.tables[pattern.table].keys
        known: dict[str, str] = {}
        for constraint in pattern.constraints:
            if constraint.field in keys and constraint.variable in bound:
                known[constraint.field] = bound[str(constraint.variable)]
            elif constraint.field in keys and constraint.allowed is not None and len(constraint.allowed) == 1:
                known[constraint.field] = constraint.allowed[0]
        if len(known) == len(keys):
            row = self.store.rows[pattern.table].get(tuple(known[name] for name in keys))
            return [] if row is None else [row]
        return self.store.about(pattern.table, known.get(next(iter(keys), "")))

    def matches(self, rule: Rule) -> dict[tuple[tuple[str, str], ...], bool]:
        """The bindings under which a rule may fire, each with whether it fires for certain."""
        found: dict[tuple[tuple[str, str], ...], bool] = {}

        def step(place: int, bound: Bindings, certain: bool) -> None:
            if place == len(rule.premises):
                key = tuple((name, bound[name]) for name in rule.variables)
                found[key] = found.get(key, False) or certain
                return
            premise = rule.premises[place]
            if isinstance(premise, Holds):
                for row in self.rows(premise.pattern, bound):
                    for added, sure in self.meets(premise.pattern, row, bound):
                        step(place + 1, {**bound, **added}, certain and sure)
            elif isinstance(premise, Absent):
                met = [
                    sure
                    for row in self.rows(premise.pattern, bound)
                    for _, sure in self.known_to_meet(premise, row, bound)
                ]
                if not any(met):
                    step(place + 1, bound, certain and not met)
            elif isinstance(premise, Compare):
                if premise.true_of(bound[premise.left], bound[premise.right]):
                    step(place + 1, bound, certain)
            elif bound[premise.left] != bound[premise.right]:
                step(place + 1, bound, certain)

        step(0, self.limits.start(rule.id), True)
        return found

    def known_to_meet(self, premise: Absent, row: _Row, bound: Bindings) -> Iterator[tuple[Bindings, bool]]:
        """The ways in which a row may keep an absence from being known: by meeting it, or by being unknown."""
        yield from self.meets(premise.pattern, row, bound)
        keys = self.store.tables[premise.pattern.table].keys
        asked = [c for c in premise.pattern.constraints if c.stated is None and c.field not in keys]
        if any(UNKNOWN in row.fields[c.field] for c in asked):
            for added, _ in self.meets(_without_unknown(premise.pattern, row), row, bound):
                yield added, False

    def asked_for(self) -> set[str]:
        """The addresses of the facts that rules, questions, tables and recommendations came to ask for."""
        found = {fact_path(*place) for place in self.asked}
        named = [source for question in self.questions.values() for source in question.sources]
        named += [part for table in self.store.tables.values() for part in table.first_known]
        for source in named:
            name, _, attribute = source.partition(".")
            found |= {fact_path(name, row.key, attribute) for row in self.store.all(name)}
        for entry in self.program.book.recommendations:
            found |= {fact_path("state", (state,), name) for name in entry.where for state in self.case.states}
        return found

    # ---- the pass ---------------------------------------------------------------------------

    def run(self) -> None:
        self.advance(0)
        for stratum in range(1, self.strata.last + 1):
            for rule in self.rules.values():
                if self.strata.fires[rule.id] == stratum:
                    self.firings[rule.id] = [
                        _Firing(rule, dict(bindings), certain) for bindings, certain in self.matches(rule).items()
                    ]
            self.advance(stratum)
            if stratum >= self.strata.ready.get(POSTURE, 0) and not self.limits.whole:
                break

    def advance(self, stratum: int) -> None:
        names = [name for name in self.rules if self.strata.settles[name] == stratum]
        for name in in_order_of_defeat(names, self.rules):
            self.settle(self.rules[name])
        resolved = [q for q in self.questions.values() if self.strata.resolves[q.name] == stratum]
        for question in sorted(resolved, key=lambda q: (depth(q, self.questions), q.name)):
            if question.kind == "graded":
                self.grade(question)
            elif question.kind == "contest":
                self.contest(question)
            else:
                self.census(question)
        for name, table in self.store.tables.items():
            if table.first_known and self.strata.ready[name] == stratum:
                self.first_known(table)
        if self.strata.ready.get(POSTURE) == stratum:
            self.recommend()

    def settle(self, rule: Rule) -> None:
        for firing in self.firings[rule.id]:
            for defeat in rule.defeated_by:
                for other in self.firings.get(defeat.rule, []):
                    shared = sorted(set(firing.bindings) & set(other.bindings))
                    same = defeat.same or tuple((name, name) for name in shared)
                    if other.may_stand and all(firing.bindings[a] == other.bindings[b] for a, b in same):
                        firing.maybe_defeated = True
                        firing.surely_defeated = firing.surely_defeated or other.stands
            for conclusion in rule.conclusions:
                if isinstance(conclusion, Vote):
                    self.vote(rule, firing, conclusion)
                elif not firing.may_stand:
                    continue
                elif isinstance(conclusion, Conclude):
                    fields = {name: term.value(firing.bindings) for name, term in conclusion.fields.items()}
                    self.state(conclusion.table, fields, certain=firing.stands)
                else:
                    of, toward = conclusion.of.value(firing.bindings), conclusion.toward.value(firing.bindings)
                    if isinstance(conclusion, Cap):
                        self.caps[conclusion.question].append((firing, conclusion, of, toward))
                    else:
                        for target in conclusion.rules:
                            self.weighings[(target, of, toward)].append((firing, rule.row, conclusion))

    def state(self, table: str, fields: Mapping[str, str], *, certain: bool) -> None:
        declared = self.store.tables[table]
        key = tuple(fields[name] for name in declared.keys)
        values = {name: frozenset((fields[name],)) for name in declared.attributes if name in fields}
        self.store.add(table, key, values, certain=certain)

    def vote(self, rule: Rule, firing: _Firing, vote: Vote) -> None:
        question = self.questions[vote.question]
        of, toward = vote.of.value(firing.bindings), vote.toward.value(firing.bindings)
        answer = vote.answer.value(firing.bindings) if vote.answer is not None else ANYONE
        words = (NOTHING, *question.words)
        low, high = self.weighed(words, vote.strength.base(firing.bindings), self.weighings[(rule.id, of, toward)])
        self.voices[question.name].append(_Voice(firing, vote, answer, of, toward, low, high))
        if firing.may_stand and high > 0:
            fields = {
                "row": rule.row,
                "question": question.name,
                "answer": answer,
                "of": of,
                "toward": toward,
                "sign": "for" if vote.sign > 0 else "against",
                "group": vote.group,
            }
            self.state(EVIDENCE, fields, certain=firing.stands and low > 0)

    @staticmethod
    def weighed(words: Sequence[str], base: str, weighings: Iterable[tuple[_Firing, str, Weigh]]) -> tuple[int, int]:
        """The lowest and the highest place that a word may be weighed to."""
        steps: dict[tuple[str, str], bool] = {}
        low_limit = high_limit = len(words) - 1
        for firing, row, weigh in weighings:
            if weigh.step is not None:
                steps[(row, weigh.step)] = steps.get((row, weigh.step), False) or firing.stands
            if weigh.highest is not None:
                limit = words.index(weigh.highest)
                low_limit = min(low_limit, limit)
                if firing.stands:
                    high_limit = min(high_limit, limit)
        place = words.index(base)
        ups = [certain for (_, step), certain in steps.items() if step == "up"]
        downs = [certain for (_, step), certain in steps.items() if step == "down"]
        low, high = place + sum(ups) - len(downs), place + len(ups) - sum(downs)
        top = len(words) - 1
        return min(max(low, 0), top, low_limit), min(max(high, 0), top, high_limit)

    # ---- totals -----------------------------------------------------------------------------

    def total(self, question: Question, voices: Iterable[_Voice]) -> tuple[int, int]:
        """The range of the total of votes about one alternative or pair."""
        points = (0, *question.points)
        groups: dict[tuple[int, str], list[_Voice]] = defaultdict(list)
        for voice in voices:
            groups[(voice.vote.sign, voice.vote.group)].append(voice)
        lowest = highest = 0
        for (sign, _), members in groups.items():
            low, high = (points[place] for place in self.strongest(members))
            lowest, highest = (lowest + low, highest + high) if sign > 0 else (lowest - high, highest - low)
        return lowest, highest

    @staticmethod
    def strongest(members: Sequence[_Voice]) -> tuple[int, int]:
        """The range of the word that counts in a group."""
        fallen = [v for v in members if v.firing.maybe_defeated and not v.firing.rule.weaker_may_stand]
        may_block = max((v.high for v in fallen), default=0)
        blocks = max((v.low for v in fallen if v.firing.certain and v.firing.surely_defeated), default=0)
        low = max((v.low for v in members if v.firing.stands), default=0)
        high = max((v.high for v in members if v.firing.may_stand), default=0)
        return (low if may_block <= low else 0), (high if high >= blocks else 0)

    def grade(self, question: Question) -> None:
        by_pair: dict[tuple[str, str], list[_Voice]] = defaultdict(list)
        known: dict[tuple[str, str], bool] = {}
        certain: set[tuple[str, str]] = set()
        if question.sources:
            for row in self.store.all(question.sources[0].partition(".")[0]):
                pair = (row.key[0], row.key[1])
                if not self.limits.wants(question.name, pair[0]):
                    continue
                if row.certain:
                    certain.add(pair)
                fields = [row.fields[source.partition(".")[2]] for source in question.sources]
                known[pair] = not any(UNKNOWN in values for values in fields)
                by_pair[pair] = []
        for voice in self.voices[question.name]:
            by_pair[(voice.of, voice.toward)].append(voice)
            if voice.firing.certain:
                certain.add((voice.of, voice.toward))
        ranges: dict[tuple[str, str], tuple[int, int]] = {}
        grades: dict[tuple[str, str], tuple[int, int]] = {}
        for pair, voices in by_pair.items():
            low, high = self.total(question, voices)
            low_rank, high_rank = (question.rank(question.grade_of(total)) for total in (low, high))
            sure_cap = high_rank
            for firing, cap, of, toward in self.caps[question.name]:
                if (of, toward) == pair:
                    limit = question.rank(cap.highest)
                    low_rank = min(low_rank, limit)
                    sure_cap = min(sure_cap, limit) if firing.stands else sure_cap
            grades[pair] = (low_rank, sure_cap)
            names = [entry.name for entry in question.grades]
            ranges[pair] = (question.most(names[low_rank], low), question.most(names[sure_cap], high))
        out: dict[tuple[str, str], bool] = {}
        if question.excluded_by is not None:
            for row in self.store.all(question.excluded_by):
                out[_pair(row)] = out.get(_pair(row), False) or row.certain
        for pair in sorted(by_pair):
            self.state_grade(question, pair, grades[pair], ranges, out, known.get(pair, True), certain)

    def state_grade(
        self,
        question: Question,
        pair: tuple[str, str],
        grade: tuple[int, int],
        ranges: Mapping[tuple[str, str], tuple[int, int]],
        out: Mapping[tuple[str, str], bool],
        known: bool,
        graded: Collection[tuple[str, str]],
    ) -> None:
        names = [entry.name for entry in question.grades]
        significant: set[str] = {UNKNOWN}
        if question.significant_from is not None:
            cut = question.rank(question.significant_from)
            significant = set()
            if grade[1] >= cut:
                significant.add("yes")
            if grade[0] < cut:
                significant |= {"no"} if known else {"no", UNKNOWN}
        rivals = [other for other in ranges if other[0] == pair[0] and other != pair]
        to_beat = max((ranges[other][0] for other in rivals if other in graded and other not in out), default=None)
        may_beat = max((ranges[other][1] for other in rivals if not out.get(other, False)), default=None)
        standing: set[str] = set()
        if not out.get(pair, False) and (to_beat is None or ranges[pair][1] >= to_beat):
            standing.add("highest")
        if pair in out or (may_beat is not None and ranges[pair][0] < may_beat):
            standing.add("lower")
        fields = {
            "grade": frozenset(names[grade[0] : grade[1] + 1]),
            "standing": frozenset(standing),
            "significant": frozenset(significant),
        }
        self.store.add(question.name, pair, fields, certain=pair in graded)

    # ---- contests ---------------------------------------------------------------------------

    def contest(self, question: Question) -> None:
        voices = self.voices[question.name]
        subjects: dict[str, dict[str, bool]] = defaultdict(dict)
        for row in self.store.all(question.about or ""):
            answers = row.fields.get("answer", frozenset())
            if question.about_answer is None or question.about_answer in answers:
                certain = row.certain and (question.about_answer is None or len(answers) == 1)
                of, toward = _pair(row)
                subjects[of][toward] = subjects[of].get(toward, False) or certain
        if question.about not in self.questions:
            for of in sorted({v.of for v in voices if v.toward in self.sides}):
                to_join = [v for v in voices if v.of == of and v.toward in self.sides]
                if not subjects[of] and all(map(_exact, to_join)):
                    subjects[of][min(v.toward for v in to_join)] = True
                elif not any(subjects[of].values()):
                    subjects[of].update({v.toward: False for v in to_join})
        for of in sorted(state for state in subjects if self.limits.wants(question.name, state)):
            for about in sorted(subjects[of]):
                self.decide(question, of, about, [v for v in voices if v.of == of], certain=subjects[of][about])

    def decide(self, question: Question, of: str, about: str, voices: Sequence[_Voice], *, certain: bool) -> None:
        joined = sorted({v.toward for v in voices if v.toward in self.sides})
        # a side to which a vote surely goes stands with the answers voted for, another subject with all
        voted = any(v.toward == about and v.firing.certain for v in voices)
        targets = [] if about in joined and voted else [(answer, about) for answer in question.answers]
        targets += sorted({(v.answer, v.toward) for v in voices if v.toward in joined} - set(targets))
        options: list[_Option] = []
        mine: list[_Voice] = []
        for answer, toward in targets:
            those = [v for v in voices if (v.answer, v.toward) == (answer, toward)]
            mine += those
            there = (toward == about and about not in joined) or any(v.firing.certain for v in those)
            options.append(_Option(answer, toward, *self.total(question, those), there))
        found: set[tuple[str, str] | None]
        held = self.record.contests.get((question.name, of, about))
        concluded = None if held is None else (held.answer, held.toward if held.answer != TIE else about)
        if certain and all(map(_exact, mine)):
            found = {concluded}
        else:
            found = {concluded, *self.winners(question, about, options, mine)}
            if not certain or (about in joined and not any(o.certain and o.low > 0 for o in options)):
                found.add(None)
        self.outcomes[(question.name, of, about)] = found
        for toward in sorted({outcome[1] for outcome in found if outcome is not None}):
            answers = frozenset(outcome[0] for outcome in found if outcome is not None and outcome[1] == toward)
            self.store.add(question.name, (of, toward), {"answer": answers}, certain=len(found) == 1)

    def winners(
        self, question: Question, about: str, options: Sequence[_Option], voices: Sequence[_Voice]
    ) -> Iterator[tuple[str, str]]:
        """Every answer that a contest may have."""
        lead = max((option.low for option in options if option.certain), default=None)
        leading = [option for option in options if lead is None or option.high >= lead]
        for option in leading:
            yield option.answer, option.toward
        if len(leading) > 1:
            yield TIE, about
        if question.when_silent is not None and not any(v.firing.stands and v.low > 0 for v in voices):
            yield question.when_silent, about

    def recommend(self) -> None:
        """What may be recommended, by the table of the rule book."""
        for (name, of, about), outcomes in sorted(self.outcomes.items()):
            if name != ALIGNMENT:
                continue
            for posture, toward in sorted(self.postures(of, about), key=str):
                if posture is not None:
                    fields = {"of": of, "toward": toward, "posture": posture}
                    self.state(POSTURE, fields, certain=len(outcomes) == 1)

    def postures(self, of: str, about: str) -> set[tuple[str | None, str]]:
        """The postures that may be recommended with regard to a subject."""
        found: set[tuple[str | None, str]] = set()
        row = self.store.rows["state"].get((of,))
        for outcome in self.outcomes[(ALIGNMENT, of, about)]:
            if outcome is None:
                found.add((None, about))
                continue
            answer, toward = outcome
            if answer == TIE:
                found.add((TIE, toward))
                continue
            joint = {None} if toward != about else self.outcomes.get((EFFORT, of, about), {None})
            for effort in joint:
                answers = efforts(self.questions, None if effort is None else effort[0])
                for state in _choices(self.program.book.recommendations, row):
                    entries = [chosen(self.program.book.recommendations, answer, one, state) for one in answers]
                    postures = {entry.posture for entry in entries if entry is not None}
                    found.add((postures.pop() if len(postures) == 1 else TIE, toward))
        return found

    # ---- the rest ---------------------------------------------------------------------------

    def census(self, question: Question) -> None:
        """A count of answers is not bounded: whatever it says is possible."""
        table = self.store.tables[question.name]
        fields = {name: frozenset((*a.values, UNKNOWN)) for name, a in table.attributes.items()}
        self.store.add(question.name, ("system",), fields, certain=False)

    def first_known(self, table: Table) -> None:
        (attribute,) = table.attributes
        found: dict[str, set[str]] = defaultdict(set)
        sure: set[str] = set()
        for part in table.first_known:
            source, _, name = part.partition(".")
            for row in self.store.all(source):
                subject = row.key[0]
                if subject not in sure:
                    found[subject] |= row.fields[name] - {UNKNOWN}
                    if row.certain and UNKNOWN not in row.fields[name]:
                        sure.add(subject)
        for subject in sorted(found):
            if found[subject]:
                self.store.add(table.name, (subject,), {attribute: frozenset(found[subject])}, certain=subject in sure)


def _pair(row: _Row) -> tuple[str, str]:
    """Whom a row of a table of pairs is of, and toward."""
    (of,), (toward,) = row.fields["of"], row.fields["toward"]
    return of, toward


def _exact(voice: _Voice) -> bool:
    """Whether everything about a vote is certain."""
    firing = voice.firing
    return firing.certain and voice.low == voice.high and firing.surely_defeated == firing.maybe_defeated


def _choices(recommendations: Iterable[Recommendation], row: _Row | None) -> Iterator[dict[str, str]]:
    """Every combination of those fields of a state that recommendations ask for; none of a side of a war."""
    if row is None:
        yield {}
        return
    names = sorted({name for entry in recommendations for name in entry.where})
    for values in product(*(sorted(row.fields[name]) for name in names)):
        yield dict(zip(names, values, strict=True))


def _without_unknown(pattern: Pattern, row: _Row) -> Pattern:
    """A pattern without what it asks of fields that may be unknown."""
    kept = tuple(c for c in pattern.constraints if c.stated is not None or UNKNOWN not in row.fields[c.field])
    return Pattern(pattern.table, kept)


Conclusion = tuple[str, str | None, str]
"""Subject, posture (``None`` for no verdict on the subject) and toward whom."""


class Bounds:
    """What could still be concluded in a run, pass by pass."""

    def __init__(self, record: Record) -> None:
        self.record = record
        program, memory = record.program, record.case.memory
        self.rules = {rule.id: rule for rule in bearing(program.rules, program.questions, memory.tables)}
        self.slices = slices(self.rules, program.questions, memory.tables)
        self.cells = cells(memory.tables, record.case.states, record.case.wars)
        self.known = _Store(memory.tables)
        for row in memory.every():
            table = memory.tables[row.table]
            key = tuple(row.fields[name] for name in table.keys)
            fields = {name: frozenset((row.fields[name],)) for name in table.attributes}
            self.known.add(row.table, key, fields, certain=True)

    def unknown(self) -> dict[str, list[str]]:
        """Every value that each unknown fact may have, by address."""
        found: dict[str, list[str]] = {}
        for path, (table, key, attribute) in self.cells.items():
            if UNKNOWN in self.known.rows[table.name][key].fields[attribute.name]:
                sides = self.record.case.wars[key[0]] if attribute.side else ()
                found[path] = [*attribute.values, *sides]
        return found

    def run(self, readings: Mapping[str, Iterable[str]], *, state: str | None = None, whole: bool = False) -> _Pass:
        """One pass.

        Args:
            readings: The other values that facts may have as well, by address.
            state: The state whose verdict is wanted; all by default.
            whole: Whether all rules take part, and not only those that bear on a posture.
        """
        store = self.known.copy()
        for path, values in readings.items():
            table, key, attribute = self.cells[path]
            store.widen(table.name, key, attribute.name, values)
            # what is said of a fact is said of its value, and may not be said of another
            store.doubt("input", path)
        limits = _Limits(None if whole else state, self.slices, whole)
        done = _Pass(self.record, self.record.program.rules if whole else self.rules, store, limits)
        done.run()
        return done

    def could_be(self, state: str, readings: Mapping[str, Iterable[str]]) -> set[Conclusion]:
        """Each conclusion that is possible for a state if some facts may have other values as well."""
        done = self.run(readings, state=state)
        abouts = [about for name, of, about in sorted(done.outcomes) if (name, of) == (ALIGNMENT, state)]
        return {(about, *rest) for about in abouts for rest in done.postures(state, about)}

    def postures(self, state: str, readings: Mapping[str, Iterable[str]]) -> set[str]:
        """Every posture that a state may have if some facts may have other values as well.

        Args:
            state: The state.
            readings: The other values of facts, by address; a linked fact is named in both directions. All
                other facts, the unknown ones too, stay as they are.

        Returns:
            Postures as :meth:`Record.posture` gives them. What is not among them is impossible.
        """
        could = self.could_be(state, readings)
        by_subject: dict[str, set[str | None]] = {}
        for about, posture, _ in could:
            by_subject.setdefault(about, set()).add(posture)
        several = list(by_subject.values())
        every = {posture for may in several for posture in may if posture is not None}
        # one posture for all subjects: each has it, or no verdict on it is possible
        words = {p.replace("_", "-") for p in every if all(p in may or None in may for may in several)}
        if len(several) > 1 and len(every) > 1:
            words.add(DIVIDED)
        if all(None in may for may in several):
            words.add(NONE)
        return words


def settled(record: Record, states: Sequence[str] | None = None) -> dict[str, Settled]:
    """Which verdicts of a run no value of an unknown fact can change.

    Args:
        record: A run.
        states: The states whose verdicts are wanted; all of the case by default.

    Returns:
        For every state: whether its verdict (the subjects, and for each the posture and toward whom) is
        settled, and what the bounds leave possible. A verdict that is not called settled may still be so:
        unknown facts are taken as if none depended on another.
    """
    bounds = Bounds(record)
    unknown = bounds.unknown()
    found: dict[str, Settled] = {}
    for state in record.case.states if states is None else states:
        could = bounds.could_be(state, unknown)
        concluded = {(p.about, p.posture, p.alignment.toward) for p in record.of(state)}
        possible = tuple(sorted(could | concluded, key=lambda item: (item[0], item[1] or "", item[2])))
        found[state] = Settled(could == concluded, possible)
    return found


def asked(record: Record) -> set[str]:
    """The addresses of the facts that some rule, question or table asks for in a run.

    A rule asks for a fact where everything that it asks for before it could hold, whatever the unknown facts
    are. A fact that is not among these is read by nothing in this case.
    """
    bounds = Bounds(record)
    return bounds.run(bounds.unknown(), whole=True).asked_for()
