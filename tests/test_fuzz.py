"""Whatever a stranger's file holds, it is read or refused: no other exception, no hang."""

from __future__ import annotations

import copy
import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from foedus.assembly import assemble
from foedus.casereader import read_case
from foedus.documents import Document, decode, parse, read
from foedus.inference import infer
from foedus.library import shipped_book, shipped_documents
from foedus.problems import InputError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BOOK = shipped_book()
CASES = {path.stem: read(path).data for path in sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))}
RULES = {document.file: document for document in shipped_documents()}


def steady(examples: int) -> settings:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=quiet)


def read_or_refused(make: Callable[[], object]) -> None:
    """Any exception but the one that speaks of the file is a failure of the test."""
    try:
        make()
    except InputError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.message for problem in problems)


def as_case(text: str) -> object:
    return read_case(parse(text, "case.yaml"), BOOK)


def as_pack(text: str) -> object:
    return assemble([parse(text, "pack.yaml")])


# ---- any text, any bytes ------------------------------------------------------------------------

FRAGMENTS = [
    *(
        "foedus: 1\n",
        "states:\n",
        "  a: {}\n",
        "relations:\n",
        "- ",
        "  ",
        "\n",
        ": ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "'",
        '"',
    ),
    *(
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "? ",
        "| \n",
        ">-\n",
        "---\n",
        "...\n",
        "# c\n",
        "\t",
        "\x00",
        "\x1b[0m",
        "\u202e",
    ),
    *(
        "rules:\n",
        "book:\n",
        "tables:\n",
        "when:\n",
        "then:\n",
        "$s",
        "not",
        "id: ",
        "unknown",
        "none",
        "@",
        "`",
        "%TAG ! x\n",
    ),
]
yaml_like = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
any_text = st.text(max_size=200) | yaml_like | st.text(alphabet=string.printable, max_size=200)


@steady(300)
@given(any_text)
def test_any_text_is_read_or_refused_as_a_case(text: str) -> None:
    read_or_refused(lambda: as_case(text))


@steady(200)
@given(any_text)
def test_any_text_is_read_or_refused_as_a_rule_file(text: str) -> None:
    read_or_refused(lambda: as_pack(text))


