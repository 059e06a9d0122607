"""Verdicts and proofs say what is in the record, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import foedus
import pytest
from foedus import api
from foedus.explain.proof import Node, Proof
from foedus.explain.verdicts import write
from foedus.library import shipped_book
from foedus.record import Record
from foedus.results import Consultation, Verdict

BOOK = shipped_book()
NAMES = api.bundled()


def runs() -> Iterator[tuple[str, Record, Consultation]]:
    for name in NAMES:
        case = api.load_case(name)
        record = api.run(case, BOOK)
        yield name, record, write(record, case.states, "test")


RUNS = list(runs())
VERDICTS = [(f"{name}-{v.state}", record, v) for name, record, result in RUNS for v in result.verdicts]


@pytest.fixture(params=VERDICTS, ids=[identity for identity, _, _ in VERDICTS])
def verdict(request: pytest.FixtureRequest) -> tuple[Record, Verdict]:
    _, record, found = request.param
    return record, found


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def test_totals_are_the_sums_of_the_points_on_the_page(verdict: tuple[Record, Verdict]) -> None:
    _, v = verdict
    for total in v.totals:
        about = (total.question, total.posture, total.toward)
        assert sum(e.points for e in v.evidence if (e.question, e.posture, e.toward) == about) == total.points


def test_margins_are_leads_between_totals(verdict: tuple[Record, Verdict]) -> None:
    _, v = verdict
    for one in v.by_threat:
        for question, margin in (("alignment", one.margin.alignment), ("effort", one.margin.effort)):
            mine = [t.points for t in v.totals if (t.question, t.about) == (question, one.about)]
            points = sorted(mine, reverse=True)
            if margin is not None and len(points) > 1:
                assert margin == points[0] - points[1]


def test_a_verdict_is_none_exactly_where_no_contest_was_held(verdict: tuple[Record, Verdict]) -> None:
    record, v = verdict
    assert (v.posture == "none") == (not any(p.of == v.state for p in record.postures))
    if v.posture == "none":
        assert not v.evidence
        assert "no threat-driven alignment" in v.sentence


def test_principal_threats_are_the_highest_significant_ones(verdict: tuple[Record, Verdict]) -> None:
    record, v = verdict
    assert all(t.significant == "yes" for t in v.threats if t.principal)
    # a grade that a rule limits ranks with the points that it allows
    ranked = {t.state: record.grades[("threat", v.state, t.state)].ranked for t in v.threats if t.significant == "yes"}
    assert {t.state for t in v.threats if t.principal} == {
        state for state, points in ranked.items() if points == max(ranked.values())
    }


def test_a_state_that_joins_the_threat_is_no_partner(verdict: tuple[Record, Verdict]) -> None:
    _, v = verdict
    for partner in v.partners:
        assert partner.state not in (v.state, *v.principal_threats)
        if partner.joins_threat:
            assert partner.rank is None
    ranked = [p.points for p in v.partners if p.rank is not None]
    assert ranked == sorted(ranked, reverse=True)


def test_every_piece_of_evidence_names_a_rule_a_source_and_a_firing(verdict: tuple[Record, Verdict]) -> None:
    record, v = verdict
    for evidence in v.evidence:
        assert evidence.rule in BOOK.rules
        assert evidence.source
        assert record.firings[evidence.firing].rule == evidence.rule
        assert "{" not in evidence.because
        if evidence.defeated_by or evidence.included_in or evidence.suppressed_by:
            assert evidence.points == 0


def test_every_bandwagon_verdict_carries_the_warning_of_the_theory(verdict: tuple[Record, Verdict]) -> None:
    _, v = verdict
    warned = {c.about for c in v.cautions if BOOK.rules[c.rule].row == "B8"}
    assert warned == {one.toward for one in v.by_threat if one.alignment == "bandwagon"}


def test_a_proof_shows_every_vote_with_all_its_premises(verdict: tuple[Record, Verdict]) -> None:
    from foedus.explain.proof import prove

    record, v = verdict
    proof = prove(record, v)
    shown = {node.id for node in nodes(proof.root)}
    assert proof.root.text == v.sentence
    for evidence in v.evidence:
        assert evidence.firing in shown
        for rows in record.firings[evidence.firing].premises:
            for row in rows:
                table, _, rest = row.partition("(")
                declared = BOOK.tables[table]
                if declared.derived:
                    assert row in shown
                elif declared.attributes and table not in ("input",) and not declared.reference:
                    keys = rest.rstrip(")").replace(", ", ">")
                    assert any(identity == row or identity.startswith(f"{keys or table}.") for identity in shown), row
        for defeater in evidence.defeated_by:
            assert defeater in shown


def test_nothing_on_a_proof_is_missing_from_the_record(verdict: tuple[Record, Verdict]) -> None:
    from foedus.explain.proof import prove

    record, v = verdict
    rows = {row.id for row in record.memory.every()}
    for node in nodes(prove(record, v).root):
        if node.kind in ("evidence", "weight", "defeat") and node.id:
            assert node.id in record.firings
        elif node.kind == "fact" and node.id and "(" not in node.id:
            unknown = {gap.fact for gap in v.gaps}
            known = node.id in record.case.facts
            assert known or node.id in unknown or node.text.startswith("it is not known: ")
        elif node.kind == "rule":
            assert node.id in BOOK.rules
        elif node.kind == "conclusion" and node.id:
            assert node.id in rows or node.id.partition("(")[0] in BOOK.questions
        elif node.kind == "source" and node.id:
            assert node.id in record.case.sources


def test_no_proof_speaks_in_the_engine_s_terms(verdict: tuple[Record, Verdict]) -> None:
    from foedus.explain.proof import prove

    record, v = verdict
    for node in nodes(prove(record, v).root):
        if node.kind in ("source", "note"):
            continue  # an analyst's own words
        for word in ("{", "}", "$", "P00", "Experta", "None", "stratum", "InitialFact"):
            assert word not in node.text, node.text


def test_facts_of_unverified_sources_are_shown_as_such_in_the_proof() -> None:
    proof = foedus.how("finland_1948", "finland")
    assert isinstance(proof, Proof)
    texts = [node.text for node in nodes(proof.root)]
    assert "source: general knowledge, unverified" in texts


def test_bundled_cases_give_a_source_for_every_fact() -> None:
    for name, _, result in RUNS:
        assert not result.unsourced, name


def test_gaps_name_facts_that_are_not_known_and_rules_that_ask() -> None:
    case = {
        "foedus": 1,
        "title": "t",
        "kind": "hypothetical",
        "states": {"a": {}, "b": {"power_rank": "great"}},
        "relations": [{"state": "a", "other": "b", "relative_power": "much_weaker", "proximity": "bordering"}],
        "focus": ["a"],
    }
    (v,) = foedus.consult(case).verdicts
    found = {gap.fact: gap.rules for gap in v.gaps}
    assert "a>b.intentions" in found
    assert "a.power_rank" in found
    assert "a>b.relative_power" not in found
    assert "B6" in found["a>b.intentions"]
    for rules in found.values():
        assert set(rules) <= set(BOOK.rules)


def test_a_fact_that_is_known_is_never_a_gap(verdict: tuple[Record, Verdict]) -> None:
    record, v = verdict
    for gap in v.gaps:
        fact = record.case.facts.get(gap.fact)
        assert fact is None or fact.value == "unknown"


def test_a_run_states_rows_and_takes_none_of_the_case_away() -> None:
    case = api.load_case("finland_1948")
    record = api.run(case, BOOK)
    assert {row.id for row in case.memory.every()} <= {row.id for row in record.memory.every()}


def test_rivals_answer_apart_from_the_main_verdict() -> None:
    main = foedus.consult("finland_1948")
    rival = foedus.consult("finland_1948", theory="bandwagoning")
    assert rival.book.theory == "bandwagoning"
    assert {e.row for v in rival.verdicts for e in v.evidence} <= {"R1", "R2", "D5"}
    assert not {e.row for v in main.verdicts for e in v.evidence} & {"R1", "R2", "D5"}


def test_results_print_well_in_terminals_and_notebooks() -> None:
    result, proof = foedus.consult("finland_1948"), foedus.how("finland_1948", "finland")
    assert result.verdicts[0].sentence in str(result)
    assert str(proof).startswith(result.verdicts[0].sentence)
    html = result._repr_html_()
    assert html.startswith("<div")
    assert "<script" not in html
    assert result.verdicts[0].sentence in html
    assert "<details" in proof._repr_html_()


def test_html_escapes_what_a_case_says() -> None:
    case = {
        "foedus": 1,
        "title": "<script>alert(1)</script>",
        "kind": "hypothetical",
        "states": {"a": {"name": "<img src=x onerror=1>"}, "b": {}},
    }
    html = foedus.consult(case)._repr_html_()
    assert "<script" not in html
    assert "<img" not in html


def test_the_library_refuses_in_typed_errors() -> None:
    with pytest.raises(foedus.NameUnknown, match="finland_1948"):
        foedus.consult("finnland_1948")
    with pytest.raises(foedus.NameUnknown, match="sweden"):
        foedus.how("finland_1948", "sveden")
    with pytest.raises(foedus.InputError) as caught:
        foedus.consult({"foedus": 1, "title": "t", "kind": "real", "states": {"a": {}, "b": {}}})
    assert caught.value.problems
    assert isinstance(caught.value, foedus.FoedusError)
    with pytest.raises(AttributeError):
        _ = foedus.no_such_name  # type: ignore[attr-defined]


def crisis(**parts: object) -> Verdict:
    """The only verdict in focus of a small invented crisis."""
    (verdict,) = foedus.consult({"foedus": 1, "title": "t", "kind": "hypothetical", "focus": ["s"], **parts}).verdicts
    return verdict


SURROUNDED = {"relative_power": "much_weaker", "proximity": "bordering", "offensive_power": "high"}


def test_a_tied_effort_leaves_the_alignment_standing_and_says_what_is_tied() -> None:
    verdict = crisis(
        states={name: {"power_rank": "great"} for name in "spc"},
        situation={"phase": "crisis"},
        relations=[
            {"state": "s", "other": "p", "intentions": "aggressive", **SURROUNDED},
            {"state": "s", "other": "c", "commitment": "peacetime"},
        ],
        allies=[{"state": "s", "against": "p", "adequate": "yes", "support": {"c": "likely"}}],
    )
    assert (verdict.posture, verdict.label) == ("tie", "balance or buck-pass")
    assert (verdict.alignment, verdict.effort) == ("balance", "tie")
    assert "takes the side against P" in verdict.sentence
    assert "carried or passed" in verdict.sentence


def test_two_sides_that_pull_alike_are_both_named() -> None:
    wars = [
        {"id": war, "phase": "mid", "sides": {"x": [a], "y": [b]}, "side_ahead": "x", "closeness_to_victory": "high"}
        for war, a, b in (("w1", "b", "c"), ("w2", "d", "e"))
    ]
    verdict = crisis(states={name: {} for name in "sbcde"}, situation={"phase": "crisis"}, wars=wars)
    assert verdict.posture == "tie"
    assert "X (B) in W1" in verdict.sentence
    assert "X (D) in W2" in verdict.sentence


@pytest.mark.parametrize(("reach", "principal", "lead"), [("low", ["p", "q"], 0), ("moderate", ["p"], 1)])
def test_a_limited_threat_never_leads_with_points_that_its_grade_does_not_allow(
    reach: str, principal: list[str], lead: int
) -> None:
    # q would have 10 points but is limited to moderate, whose most is 8; p has 8 or 9
    verdict = crisis(
        states={"s": {"power_rank": "weak"}, "q": {"power_rank": "great", "potential_hegemon": "yes"}, "p": {}},
        relations=[
            {"state": "s", "other": "q", "intentions": "benign", **SURROUNDED},
            {
                "state": "s", "other": "p", "relative_power": "peer", "proximity": "near", "offensive_power": reach,
                "intentions": "aggressive",
            },
        ],
    )  # fmt: skip
    assert verdict.principal_threats == principal
    assert verdict.margin.principal_threat == lead


def test_the_power_of_the_threat_alone_does_not_turn_the_answer() -> None:
    def answer(power: str, other: str) -> tuple[str, int]:
        relation = {"state": "s", "other": "p", "proximity": "bordering", "offensive_power": "high"}
        verdict = crisis(
            states={"s": {"power_rank": "weak", "effect_on_outcome": "some"}, "p": {}, "q": {"power_rank": "great"}},
            relations=[
                {**relation, "relative_power": power, "intentions": "ambiguous"},
                {"state": "s", "other": "q", "relative_power": other, "intentions": "benign"},
            ],
            allies=[{"state": "s", "against": "p", "support": {}}],
        )
        assert verdict.principal_threats == ["p"]
        return verdict.posture, verdict.margin.alignment or 0

    assert (
        len({answer(power, other) for power in ("peer", "weaker", "much_weaker") for other in ("peer", "weaker")}) == 1
    )
