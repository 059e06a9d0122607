"""What Experta 1.9.4 gets wrong: each form is refused by the rule book or comes out right.

The numbers are those of the table of measured faults.
"""

from __future__ import annotations

import ast
import collections
import gc
import itertools
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import foedus
import pytest
from foedus import rete
from foedus.assembly import assemble
from foedus.book import RuleBook
from foedus.casereader import read_case
from foedus.documents import parse
from foedus.examples import example_memory
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.memory import Memory
from foedus.problems import InputError
from foedus.rete import Match, Network, network_of
from foedus.terms import Holds
from oracle import BASE, as_yaml, pack

ENGINE = Path(foedus.__file__).parent
CASES = sorted(Path(__file__).parent.parent.joinpath("cases").glob("*.yaml"))
REMARK = {"conclude": {"remark": {"of": "$s", "toward": "$s"}}}
CAUTION = {"conclude": {"caution": {"of": "$s", "toward": "$s"}}}


def rule(identity: str, *when: dict[str, Any], then: Any = REMARK, **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "claim": "c", "source": ["convention"], "when": list(when), "then": then, "because": "so",
        "examples": {"fires": [["x"]], "silent": [["x"]]}, **more,
    }  # fmt: skip


def book(*rules: dict[str, Any], **parts: Any) -> RuleBook:
    return assemble([*BASE, pack(rules, **parts)])


