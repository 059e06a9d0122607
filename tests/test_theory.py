"""The rule book holds every row of the theory in its role, each tension, and no rival in the main verdict."""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import Any

import foedus
import pytest
from foedus.assembly import assemble
from foedus.book import MAIN, RuleBook
from foedus.casereader import read_case
from foedus.documents import Document, parse
from foedus.inference import infer
from foedus.library import shipped_book, shipped_documents
from foedus.terms import Conclude, Vote, Weigh
from oracle import as_yaml, plain

BOOK = shipped_book()
CASES = sorted(Path(__file__).parent.parent.joinpath("cases").glob("*.yaml"))

A, B = "A", "B"
ROWS: dict[str, tuple[str, str]] = {
    # definitions and scope
    "D1": ("text", "A B:17"), "D2": ("label", "A B:17"), "D3": ("label", "A B:17"), "D4": ("gate", "B:17"),
    "D5": ("rule", "A B:21"), "D6": ("label", "A"),
    # balance or bandwagon, in general
    "B1": ("rule", "A B:31"), "B2": ("rule", "A"), "B3a": ("rule", "A"), "B3b": ("rule", "A"), "B4": ("rule", "B:18"),
    "B5": ("rule", "B:18"), "B6": ("rule", "A B:25"), "B7": ("rule", "B:18"), "B8": ("rule", "B:18"),
    "B9": ("rule", "B:28"), "B10": ("text", "B:28"),
    # the rival belief, and motives
    "R1": ("rule", "B:19"), "R2": ("rule", "B:19"), "R3": ("rule", "B:19"), "R4": ("rule", "B:19"),
    "R5": ("text", "B:19"), "M1": ("rule", "A B:19"), "M2": ("rule", "B:19"),
    # sources of threat
    "T0": ("rule", "A B:21"), "T0b": ("rule", "B:21"), "T1": ("rule", "B:22"), "T1b": ("rule", "B:22"),
    "T1c": ("refusal", "B:22"), "T2": ("rule", "B:23"), "T2b": ("weight", "B:23"), "T2c": ("refusal", "B:23"),
    "T2d": ("rule", "B:23"), "T3": ("rule", "B:24"), "T3b": ("label", "B:24"), "T4": ("rule", "B:25"),
    "T4b": ("rule", "B:25"), "T4c": ("weight", "B:25"), "T4d": ("rule", "B:25"),
    # strong and weak states
    "S1": ("rule", "B:29"), "S2": ("rule", "B:29"), "S3": ("rule", "B:29"), "S4": ("weight", "B:29"),
    # availability of allies
    "V1": ("rule", "A"), "V2": ("rule", "A"), "V2b": ("rule", "B:30"), "V3": ("rule", "B:30"), "V4": ("rule", "B:30"),
    "V5": ("rule", "A"),
    # peace and war
    "W1": ("rule", "B:31"), "W2": ("rule", "A B:31"), "W3": ("rule", "B:31"),
    # world-level implications
    "G1": ("rule", "A B:17"), "G2": ("rule", "A B:17"), "G3": ("rule", "B:25"), "G4": ("rule", "B:25"),
    "G5": ("rule", "B:25"), "G6": ("rule", "B:25"), "G7": ("rule", "B:25"), "G8": ("rule", "B:25"),
    "G9": ("rule", "B:25"),
    # ideology
    "I1": ("rule", "A"), "I2": ("rule", "A"), "I2b": ("rule", "A"), "I3": ("weight", "A"), "I4": ("weight", "A"),
    "I5": ("rule", "A"), "I6": ("rule", "A"), "I7": ("rule", "A"),
    # aid
    "A0": ("weight", "A"), "A1": ("rule", "A"), "A1b": ("rule", "A"), "A2": ("label", "A"), "A2b": ("weight", "A"),
    "A3": ("rule", "A"), "A4": ("rule", "A"), "A5": ("rule", "A"), "A5b": ("rule", "A"), "A6": ("rule", "A"),
    # penetration
    "P1": ("rule", "A"), "P2": ("weight", "A"), "P3": ("weight", "A"), "P3b": ("rule", "A"), "P4": ("weight", "A"),
}  # fmt: skip
"""Every row of the theory: its role, and the documents (with the page) that state it."""

