"""Rule packs: a folder that extends or replaces the shipped book, checked like it."""

from __future__ import annotations

from pathlib import Path

import foedus
import pytest
from foedus.library import load_book, shipped_book

PACK = """
book: {title: House book, version: "2", extends: shipped}
rules:
  - id: T4
    claim: States that behave aggressively provoke balancing, says the house
    source: convention
    when:
      - principal_threat: {of: $s, toward: $p}
      - relation: {state: $s, other: $p, intentions: {at_least: aggressive}}
    then:
      favours: {question: alignment, answer: balance, of: $s, toward: $p, strength: strong, group: aggression}
    because: "{s} sees {p} behave aggressively, says the house"
    examples:
      fires: [["principal_threat(a, b)", a>b.intentions=aggressive]]
      silent: [["principal_threat(a, b)", a>b.intentions=ambiguous]]
"""


def pack(folder: Path, text: str = PACK, name: str = "house.yaml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def refused(folder: Path) -> list[str]:
    with pytest.raises(foedus.InputError) as caught:
        load_book(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_pack_that_extends_the_shipped_book_replaces_rules_of_the_same_id(tmp_path: Path) -> None:
    book = load_book(pack(tmp_path))
    assert book.rules.keys() == shipped_book().rules.keys()
    assert book.title == "House book"
    assert book.hash != shipped_book().hash
    result = foedus.consult("munich_1938", rules=tmp_path)
    (vote,) = [e for e in result.verdict("france").evidence if e.rule == "T4"]
    assert (vote.strength, "says the house" in vote.because) == ("strong", True)


def test_a_pack_may_be_a_book_of_its_own(tmp_path: Path) -> None:
    for path in (Path(__file__).parent.parent / "rules").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert load_book(tmp_path).hash == shipped_book().hash


def test_an_example_that_is_not_true_is_refused(tmp_path: Path) -> None:
    wrong = PACK.replace(
        'fires: [["principal_threat(a, b)", a>b.intentions=aggressive]]', "fires: [[a.power_rank=weak]]"
    )
    (line,) = refused(pack(tmp_path, wrong))
    assert "house.yaml:4:1: T4 does not fire on an example on which it should: a.power_rank=weak" in line
    wrong = PACK.replace("ambiguous", "unalterably_aggressive")
    (line,) = refused(pack(tmp_path, wrong))
    assert "T4 fires on an example that says silent" in line


def test_a_pack_that_does_not_introduce_itself_is_told_how(tmp_path: Path) -> None:
    (line,) = refused(pack(tmp_path, PACK.partition("\n")[2].partition("\n")[2]))
    assert "extends: shipped" in line


def test_a_file_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    outside = pack(tmp_path, name="outside.yaml") / "outside.yaml"
    (tmp_path / "inside" / "link.yaml").symlink_to(outside)
    (line,) = refused(tmp_path / "inside")
    assert "leaves the folder" in line


@pytest.mark.parametrize("name", ["no_such_folder", "x" * 5000])
def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    (line,) = refused(tmp_path / name)
    assert "is not a folder of rule files" in line


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (line,) = refused(tmp_path)
    assert "holds no rule file" in line


def test_the_sentence_of_a_verdict_is_the_rule_book_s(tmp_path: Path) -> None:
    for path in (Path(__file__).parent.parent / "rules").glob("*.yaml"):
        text = path.read_text("utf-8").replace("{of} bandwagons with {toward}", "{of} goes over to {toward}")
        (tmp_path / path.name).write_text(text, "utf-8")
    assert "Finland goes over to Soviet Union" in foedus.consult("finland_1948", rules=tmp_path).verdicts[0].sentence
    questions = tmp_path / "questions.yaml"
    questions.write_text(questions.read_text("utf-8").replace("goes over to {toward}", "goes over to {tward}"), "utf-8")
    (line,) = refused(tmp_path)
    assert "'{tward}' is no subject of a verdict (did you mean 'toward'?" in line
