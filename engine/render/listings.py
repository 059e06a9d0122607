"""Pages and lists about the rule book and the bundled cases, as blocks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from foedus.agreement import Agreement
from foedus.case import Case, Fact
from foedus.casefile import UNVERIFIED
from foedus.explain.checks import CaseCheck
from foedus.explain.pages import RuleLine, RulePage
from foedus.explain.sentences import Speaker
from foedus.problems import shown
from foedus.render.layout import Block, Bullets, Heading, Paragraph, Table, cited, counted, decimal


def rule_list(lines: Sequence[RuleLine]) -> list[Block]:
    """The rule book as a table."""
    rows = [[line.id, line.role, ", ".join(line.theories), line.claim, cited(line.source)] for line in lines]
    return [Table(f"{len(lines)} rules, tensions and statements", ["id", "role", "theory", "claim", "source"], rows)]


def rule_page(page: RulePage) -> list[Block]:
    """One rule's page; the same headings for every rule."""
    marks = [
        mark
        for mark, on in (("a default", page.default), ("a corollary that neither document states", page.corollary))
        if on
    ]
    about = ", ".join([page.role, *marks])
    blocks: list[Block] = [Heading(1, f"{page.id} ({about})"), Paragraph(page.claim, strong=True)]
    blocks.append(
        Paragraph(f"Source: {cited(page.source)}. Theory: {', '.join(page.theories)}. Written in {page.place}.")
    )
    parts: list[tuple[str, Sequence[str]]] = [
        ("When it fires", page.when),
        ("What it concludes", page.then),
        ("Why", [text for text in (page.because, page.reason) if text]),
        ("What was decided", [page.decision] if page.decision else []),
        ("Defeated by", page.defeated_by),
        ("Defeats", page.defeats),
        ("Weighed by", page.weighed_by),
        ("Shares a group with others that express one consideration", [g.replace("_", " ") for g in page.groups]),
        ("Pulls against others", page.tensions),
        ("Shown beside", page.shown_with),
        ("Fires on", ["; ".join(example) for example in page.fires_on]),
        ("Silent on", ["; ".join(example) for example in page.silent_on]),
    ]
    blocks += [Bullets(title, items) for title, items in parts if items]
    return blocks


def case_list(cases: Sequence[Case]) -> list[Block]:
    """Cases as a table."""
    rows = [
        [case.name, case.kind, case.date or "", case.title, ", ".join(case.called(state) for state in case.focus)]
        for case in cases
    ]
    return [Table(f"{len(cases)} cases", ["name", "kind", "date", "title", "in focus"], rows)]


def case_page(case: Case, speaker: Speaker) -> list[Block]:
    """A case with every fact that it gives."""
    about = ", ".join(part for part in (case.kind, case.date) if part)
    blocks: list[Block] = [Heading(1, f"{case.title} ({about})")]
    if case.summary:
        blocks.append(Paragraph(case.summary))
    blocks.append(Paragraph("In focus: " + ", ".join(case.called(state) for state in case.focus) + "."))
    for war, sides in case.wars.items():
        blocks.append(Bullets(case.called(war), [case.called(side) for side in sides]))
    rows = []
    for fact in case.facts.values():
        given = fact.given
        source = ", ".join(given.source) if given is not None and given.source else "none"
        if fact.origin != "stated":
            source = f"follows from {fact.via}" if fact.via else fact.origin
        note = _said(fact)
        value = (
            f"{fact.value} ({fact.classified.number} {fact.classified.measure.name})" if fact.classified else fact.value
        )
        rows.append([fact.path, value, source, speaker.fact(fact), note])
    blocks.append(Table(f"{len(rows)} facts", ["fact", "value", "source", "which says", "note"], rows))
    sources = [
        [name, s.title, s.author or "", s.date or "", s.address or "", s.passage or "", s.reliability or ""]
        for name, s in case.sources.items()
    ]
    if sources:
        columns = ["source", "title", "author", "date", "address", "passage", "rated"]
        blocks.append(Table(f"{len(sources)} sources", columns, sources))
    happened = [
        [
            case.called(seen.state),
            seen.posture,
            ", ".join(case.called(state) for state in seen.toward),
            ", ".join(seen.other_reading),
            seen.what.strip(),
            f"{seen.classified_by.who}; confidence {seen.confidence}; turns on {seen.family}",
        ]
        for seen in case.observed
    ]
    if happened:
        columns = ["state", "observed", "toward", "also called", "what", "classified by"]
        blocks.append(Table("What happened (no rule sees it)", columns, happened))
    return blocks