def refusal(*rules: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        book(*rules)
    return str(caught.value)


def matches(network: Network, memory: Memory) -> list[Match]:
    with network.session() as session:
        session.declare(memory.every())
        return session.fire_all()


def bindings(found: list[Match]) -> list[dict[str, str]]:
    return [dict(match.bindings) for match in found]


STATE = {"state": {"state": "$s"}}


# ---- 1 --------------------------------------------------------------------------------------


def test_1_a_rule_with_a_not_is_silent_once_the_denied_row_is_there_however_often_it_runs() -> None:
    states = [f"q{n:02}" for n in range(12)]
    situation = {"situation": {"phase": "$s"}}
    remark = {"conclude": {"implication": {"outlook": "system"}}}
    denials = [
        rule(f"N{n}", situation, {"not": {"at_war": {"of": s}}, "reads": "r"}, then=remark)
        for n, s in enumerate(states)
    ]
    maker = rule(
        "M", {"member": {"war": "$w", "side": "$x", "state": "$s"}}, then={"conclude": {"at_war": {"of": "$s"}}}
    )
    made = book(maker, *denials)
    for n, state in enumerate(states * 3):
        memory = example_memory(["situation.phase=crisis", *(f"{s}.power_rank=weak" for s in states)], made)
        late = example_memory([f"at_war({state})"], made).get("at_war", state)
        assert late is not None
        with Network(made.program()).session() as session:
            session.declare(memory.every())
            assert session.fire(1) == []
            session.declare([late])
            fired = {match.rule for match in session.fire(2)}
        assert fired == {f"N{other}" for other in range(12)} - {f"N{n % 12}"}


# ---- 2, 3, 4: forms that cannot be written --------------------------------------------------


@pytest.mark.parametrize("form", ["exists", "forall", "or", "and", "test"])
def test_2_quantifiers_and_connectives_are_no_premises(form: str) -> None:
    assert f"unknown table '{form}'" in refusal(rule("X1", STATE, {form: {"state": "$s"}}))


def test_3_a_not_denies_one_pattern_only() -> None:
    both = {"not": {"at_war": {"of": "$s"}, "penetrated": {"of": "$s"}}, "reads": "r"}
    assert "'not' denies exactly one table" in refusal(rule("X1", STATE, both))


@pytest.mark.parametrize("inner", [{"exists": {"state": "$s"}}, {"forall": {"state": "$s"}}, {"test": {"state": "$s"}}])
def test_4_a_not_denies_a_table_and_no_other_form(inner: dict[str, Any]) -> None:
    assert "unknown table" in refusal(rule("X1", STATE, {"not": inner, "reads": "r"}))


@pytest.mark.parametrize("inner", [{"differ": ["$s", "$s"]}, {"not": {"at_war": {"of": "$s"}}}])
def test_4_a_not_inside_a_not_is_refused(inner: dict[str, Any]) -> None:
    assert refusal(rule("X1", STATE, {"not": inner, "reads": "r"}))


# ---- 5 --------------------------------------------------------------------------------------


def test_5_a_test_before_its_binder_is_refused() -> None:
    late = {"state": {"state": "$o"}}
    assert "'$o' is not bound by an earlier premise" in refusal(rule("X1", STATE, {"differ": ["$s", "$o"]}, late))


@pytest.mark.parametrize(
    "premise",
    [
        {"differ": ["$state", "$stat"]},
        {"compare": {"left": "$rank", "is": "above", "right": "$rnk"}},
        {"not": {"at_war": {"of": "$stat"}}, "reads": "r"},
        {"not": {"relation": {"state": "$state", "relative_power": "$rnk"}}, "reads": "r"},
    ],
    ids=["differ", "compare", "key in not", "value in not"],
)
def test_5_a_misspelt_variable_is_refused_with_the_nearest(premise: dict[str, Any]) -> None:
    first = {"state": {"state": "$state", "power_rank": "$rank"}}
    then = {"conclude": {"remark": {"of": "$state", "toward": "$state"}}}
    message = refusal(rule("X1", first, premise, then=then))
    assert "did you mean 'state'" in message or "did you mean 'rank'" in message


@pytest.mark.parametrize(
    "name", ["self", "engine", "context", "from", "class", "lambda", "args", "kwargs", "rule", "p00"]
)
def test_5_any_legal_variable_name_can_be_bound_and_tested(name: str) -> None:
    found = matches(
        Network(
            book(
                rule(
                    "X1",
                    {"state": {"state": f"${name}"}},
                    {"state": {"state": "$s"}},
                    {"differ": [f"${name}", "$s"]},
                )
            ).program()
        ),
        example_memory(["a.power_rank=weak", "b.power_rank=weak"], shipped_book()),
    )
    assert bindings(found) == [{name: "a", "s": "b"}, {name: "b", "s": "a"}]


# ---- 6 --------------------------------------------------------------------------------------


def test_6_the_order_of_firing_is_total_and_the_same_in_every_network_and_for_every_order_of_facts() -> None:
    made = book(*(rule(f"X{n}", STATE, {"relation": {"state": "$s", "other": "$o"}}) for n in (3, 1, 2)))
    memory = example_memory(["a>b.intentions=benign", "c.power_rank=weak"], made)
    rows = memory.every()
    orders = []
    for shift in range(8):
        with Network(made.program()).session() as session:
            session.declare(rows[shift:] + rows[:shift])
            orders.append(session.fire_all())
    assert len(orders[0]) == 18
    assert all(order == orders[0] for order in orders)
    assert orders[0] == sorted(orders[0], key=lambda match: (match.rule, match.rows))


# ---- 7 --------------------------------------------------------------------------------------


def test_7_lists_of_values_do_not_multiply_the_network() -> None:
    pairs = [
        {
            "relation": {
                "state": "$s",
                "other": f"$o{n}",
                "relative_power": ["much_weaker", "weaker", "peer", "stronger"],
            }
        }
        for n in range(4)
    ]
    network = Network(book(rule("X1", STATE, *pairs)).program())
    nodes: set[int] = set()
    open_nodes = [network._engine.matcher.root_node]
    while open_nodes:
        node = open_nodes.pop()
        if id(node) not in nodes:
            nodes.add(id(node))
            open_nodes += [child.node for child in node.children]
    assert len(nodes) < 4**4 / 4
    found = matches(
        network, example_memory(["a>b.relative_power=peer", "a>c.relative_power=much_stronger"], shipped_book())
    )
    assert {tuple(b.values()) for b in bindings(found)} == {("a", *["b"] * 4), ("b", *["a"] * 4), ("c", *["a"] * 4)}


# ---- 8 --------------------------------------------------------------------------------------


def test_8_two_equal_patterns_match_independently() -> None:
    near = {"relation": {"state": "$s", "proximity": "near"}}
    found = matches(
        Network(book(rule("X1", {"situation": {"phase": "peace"}}, near, near)).program()),
        example_memory(["situation.phase=peace", "a>b.proximity=near", "a>c.proximity=near"], shipped_book()),
    )
    of_a = {(dict(m.rows)[1], dict(m.rows)[2]) for m in found if dict(m.bindings) == {"s": "a"}}
    assert of_a == set(itertools.product(["relation(a, b)", "relation(a, c)"], repeat=2))


def test_8_every_positive_premise_of_a_firing_names_its_rows() -> None:
    record = infer(read_case(parse(CASES[0].read_text("utf-8"), "case.yaml"), shipped_book()), shipped_book().program())
    assert record.firings
    for firing in record.firings.values():
        for premise, rows in zip(record.program.rules[firing.rule].premises, firing.premises, strict=True):
            assert bool(rows) == isinstance(premise, Holds)


# ---- 9 --------------------------------------------------------------------------------------


def test_9_values_are_text_so_that_one_true_and_one_point_nought_stay_three() -> None:
    assert parse("[1, true, 1.0, yes, 020, ~]", "x.yaml").data == ["1", "true", "1.0", "yes", "020", "~"]
    for path in CASES:
        case = read_case(parse(path.read_text("utf-8"), path.name), shipped_book())
        assert {type(value) for row in case.memory.every() for value in row.fields.values()} == {str}


# ---- 10 -------------------------------------------------------------------------------------


def test_10_a_row_declared_twice_is_one_fact_and_fires_once() -> None:
    network = Network(book(rule("X1", STATE)).program())
    rows = example_memory(["a.power_rank=weak"], shipped_book()).every()
    with network.session() as session:
        session.declare(rows)
        session.declare(rows)
        assert len(session.fire(1)) == 1
        session.declare(rows)
        assert session.fire(1) == []


def test_10_a_row_that_two_firings_conclude_is_one_row_with_both_producers() -> None:
    war = {"member": {"war": "$w", "side": "$x", "state": "$s"}}
    conclude = {"conclude": {"at_war": {"of": "$s"}}}
    made = book(rule("X1", war, then=conclude), rule("X2", war, then=conclude), rule("X3", {"at_war": {"of": "$s"}}))
    text = {"foedus": "1", "title": "t", "kind": "hypothetical", "states": {"a": {}, "b": {}}}
    case = read_case(parse(as_yaml({**text, "wars": [{"id": "w", "sides": {"x": ["a"], "y": ["b"]}}]}), "c"), made)
    record = infer(case, made.program())
    assert [f.id for f in record.firings.values() if f.rule == "X3"] == ["X3[s=a]", "X3[s=b]"]
    assert record.producers["at_war(a)"] == ("X1[w=w, x=w.x, s=a]", "X2[w=w, x=w.x, s=a]")


# ---- 11 -------------------------------------------------------------------------------------


def test_11_no_kind_of_fact_is_a_subclass_of_another() -> None:
    kinds = list(network_of(shipped_book().program())._facts.values())
    assert kinds
    assert all(not issubclass(a, b) for a, b in itertools.permutations(kinds, 2))


def test_11_a_pattern_matches_rows_of_its_own_table_only() -> None:
    made = book(
        rule("X1", {"significant_threat": {"of": "$s"}}),
        rule("X0", {"threat": {"of": "$s"}}, then={"conclude": {"significant_threat": {"of": "$s", "toward": "$s"}}}),
    )
    memory = example_memory(["principal_threat(a, b)", "no_partner(a, b)", "significant_threat(c, b)"], made)
    assert [(m.rule, dict(m.bindings)) for m in matches(Network(made.program()), memory)] == [("X1", {"s": "c"})]


# ---- 12 -------------------------------------------------------------------------------------


def test_12_an_exception_on_the_right_hand_side_leaves_the_network_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(book(rule("X1", STATE), rule("X2", {"remark": {"of": "$s"}}, then=CAUTION)).program())
    memory = example_memory(["a.power_rank=weak", "b.power_rank=weak"], shipped_book())
    expected = matches(network, memory)
    assert len(expected) == 2

    def broken(*_: object) -> Match:
        raise RuntimeError("from the right-hand side")

    with monkeypatch.context() as patch:
        patch.setattr(rete, "Match", broken)
        with pytest.raises(RuntimeError, match="right-hand side"):
            matches(network, memory)
    assert matches(network, memory) == expected
    with network.session() as session:
        session.declare(memory.every()[:1])
        session.declare(memory.every()[1:])
        assert session.fire(1) == expected


def test_12_what_one_session_leaves_unfired_does_not_reach_the_next() -> None:
    network = Network(book(rule("X1", STATE)).program())
    with network.session() as session:
        session.declare(example_memory(["a.power_rank=weak"], shipped_book()).every())
    assert bindings(matches(network, example_memory(["b.power_rank=weak"], shipped_book()))) == [{"s": "b"}]


# ---- 13 -------------------------------------------------------------------------------------


def test_13_books_of_the_same_content_share_one_network() -> None:
    first, second = book(rule("X1", STATE)), book(rule("X1", STATE))
    assert first is not second
    assert network_of(first.program()) is network_of(second.program())
    assert network_of(first.program()) is not network_of(book(rule("X2", STATE)).program())


def test_13_consultations_build_no_classes_and_grow_no_caches() -> None:
    def census() -> tuple[int, ...]:
        gc.collect()
        kinds = [kind for kind in gc.get_objects() if isinstance(kind, type)]
        facts = sum(issubclass(kind, rete.Fact) for kind in kinds)
        engines = sum(issubclass(kind, rete.KnowledgeEngine) for kind in kinds)
        cached = rete.ReteMatcher._get_conflict_set_nodes.cache_info().currsize
        return facts, engines, cached, rete._one_of.cache_info().currsize, len(rete._networks)

    cases = [read_case(parse(path.read_text("utf-8"), path.name), shipped_book()) for path in CASES[:3]]
    infer(cases[0], shipped_book().program())
    before = census()
    for _ in range(3):
        for case in cases:
            infer(case, shipped_book().program())
    assert census() == before


def test_13_networks_that_are_used_by_turns_do_not_disturb_each_other() -> None:
    first = Network(book(rule("X1", STATE)).program())
    second = Network(book(rule("X2", {"relation": {"state": "$s", "other": "$o"}})).program())
    memory = example_memory(["a>b.intentions=benign"], shipped_book())
    for _ in range(3):
        assert [m.rule for m in matches(first, memory)] == ["X1", "X1"]
        assert [m.rule for m in matches(second, memory)] == ["X2", "X2"]


def test_13_threads_that_share_a_network_take_turns() -> None:
    network = Network(book(rule("X1", STATE)).program())
    memories = [example_memory([f"{name}.power_rank=weak"], shipped_book()) for name in "abcdefgh"]
    found: dict[int, list[dict[str, str]]] = {}

    def work(place: int) -> None:
        found[place] = bindings(matches(network, memories[place]))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[place] for place in range(8)] == [[{"s": name}] for name in "abcdefgh"]


