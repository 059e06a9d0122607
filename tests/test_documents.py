"""Reading YAML from a stranger: plain texts with places, within limits, and nothing else."""

from __future__ import annotations

import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from foedus.documents import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR, Document, Mark, decode, parse, read
from foedus.problems import InputError, Problem
from hypothesis import example, given, settings
from hypothesis import strategies as st

steady = settings(max_examples=120, deadline=None, derandomize=True)


def refused(text: str) -> tuple[Problem, ...]:
    """The problems of a text that must not be read."""
    with pytest.raises(InputError) as caught:
        parse(text, "f.yaml")
    assert caught.value.problems
    assert all(problem.file == "f.yaml" for problem in caught.value.problems)
    return caught.value.problems


def only(text: str) -> Problem:
    (problem,) = refused(text)
    return problem


# ---- every scalar is a text ---------------------------------------------------------------------

YAML_LOOKALIKES = [
    *("NO", "no", "No", "yes", "Y", "on", "off", "true", "False", "null", "Null", "~", "020", "0o17", "0x1F", "1_000"),
    *("1e3", "1.0", ".inf", "-.INF", ".nan", "12:30:45", "2020-01-01", "2001-12-14t21:59:43.10-05:00", "="),
]


@pytest.mark.parametrize("text", YAML_LOOKALIKES)
def test_a_scalar_is_the_text_that_stands_there(text: str) -> None:
    assert parse(f"key: {text}\n", "f").data == {"key": text}
    assert parse(f"- {text}\n- '{text}'\n- \"{text}\"\n", "f").data == [text, text, text]
    assert parse(f"{text}: key\n", "f").data == {text: "key"}


def test_an_empty_value_is_an_empty_text() -> None:
    assert parse("a:\nb: ''\n", "f").data == {"a": "", "b": ""}
    assert parse("-\n- x\n", "f").data == ["", "x"]


def test_the_non_specific_tag_changes_nothing() -> None:
    assert parse("a: ! 020\n", "f").data == {"a": "020"}


@steady
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"])))
@example("NO")
@example("'")
def test_a_quoted_text_comes_back_as_it_was(text: str) -> None:
    quoted = text.replace("'", "''")
    assert parse(f"a: '{quoted}'\n", "f").data == {"a": text}


def test_block_and_flow_forms_of_the_same_content_are_the_same() -> None:
    block = "a:\n  - x\n  - b: y\n    c: [z]\n"
    flow = "{a: [x, {b: y, c: [z]}]}"
    assert parse(block, "f").data == parse(flow, "f").data == {"a": ["x", {"b": "y", "c": ["z"]}]}


def test_a_byte_order_mark_and_windows_line_ends_are_no_content() -> None:
    assert parse(decode("\ufeffa: b\r\nc: d\r\n".encode(), "f"), "f").data == {"a": "b", "c": "d"}


# ---- places -------------------------------------------------------------------------------------

PLACED = """\
# a comment
states:
  norway:
    codes: {iso: NO, cow: 385}
  sweden: {name: Sweden}
list:
  - one
  - two: 2
"""


def test_every_value_and_key_has_its_line_and_column_counted_from_one() -> None:
    document = parse(PLACED, "f")
    assert document.marks[()] == Mark(2, 1)
    assert document.key_marks["states", "norway"] == Mark(3, 3)
    assert document.marks["states", "norway", "codes", "iso"] == Mark(4, 18)
    assert document.key_marks["states", "norway", "codes", "cow"] == Mark(4, 22)
    assert document.marks["states", "sweden", "name"] == Mark(5, 18)
    assert document.marks["list", 0] == Mark(7, 5)
    assert document.marks["list", 1, "two"] == Mark(8, 10)


