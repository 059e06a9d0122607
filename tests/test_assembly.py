"""A rule book that is wrong is refused: every kind of error, with its line, its message and the nearest name."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
from foedus.assembly import assemble, content_hash
from foedus.book import RuleBook
from foedus.documents import Document, parse
from foedus.inference import infer
from foedus.library import shipped_book, shipped_documents
from foedus.problems import InputError, Problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import BASE, as_yaml, case_of, random_crisis

EXAMPLES = "{fires: [[x]], silent: [[x]]}"
REMARK = "{conclude: {remark: {of: $s, toward: $s}}}"
STATE = "state: {state: $s, power_rank: $rank}"
FAVOURS = "{favours: {question: alignment, answer: balance, of: $s, toward: $s, strength: slight, group: g}}"
VOTE = "{raises: {question: threat, of: $s, toward: $s, strength: slight, group: g}}"
WHEN = 9
"""The line of the first premise of a rule written by :func:`rule`."""


def rule(
    *when: str, id: str = "X1", then: str = REMARK, because: str = "so", more: str = "", first: bool = True
) -> str:
    """One rule as text: the premises from line 9 on, then what else is given, from the line after them on."""
    lines = ["rules:"] if first else []
    lines += [
        f"- id: {id}",
        "  claim: c",
        "  source: [convention]",
        f'  because: "{because}"',
        f"  examples: {EXAMPLES}",
    ]
    lines += [f"  then: {then}", "  when:", *(f"  - {premise}" for premise in when), more]
    return "\n".join(line for line in lines if line) + "\n"


def book(text: str, base: list[Document] | None = None) -> RuleBook:
    return assemble([*(BASE if base is None else base), parse(text, "pack.yaml")])


def problems(text: str, base: list[Document] | None = None) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        book(text, base)
    return list(caught.value.problems)


def refused(text: str, line: int, message: str, hint: str = "") -> None:
    """Exactly one problem, at that line, with that message and hint."""
    assert [(p.file, p.line, p.message, p.hint) for p in problems(text)] == [("pack.yaml", line, message, hint)]


def test_a_rule_with_nothing_wrong_is_taken() -> None:
    assert set(book(rule(STATE)).rules) == {"X1"}


# ---- names ----------------------------------------------------------------------------------


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    refused(rule(STATE, "relatoin: {state: $s}"), WHEN + 1, "unknown table 'relatoin'", "did you mean 'relation'?")


def test_an_unknown_table_inside_a_not_is_refused_with_the_nearest() -> None:
    text = rule(STATE, "{not: {at_wars: {of: $s}}, reads: r}")
    refused(text, WHEN + 1, "unknown table 'at_wars'", "did you mean 'at_war'?")


def test_an_unknown_field_is_refused_with_the_nearest() -> None:
    (problem,) = problems(rule(STATE, "relation: {state: $s, proximty: near}"))
    assert (problem.line, problem.message) == (WHEN + 1, "'relation' has no field 'proximty'")
    assert problem.hint == "did you mean 'proximity'?"


@pytest.mark.parametrize(
    "constraint",
    ["grat", "[weak, grat]", "{at_least: grat}", "{at_most: grat}", "{one_of: [weak, grat]}", "{not: grat}"],
)
def test_an_unknown_value_is_refused_with_the_nearest_in_every_form_of_a_constraint(constraint: str) -> None:
    text = rule(STATE, f"state: {{state: $s, power_rank: {constraint}}}")
    hint = "did you mean 'great'?; legal: weak, middle, great"
    assert (WHEN + 1, "'grat' is no value of 'power_rank'", hint) in [
        (p.line, p.message, p.hint) for p in problems(text)
    ]


def test_an_unknown_ideology_is_refused_with_the_nearest() -> None:
    (problem,) = problems(rule("state: {state: $s, ideology: lennism}"))
    assert problem.message == "'lennism' is no value of 'ideology'"
    assert "did you mean 'leninism'?" in problem.hint


def test_an_unknown_word_of_a_conclusion_is_refused_with_the_legal_ones() -> None:
    refused(
        rule(STATE, then="{conclude: {motive: {of: $s, toward: $s, motive: spoil}}}"),
        7,
        "'spoil' is no value of 'motive'",
        "did you mean 'spoils'?; legal: appeasement, spoils, deterrence, defeat",
    )


def test_a_field_that_a_conclusion_lacks_or_does_not_have_is_refused() -> None:
    missing = rule(STATE, then="{conclude: {remark: {of: $s}}}")
    refused(missing, 7, "'toward' is missing from 'remark'")
    (problem,) = problems(rule(STATE, then="{conclude: {remark: {of: $s, toward: $s, towards: $s}}}"))
    assert (problem.line, problem.message) == (7, "'remark' has no field 'towards'")


@pytest.mark.parametrize("table", ["relation", "threat", "evidence", "posture", "felt_security", "remarc"])
def test_only_tables_that_rules_fill_can_be_concluded(table: str) -> None:
    (problem,) = problems(rule(STATE, then=f"{{conclude: {{{table}: {{of: $s, toward: $s}}}}}}"))
    assert (problem.line, problem.message) == (7, f"'{table}' is no table that rules may conclude")


def test_an_unknown_part_of_a_rule_is_refused_with_the_nearest() -> None:
    (problem,) = problems(rule(STATE, more="  defeated_buy: []"))
    assert (problem.line, problem.message) == (WHEN + 1, "unknown field 'defeated_buy'")
    assert "did you mean 'defeated_by'?" in problem.hint


def test_an_unknown_work_and_an_unknown_theory_are_refused() -> None:
    refused(
        rule(STATE).replace("[convention]", "[Walt]"), 4, "'Walt' is no work of this book", "legal: A, B, convention"
    )
    (problem,) = problems(rule(STATE, more="  theory: [mian]"))
    assert (problem.line, problem.message) == (WHEN + 1, "no theory 'mian'")
    assert "did you mean 'main'?" in problem.hint


# ---- variables ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (rule(STATE, then="{conclude: {remark: {of: $st, toward: $s}}}"), 7),
        (rule(STATE, then=VOTE.replace("of: $s", "of: $st")), 7),
        (rule(STATE, then=VOTE.replace("toward: $s", "toward: $st")), 7),
        (rule(STATE, then="{caps: {question: threat, of: $st, toward: $s, highest: low}}"), 7),
        (rule(STATE, then="{caps: {question: threat, of: $s, toward: $st, highest: low}}"), 7),
        (rule(STATE, then=FAVOURS.replace("balance", "$st")), 7),
    ],
    ids=["conclude", "vote of", "vote toward", "cap of", "cap toward", "answer"],
)
def test_a_conclusion_with_an_unbound_variable_is_refused_with_its_line(text: str, line: int) -> None:
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (line, "'$st' is not bound by a premise")
    assert problem.hint.startswith("did you mean 's'?")


@pytest.mark.parametrize("field", ["of", "toward"])
def test_a_weight_with_an_unbound_variable_is_refused_with_its_line(field: str) -> None:
    weigh = "{weighs: {rules: [X1], of: $s, toward: $s, step: up}}".replace(f"{field}: $s", f"{field}: $st")
    text = rule(STATE, then=VOTE) + rule(STATE, id="X2", then=weigh, first=False)
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (WHEN + 6, "'$st' is not bound by a premise")


def test_a_strength_that_rises_with_an_unbound_variable_is_refused() -> None:
    steps = VOTE.replace("strength: slight", "strength: {of: $rnk, steps: {weak: slight}}")
    (problem,) = problems(rule(STATE, then=steps))
    assert (problem.line, problem.message) == (7, "'$rnk' is not bound to a value")


def test_a_strength_that_rises_with_a_subject_is_refused() -> None:
    steps = VOTE.replace("strength: slight", "strength: {of: $s, steps: {weak: slight}}")
    assert problems(rule(STATE, then=steps))[0].message == "'$s' is not bound to a value"


@pytest.mark.parametrize(
    "premise", ["differ: [$s, $o]", "differ: [$o, $s]", "compare: {left: $rank, is: above, right: $o}"]
)
def test_a_test_before_its_binder_is_refused(premise: str) -> None:
    text = rule(STATE, premise, "relation: {state: $s, other: $o}")
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (WHEN + 1, "'$o' is not bound by an earlier premise")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            rule(
                STATE,
                "{not: {significant_threat: {of: $s, toward: $o}}, reads: r}",
                then="{conclude: {remark: {of: $s, toward: $o}}}",
            ),
            7,
        ),
        (rule(STATE, "{not: {significant_threat: {of: $s, toward: $o}}, reads: r}", because="{o} did it"), 5),
        (rule(STATE, "{not: {significant_threat: {of: $s, toward: $o}}, reads: r}", "differ: [$s, $o]"), WHEN + 2),
        (rule(STATE, "{not: {significant_threat: {of: $s, toward: $o}}, reads: 'no {o}'}"), WHEN + 1),
    ],
    ids=["in a conclusion", "in because", "in a test", "in reads"],
)
def test_a_variable_that_only_a_not_names_binds_nothing(text: str, line: int) -> None:
    assert (line, "o") in [(p.line, p.message[2:3]) for p in problems(text)]


@pytest.mark.parametrize(
    "premise",
    ["{not: {significant_threat: {of: $ss}}, reads: r}", "{not: {relation: {state: $s, intentions: $i}}, reads: r}"],
)
def test_a_variable_that_stands_in_a_not_and_nowhere_before_is_refused_as_misspelt(premise: str) -> None:
    (problem,) = problems(rule(STATE, premise))
    assert problem.line == WHEN + 1
    assert "is not bound" in problem.message


def test_a_not_before_the_premise_that_binds_its_variable_is_refused() -> None:
    found = problems(rule("{not: {at_war: {of: $s}}, reads: r}", STATE))
    assert [p.line for p in found] == [WHEN]
    assert "'$s' is not bound" in found[0].message


def test_a_variable_that_stands_twice_in_a_not_and_nowhere_before_is_refused() -> None:
    found = problems(rule(STATE, "{not: {significant_threat: {of: $o, toward: $o}}, reads: r}"))
    assert {p.line for p in found} == {WHEN + 1}


@pytest.mark.parametrize("name", ["$S", "$1", "$a-b", "$"])
def test_a_variable_that_is_no_name_is_refused(name: str) -> None:
    (problem, *_) = problems(rule(STATE, f"relation: {{state: $s, other: '{name}'}}"))
    assert (problem.line, problem.message) == (WHEN + 1, f"'{name}' is not a variable name")


def test_a_variable_that_stands_for_two_kinds_of_thing_is_refused() -> None:
    refused(rule(STATE, "war: {war: $s}"), WHEN + 1, "'$s' stands for a state and for a war")
    text = rule(STATE, "relation: {state: $s, proximity: $rank}")
    refused(text, WHEN + 1, "'$rank' stands for a value of 'power_rank' and for a value of 'proximity'")


@pytest.mark.parametrize(
    "then",
    [
        "{conclude: {derived_security: {of: $s, level: $rank}}}",
        "{conclude: {remark: {of: $rank, toward: $s}}}",
        VOTE.replace("of: $s", "of: $rank"),
        "{favours: {question: alignment, answer: $rank, of: $s, toward: $s, strength: slight, group: g}}",
    ],
    ids=["value of another scale", "value as a subject", "vote about a value", "answer of another scale"],
)
def test_a_variable_of_the_wrong_kind_in_a_conclusion_is_refused(then: str) -> None:
    assert [p.line for p in problems(rule(STATE, then=then))] == [7]


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        (rule(STATE, because="{state} is weak"), 5, "state"),
        (rule(STATE, "{not: {at_war: {of: $s}}, reads: '{state} is at peace'}"), WHEN + 1, "state"),
    ],
    ids=["because", "reads"],
)
def test_a_placeholder_that_is_no_variable_is_refused(text: str, line: int, name: str) -> None:
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (line, f"'{{{name}}}' is not a variable of the rule")


@pytest.mark.parametrize("text", ["a {S} b", "a { b", "} b", "{s}}", "{}", "{s!r}", "{s.x}"])
def test_a_brace_that_is_no_placeholder_is_refused(text: str) -> None:
    found = problems(rule(STATE, because=text))
    assert {p.line for p in found} == {5}
    assert "a brace that is no {variable}" in {p.message for p in found}


# ---- premises that can never hold -----------------------------------------------------------


@pytest.mark.parametrize(
    "premise",
    ["state: {state: $s, aims: revisionist}", "state: {state: $s, aims: {at_least: limited_revisionist}}"],
)
def test_premises_that_contradict_each_other_are_refused(premise: str) -> None:
    message = problems(rule("state: {state: $s, aims: status_quo}", premise))[0]
    assert message.line == WHEN + 1
    assert message.message.startswith("'aims' cannot satisfy")


def test_premises_on_different_rows_do_not_contradict_each_other() -> None:
    first, second = "state: {state: [a, b], aims: status_quo}", "state: {state: [a, b], aims: revisionist}"
    assert book(rule(STATE, first, second)).rules


def test_a_relation_of_a_state_to_itself_is_refused() -> None:
    message = "a state has no such relation to itself; the rule can never fire"
    refused(rule(STATE, "relation: {state: $s, other: $s}"), WHEN + 1, message)


def test_a_not_that_denies_what_another_premise_asks_for_is_refused() -> None:
    text = rule(
        "relation: {state: $s, other: $o, proximity: near}",
        "{not: {relation: {state: $s, other: $o, proximity: [near, bordering]}}, reads: r}",
    )
    refused(text, WHEN + 1, "this denies what an earlier premise asks for; the rule can never fire")


def test_a_comparison_that_no_value_satisfies_is_refused() -> None:
    text = rule(STATE, "state: {state: $s, aims: {at_least: revisionist, at_most: status_quo}}")
    refused(text, WHEN + 1, "no value of 'aims' can satisfy this; the premise can never hold")


def test_a_subject_that_must_differ_from_itself_is_refused() -> None:
    refused(rule(STATE, "differ: [$s, $s]"), WHEN + 1, "'$s' cannot differ from itself; the rule can never fire")


@pytest.mark.parametrize("relation", ["above", "below", "other"])
def test_a_value_that_must_be_above_itself_is_refused(relation: str) -> None:
    text = rule(STATE, f"compare: {{left: $rank, is: {relation}, right: $rank}}")
    refused(text, WHEN + 1, f"'$rank' cannot be {relation} itself; the rule can never fire")


def test_values_of_different_or_unordered_scales_cannot_be_compared() -> None:
    text = rule(
        "state: {state: $s, power_rank: $a, aims: $b, ideology: $i}", "compare: {left: $a, is: above, right: $b}"
    )
    refused(text, WHEN + 1, "'$a' and '$b' are on different scales")
    text = rule("state: {state: $s, power_rank: $a, ideology: $i}", "compare: {left: $i, is: same, right: $a}")
    refused(text, WHEN + 1, "'$i' has no ordered scale to compare on")
    refused(
        rule(STATE, "compare: {left: $s, is: same, right: $rank}"), WHEN + 1, "'$s' has no ordered scale to compare on"
    )


def test_an_order_of_what_has_none_is_refused() -> None:
    text = rule(STATE, "situation: {phase: {at_least: crisis}}")
    refused(text, WHEN + 1, "'phase' has no order, so 'at_least' has no meaning", "use a list of values")
    text = rule(STATE, "relation: {state: $s, other: {at_least: a}}")
    refused(text, WHEN + 1, "'other' is a key: it has no order and no complement")


def test_a_premise_on_a_table_that_no_rule_concludes_is_refused() -> None:
    text = rule(STATE, "significant_threat: {of: $s}")
    refused(text, WHEN + 1, "no rule concludes 'significant_threat', so this premise can never hold")


def test_a_rule_that_only_denies_is_refused() -> None:
    text = rule("{not: {at_war: {of: nobody}}, reads: r}", then="{conclude: {implication: {outlook: system}}}")
    refused(text, WHEN, "a rule needs at least one premise that something holds")


@pytest.mark.parametrize("constraint", ["{}", "{bind: $o}"])
def test_a_constraint_that_asks_nothing_of_a_key_can_be_run(constraint: str) -> None:
    made = book(rule(STATE, f"relation: {{state: $s, other: {constraint}}}"))
    case = case_of(random_crisis(random.Random(1), made, 2, known=1), made)
    assert infer(case, made.program()).firings


# ---- forms ----------------------------------------------------------------------------------


def test_a_not_without_a_sentence_is_refused() -> None:
    refused(
        rule(STATE, "{not: {at_war: {of: $s}}}"), WHEN + 1, "a 'not' needs 'reads': the sentence that an analyst reads"
    )


def test_a_sentence_without_a_not_is_refused() -> None:
    (problem,) = problems(rule(STATE, "{relation: {state: $s}, reads: r}"))
    assert (problem.line, problem.message) == (WHEN + 1, "'reads' goes with 'not' only")


@pytest.mark.parametrize(
    "premise", ["{state: {state: $s}, relation: {state: $s}}", "{state: {state: $s}, differ: [$s, $s]}", "{reads: r}"]
)
def test_a_premise_of_two_forms_or_none_is_refused(premise: str) -> None:
    refused(rule(STATE, premise), WHEN + 1, "a premise is exactly one of: a table, not, differ, compare")


def test_a_fact_may_be_asked_to_be_stated_only_by_the_rules_that_the_vocabulary_names() -> None:
    asks = 'aid: {donor: $s, recipient: $o, motivation_favours: {stated: "no"}}'
    text = rule(asks, then="{conclude: {remark: {of: $s, toward: $o}}}")
    refused(text, WHEN, "X1 may not ask whether 'motivation_favours' was stated", "rules that may: A5b")
    assert book(text.replace("X1", "A5b")).rules
    refused(
        text.replace("X1", "A5b").replace("motivation", "dependence"),
        WHEN,
        "A5b may not ask whether 'dependence_favours' was stated",
        "rules that may: none",
    )


def test_what_is_asked_beside_stated_is_never_dropped() -> None:
    asks = 'aid: {donor: $s, recipient: $o, motivation_favours: {stated: "yes", at_least: donor}}'
    assert [p.line for p in problems(rule(asks, id="A5b"))] == [WHEN]


# ---- conclusions ----------------------------------------------------------------------------


def test_a_wrong_strength_word_is_refused_with_the_legal_ones() -> None:
    refused(
        rule(STATE, then=VOTE.replace("slight", "mild")),
        7,
        "'mild' is no strength word of 'threat'",
        "legal: slight, moderate, strong, extreme",
    )
    favours = "{favours: {question: alignment, answer: balance, of: $s, toward: $s, strength: extreme, group: g}}"
    (problem,) = problems(rule(STATE, then=favours))
    assert (problem.line, problem.message) == (7, "'extreme' is no strength word of 'alignment'")


def test_a_step_without_a_value_of_the_scale_or_with_a_wrong_word_is_refused() -> None:
    steps = VOTE.replace("strength: slight", "strength: {of: $rank, steps: {waek: slight, great: mild}}")
    assert [(p.line, p.message) for p in problems(rule(STATE, then=steps))] == [
        (7, "'waek' is no value of 'power_rank'"),
        (7, "'mild' is no strength word of 'threat'"),
    ]


@pytest.mark.parametrize(
    ("verb", "question", "kind"),
    [
        ("raises", "alignment", "graded"),
        ("lowers", "outlook", "graded"),
        ("favours", "threat", "contest"),
        ("opposes", "partner", "contest"),
        ("raises", "thraet", "graded"),
        ("favours", "alignement", "contest"),
    ],
)
def test_a_vote_whose_verb_does_not_fit_its_question_is_refused(verb: str, question: str, kind: str) -> None:
    vote = f"{{{verb}: {{question: {question}, answer: balance, of: $s, toward: $s, strength: slight, group: g}}}}"
    (problem,) = problems(rule(STATE, then=vote))
    assert (problem.line, problem.message) == (7, f"'{question}' is no {kind} question, which '{verb}' needs")
    if question in ("thraet", "alignement"):
        assert "did you mean" in problem.hint


def test_a_vote_names_an_answer_where_answers_compete_and_only_there() -> None:
    graded = VOTE.replace("of: $s", "answer: balance, of: $s")
    refused(rule(STATE, then=graded), 7, "'threat' is answered by a grade, so a vote names no answer")
    favours = "{favours: {question: alignment, of: $s, toward: $s, strength: slight, group: g}}"
    refused(rule(STATE, then=favours), 7, "'favours' needs an answer", "legal: balance, bandwagon")
    wrong = favours.replace("of: $s", "answer: balanse, of: $s")
    refused(
        rule(STATE, then=wrong),
        7,
        "'balanse' is no answer to 'alignment'",
        "did you mean 'balance'?; legal: balance, bandwagon",
    )


def test_a_cap_on_what_is_not_graded_or_with_a_wrong_grade_is_refused() -> None:
    cap = "{caps: {question: threat, of: $s, toward: $s, highest: low}}"
    assert book(rule(STATE, then=cap)).rules
    (problem,) = problems(rule(STATE, then=cap.replace("threat", "alignment")))
    assert (problem.line, problem.message) == (7, "'alignment' is no graded question")
    (problem,) = problems(rule(STATE, then=cap.replace("low", "lo")))
    assert (problem.line, problem.message) == (7, "'lo' is no grade of 'threat'")


def test_a_weight_on_a_rule_that_does_not_vote_is_refused() -> None:
    weigh = "{weighs: {rules: [%s], of: $s, toward: $s, step: up}}"
    two = rule(STATE) + rule(STATE, id="X2", first=False)
    (problem,) = problems(two + rule(STATE, id="X3", then=weigh % "X1", first=False))
    assert (problem.line, problem.message) == (WHEN + 14, "'X1' is no rule that votes")
    (problem,) = problems(two + rule(STATE, id="X3", then=weigh % "X9", first=False))
    assert problem.message == "'X9' is no rule that votes"


@pytest.mark.parametrize("part", ["", ", step: up, highest: slight"])
def test_a_weight_is_either_a_step_or_a_highest_word(part: str) -> None:
    weigh = f"{{weighs: {{rules: [X1], of: $s, toward: $s{part}}}}}"
    (problem,) = problems(rule(STATE, then=VOTE) + rule(STATE, id="X2", then=weigh, first=False))
    assert (problem.line, problem.message) == (WHEN + 6, "'weighs' needs either a step or a highest word")


def test_a_highest_word_that_the_weighed_question_does_not_have_is_refused() -> None:
    weigh = "{weighs: {rules: [X1], of: $s, toward: $s, highest: mild}}"
    (problem,) = problems(rule(STATE, then=VOTE) + rule(STATE, id="X2", then=weigh, first=False))
    assert problem.message == "'mild' is no strength word of 'threat'"


def test_a_conclusion_of_two_forms_or_none_is_refused() -> None:
    both = VOTE[:-1] + ", conclude: {remark: {of: $s, toward: $s}}}"
    (problem,) = problems(rule(STATE, then=both))
    assert (problem.line, problem.message.partition(":")[0]) == (7, "a conclusion is exactly one of")
    assert problems(rule(STATE, then="{}"))[0].line == 7
    refused(
        rule(STATE, then="{conclude: {remark: {of: $s, toward: $s}, caution: {of: $s, toward: $s}}}"),
        7,
        "'conclude' states one row of one table",
    )


def test_a_default_that_casts_no_vote_is_refused() -> None:
    refused(rule(STATE, more='  default: "yes"'), WHEN + 1, "a default is a vote")


def test_votes_that_rise_by_one_value_through_different_steps_each_speak_at_their_own() -> None:
    votes = [
        VOTE.replace("strength: slight", f"strength: {{of: $rank, steps: {{{rank}: slight}}}}")
        for rank in ("weak", "great")
    ]
    text = rule(STATE, then=f"[{votes[0]}, {votes[1].replace('group: g', 'group: h')}]")
    try:
        made = book(text)
    except InputError:
        return
    case = case_of(
        {
            "foedus": "1",
            "title": "t",
            "kind": "hypothetical",
            "states": {"a": {"power_rank": "weak"}, "b": {"power_rank": "great"}},
        },
        made,
    )
    grades = infer(case, made.program()).grades
    assert [grades["threat", state, state].total for state in ("a", "b")] == [1, 1]


# ---- defeat ---------------------------------------------------------------------------------


def test_an_unknown_defeater_is_refused_with_the_nearest() -> None:
    text = rule(STATE, id="Xylophone", more="  defeated_by: [{rule: Xylofone}]")
    refused(text, WHEN + 1, "no rule 'Xylofone'", "did you mean 'Xylophone'?")


def test_a_defeater_that_shares_no_variable_is_refused() -> None:
    other = rule("state: {state: $o}", id="X2", then="{conclude: {remark: {of: $o, toward: $o}}}", first=False)
    text = rule(STATE, more="  defeated_by: [{rule: X2}]") + other
    refused(
        text,
        WHEN + 1,
        "X1 and X2 share no variable, so neither can defeat the other",
        "say which subjects are the same with 'where'",
    )
    assert book(text.replace("{rule: X2}", "{rule: X2, where: {s: o}}")).rules


@pytest.mark.parametrize(
    ("where", "message"), [("{o: s}", "'o' is no variable of X1"), ("{s: o}", "'o' is no variable of X2")]
)
def test_a_defeat_about_variables_that_are_not_there_is_refused(where: str, message: str) -> None:
    text = rule(STATE, more=f"  defeated_by: [{{rule: X2, where: {where}}}]") + rule(STATE, id="X2", first=False)
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (WHEN + 1, message)


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_defeat_that_runs_in_a_circle_is_refused_and_the_circle_is_named(length: int) -> None:
    names = [f"X{n}" for n in range(length)]
    text = "".join(
        rule(STATE, id=name, more=f"  defeated_by: [{{rule: {names[(n + 1) % length]}}}]", first=n == 0)
        for n, name in enumerate(names)
    )
    (problem,) = problems(text)
    assert problem.message == "defeat runs in a circle: " + " is defeated by ".join([*names, names[0]])
    assert problem.line == WHEN + 1


# ---- strata ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (rule(STATE, "remark: {of: $s}"), {"X1", "remark"}),
        (rule(STATE, "{not: {remark: {of: $s}}, reads: r}"), {"X1", "remark"}),
        (
            rule(STATE, "remark: {of: $s}", then="{conclude: {caution: {of: $s, toward: $s}}}")
            + rule(STATE, "caution: {of: $s}", id="X2", first=False),
            {"X1", "X2", "remark", "caution"},
        ),
        (rule(STATE, "threat: {of: $s, grade: high}", then=VOTE), {"X1", "threat"}),
        (rule(STATE, "evidence: {row: X1, of: $s}", then=VOTE), {"X1"}),
        (
            rule(
                STATE, "alignment: {of: $s, answer: tie}", then="{conclude: {principal_threat: {of: $s, toward: $s}}}"
            ),
            {"X1", "alignment", "principal_threat"},
        ),
        (
            rule(STATE, then=VOTE)
            + rule(
                STATE,
                "threat: {of: $s}",
                id="X2",
                then="{weighs: {rules: [X1], of: $s, toward: $s, step: up}}",
                first=False,
            ),
            {"X1", "X2", "threat"},
        ),
        (
            rule(STATE, then=VOTE, more="  defeated_by: [{rule: X2}]")
            + rule(STATE, "evidence: {row: X1, of: $s}", id="X2", first=False),
            {"X1", "X2"},
        ),
        (
            rule(
                STATE,
                "felt_security: {of: $s, level: secure}",
                then="{conclude: {derived_security: {of: $s, level: secure}}}",
            ),
            {"X1", "felt_security", "derived_security"},
        ),
    ],
    ids=[
        "its own row",
        "denies its own row",
        "two rules",
        "its own question",
        "its own evidence",
        "through a contest",
        "through a weight",
        "through defeat",
        "through a first known",
    ],
)
def test_a_book_that_reads_in_a_circle_is_refused_and_the_circle_is_named(text: str, parts: set[str]) -> None:
    (problem,) = problems(text)
    start, _, circle = problem.message.partition(": ")
    assert start == "the rules read each other in a circle and cannot be stratified"
    named = circle.split(" reads ")
    assert set(named) == parts
    assert named[0] == named[-1]
    assert problem.line in (2, WHEN + 1, WHEN + 2)


# ---- names that other parts of a book use ---------------------------------------------------


def changed(file: str, change: Callable[[Any], None]) -> list[Document]:
    """The shipped vocabulary with one file changed."""
    documents = []
    for document in BASE:
        if document.file == f"rules/{file}":
            data = copy.deepcopy(document.data)
            change(data)
            document = parse(as_yaml(data), document.file)
        documents.append(document)
    return documents


@pytest.mark.parametrize(
    ("file", "path", "value", "nearest"),
    [
        ("questions.yaml", ("questions", "alignment", "about", "table"), "principal_thret", "principal_threat"),
        ("questions.yaml", ("questions", "effort", "about", "answer"), "balanse", "balance"),
        ("questions.yaml", ("questions", "partner", "excluded_by"), "no_partnr", "no_partner"),
        ("questions.yaml", ("questions", "outlook", "counts"), "alignmnt", "alignment"),
        ("questions.yaml", ("questions", "threat", "sources"), ["relation.relativ_power"], "relative_power"),
        ("questions.yaml", ("questions", "threat", "theory"), ["mian"], "main"),
        (
            "vocabulary.yaml",
            ("derived", "felt_security", "first_known"),
            ["state.external_securty"],
            "external_security",
        ),
        ("vocabulary.yaml", ("tables", "state", "attributes", "ideology", "nominal_from"), "ideologie", "ideology"),
        ("book.yaml", ("theories", "capability_only", "shares"), ["X11"], "X1"),
        ("book.yaml", ("theories", "capability_only", "shares_questions"), ["thret"], "threat"),
    ],
    ids=lambda value: "-".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_a_name_that_another_part_of_the_book_misspells_is_refused_with_the_nearest(
    file: str, path: tuple[str, ...], value: Any, nearest: str
) -> None:
    def change(data: Any) -> None:
        for part in path[:-1]:
            data = data[part]
        data[path[-1]] = value

    found = problems(rule(STATE), changed(file, change))
    assert {p.file for p in found} == {f"rules/{file}"}
    assert any(p.line and nearest in p.hint for p in found)


def test_a_statement_that_is_shown_with_no_rule_is_refused() -> None:
    text = rule(STATE) + "statements:\n- {id: S9, role: text, claim: c, source: [convention], shown_with: [X11]}\n"
    (problem,) = problems(text)
    assert (problem.line, problem.hint.partition(";")[0]) == (WHEN + 2, "did you mean 'X1'?")


def test_a_rule_of_a_theory_that_does_not_ask_its_question_is_refused() -> None:
    vote = VOTE.replace("threat", "partner")
    found = problems(rule(STATE, then=vote, more="  theory: [capability_only]"))
    assert any("partner" in p.message and "capability_only" in p.message for p in found)


def test_a_tension_between_unknown_rules_is_refused() -> None:
    text = rule(STATE) + (
        "tensions:\n- id: tension_1\n  title: t\n  between: [X1, X22]\n  resolution: r\n"
        f"  when: [{{state: {{state: $s}}}}]\n  of: $s\n  toward: $s\n  because: so\n  examples: {EXAMPLES}\n"
    )
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (WHEN + 4, "no rule 'X22'")


# ---- twice ----------------------------------------------------------------------------------


def test_an_id_that_stands_twice_is_refused_in_one_file_and_across_files() -> None:
    (problem,) = problems(rule(STATE) + rule(STATE, first=False))
    assert (problem.line, problem.message) == (WHEN + 1, "'X1' stands twice in the book")
    base = [*BASE, parse(rule(STATE), "other.yaml")]
    assert [p.message for p in problems(rule(STATE), base)] == ["'X1' stands twice in the book"]


def test_a_statement_with_the_id_of_a_rule_is_refused() -> None:
    text = rule(STATE) + "statements:\n- {id: X1, role: text, claim: c, source: [convention]}\n"
    (problem,) = problems(text)
    assert (problem.line, problem.message) == (WHEN + 2, "'X1' stands twice in the book")


@pytest.mark.parametrize(
    "part",
    [
        "tables: {state: {keys: {state: state}}}",
        "derived: {remark: {keys: {of: state}}}",
        "questions: {outlook: {kind: census, asks: a, counts: alignment}}",
        "reference: {ideology: {leninism: {name: n, source: A}}}",
        "works: {A: {title: another}}",
        "theories: {main: {title: another}}",
        "annotations: {basis: {nominal: [hearsay]}}",
        "measures: {kilometres: {attribute: proximity, meaning: m, unit: u, highest: '9', source: s, cuts: "
        "[{from: '0', value: near}, {from: '1', value: distant}]}}",
        "book: {title: another, version: v}",
    ],
    ids=lambda part: part.partition(":")[0],
)
def test_whatever_two_files_of_a_book_declare_is_refused_so_that_their_order_decides_nothing(part: str) -> None:
    found = problems(rule(STATE) + part + "\n")
    assert len(found) == 1
    assert "twice" in found[0].message


# ---- all at once ----------------------------------------------------------------------------


def test_every_error_of_every_file_is_reported_at_once_in_order() -> None:
    wrong = rule(
        "stat: {state: $s}", "relation: {state: $s, proximty: near}", "differ: [$s, $o]", because="{x}"
    ) + rule(STATE, id="X2", then=VOTE.replace("slight", "mild"), more="  defeated_by: [{rule: X9}]", first=False)
    base = [*BASE, parse(rule("wars: {war: $w}", id="Y1"), "a.yaml")]
    found = problems(wrong, base)
    assert found == sorted(found)
    assert [(p.file, p.line) for p in found if p.file == "pack.yaml"] == [
        ("pack.yaml", 5),
        ("pack.yaml", 9),
        ("pack.yaml", 10),
        ("pack.yaml", 11),
        ("pack.yaml", 17),
        ("pack.yaml", 20),
    ]
    assert ("a.yaml", 9) in [(p.file, p.line) for p in found]


def test_every_error_of_form_is_reported_at_once() -> None:
    wrong = (
        rule(STATE, more="  rolle: rule")
        + rule(STATE, id="X 2", first=False)
        + rule(STATE, id="X3", more="  default: maybe", first=False)
    )
    assert [p.line for p in problems(wrong)] == [10, 11, 27]


def test_errors_of_form_and_of_meaning_are_reported_together() -> None:
    wrong = rule(STATE, more="  rolle: rule") + rule(STATE, id="X2", then=VOTE.replace("slight", "mild"), first=False)
    assert [(p.line, p.message) for p in problems(wrong)] == [
        (10, "unknown field 'rolle'"),
        (16, "'mild' is no strength word of 'threat'"),
    ]


# ---- the hash -------------------------------------------------------------------------------


def in_other_order(documents: list[Document], rng: random.Random) -> list[Document]:
    """The same content in other files: renamed, reordered, each list of entries and each mapping of names shuffled."""
    result = []
    for number, document in enumerate(rng.sample(documents, len(documents))):
        data: dict[str, Any] = {}
        for part in rng.sample(list(document.data), len(document.data)):
            value = document.data[part]
            if isinstance(value, list):
                data[part] = rng.sample(value, len(value))
            else:
                data[part] = {name: value[name] for name in rng.sample(list(value), len(value))}
        result.append(parse("# another layout\n\n" + as_yaml(data), f"other/{number}.yaml"))
    return result


@settings(deadline=None, derandomize=True, max_examples=10, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_the_hash_of_a_book_does_not_depend_on_names_order_or_layout_of_files(seed: int) -> None:
    assert content_hash(in_other_order(shipped_documents(), random.Random(seed))) == shipped_book().hash


def test_one_file_or_many_makes_no_difference_to_the_hash() -> None:
    rules = [{"rules": [entry]} for document in shipped_documents() for entry in document.data.get("rules", [])]
    others = [{k: v for k, v in document.data.items() if k != "rules"} for document in shipped_documents()]
    pieces = [parse(as_yaml(data), f"{n}.yaml") for n, data in enumerate([*rules, *others]) if data]
    assert assemble(pieces).hash == shipped_book().hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("power_rank: $rank", "power_rank: weak"),
        ("claim: c", "claim: d"),
        ('because: "so"', 'because: "thus"'),
        ("id: X1", "id: X2"),
    ],
)
def test_the_hash_changes_with_every_word_of_the_content(old: str, new: str) -> None:
    text = rule(STATE)
    assert old in text
    assert content_hash([parse(text, "x.yaml")]) != content_hash([parse(text.replace(old, new), "x.yaml")])


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("vocabulary.yaml", ("tables", "aid", "keys")),
        ("vocabulary.yaml", ("tables", "aid", "attributes")),
        ("questions.yaml", ("recommendations",)),
    ],
    ids=["keys of a table", "attributes of a table", "recommendations"],
)
def test_books_of_one_hash_conclude_the_same(file: str, path: tuple[str, ...]) -> None:
    """Reversing something either changes the hash or changes nothing that is concluded."""

    def change(data: Any) -> None:
        for part in path[:-1]:
            data = data[part]
        value = data[path[-1]]
        data[path[-1]] = value[::-1] if isinstance(value, list) else dict(reversed(value.items()))

    documents = [d for d in shipped_documents() if d.file not in {b.file for b in BASE}]
    other = assemble([*changed(file, change), *documents])
    if other.hash != shipped_book().hash:
        return
    for seed in range(6):
        data = random_crisis(random.Random(seed), shipped_book(), 4)
        first, second = (infer(case_of(data, made), made.program()) for made in (shipped_book(), other))
        assert [row.id for row in first.memory.every()] == [row.id for row in second.memory.every()]
        assert [row.fields for row in first.memory.every()] == [row.fields for row in second.memory.every()]
        assert [(p.of, p.posture, p.label) for p in first.postures] == [
            (p.of, p.posture, p.label) for p in second.postures
        ]


@pytest.mark.parametrize(
    "premises",
    [
        "[{state: {state: $s, power_rank: $a}}, {state: {state: $p, power_rank: $b}}, {differ: [$s, $p]},"
        " {compare: {left: $a, is: above, right: $b}}, {compare: {left: $b, is: at_least, right: $a}}]",
        "[{state: {state: $s, power_rank: {bind: $a, at_most: weak}}}, {state: {state: $p, power_rank: $b}},"
        " {differ: [$s, $p]}, {compare: {left: $a, is: above, right: $b}}]",
        "[{relation: {state: $s, other: $p, proximity: near}}, {relation: {state: $p, other: $s, proximity: distant}}]",
        "[{relation: {state: $s, other: $p, relative_power: weaker}},"
        " {relation: {state: $p, other: $s, relative_power: weaker}}]",
    ],
)
def test_comparisons_and_linked_facts_that_contradict_each_other_are_refused(premises: str) -> None:
    (problem,) = problems(
        "rules:\n  - {id: X1, claim: c, source: A, because: b, when: " + premises + ","
        " then: {conclude: {caution: {of: $s, toward: $p}}}, examples: {fires: [[x]], silent: [[x]]}}\n"
    )
    assert "can never fire" in problem.message
