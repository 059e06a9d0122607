"""The README says what the program does: its quoted outputs, its case and its rule are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

import foedus
import pytest
import yaml
from foedus.documents import parse
from foedus.library import shipped_book

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def block(mark: str) -> str:
    """The fenced block that follows a mark."""
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```\w+\n(.*?)```\n", README, re.DOTALL)
    assert found is not None, mark
    return found.group(1)


def test_the_output_quoted_is_the_beginning_of_the_real_one() -> None:
    quoted = block("output: foedus consult finland_1948")
    assert len(quoted.splitlines()) >= 8
    assert str(foedus.consult("finland_1948")).startswith(quoted)


def test_the_score_quoted_is_the_beginning_of_the_real_one() -> None:
    quoted = block("output: foedus cases score")
    assert len(quoted.splitlines()) >= 20
    assert str(foedus.score(why=False)).startswith(quoted)


def test_the_example_case_is_refused_for_the_mistake_that_the_readme_names(tmp_path: Path) -> None:
    from foedus.casereader import read_case

    with pytest.raises(foedus.InputError) as caught:
        read_case(parse(block("case: example"), "case.yaml"), shipped_book())
    assert "\n".join(str(problem) for problem in caught.value.problems) + "\n" == block("output: example errors")


def test_the_example_case_without_its_mistake_is_answered() -> None:
    text = block("case: example")
    wrong = "  - state: aland\n    other: RU "
    assert wrong in text
    data = yaml.load(text, yaml.BaseLoader)
    second = data["relations"].pop(1)
    data["relations"][0]["intentions"] = second["intentions"]
    (verdict,) = foedus.consult(data).verdicts
    assert verdict.principal_threats == ["bland"]
    assert verdict.posture in ("balance", "bandwagon", "tie")


def test_the_parts_shown_after_the_example_complete_it() -> None:
    data = yaml.load(block("case: example"), yaml.BaseLoader)
    second = data["relations"].pop(1)
    data["relations"][0]["intentions"] = second["intentions"]
    result = foedus.consult({**data, **yaml.load(block("case: more"), yaml.BaseLoader)})
    assert result.observed
    assert {e.row for v in result.verdicts for e in v.evidence} >= {"W2", "P1"}
    assert result.verdict("aland").leverage


def test_the_rule_quoted_is_the_shipped_one() -> None:
    quoted = yaml.load(block("rule: T2d.shown"), yaml.BaseLoader)[0]
    shipped = yaml.load((ROOT / "rules" / "posture.yaml").read_text("utf-8"), yaml.BaseLoader)["rules"]
    assert quoted in shipped


def test_every_command_of_the_table_is_a_command() -> None:
    from foedus.cli import app

    named = set(re.findall(r"`foedus ([a-z]+)", README))
    assert named <= set(app.commands)
    assert set(app.commands) <= named


def test_every_command_on_cases_stands_in_the_readme() -> None:
    from foedus.clicases import cases

    named = set(re.findall(r"`foedus cases ([a-z]+)", README))
    assert named == set(cases.commands)


def test_the_two_commands_stand_in_the_readme() -> None:
    assert "foedus consult" in block("command: consult")
    assert "pytest" in block("command: test")