def test_every_value_has_a_place_and_every_place_a_value() -> None:
    document = parse(PLACED, "f")

    def paths(value: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        found = [path]
        if isinstance(value, dict):
            for key, below in value.items():
                found += paths(below, (*path, key))
        elif isinstance(value, list):
            for index, below in enumerate(value):
                found += paths(below, (*path, index))
        return found

    assert set(document.marks) == set(paths(document.data, ()))
    assert set(document.key_marks) == {path for path in document.marks if path and isinstance(path[-1], str)}


def test_a_problem_without_a_place_of_its_own_stands_at_the_nearest_enclosing_one() -> None:
    document = parse(PLACED, "f")
    assert document.problem(("states", "norway", "codes", "none"), "x").line == 4
    assert document.problem(("states", "finland", "name"), "x").line == 3
    assert document.problem(("states", "norway"), "x", key=True) == Problem("f", 3, 3, "x")
    assert document.problem(("states", "norway"), "x") == Problem("f", 4, 5, "x")
    assert Document("f", None).problem(("a",), "x") == Problem("f", 0, 0, "x")


# ---- what is refused ----------------------------------------------------------------------------


def test_a_duplicate_key_is_refused_with_both_lines() -> None:
    problem = only("a: 1\nb: 2\na: 3\n")
    assert (problem.line, problem.column) == (3, 1)
    assert "'a'" in problem.message
    assert "line 1" in problem.hint


def test_all_duplicate_keys_at_any_depth_are_reported_together() -> None:
    problems = refused("a: {x: 1, x: 2}\nb:\n  - y: 1\n    y: 2\na: 3\n")
    assert [problem.line for problem in problems] == [1, 4, 5]


def test_keys_written_differently_but_equal_are_duplicates() -> None:
    assert only("a: 1\n'a': 2\n").line == 2
    assert only('a: 1\n"\\x61": 2\n').line == 2


REFUSED = {
    "an anchor on a value": ("a: x\nb: &one y\n", 2),
    "an anchor on a mapping": ("a: &one {b: c}\n", 1),
    "an anchor on a list": ("a:\n  &one\n  - b\n", 2),
    "an anchor on a key": ("a: b\n&one c: d\n", 2),
    "an anchor on the whole": ("&one\na: b\n", 1),
    "an alias": ("a: b\nc: *one\n", 2),
    "an alias in a list": ("- a\n- *one\n", 2),
    "an alias as a key": ("a: b\n*one : c\n", 2),
    "a tag of a type": ("a: b\nc: !!int 3\n", 2),
    "a tag on a mapping": ("a: b\nc: !!map {d: e}\n", 2),
    "a tag on a list": ("a: !!seq [b]\n", 1),
    "a tag on a key": ("a: b\n!!str c: d\n", 2),
    "a private tag": ("a: b\nc: !mine d\n", 2),
    "a tag by address": ("a: b\nc: !<tag:yaml.org,2002:str> d\n", 2),
    "a tag with a directive": ("%TAG ! tag:example.org,2000:\n---\na: b\nc: !x d\n", 4),
    "a Python object": ("a: b\nc: !!python/object/apply:os.system ['exit 1']\n", 2),
    "a Python name": ("a: !!python/name:os.system\n", 1),
    "a Python module": ("!!python/module:os\n", 1),
    "binary content": ("a: b\nc: !!binary aGVsbG8=\n", 2),
    "a set": ("a: !!set {b, c}\n", 1),
    "a merge key": ("a: b\nc:\n  <<: {d: e}\n", 3),
    "a merge key in a flow": ("a: b\nc: {<<: [{d: e}], f: g}\n", 2),
    "a second document": ("a: b\n---\nc: d\n", 2),
    "an empty second document": ("a: b\n...\n---\n", 3),
    "a list as a key": ("a: b\n? [c]\n: d\n", 2),
    "a mapping as a key": ("a: b\n? {c: d}\n: e\n", 2),
    "an unclosed flow": ("a: b\nc: [d, e\n", 2),
    "an unclosed quote": ('a: b\nc: "d\n', 2),
    "a tab as indentation": ("a:\n\tb: c\n", 2),
    "a colon too many": ("a: b\nc: d: e\n", 2),
    "a wrong indentation": ("a:\n    b: c\n  d: e\n", 3),
    "an unknown escape": ('a: b\nc: "\\q"\n', 2),
    "half a pair of surrogates": ('a: b\nc: "\\ud800"\n', 2),
    "a reserved character": ("a: b\nc: @d\n", 2),
    "another version of YAML": ("%YAML 3.0\n---\na: b\n", 1),
}


@pytest.mark.parametrize(("text", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    problems = refused(text)
    # a parser may notice an unclosed part only where the file ends
    lines = {problem.line for problem in problems}
    assert lines & {line, line + 1}
    assert 0 not in lines


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    refused(f"a: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{trace}']]\n")
    refused(f"a: !!python/object/new:os.system ['touch {trace}']\n")
    assert not trace.exists()


def test_a_quoted_merge_sign_is_a_plain_key() -> None:
    assert parse("'<<': a\n", "f").data == {"<<": "a"}


INVISIBLE = {
    "a terminal escape": "\x1b[31m",
    "a bell": "\x07",
    "a null": "\0",
    "a delete": "\x7f",
    "a C1 control": "\x9b31m",
    "a carriage return": "\r",
    "a right-to-left override": "\u202e",
    "a left-to-right embedding": "\u202a",
    "an isolate": "\u2067",
    "a zero-width space": "\u200b",
    "a word joiner": "\u2060",
    "a soft hyphen": "\u00ad",
    "a byte order mark inside": "\ufeff",
    "a line separator": "\u2028",
    "a paragraph separator": "\u2029",
    "a tag character": "\U000e0041",
    "a private character": "\ue000",
    "a noncharacter": "\ufdd0",
}


def escaped(text: str) -> str:
    return "".join(f"\\U{ord(character):08x}" for character in text)


@pytest.mark.parametrize("hidden", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_an_escaped_invisible_character_is_refused_with_its_line(hidden: str) -> None:
    assert only(f'a: b\nc: "x{escaped(hidden)}y"\n').line == 2
    assert only(f'a: b\n"x{escaped(hidden)}y": c\n').line == 2


@pytest.mark.parametrize("hidden", [h for h in INVISIBLE.values() if h not in "\r\u2028\u2029\x85"])
def test_a_raw_invisible_character_is_refused_with_its_line(hidden: str) -> None:
    assert [problem.line for problem in refused(f"a: b\nc: d\ne: 'x{hidden}y'\n")] == [3]


def test_all_unprintable_texts_are_reported_together() -> None:
    problems = refused('a: "\\e"\nb: c\nd: ["\\u202e", "\\0"]\n')
    assert [problem.line for problem in problems] == [1, 3, 3]


def test_line_ends_and_tabs_in_a_text_are_allowed() -> None:
    assert parse('a: "x\\ny\\tz"\n', "f").data == {"a": "x\ny\tz"}


def test_letters_of_any_script_and_no_break_spaces_are_allowed() -> None:
    text = "Łódź, Москва, 北京, القاهرة, é, e\u0301, \u00a0, \U0001f54a"
    assert parse(f"a: '{text}'\n", "f").data == {"a": text}


HOSTILE = st.text(alphabet="a[2J\x1b\n\r\t\x07\u202e\u2028\x9b\0", min_size=1)


@steady
@given(HOSTILE)
@example("\x1b[2J")
@example("x\ncase.yaml: nothing is wrong")
def test_what_a_file_says_cannot_break_out_of_the_line_that_quotes_it(text: str) -> None:
    key = '"' + escaped(text) + '"'
    for content in (f"{key}: 1\n{key}: 2\n", f"a: !<{escaped(text)}> b\n", f"? {key}\n: 1\n{key}: *a\n"):
        for problem in refused(content):
            assert not [c for c in str(problem) if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]


# ---- limits -------------------------------------------------------------------------------------


def test_nesting_is_read_down_to_the_limit_and_refused_below() -> None:
    assert parse("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH, "f").data
    problem = only("a: b\nc: " + "[" * (MAX_DEPTH + 1) + "x" + "]" * (MAX_DEPTH + 1))
    assert problem.line == 2
    assert str(MAX_DEPTH) in problem.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "{? "])
def test_a_nesting_bomb_is_refused(opening: str) -> None:
    assert all(problem.line == 1 for problem in refused(opening * (900_000 // len(opening))))


def test_a_deep_block_bomb_is_refused_where_it_is_too_deep() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(1000))
    assert only(text).line == MAX_DEPTH + 2


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert only("\n".join(lines)).line == 1


def test_values_are_counted_and_one_too_many_is_refused_where_it_stands() -> None:
    rows = MAX_NODES - 1  # the list itself is a value
    assert len(parse("- a\n" * rows, "f").data) == rows
    assert only("- a\n" * (rows + 1)).line == rows + 1
    assert refused("[" + ",".join("a" * MAX_NODES) + "]")


def test_a_text_is_read_up_to_the_limit_and_refused_above() -> None:
    assert parse(f"a: {'x' * MAX_SCALAR}\n", "f").data == {"a": "x" * MAX_SCALAR}
    assert only(f"a: b\nc: {'x' * (MAX_SCALAR + 1)}\n").line == 2
    assert only(f"a: b\nc: |\n{'  x' * 5 * MAX_SCALAR}\n").line == 2
    assert only(f"a: b\n? {'x' * (MAX_SCALAR + 1)}\n: c\n").line == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "   \n# a\n\n#b", "%YAML 1.1\n# a\n"])
def test_a_file_that_says_nothing_is_refused(text: str) -> None:
    assert refused(text)


def test_an_empty_file_is_called_empty() -> None:
    assert "empty" in only("").message
    assert "empty" in only("# only a comment\n").message


# ---- files --------------------------------------------------------------------------------------


def unread(path: Path) -> Problem:
    with pytest.raises(InputError) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    return problem


def test_a_file_is_read_under_its_own_name_or_the_one_that_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("a: NO\n", encoding="utf-8")
    assert read(path).file == str(path)
    assert read(path, shown_as="the case").file == "the case"
    assert read(path).data == {"a": "NO"}


def test_a_large_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.write(b"a: b\n")
        stream.truncate(50_000_000)
    tracemalloc.start()
    try:
        problem = unread(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "larger" in problem.message
    assert peak < 4 * MAX_BYTES


def test_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"a: b\n" + b"#" * (MAX_BYTES - 5))
    assert read(path).data == {"a": "b"}
    path.write_bytes(b"a: b\n" + b"#" * (MAX_BYTES - 4))
    assert "larger" in unread(path).message


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"a: b\nc: \xff\n", 2),
        (b"a: b\n\nc: caf\xe9\n", 3),
        (b"\xff\xfea\x00:\x00 \x00b\x00", 1),
        (b"a: \xed\xa0\x80\n", 1),
        (b"a: b\nc: \xc0\xaf\n", 2),
    ],
)
def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path: Path, raw: bytes, line: int) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(raw)
    problem = unread(path)
    assert "UTF-8" in problem.message
    assert problem.line == line


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "folder" in unread(tmp_path).message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in unread(tmp_path / "absent.yaml").message


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "a.yaml/b"])
def test_a_name_that_cannot_be_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_text("a: b\n", encoding="utf-8")
    assert "cannot be read" in unread(tmp_path / name).message


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.symlink_to(path)
    assert "cannot be read" in unread(path).message


def test_problems_are_sorted_and_told_once() -> None:
    first, second = Problem("a", 2, 1, "x"), Problem("a", 10, 1, "x")
    error = InputError([second, first, second])
    assert error.problems == (first, second)
    assert str(error) == "a:2:1: x\na:10:1: x"
