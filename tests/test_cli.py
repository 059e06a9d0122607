"""The command line as an analyst meets it: output, exit codes, bad input in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from foedus.api import bundled
from foedus.cli import app
from jsonschema import Draft202012Validator

CASES = Path(__file__).parent.parent / "cases"


Done = subprocess.CompletedProcess[bytes]


def foedus(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Done:
    """Run the program as a process of its own."""
    command = [sys.executable, "-m", "foedus", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env={**os.environ, **(env or {})})


def refused(*arguments: str, stdin: bytes = b"") -> str:
    """What the program says to wrong input; it must leave with 2, print no answer and no traceback."""
    result = foedus(*arguments, stdin=stdin)
    said = result.stderr.decode()
    assert result.returncode == 2, said
    assert result.stdout == b""
    assert "Traceback" not in said
    return said


def test_consult_prints_the_verdict_before_everything_else() -> None:
    lines = foedus("consult", "finland_1948").stdout.decode().splitlines()
    headline = next(number for number, line in enumerate(lines) if line.startswith("Finland: "))
    assert lines[headline + 1].startswith("The rules conclude: Finland ")
    assert headline < 12


def test_every_bundled_case_is_answered_in_all_formats() -> None:
    runner = CliRunner()
    for name in bundled():
        for form in ("text", "json", "md"):
            result = runner.invoke(app, ["consult", name, "--format", form])
            assert result.exit_code == 0, (name, form, result.output)
            assert result.output.strip()


def test_json_output_fits_the_schema_that_is_printed() -> None:
    schema = json.loads(foedus("schema", "result").stdout)
    validator = Draft202012Validator(schema)
    for name in bundled():
        result = json.loads(CliRunner().invoke(app, ["consult", name, "-f", "json"]).output)
        assert not list(validator.iter_errors(result)), name
        assert result["format"] == "foedus-result/1"
        for verdict in result["verdicts"]:
            wanted = "state posture alignment effort principal_threats motive totals margin robustness"
            assert {*wanted.split(), "partners", "cautions", "gaps", "evidence"} <= set(verdict)
            for evidence in verdict["evidence"]:
                assert {"rule", "bindings", "posture", "points", "defeated_by"} <= set(evidence)


def test_a_file_standard_input_and_the_bundled_name_give_the_same_verdict() -> None:
    path = CASES / "finland_1948.yaml"
    outputs = [
        json.loads(foedus("consult", *arguments, "-f", "json", stdin=path.read_bytes()).stdout)["verdicts"]
        for arguments in (["finland_1948"], [str(path)], ["-"])
    ]
    assert outputs[0] == outputs[1] == outputs[2]


def test_a_state_may_be_named_by_identifier_name_or_code() -> None:
    outputs = {
        foedus("consult", "finland_1948", "--state", name).stdout for name in ("finland", "Finland", "375", "0375")
    }
    assert len(outputs) == 1


def test_output_in_a_pipe_has_no_colour_and_no_trailing_spaces() -> None:
    for command in (["consult", "munich_1938"], ["how", "munich_1938", "uk"], ["rules", "list"], ["cases", "list"]):
        out = foedus(*command, env={"FORCE_COLOR": "", "NO_COLOR": "1"}).stdout.decode()
        assert "\x1b" not in out
        assert all(line == line.rstrip() for line in out.splitlines())


def test_how_prints_the_tree_and_every_format_says_the_verdict() -> None:
    sentence = json.loads(foedus("how", "finland_1948", "finland", "-f", "json").stdout)["sentence"]
    assert foedus("how", "finland_1948", "finland").stdout.decode().startswith(sentence)
    assert sentence in foedus("how", "finland_1948", "finland", "-f", "md").stdout.decode()


def test_the_pages_of_a_row_show_all_its_rules() -> None:
    out = foedus("rules", "show", "W2").stdout.decode()
    assert "W2 (rule)" in out
    assert "W2.decided (rule)" in out
    only = foedus("rules", "show", "W2.decided").stdout.decode()
    assert "W2 (rule)" not in only


def test_rules_list_holds_every_rule_and_statement() -> None:
    from foedus.library import shipped_book

    book = shipped_book()
    listed = {line["id"] for line in json.loads(foedus("rules", "list", "-f", "json").stdout)}
    assert listed == {*book.rules, *book.statements}


def test_cases_list_and_show_name_every_case_and_fact() -> None:
    listed = json.loads(foedus("cases", "list", "-f", "json").stdout)
    assert [case["name"] for case in listed] == bundled()
    shown = json.loads(foedus("cases", "show", "finland_1948", "-f", "json").stdout)
    text = foedus("cases", "show", "finland_1948", "-f", "md").stdout.decode().replace("\\", "")
    for fact in shown["facts"]:
        assert fact["fact"] in text


@pytest.mark.parametrize("what", ["case", "rules", "result"])
def test_schemas_are_json_schemas(what: str) -> None:
    Draft202012Validator.check_schema(json.loads(foedus("schema", what).stdout))


def test_version_and_help_are_printed() -> None:
    from importlib.metadata import version

    assert foedus("--version").stdout.decode().strip() == f"foedus {version('foedus')}"
    for command in ([], ["consult"], ["how"], ["rules"], ["rules", "show"], ["cases"], ["schema"], ["completion"]):
        result = foedus(*command, "--help")
        assert result.returncode == 0
        assert result.stdout.startswith(b"Usage:")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    assert b"_FOEDUS_COMPLETE" in foedus("completion", shell).stdout


def test_names_of_cases_states_and_rules_are_completed() -> None:
    def completed(words: str, number: str) -> str:
        env = {"_FOEDUS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": number}
        return foedus(env=env).stdout.decode()

    assert "finland_1948" in completed("foedus consult fin", "2")
    assert "ussr" in completed("foedus how finland_1948 us", "3")
    assert "T2d.shown" in completed("foedus rules show T2d", "3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["consult", "findland_1948"], "did you mean 'finland_1948'"),
        (["consult", "no/such/file.yaml"], "cannot be read"),
        (["consult", "finland_1948", "--state", "sweeden"], "did you mean 'sweden'"),
        (["how", "finland_1948", "norway"], "legal: finland, sweden"),
        (["consult", "finland_1948", "--theory", "maine"], "did you mean 'main'"),
        (["rules", "show", "B99"], "no rule 'B99'"),
        (["consult", "finland_1948", "--rules", "no/such/folder"], "not a folder"),
        (["consult"], "Missing argument"),
        (["consult", "finland_1948", "--format", "xml"], "'xml'"),
        (["consul", "finland_1948"], "consul"),
        (["schema", "cases"], "'cases'"),
    ],
)
def test_wrong_names_are_refused_with_the_nearest(arguments: list[str], said: str) -> None:
    assert said in refused(*arguments)


def test_all_problems_of_a_case_come_at_once_with_file_and_line(tmp_path: Path) -> None:
    text = (CASES / "finland_1948.yaml").read_text("utf-8")
    path = tmp_path / "wrong.yaml"
    broken = text.replace("kind: historical", "kind: historic", 1).replace("other: ussr", "other: usssr", 1)
    broken = broken.replace("\nfocus:", "\nfokus:", 1)
    assert broken.count("usssr") == broken.count("fokus") == 1
    path.write_text(broken, "utf-8")
    said = refused("consult", str(path))
    for name, hint in (("historic", "historical"), ("usssr", "ussr"), ("fokus", "focus")):
        (line,) = [line for line in said.splitlines() if f"'{name}'" in line]
        number = next(
            i for i, row in enumerate(broken.splitlines(), 1) if name in row.split() or f"{name}:" in row.split()
        )
        assert line.startswith(f"{path}:{number}:")
        assert f"did you mean '{hint}'" in line


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"a: [1\n", b"a: &x 1\nb: *x\n", b"!!python/object:os.system x", b"- " * 500]
)
def test_what_is_no_case_is_refused_in_words(raw: bytes) -> None:
    assert "<standard input>" in refused("consult", "-", stdin=raw)


def test_a_reader_that_leaves_early_causes_no_complaint() -> None:
    code = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-m', 'foedus', 'how', 'munich_1938', 'uk'], stdout=subprocess.PIPE,"
        " stderr=subprocess.PIPE);"
        "p.stdout.read(10); p.stdout.close(); print(p.stderr.read().decode(), p.wait())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert out.strip() == "0"


def test_help_imports_nothing_slow() -> None:
    code = "import sys, foedus.cli; print([m for m in ('experta', 'pydantic', 'rich', 'yaml') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_names_from_a_case_are_printed_as_text_and_not_as_markup(tmp_path: Path) -> None:
    text = (CASES / "finland_1948.yaml").read_text("utf-8")
    path = tmp_path / "markup.yaml"
    hostile = '"[bold red]x[/] {0} %s <b>&amp; | `"'
    assert "name: Finland" in text
    path.write_text(text.replace("name: Finland", f"name: {hostile}", 1), "utf-8")
    out = foedus("consult", str(path)).stdout.decode()
    assert "[bold red]x[/] {0} %s <b>&amp; | `" in out
    markdown = foedus("consult", str(path), "-f", "md").stdout.decode()
    assert "<b>" not in markdown.replace("\\<b\\>", "")


def test_the_shipped_rule_files_fit_the_schema_that_is_printed() -> None:
    import yaml

    validator = Draft202012Validator(json.loads(foedus("schema", "rules").stdout))
    for path in sorted((CASES.parent / "rules").glob("*.yaml")):
        data = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        assert not list(validator.iter_errors(data)), path.name
        data["ruels"] = []
        assert list(validator.iter_errors(data))


def test_a_console_that_cannot_show_a_character_still_gets_the_answer() -> None:
    result = foedus("how", "finland_1948", "finland", env={"PYTHONIOENCODING": "cp1252"})
    assert result.returncode == 0
    assert not result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_an_answer_that_cannot_be_written_is_said_and_has_a_code_of_its_own() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "foedus", "consult", "munich_1938"]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert b"could not be written" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["9" * 5000, "x" * 300, "\ud7ff" * 40])
def test_names_of_any_length_are_refused_in_words(name: str) -> None:
    refused("consult", "finland_1948", "--state", name)
    refused("consult", name)


def test_nested_data_is_held_to_the_limits_of_a_file() -> None:
    import foedus as library

    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    endless: dict[str, object] = {}
    endless["a"] = endless
    wrong = {"foedus": 1, "title": "t\x1b[31m", "kind": "hypothetical", "states": {"a": {}, "b": {}}}
    for case in ({"states": deep}, endless, wrong, None, ["a"], 3):
        with pytest.raises(library.FoedusError):
            library.consult(case)  # type: ignore[arg-type]
    with pytest.raises(library.NameUnknown, match="finland"):
        library.consult("finland_1948").verdict("finnland")