# ---- 14 -------------------------------------------------------------------------------------


def test_14_a_join_of_many_rows_is_complete_and_rows_that_cannot_match_never_enter_it() -> None:
    hostile = {"relation": {"state": "$s", "other": "$o", "intentions": "aggressive"}}
    chain = {"relation": {"state": "$o", "other": "$t", "intentions": "aggressive"}}
    network = Network(book(rule("X1", hostile, chain)).program())
    names = [f"q{n:02}" for n in range(10)]
    stated = [(a, b) for a, b in itertools.permutations(names, 2) if (names.index(a) + 2 * names.index(b)) % 5 == 0]
    memory = example_memory([f"{a}>{b}.intentions=aggressive" for a, b in stated], shipped_book())
    expected = sorted((a, b, d) for a, b in stated for c, d in stated if b == c)
    assert sorted(tuple(b[name] for name in ("s", "o", "t")) for b in bindings(matches(network, memory))) == expected
    declared = [row for row in memory.every() if network.can_match(row)]
    assert len(declared) == len(stated) < len(list(memory.all("relation")))


# ---- importing ------------------------------------------------------------------------------


def test_importing_experta_leaves_collections_and_logging_as_they_were() -> None:
    code = (
        "import collections, json, logging\n"
        "before = (hasattr(collections, 'Mapping'), list(logging.root.handlers), logging.root.level)\n"
        "import foedus.rete as rete\n"
        "after = (hasattr(collections, 'Mapping'), list(logging.root.handlers), logging.root.level)\n"
        "import experta\n"
        "print(json.dumps([before == after, hasattr(experta, 'KnowledgeEngine'), before[0]]))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == [True, True, False]


def test_collections_has_no_mapping_once_the_engine_is_there_and_the_engine_is_whole() -> None:
    assert not hasattr(collections, "Mapping")
    assert issubclass(rete._Engine, rete.KnowledgeEngine)
    assert not [handler for handler in logging.root.handlers if type(handler) is logging.StreamHandler]


def test_one_module_imports_experta_and_it_imports_names_and_never_all() -> None:
    importers: dict[str, set[str]] = {}
    for path in sorted(ENGINE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "experta":
                importers.setdefault(path.name, set()).update(name.name for name in node.names)
            elif isinstance(node, ast.Import) and any(name.name.partition(".")[0] == "experta" for name in node.names):
                importers.setdefault(path.name, set())
    assert set(importers) == {"rete.py"}
    assert "*" not in importers["rete.py"]
    assert not importers["rete.py"] & {"EXISTS", "FORALL", "OR", "AND"}
