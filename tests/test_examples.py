"""Every rule fires on the examples it names, and stays silent on the others; and examples are read strictly."""

from __future__ import annotations

import pytest
from foedus.book import MAIN
from foedus.examples import UNSTATED, example_memory, fires
from foedus.library import shipped_book
from foedus.problems import InputError, NameUnknown
from foedus.terms import UNKNOWN

BOOK = shipped_book()


def examples(kind: str) -> list[object]:
    """Every example of the book, once for each theory that its rule belongs to."""
    return [
        pytest.param(rule.id, statements, theory, id=f"{'' if theory == MAIN else theory + '-'}{rule.id}-{number}")
        for rule in BOOK.rules.values()
        for theory in sorted(BOOK.theories)
        if rule.id in BOOK.program(theory).rules
        for number, statements in enumerate(getattr(rule.examples, kind), start=1)
    ]


@pytest.mark.parametrize(("rule", "statements", "theory"), examples("fires"))
def test_a_rule_fires_on_each_example_that_it_names(rule: str, statements: tuple[str, ...], theory: str) -> None:
    assert fires(rule, statements, BOOK, theory)


@pytest.mark.parametrize(("rule", "statements", "theory"), examples("silent"))
def test_a_rule_is_silent_on_each_example_that_it_names(rule: str, statements: tuple[str, ...], theory: str) -> None:
    assert not fires(rule, statements, BOOK, theory)


def test_every_rule_belongs_to_a_theory_so_that_its_examples_are_run() -> None:
    run = {rule for theory in BOOK.theories for rule in BOOK.program(theory).rules}
    assert run == set(BOOK.rules)


# ---- how the statements are read ------------------------------------------------------------


def value(statements: list[str], table: str, *key: str, attribute: str) -> str:
    row = example_memory(statements, BOOK).get(table, *key)
    assert row is not None
    return row.fields[attribute]


@pytest.mark.parametrize(
    ("statement", "table", "key", "attribute", "expected"),
    [
        ("a.power_rank=weak", "state", ("a",), "power_rank", "weak"),
        ("a>b.intentions=benign", "relation", ("a", "b"), "intentions", "benign"),
        ("a>c>b.support=likely", "support", ("a", "c", "b"), "support", "likely"),
        ("a>b.adequate=yes", "coalition", ("a", "b"), "adequate", "yes"),
        ("c>a.aid=low", "aid", ("c", "a"), "aid", "low"),
        ("c>a.access=none", "penetration", ("c", "a"), "access", "none"),
        ("situation.phase=peace", "situation", (), "phase", "peace"),
        ("w.phase=early", "war", ("w",), "phase", "early"),
        ("w.side_ahead=x", "war", ("w",), "side_ahead", "x"),
        ("a.ideology=leninism", "state", ("a",), "ideology", "leninism"),
        (" a > b . intentions".replace(" . ", ".") + " = benign ", "relation", ("a", "b"), "intentions", "benign"),
    ],
)
def test_a_fact_finds_its_table_by_attribute_and_number_of_subjects(
    statement: str, table: str, key: tuple[str, ...], attribute: str, expected: str
) -> None:
    assert value([statement], table, *key, attribute=attribute) == expected


def test_what_an_example_does_not_give_is_unknown_and_every_row_of_a_case_is_there() -> None:
    memory = example_memory(["principal_threat(a, b)", "member(w, x, c)"], BOOK)
    assert {row.fields["state"] for row in memory.all("state")} == {"a", "b", "c"}
    assert len(list(memory.all("relation"))) == 6
    assert len(list(memory.all("support"))) == 6
    assert memory.get("war", "w") is not None
    assert memory.get("situation") is not None
    base = [row for row in memory.every() if row.table in ("state", "relation", "support", "war", "situation")]
    assert {row.fields[name] for row in base for name in BOOK.tables[row.table].attributes} == {UNKNOWN}


def test_reference_rows_are_part_of_every_example() -> None:
    memory = example_memory(["a.power_rank=weak"], BOOK)
    assert {row.fields["ideology"] for row in memory.all("ideology")} == {row.key for row in BOOK.reference}


def test_a_linked_fact_fills_its_other_direction() -> None:
    assert (
        value(["a>b.relative_power=much_weaker"], "relation", "b", "a", attribute="relative_power") == "much_stronger"
    )
    assert value(["a>b.proximity=near"], "relation", "b", "a", attribute="proximity") == "near"
    assert value(["a>b.intentions=benign"], "relation", "b", "a", attribute="intentions") == UNKNOWN