def _said(fact: Fact) -> str:
    """What the coder says of a stated fact."""
    given = fact.given
    if given is None or fact.origin != "stated":
        return ""
    marks = [
        "an assumption" if given.assumption == "yes" else "",
        f"confidence {given.confidence}" if given.confidence else "",
        f"other reading: {' or '.join(given.other_reading).replace('_', ' ')}" if given.other_reading else "",
        " ".join((given.note or "").split()),
    ]
    return "; ".join(mark for mark in marks if mark)


def case_check(checked: CaseCheck) -> list[Block]:
    """What a coder should look at again."""
    facts = f"{counted(checked.stated, 'fact')} stated, {checked.following} more follow from them"
    blocks: list[Block] = [
        Heading(2, f"{shown(checked.file)}: {checked.title}"),
        Paragraph(f"The file is valid: {facts}."),
    ]
    gaps = [f"{gap.fact}: {gap.asks} ({', '.join(gap.rules)})" for gap in checked.gaps]
    found: list[tuple[str, Sequence[str]]] = [
        ("Gaps: not known, and asked for by rules that bear on a verdict in focus", gaps)
    ]
    found += _findings(checked)
    for title, items in found:
        lines = items if items is gaps else [", ".join(items)]
        blocks.append(Bullets(f"{title}: {len(items)}", lines) if items else Paragraph(f"{title}: none."))
    return blocks


def _findings(checked: CaseCheck) -> list[tuple[str, Sequence[str]]]:
    return [
        ("Facts without a source", checked.unsourced),
        (f"Facts that cite nothing but {UNVERIFIED}", checked.unverified),
        ("Facts with another reading and no note that says why", checked.unexplained),
        ("Facts that no rule reads in this case", checked.unread),
        ("Sources that no fact and no observation rests on", checked.idle_sources),
    ]


def agreement(found: Agreement) -> list[Block]:
    """How far two coders agree."""
    cases = ", ".join(found.cases)
    blocks: list[Block] = [Heading(1, f"Agreement of two coders on {cases}")]
    if not found.pairs:
        return [*blocks, Paragraph("No fact was coded by both.")]
    blocks.append(
        Paragraph(
            f"Of {counted(found.pairs, 'fact')} that both coded, {found.equal} have the same code "
            f"({decimal(str(Fraction(found.equal, found.pairs)))}); {found.within_readings} if another reading that "
            f"either names counts as agreement. {found.one_only} more were coded by one alone. A number that both took "
            "from data is counted apart. Kappa is given from 30 pairs on, weighted kappa on ordered scales."
        )
    )
    columns = ["fact", "pairs", "same", "share", "kappa", "weighted kappa", "within readings", "by number", "one alone"]
    rows = [
        [
            a.attribute,
            str(a.pairs),
            str(a.equal),
            decimal(a.share),
            decimal(a.kappa),
            decimal(a.weighted_kappa),
            str(a.within_readings),
            str(a.by_number),
            str(a.one_only),
        ]
        for a in found.attributes
    ]
    blocks.append(Table("By fact", columns, rows, frozenset(columns[1:])))
    if found.differences:
        rows = [[d.case, d.fact, d.first, d.second] for d in found.differences]
        blocks.append(Table("Coded differently", ["case", "fact", "first", "second"], rows))
    return blocks