@steady(200)
@given(st.binary(max_size=200) | any_text.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(lambda: as_case(decode(raw, "case.yaml")))


# ---- files that were right before somebody changed them -----------------------------------------

Path_ = tuple[str | int, ...]
STRANGE = [
    *(
        "",
        " ",
        "unknown",
        "none",
        "yes",
        "no",
        "1",
        "-1",
        "0",
        "1e3",
        "020",
        "None",
        "$s",
        "$",
        "$S",
        "{s}",
        "{",
        "}",
        "{}",
    ),
    *(
        "a",
        "A",
        "foo.bar",
        "situation",
        "tie",
        "balance",
        "moderate",
        "peace",
        "ww2.axis",
        "9" * 5000,
        "x" * 3000,
        "²",
        "٣",
    ),
    *(
        "\n",
        "a\nb",
        "\u00a0",
        "é",
        "[key]",
        "with",
        "not",
        "of",
        "toward",
        "text",
        "mapping",
        "list",
        "W2.decided",
        "tension_1",
    ),
]
scalars = st.sampled_from(STRANGE) | st.text(alphabet=st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(scalars, below, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: Path_ = ()) -> list[Path_]:
    """The path of everything below a value."""
    found: list[Path_] = []
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        found.append((*path, key))
        found += places(below, (*path, key))
    return found


def at(value: Any, path: Path_) -> Any:
    for part in path:
        value = value[part]
    return value


def change(draw: st.DrawFn, whole: Any) -> None:
    """Change one place: delete, duplicate, retype, rename or splice."""
    every = places(whole)
    if not every:
        return
    path = draw(st.sampled_from(every))
    holder, key = at(whole, path[:-1]), path[-1]
    kind = draw(
        st.sampled_from(["delete", "duplicate", "retype", "rename", "splice", "transplant", "scalar", "scalar"])
    )
    if kind == "delete":
        del holder[key]
    elif kind == "duplicate":
        if isinstance(holder, list):
            holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(holder[key]))
        else:
            holder[draw(scalars)] = copy.deepcopy(holder[key])
    elif kind == "retype":
        old = holder[key]
        if isinstance(old, str):
            holder[key] = draw(st.sampled_from([[old], {old: old}, {"value": old}, [[old]], []]))
        elif isinstance(old, list):
            holder[key] = draw(
                st.sampled_from([{str(n): v for n, v in enumerate(old)}, "".join(map(str, old))[:99], {}])
            )
        else:
            holder[key] = draw(st.sampled_from([list(old.values()), list(old), ""]))
    elif kind == "rename" and isinstance(holder, dict):
        below = holder.pop(key)
        holder[draw(scalars | st.sampled_from([str(p[-1]) for p in every]))] = below
    elif kind == "transplant":
        holder[key] = copy.deepcopy(at(whole, draw(st.sampled_from(every))))
    elif kind == "scalar":
        leaves = [p for p in every if isinstance(at(whole, p), str)]
        if leaves:
            other = draw(st.sampled_from(leaves))
            at(whole, other[:-1])[other[-1]] = draw(scalars | st.sampled_from(leaves).map(lambda p: at(whole, p)))
    else:
        holder[key] = draw(values)


@st.composite
def changed(draw: st.DrawFn, origin: Any, times: int) -> str:
    """A document with a few changes, as text."""
    whole = copy.deepcopy(origin)
    for _ in range(draw(st.integers(1, times))):
        change(draw, whole)
    if draw(st.booleans()):
        return json.dumps(whole, ensure_ascii=False)
    text: str = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    return text


@steady(180)
@given(st.sampled_from(sorted(CASES)).flatmap(lambda name: changed(CASES[name], 4)))
def test_a_changed_case_is_read_or_refused(text: str) -> None:
    read_or_refused(lambda: as_case(text))


def with_part(name: str, text: str) -> list[Document]:
    return [parse(text, file) if file == name else document for file, document in RULES.items()]


@steady(120)
@given(st.data())
def test_a_changed_rule_file_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(RULES)))
    text = data.draw(changed(RULES[name].data, 3))
    read_or_refused(lambda: assemble(with_part(name, text)))


@steady(80)
@given(st.data())
def test_a_changed_vocabulary_or_question_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["rules/vocabulary.yaml", "rules/questions.yaml", "rules/measures.yaml"]))
    text = data.draw(changed(RULES[name].data, 2))
    read_or_refused(lambda: assemble(with_part(name, text)))


@steady(25)
@given(st.data())
def test_a_book_that_is_read_can_be_run(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["rules/questions.yaml", "rules/vocabulary.yaml"]))
    text = data.draw(changed(RULES[name].data, 1))

    def run() -> None:
        book = assemble(with_part(name, text))
        for theory in sorted(book.theories):
            infer(read_case(parse(json.dumps(CASES["finland_1948"]), "case.yaml"), book), book.program(theory))

    read_or_refused(run)


# ---- what such changes found, one by one --------------------------------------------------------


