"""How a verdict came about: the proof as a tree, verdict to evidence to rules to facts to sources.

Every node is in the record of the run. A part that the tree has shown already is referred to and not
shown again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from foedus.case import Fact
from foedus.explain.sentences import Speaker, fill
from foedus.memory import Row, fact_path, named_by
from foedus.record import TIE, Alternative, Contest, Firing, GradeOf, Record, Voice
from foedus.results import Verdict
from foedus.strata import EVIDENCE, POSTURE
from foedus.terms import UNKNOWN, Absent, Citation, Compare, Differ, Holds, Rule
from foedus.wire import Part
from pydantic import Field

Kind = Literal[
    "verdict",
    "question",
    "answer",
    "evidence",
    "rule",
    "premise",
    "fact",
    "absent",
    "source",
    "number",
    "weight",
    "defeat",
    "conclusion",
    "note",
    "reference",
]


class Node(Part):
    """A step of a proof.

    Attributes:
        id: What the node is about: a firing, a fact's address, a concluded row; empty for headings.
    """

    kind: Kind
    text: str
    id: str = ""
    points: int | None = None
    children: list[Node] = Field(default=[])


class Proof(Part):
    """The proof of one state's verdict."""

    state: str
    sentence: str
    root: Node

    def __rich__(self) -> object:
        from foedus.render.text import proof

        return proof(self)

    def __str__(self) -> str:
        from foedus.render.text import plain

        return plain(self)

    def _repr_html_(self) -> str:
        from foedus.render.html import proof

        return proof(self)


ORIGINS = {
    "linked": "follows from",
    "complete list": "not on a list that is declared complete",
    "given list": "the list is given",
}