def test_a_row_takes_keys_in_order_or_by_name_and_attributes_by_name() -> None:
    by_place = example_memory(["alignment(a, b, answer=balance)"], BOOK)
    by_name = example_memory(["alignment(toward=b, answer=balance, of=a)"], BOOK)
    assert by_place.every() == by_name.every()
    assert by_place.get("alignment", "a", "b") is not None


def test_a_key_that_is_not_given_is_unstated_and_names_nobody() -> None:
    memory = example_memory(["evidence(row=T4d, of=a)"], BOOK)
    (row,) = memory.all("evidence")
    assert (row.fields["row"], row.fields["of"], row.fields["toward"]) == ("T4d", "a", UNSTATED)
    assert {row.fields["state"] for row in memory.all("state")} == {"a"}


def test_a_word_that_stands_for_a_side_is_not_taken_for_a_state() -> None:
    memory = example_memory(["member(w, x, b)", "joining(a, w, x, x, answer=bandwagon)"], BOOK)
    assert {row.fields["state"] for row in memory.all("state")} == {"a", "b"}


def test_the_order_of_statements_makes_no_difference() -> None:
    statements = ["w.phase=early", "a>b.intentions=benign", "member(w, x, a)", "principal_threat(a, b)"]
    assert example_memory(statements, BOOK).every() == example_memory(statements[::-1], BOOK).every()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["a.power_rank"], "neither a fact nor a row"),
        (["a.power_rank=weak=weak"], "neither a fact nor a row"),
        (["principal_threat(a, b"], "neither a fact nor a row"),
        ([""], "neither a fact nor a row"),
        (["a.power_rnk=weak"], r"unknown attribute 'power_rnk' \(did you mean 'power_rank'\?\)"),
        (["a.power_rank=week"], r"'week' is no value of 'power_rank' \(did you mean 'weak'\?"),
        (["a.ideology=lenninism"], "did you mean 'leninism'"),
        (["a>b.power_rank=weak"], r"'power_rank' is no fact of a and b \(it is written state.power_rank\)"),
        (["a>a.intentions=benign"], "no such relation to itself"),
        (["a>b.relative_power=peer", "b>a.relative_power=weaker"], "is peer by another statement"),
        (["a.power_rank=weak", "a.power_rank=great"], "is weak by another statement"),
        (["principal_thret(a, b)"], "did you mean 'principal_threat'"),
        (["ideology(leninism, leninist=no)"], "unknown table 'ideology'"),
        (["principal_threat(a, b, c)"], r"'c' is no key of 'principal_threat' \(its keys are of, toward\)"),
        (["principal_threat(of=a, b)"], "'b' is no key"),
        (["principal_threat(a, towards=b)"], "did you mean 'toward'"),
        (["principal_threat(a, of=b)"], "'of' is given twice"),
        (["threat(a, b, standing=high)"], "did you mean 'highest'"),
        (["principal_threat(a, b c)"], "is no value of 'toward'"),
        (["principal_threat(a, b)", "principal_threat(a, b)"], "is stated twice"),
        (["evidence(row=T4dd)"], "'T4dd' is no value of 'row'"),
        (["evidence(question=thread)"], "did you mean 'threat'"),
        (["evidence(sign=pro)"], "legal: against, for"),
        (["input(attribute=intension, of=a)"], "did you mean 'intentions'"),
        (["motive(a, b, greed)"], "legal: appeasement, spoils, deterrence, defeat"),
        (["member(w, x, a)", "a.phase=early"], "'phase' is no fact of a"),
        (["member(a, x, b)", "a.power_rank=weak"], "'power_rank' is no fact of a"),
        (["member(w, x, w)"], "'w' is a state here and a war in another statement"),
        (["unknown.power_rank=weak"], "has a meaning of its own"),
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_right_is_refused_and_says_why(statements: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        example_memory(statements, BOOK)


def test_all_wrong_statements_are_refused_at_once_each_by_its_text() -> None:
    with pytest.raises(InputError) as caught:
        example_memory(["a.power_rnk=weak", "a>b.intentions=benign", "thret(a, b)"], BOOK)
    assert [problem.file for problem in caught.value.problems] == [
        "example 'a.power_rnk=weak'",
        "example 'thret(a, b)'",
    ]


def test_an_example_is_asked_of_a_rule_that_the_theory_has() -> None:
    with pytest.raises(NameUnknown, match="did you mean 'T2d'"):
        fires("T2dd", ["principal_threat(a, b)"], BOOK)
    with pytest.raises(NameUnknown, match="'R1' in the theory 'main'"):
        fires("R1", ["principal_threat(a, b)"], BOOK)