def broken(part: Callable[[dict[str, Any]], object]) -> list[Document]:
    """The shipped files with a change to the merged questions and vocabulary."""
    data = {file: copy.deepcopy(document.data) for file, document in RULES.items()}
    part({**data["rules/vocabulary.yaml"], **data["rules/questions.yaml"]})
    return [parse(json.dumps(content), file) for file, content in data.items()]


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "first_known names no table": lambda d: d["derived"]["felt_security"].update(first_known=["foo.bar"]),
    "first_known names no attribute": lambda d: d["derived"]["felt_security"].update(first_known=["state.bar"]),
    "first_known fills two attributes": lambda d: d["derived"]["felt_security"]["attributes"].update(
        other={"ordered": ["low", "high"]}
    ),
    "first_known fills a pair": lambda d: d["derived"]["felt_security"]["keys"].update(toward="state"),
    "a question is about no table": lambda d: d["questions"]["alignment"].update(about={"table": "foo"}),
    "a question is about an answer that is none": lambda d: d["questions"]["effort"].update(
        about={"table": "alignment", "answer": "balanced"}
    ),
    "a question leaves out a table that is none": lambda d: d["questions"]["partner"].update(excluded_by="foo"),
    "a question is about a table without pairs": lambda d: d["questions"]["alignment"].update(
        about={"table": "at_war"}
    ),
    "a question leaves out a table without pairs": lambda d: d["questions"]["partner"].update(excluded_by="situation"),
    "a question needs facts of no table": lambda d: d["questions"]["threat"].update(sources=["foo.bar"]),
    "a question needs facts that are none": lambda d: d["questions"]["threat"].update(sources=["relation.foo"]),
    "a question needs a table for a fact": lambda d: d["questions"]["threat"].update(sources=["relation"]),
    "a census counts no contest": lambda d: d["questions"]["outlook"].update(counts="threat"),
    "a ray of many digits": lambda d: d["questions"]["alignment"].update(
        rays=[["9" * 5000, "0", "1"], ["0", "1", "1"], ["1", "1", "1"]]
    ),
    "a question about itself": lambda d: d["questions"]["alignment"].update(about={"table": "alignment"}),
}


@pytest.mark.parametrize("part", BROKEN.values(), ids=BROKEN.keys())
def test_a_question_or_table_that_names_what_is_not_there_is_refused_with_its_line(
    part: Callable[[dict[str, Any]], object],
) -> None:
    with pytest.raises(InputError) as caught:
        assemble(broken(part))
    assert all(problem.line for problem in caught.value.problems)


def chain(length: int) -> str:
    """A pack in which each rule reads what another concludes, the last one first in the order of names."""
    tables = {f"t{n}": {"keys": {"of": "state"}, "sentence": "{of}", "denied": "{of}"} for n in range(length)}
    shared = {
        "claim": "c",
        "source": "convention",
        "role": "house",
        "because": "{s}",
        "examples": {"fires": [[]], "silent": [[]]},
    }
    rules = [
        {
            "id": f"R{10_000 - n}",
            "when": [{f"t{n - 1}": {"of": "$s"}} if n else {"state": {"state": "$s"}}],
            "then": {"conclude": {f"t{n}": {"of": "$s"}}},
            **shared,
        }
        for n in range(length)
    ]
    base = {"state": {"keys": {"state": "state"}, "attributes": {"rank": {"ordered": ["low", "high"]}}}}
    head = {"title": "t", "version": "1"}
    return json.dumps(
        {"book": head, "theories": {"main": {"title": "m"}}, "tables": base, "derived": tables, "rules": rules}
    )


def test_a_short_chain_of_rules_is_read() -> None:
    assert assemble([parse(chain(5), "pack.yaml")]).program().strata.last == 5


@pytest.mark.parametrize("length", [300, 1000])
def test_a_long_chain_of_rules_is_read_or_refused(length: int) -> None:
    read_or_refused(lambda: as_pack(chain(length)))


@pytest.mark.parametrize("length", [10, 1500])
def test_a_long_chain_of_defeats_is_read_or_refused(length: int) -> None:
    data = json.loads(chain(length))
    for rule, defeater in zip(data["rules"], [*data["rules"][1:], None], strict=True):
        rule["when"] = [{"state": {"state": "$s"}}]
        rule["then"] = {"conclude": {"t0": {"of": "$s"}}}
        rule["defeated_by"] = [{"rule": defeater["id"]}] if defeater else []
    read_or_refused(lambda: as_pack(json.dumps(data)))