class _Prover:
    """Builds the proof of one state."""

    def __init__(self, record: Record, verdict: Verdict) -> None:
        self.record, self.verdict, self.state = record, verdict, verdict.state
        self.case, self.program, self.book = record.case, record.program, record.program.book
        self.speaker = Speaker(record.case, self.book.tables)
        self.shown: set[str] = set()

    # ---- facts ------------------------------------------------------------------------------

    def fact(self, fact: Fact) -> Node:
        """A fact with its source, and how a number became its value."""
        if fact.path in self.shown:
            return Node(kind="fact", text=f"{self.speaker.fact(fact)} (source above)", id=fact.path)
        self.shown.add(fact.path)
        children: list[Node] = []
        if fact.classified is not None:
            cut, measure = fact.classified.cut, fact.classified.measure
            text = (
                f"{fact.classified.number} ({measure.unit}; measure {measure.name}) counts as "
                f"{cut.value.replace('_', ' ')} ({measure.range_of(cut)}); cut-points: {measure.source}"
            )
            children.append(Node(kind="number", text=text))
        if fact.origin == "linked":
            children.append(Node(kind="note", text=f"{ORIGINS['linked']} {fact.via}"))
        elif fact.origin != "stated":
            children.append(Node(kind="note", text=ORIGINS[fact.origin]))
        given = fact.given
        if given is not None:
            for name in given.source:
                children.append(self.source(name))
            marks = [
                "an assumption" if given.assumption == "yes" else "",
                f"confidence {given.confidence}" if given.confidence else "",
                f"reliability {given.reliability}" if given.reliability else "",
                f"as of {given.source_date}" if given.source_date else "",
                f"rests on {given.basis}" if given.basis else "",
                f"advocate {given.advocate}" if given.advocate else "",
                f"other reading: {', '.join(v.replace('_', ' ') for v in given.other_reading)}"
                if given.other_reading
                else "",
            ]
            if any(marks):
                children.append(Node(kind="note", text="; ".join(mark for mark in marks if mark)))
            if given.note:
                children.append(Node(kind="note", text=given.note.strip()))
        if fact.origin == "stated" and (given is None or not given.source):
            children.append(Node(kind="source", text="no source is given"))
        return Node(kind="fact", text=self.speaker.fact(fact), id=fact.path, children=children)

    def source(self, name: str) -> Node:
        source = self.case.sources[name]
        parts = [source.title, source.author, source.date, source.address]
        text = "source: " + "; ".join(part for part in parts if part)
        if source.passage:
            text += f" (“{source.passage}”)"
        if source.reliability:
            text += f" [{source.reliability}]"
        return Node(kind="source", text=text, id=name)

    def unknown(self, row: Row, attribute: str) -> Node:
        table = self.book.tables[row.table]
        keys = {key: row.fields[key] for key in table.keys}
        text = self.speaker.stated(table, keys, table.attributes[attribute], row.fields[attribute])
        return Node(kind="fact", text=text, id=fact_path(row.table, tuple(keys.values()), attribute))

    # ---- rows -------------------------------------------------------------------------------

    def row(self, identity: str, asked: Sequence[str]) -> list[Node]:
        """The row that met a premise, as the facts or conclusions that it stands for."""
        table_name, key = named_by(identity)
        table = self.book.tables[table_name]
        row = self.record.memory.rows[table_name][key]
        if table.derived:
            return [self.concluded(row, asked)]
        if table.reference:
            return [self.reference(row, asked)]
        if table_name == "input":
            return [self.fact(self.case.facts[row.fields["fact"]])]
        if not table.attributes:
            return [Node(kind="fact", text=self.speaker.row(row), id=identity)]
        nodes: list[Node] = []
        for attribute in asked:
            fact = self.case.facts.get(fact_path(table_name, key, attribute))
            nodes.append(self.fact(fact) if fact is not None else self.unknown(row, attribute))
        if not nodes:
            subject = ", ".join(self.speaker.name(part) for part in key) or "the situation"
            nodes.append(Node(kind="fact", text=f"{subject} is in the case", id=identity))
        return nodes

    def reference(self, row: Row, asked: Sequence[str]) -> Node:
        table = self.book.tables[row.table]
        keys = {key: row.fields[key] for key in table.keys}
        text = "; ".join(self.speaker.stated(table, keys, table.attributes[name], row.fields[name]) for name in asked)
        source = next((r.source for r in self.book.reference if r.table == row.table and r.key in keys.values()), "")
        return Node(
            kind="fact",
            text=text,
            id=row.id,
            children=[Node(kind="source", text=f"rule book, {row.table}: {self.cited(source)}")],
        )

    def cited(self, work: str) -> str:
        known = self.book.works.get(work)
        return f"{work} ({known.title})" if known else work

    def concluded(self, row: Row, asked: Sequence[str]) -> Node:
        """A concluded row with what concluded it."""
        table = self.book.tables[row.table]
        pair = (row.table, row.fields.get("of", ""), row.fields.get("toward", ""))
        if pair in self.record.grades:
            return self.grade(self.record.grades[pair], asked)
        if row.table == EVIDENCE:
            return self.again(row.id, f"evidence: {self.speaker.row(row)}", self.producers(row))
        if row.table in self.program.questions or row.table == POSTURE:
            attribute = next(iter(table.attributes.values()))
            keys = {key: row.fields[key] for key in table.keys}
            text = self.speaker.stated(table, keys, attribute, row.fields[attribute.name])
            return Node(kind="reference", text=text, id=row.id)
        if table.first_known:
            return self.first_known(row)
        return self.again(row.id, self.speaker.row(row), self.producers(row))

    def first_known(self, row: Row) -> Node:
        table = self.book.tables[row.table]
        (key,) = (row.fields[name] for name in table.keys)
        children: list[Node] = []
        for part in table.first_known:
            source, _, attribute = part.partition(".")
            other = self.record.memory.get(source, key)
            if other is None or other.fields[attribute] == UNKNOWN:
                continue
            children = self.row(other.id, [attribute])
            break
        return Node(kind="conclusion", text=self.speaker.row(row), id=row.id, children=children)

    def producers(self, row: Row) -> list[Firing]:
        return [self.record.firings[identity] for identity in self.record.producers.get(row.id, ())]

    def again(self, identity: str, text: str, firings: Iterable[Firing]) -> Node:
        """A conclusion, shown whole the first time and referred to afterwards."""
        if identity in self.shown:
            return Node(kind="reference", text=f"{text} (shown above)", id=identity)
        self.shown.add(identity)
        return Node(kind="conclusion", text=text, id=identity, children=[self.firing(f) for f in firings])

    def grade(self, grade: GradeOf, asked: Sequence[str]) -> Node:
        """A graded answer with the votes that add up to it."""
        identity = f"{grade.question}({grade.of}, {grade.toward})"
        names = {"of": self.speaker.name(grade.of), "toward": self.speaker.name(grade.toward)}
        who = fill(self.program.questions[grade.question].says, names)
        points = "1 point" if grade.total == 1 else f"{grade.total} points"
        text = f"{who}: {grade.grade}, {points}"
        if grade.question in self.program.questions and grade.significant != UNKNOWN and "significant" in asked:
            text += f"; significant: {grade.significant}"
        if "standing" in asked:
            text += f"; it ranks {grade.standing}"
        if identity in self.shown:
            return Node(kind="reference", text=f"{text} (shown above)", id=identity)
        self.shown.add(identity)
        children = [self.voice(voice) for voice in _ranked(grade.votes)]
        question = self.program.questions[grade.question]
        if question.significant_from and "significant" in asked:
            children.append(
                Node(
                    kind="note",
                    text=f"a {grade.question} is significant from {question.significant_from} on ({question.source})",
                )
            )
        if grade.caps:
            changed = (
                f"{grade.uncapped} by its points, limited to {grade.grade}"
                if grade.uncapped != grade.grade
                else "limited"
            )
            caps = [self.firing(self.record.firings[cap]) for cap in grade.caps]
            children.append(Node(kind="weight", text=changed, children=caps))
        return Node(kind="conclusion", text=text, id=identity, points=grade.total, children=children)

    # ---- firings ----------------------------------------------------------------------------

    def rule(self, rule: Rule) -> Node:
        """A rule's claim and page; what was decided about it stands below it the first time."""
        notes: list[Node] = []
        key = f"rule {rule.id}"
        if key not in self.shown:
            self.shown.add(key)
            notes = [Node(kind="note", text=f"decision: {rule.decision}")] if rule.decision else []
        marks = "".join(
            [
                " (a default)" if rule.default else "",
                " (a corollary that neither document states)" if rule.corollary else "",
            ]
        )
        return Node(
            kind="rule", text=f"{rule.id}: {rule.claim}{marks} [{_cite(rule.source)}]", id=rule.id, children=notes
        )

    def firing(self, firing: Firing) -> Node:
        """A firing with its rule, its premises and what defeats it."""
        rule = self.program.rules[firing.rule]
        because = self.speaker.because(rule, firing.bindings)
        if firing.id in self.shown:
            return Node(kind="reference", text=f"{rule.id}: {because} (shown above)", id=firing.id)
        self.shown.add(firing.id)
        children = [self.rule(rule), *self.premises(rule, firing)]
        children += [self.defeat(rule, identity) for identity in firing.defeated_by]
        return Node(kind="evidence", text=because, id=firing.id, children=children)

    def premises(self, rule: Rule, firing: Firing) -> list[Node]:
        nodes: list[Node] = []
        for premise, rows in zip(rule.premises, firing.premises, strict=True):
            if isinstance(premise, Holds):
                asked = [
                    c.field
                    for c in premise.pattern.constraints
                    if c.field in self.book.tables[premise.pattern.table].attributes
                ]
                for identity in rows:
                    nodes += self.row(identity, asked)
            elif isinstance(premise, Absent):
                nodes.append(Node(kind="absent", text=self.speaker.reads(rule, premise, firing.bindings)))
            elif isinstance(premise, Compare):
                nodes.append(Node(kind="premise", text=self.speaker.compared(rule, premise, firing.bindings)))
            elif isinstance(premise, Differ):
                left, right = firing.bindings[premise.left], firing.bindings[premise.right]
                nodes.append(
                    Node(
                        kind="premise",
                        text=f"{self.speaker.name(left)} and {self.speaker.name(right)} are not the same",
                    )
                )
        return nodes

    def defeat(self, rule: Rule, identity: str) -> Node:
        other = self.record.firings[identity]
        why = next((d.reason for d in rule.defeated_by if d.rule == other.rule), "")
        return Node(
            kind="defeat",
            text=f"defeated by {other.rule}" + (f": {why}" if why else ""),
            id=identity,
            children=[self.firing(other)],
        )

    def voice(self, voice: Voice) -> Node:
        """A vote: its weight, then its firing."""
        firing = self.record.firings[voice.firing]
        node = self.firing(firing)
        count = f"{voice.points:+d}" if voice.counted else "0"
        word = voice.word if voice.word == voice.base else f"{voice.word}, by itself {voice.base}"
        text = f"{count} ({word}) {voice.rule}: {self.speaker.because(self.program.rules[voice.rule], firing.bindings)}"
        extra: list[Node] = []
        if voice.included_in:
            group = voice.group.replace("_", " ")
            text_of = f"included in {_rule_of(voice.included_in)}: one consideration, {group}"
            extra.append(Node(kind="note", text=text_of))
        if voice.suppressed_by:
            extra.append(
                Node(
                    kind="note",
                    text=f"does not stand in for {_rule_of(voice.suppressed_by)}, the stronger form, which is defeated",
                )
            )
        extra += [self.weighing(w.firing, w.step, w.highest) for w in voice.weighed_by]
        text += " (shown above)" if node.kind == "reference" else ""
        return Node(kind="evidence", text=text, id=voice.firing, points=voice.points, children=[*extra, *node.children])

    def weighing(self, identity: str, step: str | None, highest: str | None) -> Node:
        firing = self.record.firings[identity]
        what = f"one step {step}" if step else f"at most {highest}"
        node = self.firing(firing)
        return Node(
            kind="weight",
            text=f"{what} by {firing.rule}: {node.text.removeprefix(firing.rule + ': ')}",
            id=identity,
            children=node.children,
        )

    # ---- questions --------------------------------------------------------------------------

    def contest(self, contest: Contest) -> Node:
        question = self.program.questions[contest.question]
        asks = fill(question.asks, {"of": self.speaker.name(contest.of), "toward": self.speaker.name(contest.about)})
        children = [self.alternative(a) for a in contest.alternatives]
        children += [Node(kind="note", text=text) for text in self.outcome(contest)]
        return Node(
            kind="question", text=asks, id=f"{contest.question}({contest.of}, {contest.about})", children=children
        )

    def outcome(self, contest: Contest) -> list[str]:
        if contest.by_silence:
            return [f"no rule speaks, so the burden is {contest.answer}"]
        if contest.answer == TIE:
            return [f"tie between {' and '.join(sorted({answer for answer, _ in contest.tied}))}"]
        notes = [
            f"{contest.answer} leads by {contest.margin} points"
            if contest.margin != 1
            else f"{contest.answer} leads by 1 point"
        ]
        if contest.by_default:
            notes.append("the specific evidence ties, and the default decides")
        if contest.robust is not None:
            if contest.robust.signs_alone:
                notes.append(
                    "the lead rests on the signs alone: whatever the sizes of slight < moderate < strong, it holds"
                )
            else:
                notes.append(
                    f"the lead rests on the sizes: it holds under {contest.robust.share} of the admissible weightings"
                )
        return notes

    def alternative(self, alternative: Alternative) -> Node:
        points = "1 point" if alternative.total == 1 else f"{alternative.total} points"
        text = f"{alternative.answer} with regard to {self.speaker.name(alternative.toward)}: {points}"
        nodes = [self.voice(voice) for voice in _ranked(alternative.votes)]
        return Node(
            kind="answer",
            text=text,
            points=alternative.total,
            children=nodes or [Node(kind="note", text="no rule speaks for or against it")],
        )

    # ---- the whole --------------------------------------------------------------------------

    def proof(self) -> Proof:
        verdict, children = self.verdict, [self.threat_ranking()]
        for posture in self.record.postures:
            if posture.of != self.state:
                continue
            children.append(self.contest(posture.alignment))
            if posture.effort is not None:
                children.append(self.contest(posture.effort))
        for title, table in (("Motive", "motive"), ("Remarks", "remark"), ("Cautions", "caution")):
            firings = self.concluding(table)
            if firings:
                children.append(Node(kind="question", text=title, children=[self.firing(f) for f in firings]))
        children += self.partners()
        applied = self.concluding("tension")
        if applied:
            nodes = [self.firing(f) for f in applied]
            children.append(Node(kind="question", text="Where claims pull against each other", children=nodes))
        if verdict.gaps:
            nodes = [
                Node(kind="fact", text=f"{g.asks} (asked by {', '.join(g.rules)})", id=g.fact) for g in verdict.gaps
            ]
            children.append(Node(kind="question", text="Not known", children=nodes))
        root = Node(kind="verdict", text=verdict.sentence, id=verdict.state, children=children)
        return Proof(state=self.state, sentence=verdict.sentence, root=root)

    def concluding(self, table: str) -> list[Firing]:
        return [firing for firing, _ in self.record.concluding(table, self.state)]

    def threat_ranking(self) -> Node:
        nodes: list[Node] = []
        for threat in self.verdict.threats:
            key = ("threat", self.state, threat.state)
            mark = " (principal)" if threat.principal else ""
            node = self.grade(self.record.grades[key], ["significant", "standing"])
            nodes.append(node.model_copy(update={"text": node.text + mark}))
        return Node(kind="question", text=f"Who threatens {self.verdict.name}?", children=nodes)

    def partners(self) -> list[Node]:
        nodes: list[Node] = []
        for partner in self.verdict.partners:
            children: list[Node] = []
            if partner.joins_threat:
                joining = self.record.concluding("no_partner", self.state)
                children += [self.firing(firing) for firing, (_, other) in joining if other == partner.state]
            for question in ("partner", "durability"):
                grade = self.record.grades.get((question, self.state, partner.state))
                if grade is not None and grade.votes:
                    children.append(self.grade(grade, []))
            if children:
                name = self.speaker.name(partner.state)
                text = (
                    f"{name}: no partner, it joins the threat"
                    if partner.joins_threat
                    else f"{name}: {partner.grade}, {partner.points} points"
                )
                nodes.append(Node(kind="answer", text=text, points=partner.points, children=children))
        found = [Node(kind="question", text="With whom?", children=nodes)] if nodes else []
        levers = [
            self.grade(self.record.grades[("leverage", item.donor, self.state)], []) for item in self.verdict.leverage
        ]
        return [*found, Node(kind="question", text="Who has leverage over it?", children=levers)] if levers else found


def _rule_of(firing: str) -> str:
    return firing.partition("[")[0]


def _ranked(voices: Sequence[Voice]) -> list[Voice]:
    return sorted(voices, key=lambda v: (-abs(v.points), not v.counted, bool(v.defeated_by), v.rule, v.firing))


def _cite(citations: Iterable[Citation]) -> str:
    return "; ".join(str(citation) for citation in citations)


def prove(record: Record, verdict: Verdict) -> Proof:
    """The proof of a verdict.

    Args:
        record: The run.
        verdict: A verdict that was written from it.
    """
    return _Prover(record, verdict).proof()