TENSIONS: dict[int, set[str]] = {
    1: {"B3b", "S1", "T2d", "B6", "T4d"}, 2: {"V1", "V2", "V3"}, 3: {"B2", "V3"}, 4: {"T1c", "T2c", "T2d"},
    5: {"W2", "B6", "B2"}, 6: {"W2", "D2", "M2"}, 7: {"M1", "M2"}, 8: set(), 9: {"I1"}, 10: {"I1", "I2"},
    11: {"I3", "I6"}, 12: {"A1b", "A2b", "A5b"}, 13: {"P1", "P3b", "P2", "P4"}, 14: {"A6", "P2"}, 15: {"T1b"},
    16: set(), 17: {"B5", "V1"}, 18: {"R2"},
}  # fmt: skip
"""Where claims pull against each other, and the claims that the theory names there."""

RIVALS = {"D5", "R1", "R2"}
YARDSTICKS = {"AlwaysBalance"}
"""Accounts that no document holds."""


def test_the_book_holds_exactly_the_rows_of_the_theory() -> None:
    assert set(BOOK.rows()) == set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_the_role_that_the_theory_gives_it(row: str) -> None:
    assert BOOK.rows()[row] == ROWS[row][0]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_found_by_its_id_and_cites_what_the_theory_cites(row: str) -> None:
    claim = BOOK.claim(row)
    assert claim.id == row
    assert " ".join(f"{c.work}:{c.page}" if c.page else c.work for c in claim.source) == ROWS[row][1]


def test_every_claim_cites_a_work_of_the_book_and_a_page_only_where_the_document_has_pages() -> None:
    for claim in (*BOOK.rules.values(), *BOOK.statements.values()):
        assert claim.source
        for citation in claim.source:
            assert citation.work in ("convention", *BOOK.works)
            assert bool(citation.page) == (citation.work == "B")
            assert not citation.page or 17 <= int(citation.page) <= 33


def test_only_rules_of_the_house_and_tensions_rest_on_convention_alone() -> None:
    for rule in BOOK.rules.values():
        assert (rule.role in ("house", "tension")) == ({c.work for c in rule.source} == {"convention"})


def test_no_row_of_the_theory_is_a_rule_of_the_house() -> None:
    assert not {rule.row for rule in BOOK.rules.values() if rule.role == "house"} & set(ROWS)


def test_every_rule_of_a_row_that_says_what_the_row_says_has_its_role() -> None:
    """A refusal, a text or a label casts no vote; a weight weighs, caps or grades and takes no side."""
    for rule in BOOK.rules.values():
        if ROWS.get(rule.row, ("",))[0] in ("label", "gate", "refusal", "text"):
            assert all(isinstance(c, Conclude) for c in rule.conclusions), rule.id
        if rule.role == "weight":
            sides = [
                c for c in rule.conclusions if isinstance(c, Vote) and BOOK.questions[c.question].kind == "contest"
            ]
            assert not sides, rule.id
        if any(isinstance(c, Weigh) for c in rule.conclusions):
            assert rule.role == "weight", rule.id


def test_power_and_proximity_refuse_to_vote_on_the_direction_of_the_answer() -> None:
    for rule in BOOK.program().rules.values():
        if rule.row in ("T1", "T2", "T3", "T1c", "T2c"):
            questions = {c.question for c in rule.conclusions if isinstance(c, Vote)}
            assert not any(BOOK.questions[name].kind == "contest" for name in questions), rule.id


def test_every_text_and_refusal_fires_nothing_and_every_other_row_fires_or_is_a_label() -> None:
    for row, (role, _) in ROWS.items():
        fires = [rule for rule in BOOK.rules.values() if rule.row == row]
        assert (row in BOOK.statements) == (not fires)
        assert not (role in ("text", "refusal") and fires)
        assert not (role in ("rule", "weight", "gate") and not fires)


def test_the_corollary_is_marked_as_one_and_is_the_only_one() -> None:
    assert [rule.id for rule in BOOK.rules.values() if rule.corollary] == ["V5"]


def test_the_tendency_to_balance_is_the_one_default_and_has_the_weakest_word() -> None:
    defaults = [rule for rule in BOOK.rules.values() if rule.default]
    assert [rule.id for rule in defaults] == ["B1"]
    (vote,) = [c for c in defaults[0].conclusions if isinstance(c, Vote)]
    assert vote.strength.word == BOOK.questions[vote.question].words[0]
    assert defaults[0].defeated_by


