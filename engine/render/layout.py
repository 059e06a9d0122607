"""What a result looks like before any format: headings, paragraphs, tables, lists and trees.

Text, Markdown and HTML are made from the same blocks, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from foedus.book import MAIN
from foedus.casefile import UNVERIFIED
from foedus.explain.proof import Node, Proof
from foedus.results import Consultation, Contested, Evidence, Outlook, Partner, Remark, Threat, Verdict

CAVEAT = (
    "The rules conclude; they do not predict, and no likelihood is meant. A lead that rests on the signs alone does "
    "not depend on the sizes of its weights, given the threats as graded; it may still be wrong."
)
NO_VERDICT = "no threat-driven alignment"
GAPS = "Not known, and asked for by rules that bear on this verdict"
EQUAL = " (equal threats are all principal)"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a strong one is an answer."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; numbers stand in the columns named in ``right``."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list with a title."""

    title: str
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tree:
    """A proof."""

    root: Node


Block = Heading | Paragraph | Table | Bullets | Tree


def counted(number: int, thing: str) -> str:
    """A number with what is counted, in the singular or plural."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def decimal(fraction: str | None) -> str:
    """A fraction to two places, rounded half away from nought; a dash for none."""
    if fraction is None:
        return "-"
    value = Fraction(fraction)
    hundredths = int(abs(value) * 100 + Fraction(1, 2))
    return f"{'-' if value < 0 and hundredths else ''}{hundredths // 100}.{hundredths % 100:02d}"


def cited(sources: Iterable[str]) -> str:
    """Citations in one cell."""
    return "; ".join(sources)


class _Layout:
    """Lays out one consultation."""

    def __init__(self, result: Consultation) -> None:
        self.result = result

    def name(self, identifier: str) -> str:
        return self.result.names.get(identifier, identifier.replace("_", " "))

    def named(self, identifiers: Iterable[str]) -> str:
        return ", ".join(self.name(identifier) for identifier in identifiers)

    def blocks(self) -> list[Block]:
        result = self.result
        about = ", ".join(part for part in (result.case.kind, result.case.date) if part)
        blocks: list[Block] = [Heading(1, f"{result.case.title} ({about})")]
        if result.book.theory != MAIN:
            blocks.append(Paragraph(f"A rival account of the same facts: {result.book.theory.replace('_', ' ')}."))
        if result.case.summary:
            blocks.append(Paragraph(result.case.summary))
        for verdict in result.verdicts:
            blocks += self.verdict(verdict)
        blocks += self.outlook(result.outlook)
        if result.observed:
            blocks.append(self.observed())
        blocks += self.basis()
        return blocks

    # ---- a verdict --------------------------------------------------------------------------

    def headline(self, verdict: Verdict) -> str:
        label = verdict.label if verdict.label == verdict.posture else f"{verdict.posture} ({verdict.label})"
        if verdict.posture == "none":
            label = "no threat-driven alignment"
        return f"{verdict.name}: {label}"

    def verdict(self, verdict: Verdict) -> list[Block]:
        blocks: list[Block] = [Heading(2, self.headline(verdict)), Paragraph(verdict.sentence, strong=True)]
        motives = [m for m in verdict.motive if not m.defeated_by]
        if motives:
            blocks.append(
                Paragraph("Motive: " + "; ".join(f"{m.motive} ({m.because}; {m.rule})" for m in motives) + ".")
            )
        for motive in (m for m in verdict.motive if m.defeated_by):
            rules = ", ".join(identity.partition("[")[0] for identity in motive.defeated_by)
            blocks.append(Paragraph(f"Not the motive: {motive.motive}; {motive.rule} is defeated by {rules}."))
        blocks += [Paragraph(self.rests(verdict, one)) for one in verdict.by_threat]
        blocks.append(self.threats(verdict))
        if verdict.evidence:
            blocks.append(self.evidence(verdict))
        if verdict.partners:
            blocks += self.partners(verdict)
        if verdict.leverage:
            rows = [
                [self.name(item.donor), item.grade, str(item.points), self.summary(item.evidence)]
                for item in verdict.leverage
            ]
            blocks.append(
                Table("Leverage of donors", ["donor", "leverage", "points", "what counts"], rows, frozenset({"points"}))
            )
        for title, remarks in (("Remarks", verdict.remarks), ("Cautions", verdict.cautions)):
            if remarks:
                blocks.append(Bullets(title, [self.remark(r) for r in remarks]))
        if verdict.tensions:
            texts: dict[str, list[str]] = {}
            for t in verdict.tensions:
                texts.setdefault(t.id, []).append(t.text)
            settled = {t.id: (t.title, t.resolution) for t in verdict.tensions}
            items = [f"{settled[i][0]}: {'; '.join(found)}. Resolved: {settled[i][1]}" for i, found in texts.items()]
            blocks.append(Bullets("Where claims pull against each other", items))
        if not verdict.gaps:
            blocks.append(Paragraph("Not known: nothing that a rule bearing on this verdict asks for."))
        else:
            items = [f"{g.fact}: {g.asks} ({', '.join(g.rules)})" for g in verdict.gaps]
            blocks.append(Bullets(GAPS, items))
        blocks.append(Paragraph(self.settled(verdict)))
        return blocks

    def settled(self, verdict: Verdict) -> str:
        """Whether what is not known could change the verdict, as far as that is proved."""
        if verdict.settled:
            return "Settled: no value of any fact that is not known changes this verdict (proved by bounds)."
        return (
            "Provisional: facts that are not known might change this verdict. The bounds, which may be too wide, leave "
            f"open: {'; '.join(verdict.left_open)}."
        )

    def rests(self, verdict: Verdict, one: Contested) -> str:
        """How wide the lead is, what makes it up and what it rests on."""
        about = self.name(one.about)
        parts: list[str] = []
        for question, margin in (("alignment", one.margin.alignment), ("effort", one.margin.effort)):
            totals = [t for t in verdict.totals if t.question == question and t.about == one.about]
            if not totals:
                continue
            if question == "effort" and one.effort_by_silence:
                parts.append(f"No rule speaks on the effort, so the burden is {one.effort}")
                continue
            text = f"{question.capitalize()} toward {about}: " + ", ".join(
                self.scored(verdict, t.question, t.posture, t.toward, one.about, t.points) for t in totals
            )
            if question == "alignment" and one.by_default:
                text += "; without the default the evidence ties, and the default decides"
            else:
                text += "; a tie" if not margin else f"; a lead of {counted(margin, 'point')}"
            robust = next((r for r in verdict.robustness if r.question == question and r.about == one.about), None)
            principal = one.about in verdict.principal_threats
            lead = f"With {about} as the principal threat, the lead" if principal else "The lead"
            if robust is not None and robust.signs_alone:
                text += f". {lead} rests on the signs alone: it holds whatever the sizes of slight < moderate < strong"
            elif robust is not None:
                percent = round(100 * Fraction(robust.share))
                text += f". {lead} rests on the sizes: it holds under {robust.share} ({percent} %) of all weightings"
            parts.append(text)
        return ". ".join(parts) + "."

    def scored(self, verdict: Verdict, question: str, answer: str, toward: str, about: str, points: int) -> str:
        """An alternative with its points and the rules that they come from."""
        votes = [e for e in verdict.evidence if (e.question, e.posture, e.toward) == (question, answer, toward)]
        rules = ", ".join(f"{e.points:+d} {e.rule}" for e in votes if e.counted)
        return f"{self.answer(answer, toward, about)} {points}" + (f" ({rules})" if rules else "")

    def answer(self, answer: str, toward: str, about: str) -> str:
        return answer if toward == about else f"{answer} with {self.name(toward)}"

    def threats(self, verdict: Verdict) -> Table:
        # a rival account has no notion of a significant threat
        main = self.result.book.theory == MAIN
        rows = [
            [
                self.name(t.state) + (" (principal)" if t.principal else ""),
                self.threat_grade(t),
                str(t.points),
                *([t.significant] if main else []),
                self.summary(t.evidence) + self.limited(t),
            ]
            for t in verdict.threats
        ]
        lead = verdict.margin.principal_threat
        title = f"Threats to {verdict.name}"
        if lead is not None:
            title += f" (the principal one leads the next significant one by {lead})" if lead else EQUAL
        open_ones = [t.state for t in verdict.threats if t.unknown]
        if open_ones and main:
            title += f"; the ranking is without what is not known of {self.named(open_ones)}"
        columns = ["state", "threat", "points", *(["significant"] if main else []), "what counts"]
        return Table(title, columns, rows, frozenset({"points"}))

    def threat_grade(self, threat: Threat) -> str:
        """A grade, which says where it is made up of a part of its sources only."""
        if not threat.unknown or self.result.book.theory != MAIN:
            return threat.grade
        if not threat.evidence and not threat.capped_by:
            return "unknown"
        return f"{threat.grade}, without {counted(len(threat.unknown), 'unknown fact')}"

    def limited(self, threat: Threat) -> str:
        if threat.grade == threat.uncapped_grade:
            return ""
        rules = ", ".join(firing.partition("[")[0] for firing in threat.capped_by)
        return f"; {threat.uncapped_grade} by points, limited by {rules}"

    def summary(self, evidence: Sequence[Evidence]) -> str:
        """The votes that counted, as points and rules."""
        return ", ".join(f"{e.points:+d} {e.rule}" for e in evidence if e.counted) or "nothing"

    def evidence(self, verdict: Verdict) -> Table:
        rows: list[list[str]] = []
        for e in verdict.evidence:
            points = f"{e.points:+d}" if e.counted else "0"
            status = e.strength if e.strength == e.base_strength else f"{e.strength} (by itself {e.base_strength})"
            if e.defeated_by:
                status = f"defeated by {', '.join(i.partition('[')[0] for i in e.defeated_by)}"
            elif e.included_in:
                status = f"included in {e.included_in.partition('[')[0]}"
            elif e.suppressed_by:
                status = f"does not stand in for {e.suppressed_by.partition('[')[0]}"
            marks = (" (a default)" if e.default else "") + (" (a corollary)" if e.corollary else "")
            answer = self.answer(e.posture or "", e.toward, e.toward)
            if len(verdict.by_threat) > 1 or e.toward not in verdict.principal_threats:
                answer += f", {self.name(e.toward)}"
            rows.append([f"{e.speaks} {answer}", points, status, e.rule + marks, e.because, cited(e.source)])
        return Table(
            "Evidence", ["speaks", "points", "strength", "rule", "because", "source"], rows, frozenset({"points"})
        )

    def partners(self, verdict: Verdict) -> list[Block]:
        rows = [
            [
                "" if p.rank is None else str(p.rank),
                self.name(p.state) + (" (itself a significant threat)" if p.significant_threat == "yes" else ""),
                self.attraction(p),
                self.summary(p.evidence),
                f"{p.posture} ({self.named(p.toward)})" if p.toward else NO_VERDICT,
                p.commitment,
                self.support(p),
                self.named(p.common_threats) or "none",
                self.durable(p),
            ]
            for p in verdict.partners
        ]
        title = "Candidates for partner" if verdict.alignment != "bandwagon" else "Other candidates for partner"
        columns = [
            "rank",
            "state",
            "for it",
            "what counts",
            "its verdict",
            "commitment",
            "support",
            "common threat",
            "durability",
        ]
        return [Table(title, columns, rows, frozenset({"rank"}))]

    def attraction(self, partner: Partner) -> str:
        return "no partner: joins the threat" if partner.joins_threat else f"{partner.grade} ({partner.points})"

    def support(self, partner: Partner) -> str:
        if len(set(partner.support.values())) == 1:
            return next(iter(partner.support.values()))
        return (
            ", ".join(f"{value} against {self.name(threat)}" for threat, value in partner.support.items())
            or "not asked"
        )

    def durable(self, partner: Partner) -> str:
        if partner.durability is None:
            return "not asked"
        counted = [e.rule for e in partner.durability.evidence if e.counted]
        return partner.durability.grade + (f" ({', '.join(counted)})" if counted else "")

    def remark(self, remark: Remark) -> str:
        return f"{remark.text} ({remark.rule}; {cited(remark.source)})"

    # ---- the rest ---------------------------------------------------------------------------

    def outlook(self, outlook: Outlook) -> list[Block]:
        if self.result.book.theory != MAIN:
            return []
        threatened = sum(outlook.counts.values())
        if not threatened:
            return [Heading(2, "Outlook"), Paragraph("No state of the case is known to face a significant threat.")]
        listed = "; ".join(
            f"{number} {kind} ({', '.join(self.position(outlook, state) for state in outlook.states[kind])})"
            for kind, number in outlook.counts.items()
            if number
        )
        words = {"balance": "balancing", "bandwagon": "bandwagoning"}
        word = words.get(outlook.prevalent or "", "neither balancing nor bandwagoning")
        who = counted(threatened, "significantly threatened state")
        blocks: list[Block] = [
            Heading(2, "Outlook"),
            Paragraph(f"Among the {who} of this case {word} prevails: {listed}."),
        ]
        if outlook.implications:
            blocks.append(Bullets("What follows", [self.remark(r) for r in outlook.implications]))
        if outlook.advice:
            blocks.append(Bullets("The theory's advice", [self.remark(r) for r in outlook.advice]))
        return blocks

    def position(self, outlook: Outlook, state: str) -> str:
        where = outlook.positions.get(state, "")
        return f"{self.name(state)} {where}" if where else self.name(state)

    def observed(self) -> Table:
        concluded = {v.state: v for v in self.result.verdicts}
        rows = []
        for o in self.result.observed:
            toward = f"{o.posture} ({self.named(o.toward)})" if o.toward else o.posture
            found = concluded.get(o.state)
            verdict, agrees = "not asked", ""
            if found is not None:
                verdict = f"{found.posture} ({self.named(found.toward)})" if found.toward else found.posture
                same = not o.toward or set(o.toward) == set(found.toward)
                agrees = "differs" if found.posture != o.posture else "agrees" if same else "agrees in part"
            rows.append(
                [self.name(o.state), toward, verdict, agrees, o.what, f"{o.classified_by}; confidence {o.confidence}"]
            )
        return Table(
            "What happened (no rule has seen this)",
            ["state", "observed", "concluded", "", "what", "classified by"],
            rows,
        )

    def basis(self) -> list[Block]:
        result = self.result
        blocks: list[Block] = [Heading(2, "Basis")]
        items = []
        for s in result.sources:
            parts = [part for part in (s.title, s.author, s.date, s.address) if part]
            passage = f" (“{s.passage}”)" if s.passage else ""
            rated = f" [{s.reliability}]" if s.reliability else ""
            items.append(f"{s.id}: {'; '.join(parts)}{passage}{rated}; {counted(s.facts, 'fact')}")
        if items:
            blocks.append(Bullets("Sources of the facts", items))
        works = [f"{work}: {title}" for work, title in result.book.works.items()]
        blocks.append(Bullets("Documents that the rules cite", works))
        if result.unsourced:
            blocks.append(Bullets(f"Facts without a source: {len(result.unsourced)}", [", ".join(result.unsourced)]))
        known = f"The case states {counted(result.stated, 'fact')}"
        if result.following:
            known += f"; {result.following} more follow from them (other directions, complete lists)"
        unverified = sum(s.facts for s in result.sources if s.title == UNVERIFIED)
        if unverified:
            known += f". {counted(unverified, 'fact')} cite {UNVERIFIED}"
        blocks.append(Paragraph(known + ". A fact may cite several sources."))
        book = result.book
        blocks.append(
            Paragraph(f"{book.title}; rule book version {book.version}, {book.hash[:12]}; {result.software}. {CAVEAT}")
        )
        blocks.append(Paragraph("For the proof of a verdict: foedus how CASE STATE. For a rule: foedus rules show ID."))
        return blocks


def consultation(result: Consultation) -> list[Block]:
    """The blocks of a consultation."""
    return _Layout(result).blocks()


def proof(result: Proof) -> list[Block]:
    """The blocks of a proof."""
    return [Tree(result.root)]
