"""Run a case through a program: fire stratum by stratum, settle, answer questions, record.

Within a stratum nothing that fires can change what else fires; at its end defeats are settled,
votes weighed and counted, questions answered, and their rows stated for the strata above.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from foedus.book import Program
from foedus.case import Case
from foedus.evidence import Capping, alternative, contest, count, grade, weigh
from foedus.memory import Memory, Row, row_id
from foedus.problems import InputError, Problem
from foedus.record import TIE, Census, Contest, Firing, GradeOf, Posture, Record, Voice, Weighing
from foedus.rete import Match, network_of
from foedus.strata import EVIDENCE, POSTURE, depth, in_order_of_defeat
from foedus.terms import ANYONE, UNKNOWN, Cap, Conclude, Question, Recommendation, Rule, Table, Vote, Weigh

ALIGNMENT = "alignment"
"""The contest whose answer a recommendation starts from."""
EFFORT = "effort"
"""The contest that qualifies it."""


def firing_id(rule: str, bindings: Iterable[tuple[str, str]]) -> str:
    """The identity of a firing: its rule and its bindings."""
    return f"{rule}[{', '.join(f'{name}={value}' for name, value in bindings)}]"


def efforts(questions: Mapping[str, Question], answer: str | None) -> list[str | None]:
    """The answers that an answer on the effort stands for.

    Args:
        questions: Of the program.
        answer: One answer; ``tie``, which stands for all; ``None`` where it was not asked, which stands for what
            silence means.
    """
    question = questions.get(EFFORT)
    if question is None:
        return [None]
    return [*question.answers] if answer == TIE else [answer or question.when_silent]


def chosen(
    recommendations: Sequence[Recommendation], alignment: str, effort: str | None, state: Mapping[str, str]
) -> Recommendation | None:
    """The recommendation for two answers; the one that asks for most of the state is the most special."""
    fitting = [
        entry
        for entry in recommendations
        if entry.alignment == alignment
        and entry.effort in (None, effort)
        and all(state.get(key) == value for key, value in entry.where.items())
    ]
    return max(fitting, key=lambda entry: (len(entry.where), entry.posture, entry.label or ""), default=None)


class _Run:
    """The state of one run."""

    def __init__(self, case: Case, program: Program) -> None:
        self.case, self.program = case, program
        self.rules, self.questions, self.strata = program.rules, program.questions, program.strata
        self.memory = Memory(case.memory.tables)
        self.memory.rows = {table: dict(rows) for table, rows in case.memory.rows.items()}
        self.firings: dict[str, Firing] = {}
        self.by_rule: dict[str, list[Firing]] = defaultdict(list)
        self.grades: dict[tuple[str, str, str], GradeOf] = {}
        self.contests: dict[tuple[str, str, str], Contest] = {}
        self.census: dict[str, Census] = {}
        self.postures: list[Posture] = []
        self.producers: dict[str, set[str]] = defaultdict(set)
        self.voices: dict[str, list[Voice]] = defaultdict(list)
        self.caps: dict[str, list[Capping]] = defaultdict(list)
        self.weighings: dict[tuple[str, str, str], list[tuple[str, Weighing]]] = defaultdict(list)
        self.fresh: list[Row] = []
        self.first_known = {name: t.first_known for name, t in case.memory.tables.items() if t.first_known}

    def record(self) -> Record:
        with network_of(self.program).session() as session:
            session.declare(self.memory.every())
            self.advance(0)
            session.declare(self.fresh)
            for stratum in range(1, self.strata.last + 1):
                self.fire(session.fire(stratum))
                self.fresh = []
                self.advance(stratum)
                session.declare(self.fresh)
        order = sorted(self.firings.values(), key=lambda f: (f.stratum, f.rule, f.id))
        return Record(
            self.case,
            self.program,
            self.memory,
            {f.id: f for f in order},
            dict(sorted(self.grades.items())),
            dict(sorted(self.contests.items())),
            tuple(sorted(self.postures, key=lambda p: (p.of, p.about))),
            dict(sorted(self.census.items())),
            {row: tuple(sorted(ids)) for row, ids in sorted(self.producers.items())},
        )

    # ---- firing -----------------------------------------------------------------------------

    def fire(self, matches: Iterable[Match]) -> None:
        """Make one firing of all activations of a rule with the same bindings."""
        rows: dict[tuple[str, tuple[tuple[str, str], ...]], dict[int, set[str]]] = {}
        for match in matches:
            places = rows.setdefault((match.rule, match.bindings), defaultdict(set))
            for place, row in match.rows:
                places[place].add(row)
        for (name, bindings), places in rows.items():
            rule = self.rules[name]
            premises = tuple(tuple(sorted(places.get(place, ()))) for place in range(len(rule.premises)))
            firing = Firing(firing_id(name, bindings), name, self.strata.fires[name], dict(bindings), premises)
            self.firings[firing.id] = firing
            self.by_rule[name].append(firing)

    # ---- settling ---------------------------------------------------------------------------

    def advance(self, stratum: int) -> None:
        """Everything that stands at the end of a stratum."""
        settled = [name for name in self.rules if self.strata.settles[name] == stratum]
        for name in in_order_of_defeat(settled, self.rules):
            self.settle(self.rules[name])
        open_questions = [q for q in self.questions.values() if self.strata.resolves[q.name] == stratum]
        for question in sorted(open_questions, key=lambda q: (depth(q, self.questions), q.name)):
            self.answer(question)
        if self.strata.ready.get(POSTURE) == stratum and any(q.kind == "contest" for q in self.questions.values()):
            self.recommend()
        for name, parts in sorted(self.first_known.items()):
            if self.strata.ready[name] == stratum:
                self.take_first_known(name, parts)
        for question in open_questions:
            if question.kind == "census":
                self.count_answers(question)

    def settle(self, rule: Rule) -> None:
        """Decide which firings of a rule stand, and state what they conclude."""
        settled: list[Firing] = []
        for firing in self.by_rule[rule.id]:
            defeated_by = tuple(sorted(self.defeaters(rule, firing)))
            concluded: list[str] = []
            for conclusion in rule.conclusions:
                if isinstance(conclusion, Vote):
                    self.vote(rule, firing, conclusion, defeated_by)
                elif isinstance(conclusion, Conclude):
                    fields = {name: term.value(firing.bindings) for name, term in conclusion.fields.items()}
                    concluded.append(self.state(conclusion.table, fields, firing.id, standing=not defeated_by))
                elif not defeated_by:
                    self.weigh_or_cap(rule, firing, conclusion)
            final = Firing(
                firing.id, firing.rule, firing.stratum, firing.bindings, firing.premises, tuple(concluded), defeated_by
            )
            self.firings[firing.id] = final
            settled.append(final)
        self.by_rule[rule.id] = settled

    def weigh_or_cap(self, rule: Rule, firing: Firing, conclusion: Weigh | Cap) -> None:
        of, toward = conclusion.of.value(firing.bindings), conclusion.toward.value(firing.bindings)
        if isinstance(conclusion, Cap):
            self.caps[conclusion.question].append(Capping(firing.id, of, toward, conclusion.highest))
            return
        for target in conclusion.rules:
            weighing = Weighing(firing.id, conclusion.step, conclusion.highest)
            self.weighings[(target, of, toward)].append((rule.row, weighing))

    def defeaters(self, rule: Rule, firing: Firing) -> set[str]:
        found: set[str] = set()
        for defeat in rule.defeated_by:
            for other in self.by_rule.get(defeat.rule, []):
                same = defeat.same or tuple((name, name) for name in sorted(set(firing.bindings) & set(other.bindings)))
                if not other.defeated_by and all(firing.bindings[a] == other.bindings[b] for a, b in same):
                    found.add(other.id)
        return found

    def vote(self, rule: Rule, firing: Firing, vote: Vote, defeated_by: tuple[str, ...]) -> None:
        question = self.questions[vote.question]
        of, toward = vote.of.value(firing.bindings), vote.toward.value(firing.bindings)
        answer = vote.answer.value(firing.bindings) if vote.answer is not None else None
        base = vote.strength.base(firing.bindings)
        word, weighed_by = weigh(base, question, self.weighings[(rule.id, of, toward)])
        self.voices[question.name].append(
            Voice(
                firing.id,
                rule.id,
                rule.row,
                question.name,
                answer,
                of,
                toward,
                vote.sign,
                vote.group,
                base,
                word,
                weighed_by,
                False,
                0,
                None,
                None,
                defeated_by,
                rule.default,
            )
        )
        if not defeated_by and word != "nothing":
            self.state(
                EVIDENCE,
                {
                    "row": rule.row,
                    "question": question.name,
                    "answer": answer or ANYONE,
                    "of": of,
                    "toward": toward,
                    "sign": "for" if vote.sign > 0 else "against",
                    "group": vote.group,
                },
                firing.id,
                standing=True,
            )

    def state(self, table: str, fields: Mapping[str, str], firing: str, *, standing: bool) -> str:
        """State a concluded row; a row that several firings conclude is one row."""
        declared = self.memory.tables[table]
        identity = row_id(declared, tuple(fields[name] for name in declared.keys))
        if standing:
            row = self.memory.add(table, fields)
            if row is not None:
                self.fresh.append(row)
            else:
                self.same_values(declared, fields, firing)
            if firing:
                self.producers[identity].add(firing)
        return identity

    def same_values(self, table: Table, fields: Mapping[str, str], firing: str) -> None:
        """Refuse a second value for a row: which of two stands must not depend on the order of firing."""
        held = self.memory.get(table.name, *(fields[name] for name in table.keys))
        if held is not None and firing and any(held.fields[name] != fields[name] for name in table.attributes):
            rule = self.rules[self.firings[firing].rule]
            others = ", ".join(sorted(self.producers[held.id]))
            message = f"{firing} concludes another value for {held.id} than {others}"
            raise InputError(
                [Problem(rule.file, rule.line, 1, message, "rules that conclude one row must exclude each other")]
            )

    # ---- questions --------------------------------------------------------------------------

    def answer(self, question: Question) -> None:
        votes = self.voices[question.name]
        replaceable = {rule.id: rule.weaker_may_stand for rule in self.rules.values()}
        counted = count(votes, question, replaceable)
        if question.kind == "graded":
            self.answer_grade(question, counted)
        elif question.kind == "contest":
            settled = count([vote for vote in votes if not vote.default], question, replaceable)
            self.answer_contest(question, counted, settled)

    def answer_grade(self, question: Question, votes: tuple[Voice, ...]) -> None:
        known: dict[tuple[str, str], bool] = {}
        pairs: list[tuple[str, str]] = []
        if question.sources:
            table = question.sources[0].partition(".")[0]
            for row in self.memory.all(table):
                of, toward = list(row.fields.values())[:2]
                pairs.append((of, toward))
                known[(of, toward)] = all(
                    row.fields[source.partition(".")[2]] != UNKNOWN for source in question.sources
                )
        excluded = frozenset(
            (row.fields["of"], row.fields["toward"]) for row in self.memory.all(question.excluded_by or "")
        )
        for result in grade(question, votes, self.caps[question.name], pairs, known, excluded):
            self.grades[(question.name, result.of, result.toward)] = result
            self.state(
                question.name,
                {
                    "of": result.of,
                    "toward": result.toward,
                    "grade": result.grade,
                    "standing": result.standing,
                    "significant": result.significant,
                },
                "",
                standing=True,
            )

    def answer_contest(self, question: Question, votes: tuple[Voice, ...], settled: tuple[Voice, ...]) -> None:
        subjects: dict[str, list[str]] = defaultdict(list)
        for row in self.memory.all(question.about or ""):
            if question.about_answer is None or row.fields.get("answer") == question.about_answer:
                subjects[row.fields["of"]].append(row.fields["toward"])
        sides = {side for war in self.case.wars.values() for side in war}
        if question.about not in self.questions:
            for vote in votes:
                # a war to join is a subject of its own where there is no principal threat
                if vote.toward in sides and vote.of not in subjects:
                    subjects[vote.of] = []
        for of in sorted(subjects):
            joined = sorted({v.toward for v in votes if v.of == of and v.toward in sides})
            for about in sorted(subjects[of]) or joined[:1]:
                self.decide(question, of, about, votes, settled, joined)

    def decide(
        self,
        question: Question,
        of: str,
        about: str,
        votes: tuple[Voice, ...],
        settled: tuple[Voice, ...],
        joined: list[str],
    ) -> None:
        def those(source: tuple[Voice, ...], answer: str, toward: str) -> list[Voice]:
            return [v for v in source if (v.of, v.answer, v.toward) == (of, answer, toward)]

        targets = [(answer, about) for answer in question.answers] if about not in joined else []
        targets += sorted({(v.answer or "", v.toward) for v in votes if v.of == of and v.toward in joined})
        options = [
            alternative(question, answer, toward, those(votes, answer, toward), those(settled, answer, toward))
            for answer, toward in targets
        ]
        if about in joined and max(option.total for option in options) <= 0:
            return
        result = contest(question, of, about, options)
        self.contests[(question.name, of, about)] = result
        self.state(
            question.name,
            {"of": of, "toward": result.toward if result.answer != TIE else about, "answer": result.answer},
            "",
            standing=True,
        )

    def recommend(self) -> None:
        """Turn the answers into postures, by the table of the rule book."""
        states = {row.fields["state"]: row.fields for row in self.memory.all("state")}
        for (name, of, about), alignment in sorted(self.contests.items()):
            if name != ALIGNMENT:
                continue
            effort = self.contests.get((EFFORT, of, about)) if not alignment.strained else None
            posture = label = TIE
            says = ""
            if alignment.answer != TIE:
                fitting = self.program.book.recommendations
                answers = efforts(self.questions, None if effort is None else effort.answer)
                entries = [chosen(fitting, alignment.answer, answer, states.get(of, {})) for answer in answers]
                labels = sorted({entry.label or entry.posture.replace("_", "-") for entry in entries if entry})
                says = entries[0].says if len(entries) == 1 and entries[0] is not None else ""
                postures = sorted({entry.posture for entry in entries if entry})
                posture = postures[0] if len(postures) == 1 else TIE
                label = " or ".join(labels) or TIE
            else:
                label = " or ".join(sorted({answer for answer, _ in alignment.tied}))
            self.postures.append(Posture(of, about, posture, label, alignment, effort, says))
            self.state(POSTURE, {"of": of, "toward": alignment.toward, "posture": posture}, "", standing=True)

    def take_first_known(self, name: str, parts: tuple[str, ...]) -> None:
        """Fill a table whose value is the first of several that is known."""
        table = self.memory.tables[name]
        (attribute,) = table.attributes
        (key_name,) = table.keys
        found: dict[str, str] = {}
        for part in reversed(parts):
            source, _, field = part.partition(".")
            key = next(iter(self.memory.tables[source].keys))
            for row in self.memory.all(source):
                if row.fields[field] != UNKNOWN:
                    found[row.fields[key]] = row.fields[field]
        for subject in sorted(found):
            self.state(name, {key_name: subject, attribute: found[subject]}, "", standing=True)

    def count_answers(self, question: Question) -> None:
        """Count the answers of a contest among the states that it was asked of."""
        given: dict[str, set[str]] = defaultdict(set)
        for (name, of, about), result in self.contests.items():
            if name == question.counts and about in self.case.states:
                given[of].add(result.answer)
        kinds = (*self.questions[question.counts or ""].answers, "divided", TIE)
        states: dict[str, list[str]] = {kind: [] for kind in kinds}
        for of in sorted(given):
            (kind,) = given[of] if len(given[of]) == 1 else ("divided",)
            states[kind].append(of)
        counts = {kind: len(members) for kind, members in states.items()}
        rivals = [(counts[kind], kind) for kind in self.questions[question.counts or ""].answers]
        most = max(number for number, _ in rivals)
        leaders = [kind for number, kind in rivals if number == most]
        prevalent = None if most == 0 else leaders[0] if len(leaders) == 1 else "even"
        self.census[question.name] = Census(
            question.name, prevalent, counts, {kind: tuple(members) for kind, members in states.items()}
        )
        if prevalent is not None:
            self.state(question.name, {"outlook": "system", "prevalent": prevalent}, "", standing=True)


def infer(case: Case, program: Program) -> Record:
    """Run a case through a program.

    Args:
        case: The checked case.
        program: The rules and questions of one theory.

    Returns:
        The record of every firing, vote, grade and contest.
    """
    return _Run(case, program).record()
