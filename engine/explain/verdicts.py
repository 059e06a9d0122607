"""From the record of a run to the verdicts that an analyst reads, and nothing that is not in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foedus.bounds import Settled, settled
from foedus.case import Case
from foedus.explain.gaps import gaps
from foedus.explain.sentences import Speaker, fill
from foedus.memory import fact_path
from foedus.record import DIVIDED, NONE, TIE, Census, Contest, Firing, Posture, Record, Voice, summary
from foedus.results import (
    BookOut,
    CaseOut,
    Consultation,
    Contested,
    Evidence,
    Gap,
    Graded,
    Leverage,
    Margin,
    Motive,
    Observed,
    Outlook,
    Partner,
    Remark,
    Robustness,
    SourceOut,
    Tension,
    Threat,
    Total,
    Verdict,
)
from foedus.strata import bearing
from foedus.terms import UNKNOWN, Rule


class _Writer:
    """Writes the verdicts of one run."""

    def __init__(self, record: Record) -> None:
        self.record, self.case, self.program = record, record.case, record.program
        self.book = record.program.book
        self.speaker = Speaker(record.case, self.book.tables)
        self.rules = self.program.rules
        self.bounds: dict[str, Settled] = {}
        self.bearing = bearing(self.program.rules, self.program.questions, self.book.tables)

    # ---- parts ------------------------------------------------------------------------------

    def sources(self, rule: Rule) -> list[str]:
        return [str(citation) for citation in rule.source]

    def because(self, firing: Firing) -> str:
        return self.speaker.because(self.rules[firing.rule], firing.bindings)

    def evidence(self, voices: Iterable[Voice]) -> list[Evidence]:
        found: list[Evidence] = []
        for voice in voices:
            firing, rule = self.record.firings[voice.firing], self.rules[voice.rule]
            found.append(
                Evidence(
                    rule=rule.id,
                    row=rule.row,
                    question=voice.question,
                    bindings=dict(firing.bindings),
                    posture=voice.answer,
                    toward=voice.toward,
                    speaks="for" if voice.sign > 0 else "against",
                    group=voice.group,
                    strength=voice.word,
                    base_strength=voice.base,
                    points=voice.points,
                    counted=voice.counted,
                    default=rule.default,
                    corollary=rule.corollary,
                    included_in=voice.included_in,
                    suppressed_by=voice.suppressed_by,
                    defeated_by=list(voice.defeated_by),
                    weighed_by=[weighing.firing for weighing in voice.weighed_by],
                    because=self.because(firing),
                    source=self.sources(rule),
                    firing=firing.id,
                )
            )
        return sorted(found, key=lambda e: (-abs(e.points), not e.counted, bool(e.defeated_by), e.rule, e.firing))

    def remarks(self, table: str, subject: str | None = None) -> list[Remark]:
        """Every undefeated firing that concluded a row of a table of remarks."""
        found: dict[tuple[str, str], Remark] = {}
        for firing, keys in self.record.concluding(table, subject):
            if not firing.defeated_by:
                rule, text = self.rules[firing.rule], self.because(firing)
                remark = Remark(rule=rule.id, about=keys[-1], text=text, source=self.sources(rule))
                found.setdefault((rule.id, text), remark)
        return [found[key] for key in sorted(found)]

    def tensions(self, state: str) -> list[Tension]:
        found: dict[tuple[str, str], Tension] = {}
        for firing, _ in self.record.concluding("tension", state):
            rule, text = self.rules[firing.rule], self.because(firing)
            found[(rule.row, text)] = Tension(
                id=rule.row, title=rule.claim, text=text, resolution=rule.decision, between=list(rule.between)
            )
        return [found[key] for key in sorted(found, key=lambda k: (int(k[0].partition("_")[2]), k[1]))]

    def threats(self, state: str) -> list[Threat]:
        principal = {
            row.fields["toward"] for row in self.record.memory.all("principal_threat") if row.fields["of"] == state
        }
        found: list[tuple[int, Threat]] = []
        for (question, of, toward), grade in self.record.grades.items():
            if question != "threat" or of != state:
                continue
            rank = self.program.questions[question].rank(grade.grade)
            threat = Threat(
                state=toward,
                grade=grade.grade,
                points=grade.total,
                significant=grade.significant,  # type: ignore[arg-type]
                principal=toward in principal,
                evidence=self.evidence(grade.votes),
                unknown=self.unknown_sources(question, of, toward),
                uncapped_grade=grade.uncapped,
                capped_by=list(grade.caps),
            )
            found.append((rank, threat))
        return [threat for _, threat in sorted(found, key=lambda item: (-item[0], -item[1].points, item[1].state))]

    def unknown_sources(self, question: str, of: str, toward: str) -> list[str]:
        """The facts that a question needs about a pair and that are not known."""
        found: list[str] = []
        for source in self.program.questions[question].sources:
            table, _, attribute = source.partition(".")
            row = self.record.memory.get(table, of, toward)
            if row is not None and row.fields[attribute] == UNKNOWN:
                found.append(fact_path(table, (of, toward), attribute))
        return found

    def motives(self, state: str) -> list[Motive]:
        found = [
            Motive(
                motive=motive,
                toward=toward,
                rule=firing.rule,
                because=self.because(firing),
                defeated_by=list(firing.defeated_by),
            )
            for firing, (_, toward, motive) in self.record.concluding("motive", state)
        ]
        return sorted(found, key=lambda m: (bool(m.defeated_by), m.motive, m.toward))

    def graded(self, question: str, of: str, toward: str) -> Graded | None:
        grade = self.record.grades.get((question, of, toward))
        if grade is None:
            return None
        return Graded(grade=grade.grade, points=grade.total, evidence=self.evidence(grade.votes))

    def partners(self, state: str, principal: Sequence[str]) -> list[Partner]:
        memory = self.record.memory
        question = self.program.questions.get("partner")
        unburdened = self.unburdened()
        found: list[Partner] = []
        for other in self.case.states:
            if other == state or other in principal:
                continue
            grade = self.record.grades.get(("partner", state, other))
            relation = memory.get("relation", state, other)
            own = self.record.grades.get(("threat", state, other))
            common = sorted(
                row.fields["from"]
                for row in memory.all("common_threat")
                if (row.fields["of"], row.fields["toward"]) == (state, other)
            )
            support = {}
            for threat in principal:
                row = memory.get("support", state, other, threat)
                support[threat] = row.fields["support"] if row is not None else UNKNOWN
            found.append(
                Partner(
                    state=other,
                    rank=None,
                    grade=grade.grade if grade else (question.grades[0].name if question else NONE),
                    points=grade.total if grade else 0,
                    joins_threat=memory.get("no_partner", state, other) is not None,
                    significant_threat=own.significant if own is not None else UNKNOWN,
                    posture=self.own_posture(other),
                    toward=sorted({p.alignment.toward for p in self.record.postures if p.of == other}),
                    commitment=relation.fields["commitment"] if relation else UNKNOWN,
                    support=support,
                    common_threats=common,
                    evidence=self.evidence(grade.votes) if grade else [],
                    durability=self.graded("durability", state, other) or unburdened,
                )
            )
        ordered = sorted(found, key=lambda p: (p.joins_threat, -p.points, p.state))
        best = [p.points for p in ordered if p.points > 0 and not p.joins_threat]
        return [
            p.model_copy(update={"rank": best.index(p.points) + 1}) if p.points > 0 and not p.joins_threat else p
            for p in ordered
        ]

    def unburdened(self) -> Graded | None:
        question = self.program.questions.get("durability")
        return Graded(grade=question.grade_of(0), points=0, evidence=[]) if question else None

    def own_posture(self, state: str) -> str:
        return self.record.posture(state)

    def leverage(self, state: str) -> list[Leverage]:
        return [
            Leverage(donor=of, grade=grade.grade, points=grade.total, evidence=self.evidence(grade.votes))
            for (question, of, toward), grade in sorted(self.record.grades.items())
            if question == "leverage" and toward == state and grade.votes
        ]

    # ---- verdict ----------------------------------------------------------------------------

    def contested(self, posture: Posture) -> Contested:
        alignment, effort = posture.alignment, posture.effort
        tied = alignment.tied or (effort.tied if effort is not None else ())
        return Contested(
            about=posture.about,
            posture=posture.posture.replace("_", "-"),
            label=posture.label.replace("_", "-"),
            alignment=alignment.answer,
            effort=_effort(posture),
            toward=alignment.toward,
            margin=Margin(
                alignment=_margin(alignment),
                effort=_margin(effort),
                principal_threat=self.lead(posture.of, posture.about),
            ),
            by_default=alignment.by_default,
            effort_by_silence=bool(effort and effort.by_silence),
            says=posture.says,
            strained=alignment.strained or posture.about not in self.case.states,
            tied=sorted({self.tied(answer, toward, posture.about) for answer, toward in tied}),
        )

    def tied(self, answer: str, toward: str, about: str) -> str:
        """An answer that ties, with its target where that is not the subject of the contest or is a side."""
        plain = toward == about and about in self.case.states
        return answer if plain else f"{answer} with {self.speaker.name(toward)}"

    def lead(self, state: str, about: str) -> int | None:
        """Points by which a principal threat leads the next significant one."""
        mine = self.record.grades.get(("threat", state, about))
        if mine is None or mine.significant != "yes":
            return None
        others = [
            g.ranked
            for (q, of, toward), g in self.record.grades.items()
            if q == "threat" and of == state and toward != about and g.significant == "yes"
        ]
        return mine.ranked - max(others) if others else None

    def verdict(self, state: str) -> Verdict:
        postures = self.record.of(state)
        by_threat = [self.contested(p) for p in postures]
        contests = [c for p in postures for c in (p.alignment, p.effort) if c is not None]
        principal = [p.about for p in postures if p.about in self.case.states]
        posture = summary([c.posture for c in by_threat])
        label = summary([c.label for c in by_threat]) if posture not in (DIVIDED, NONE) else posture
        threats = self.threats(state)
        partners = self.partners(state, principal)
        verdict = Verdict(
            state=state,
            name=self.case.called(state),
            posture=posture,
            label=label,
            alignment=summary([c.alignment for c in by_threat]),
            effort=summary([c.effort for c in by_threat if c.effort]) if any(c.effort for c in by_threat) else None,
            toward=sorted({c.toward for c in by_threat}),
            principal_threats=principal,
            by_threat=by_threat,
            motive=self.motives(state),
            totals=_totals(contests),
            margin=Margin(
                alignment=_least([c.margin.alignment for c in by_threat]),
                effort=_least([c.margin.effort for c in by_threat]),
                principal_threat=_least([c.margin.principal_threat for c in by_threat]),
            ),
            robustness=_robustness(contests),
            threats=threats,
            partners=partners,
            leverage=self.leverage(state),
            remarks=self.remarks("remark", state),
            cautions=self.remarks("caution", state),
            tensions=self.tensions(state),
            gaps=self.gaps(state),
            settled=self.bounds[state].settled,
            left_open=self.left_open(state),
            evidence=self.all_evidence(contests),
            sentence="",
        )
        return verdict.model_copy(update={"sentence": self.sentence(verdict)})

    def left_open(self, state: str) -> list[str]:
        """What else the bounds leave open for a state whose verdict is not settled."""
        concluded = {(p.about, p.posture, p.alignment.toward) for p in self.record.of(state)}
        found: dict[str, None] = {}
        for about, posture, toward in self.bounds[state].possible:
            if (about, posture, toward) not in concluded:
                said = f"no verdict on {self.speaker.name(about)}"
                if posture is not None:
                    said = f"{posture.replace('_', '-')} ({self.speaker.name(toward)})"
                found.setdefault(said)
        return list(found)

    def all_evidence(self, contests: Sequence[Contest]) -> list[Evidence]:
        """The votes of all contests; one about a side of a war stands in several contests and is named once."""
        found: dict[tuple[str, str, str], Evidence] = {}
        for contest in contests:
            for option in contest.alternatives:
                for evidence in self.evidence(option.votes):
                    found.setdefault((evidence.question, evidence.firing, evidence.toward), evidence)
        return list(found.values())

    def gaps(self, state: str) -> list[Gap]:
        return gaps(self.record, state, self.speaker, self.bearing)

    def sentence(self, verdict: Verdict) -> str:
        """The verdict in a sentence; it promises nothing, it says what the rules conclude."""
        name, named = verdict.name, self.named
        if verdict.posture == NONE:
            drawn = [p for p in verdict.partners if p.rank == 1]
            unknown = [t.state for t in verdict.threats if t.significant == UNKNOWN]
            text = f"No significant threat to {name} is known, so the rules conclude no threat-driven alignment"
            if unknown:
                text += f"; of {named(unknown)} it is not known"
            if drawn:
                text += f"; ideology, aid and penetration speak most for {named([p.state for p in drawn])}"
            return text + "."
        parts: list[str] = []
        for one in verdict.by_threat:
            about = self.speaker.name(one.about)
            if one.posture == TIE and one.alignment != TIE:
                parts.append(
                    f"{name} takes the side against {about}; the evidence on whether the burden is "
                    f"{' or '.join(one.tied)} is tied"
                )
            elif one.posture == TIE:
                where = f"toward {about} " if one.about in self.case.states else ""
                parts.append(f"{where}the evidence for {' and '.join(one.tied)} is tied")
            else:
                main = "since that is not the main danger"
                why = main if verdict.principal_threats else "since no threat to it is known"
                strained = f", in a strained sense, {why}" if one.strained else ""
                names = {"of": name, "about": about, "toward": self.speaker.name(one.toward)}
                parts.append(fill(one.says, names) + strained)
        head = "The rules are divided: " if verdict.posture == DIVIDED else "The rules conclude: "
        return head + "; ".join(dict.fromkeys(parts)) + "."

    def named(self, states: Sequence[str]) -> str:
        """Names as a list in prose."""
        names = [self.speaker.name(state) for state in states]
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]

    def outlook(self) -> Outlook:
        census = next(iter(self.record.census.values()), None)
        if census is None:
            return Outlook(prevalent=None, counts={}, states={}, positions={}, implications=[], advice=[])
        return Outlook(
            prevalent=census.prevalent,
            counts=dict(census.counts),
            states={kind: list(members) for kind, members in census.states.items()},
            positions=self.positions(census),
            implications=self.remarks("implication"),
            advice=self.remarks("advice"),
        )

    def positions(self, census: Census) -> dict[str, str]:
        """For each counted state, toward whom it stands, and what is special about its effort."""
        found: dict[str, str] = {}
        for members in census.states.values():
            for state in members:
                mine = [p for p in self.record.postures if p.of == state]
                verb = {"balance": "against", "bandwagon": "with"}
                texts = [
                    f"{verb.get(p.alignment.answer, 'toward')} {self.speaker.name(p.alignment.toward)}"
                    + (f", {p.label.replace('_', '-')}" if p.posture not in (p.alignment.answer, TIE) else "")
                    for p in mine
                ]
                found[state] = "; ".join(dict.fromkeys(texts))
        return dict(sorted(found.items()))

    def consultation(self, states: Sequence[str], software: str) -> Consultation:
        case = self.case
        self.bounds = settled(self.record, states)
        rests: dict[str, int] = {}
        unsourced: list[str] = []
        for fact in case.facts.values():
            if fact.origin != "stated":
                continue
            names = fact.given.source if fact.given is not None else []
            for name in names:
                rests[name] = rests.get(name, 0) + 1
            if not names:
                unsourced.append(fact.path)
        return Consultation(
            software=software,
            case=CaseOut(name=case.name, title=case.title, kind=case.kind, date=case.date, summary=case.summary),
            book=BookOut(
                title=self.book.title,
                version=self.book.version,
                hash=self.book.hash,
                theory=self.program.theory,
                works={work.id: work.title for work in self.book.works.values()},
            ),
            verdicts=[self.verdict(state) for state in states],
            outlook=self.outlook(),
            stated=sum(fact.origin == "stated" for fact in case.facts.values()),
            following=sum(fact.origin != "stated" for fact in case.facts.values()),
            unsourced=unsourced,
            sources=[
                SourceOut(
                    id=name,
                    title=s.title,
                    author=s.author,
                    address=s.address,
                    passage=s.passage,
                    date=s.date,
                    reliability=s.reliability,
                    facts=rests.get(name, 0),
                )
                for name, s in case.sources.items()
            ],
            observed=_observed(case),
            names=dict(case.names),
        )


def _effort(posture: Posture) -> str | None:
    if posture.effort is None:
        return None
    if posture.effort.answer == TIE or posture.effort.by_silence:
        return posture.effort.answer
    return posture.label.replace("_", "-") if posture.posture != "balance" else posture.effort.answer


def _margin(contest: Contest | None) -> int | None:
    if contest is None or contest.by_silence:
        return None
    return contest.margin


def _least(margins: Iterable[int | None]) -> int | None:
    known = [margin for margin in margins if margin is not None]
    return min(known) if known else None


def _totals(contests: Iterable[Contest]) -> list[Total]:
    return [
        Total(
            question=c.question,
            about=c.about,
            posture=a.answer,
            toward=a.toward,
            points=a.total,
            without_defaults=a.specific,
        )
        for c in contests
        for a in c.alternatives
    ]


def _robustness(contests: Iterable[Contest]) -> list[Robustness]:
    return [
        Robustness(
            about=c.about,
            question=c.question,
            signs_alone=c.robust.signs_alone,
            share=str(c.robust.share),
            leads=list(c.robust.leads),
        )
        for c in contests
        if c.robust is not None
    ]


def _observed(case: Case) -> list[Observed]:
    return [
        Observed(
            state=seen.state,
            posture=seen.posture,
            toward=list(seen.toward),
            what=seen.what.strip(),
            classified_by=seen.classified_by.who,
            confidence=seen.confidence,
        )
        for seen in case.observed
    ]


def write(record: Record, states: Sequence[str], software: str) -> Consultation:
    """The verdicts of a run, for the states asked for.

    Args:
        record: The run.
        states: States, in the order wanted.
        software: Name and version to put into the result.
    """
    return _Writer(record).consultation(states, software)