def test_every_choice_of_a_strength_that_the_hedge_does_not_give_is_recorded() -> None:
    """Unhedged steps (the more X, the more Y) follow the table; any other word needs its decision."""
    for rule in BOOK.rules.values():
        hedge = re.search(r"\b(may|can|will|must|likel|most|tend|encourage)", rule.claim)
        votes = [c for c in rule.conclusions if isinstance(c, Vote) and c.strength.word is not None]
        if votes and not hedge and rule.id == rule.row:
            assert rule.decision, rule.id


# ---- tensions -------------------------------------------------------------------------------


def test_all_eighteen_tensions_are_there() -> None:
    rows = {rule.row for rule in BOOK.rules.values() if rule.role == "tension"}
    assert rows == {f"tension_{number}" for number in TENSIONS} | {"tension_19"}


@pytest.mark.parametrize("number", TENSIONS)
def test_a_tension_names_the_claims_that_pull_against_each_other_and_how_it_is_settled(number: int) -> None:
    found = [rule for rule in BOOK.rules.values() if rule.row == f"tension_{number}"]
    for rule in found:
        assert TENSIONS[number] <= set(rule.between)
        assert rule.decision
        assert rule.theories == (MAIN,)


# ---- rivals ---------------------------------------------------------------------------------


def test_rival_rules_are_no_part_of_the_main_theory_and_fire_in_a_theory_of_their_own() -> None:
    assert not {rule.row for rule in BOOK.program(MAIN).rules.values()} & RIVALS
    elsewhere = {rule.row for name in BOOK.theories if name != MAIN for rule in BOOK.program(name).rules.values()}
    assert elsewhere >= RIVALS


def test_a_rival_theory_fires_no_rule_of_the_main_one_unless_it_says_so() -> None:
    for name, theory in BOOK.theories.items():
        for rule in BOOK.program(name).rules.values():
            assert name in rule.theories or rule.id in theory.shares or rule.row in theory.shares


def without_rivals() -> RuleBook:
    """The shipped book with every rule that is not of the main theory taken out."""
    documents: list[Document] = []
    for document in shipped_documents():
        data: dict[str, Any] = copy.deepcopy(document.data)
        if "rules" in data:
            data["rules"] = [entry for entry in data["rules"] if MAIN in entry.get("theory", [MAIN])]
        for entry in data.get("tensions", []):
            entry["between"] = [name for name in entry["between"] if name not in RIVALS]
        documents.append(parse(as_yaml(data), document.file))
    return assemble(documents)


def test_the_main_verdict_is_the_same_in_a_book_without_the_rivals() -> None:
    book = without_rivals()
    assert {rule.row for rule in BOOK.rules.values()} - {
        rule.row for rule in book.rules.values()
    } == RIVALS | YARDSTICKS
    for path in CASES:
        with_them, without = (
            plain(infer(read_case(parse(path.read_text("utf-8"), path.name), made), made.program()))
            for made in (BOOK, book)
        )
        assert {**with_them, "book": ""} == {**without, "book": ""}


# ---- knowledge lives in the rules -----------------------------------------------------------


def literals(path: Path) -> set[str]:
    """Every text that stands in a module's code, docstrings left out."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    }


def test_no_engine_module_names_a_rule_or_a_group_of_the_book() -> None:
    vocabulary = {name for table in BOOK.tables.values() for name in (table.name, *table.keys, *table.attributes)}
    groups = {c.group for rule in BOOK.rules.values() for c in rule.conclusions if isinstance(c, Vote)} - vocabulary
    names = {*BOOK.rules, *BOOK.statements, *BOOK.rows(), *groups}
    modules = sorted(Path(foedus.__file__).parent.rglob("*.py"))
    assert len(modules) > 10
    assert not {(path.name, text) for path in modules for text in literals(path) & names}


def test_no_engine_module_names_a_grade_or_a_strength_word() -> None:
    graded = [question for question in BOOK.questions.values() if question.grades]
    words = {word for question in BOOK.questions.values() for word in question.words}
    words |= {grade.name for question in graded for grade in question.grades}
    # words that the format of a case file uses for the analyst's confidence, and `none` for nobody
    words -= {"low", "moderate", "high", "none"}
    modules = sorted(Path(foedus.__file__).parent.rglob("*.py"))
    assert not {(path.name, text) for path in modules for text in literals(path) & words}
