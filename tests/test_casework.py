"""What helps those who code cases: the skeleton, check, blind and the codebook."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import foedus as library
import pytest
import yaml
from foedus import casework
from foedus.api import bundled, load_case
from foedus.blinding import Blinded
from foedus.book import MAIN
from foedus.case import Case
from foedus.casefile import GivenFact
from foedus.casereader import read_case
from foedus.codebook import codebook, section, sections
from foedus.documents import parse
from foedus.explain.checks import CaseCheck
from foedus.inference import infer
from foedus.library import shipped_book
from foedus.problems import NameUnknown
from foedus.record import Alternative, Contest, Record
from foedus.skeleton import skeleton
from foedus.terms import UNKNOWN, Table
from foedus.writing import Exists, write_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from oracle import as_yaml, case_of, random_crisis

BOOK = shipped_book()
CASES = Path(__file__).parent.parent / "cases"
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
STEADY = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

Entry = dict[str, Any]


def program(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run the program as a process of its own: its exit code, and what it printed."""
    command = [sys.executable, "-m", "foedus", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env={**os.environ, **(env or {})})
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def stated_tables() -> list[Table]:
    """The tables about which a case states facts."""
    return [t for t in BOOK.tables.values() if not (t.derived or t.reference or t.name in ("member", "input"))]


def read(text: str, name: str = "case") -> Case:
    return read_case(parse(text, f"{name}.yaml"), BOOK, name=name)


# ---- the skeleton -------------------------------------------------------------------------------


def uncommented(text: str) -> str:
    """The skeleton with its parts on wars and on what happened put to use, in one pass over the comments."""
    head, begin, tail = text.partition("# wars:\n")
    assert begin
    lines = [line.removeprefix("#").removeprefix(" ") for line in tail.splitlines()]
    kept = [line for line in lines if not line.startswith("What happened")]
    return head + "wars:\n" + "\n".join(kept) + "\n"


def facts_of(table: str, data: Entry) -> list[Entry]:
    """The entries of a case file that hold the facts of a table."""
    if table == "situation":
        return [data["situation"]]
    if table == "state":
        return list(data["states"].values())
    if table in ("aid", "penetration"):
        return list(data["links"][table])
    return list(data[{"relation": "relations", "coalition": "allies", "support": "allies", "war": "wars"}[table]])


def test_the_skeleton_is_a_valid_case_of_which_nothing_is_known() -> None:
    case = read(skeleton(BOOK))
    assert case.facts
    assert {fact.value for fact in case.facts.values() if fact.origin == "stated"} == {UNKNOWN}
    assert not case.observed


@pytest.mark.parametrize("table", stated_tables(), ids=lambda table: table.name)
def test_the_skeleton_names_every_fact_of_the_vocabulary(table: Table) -> None:
    entries = facts_of(table.name, yaml.load(uncommented(skeleton(BOOK)), yaml.BaseLoader))
    assert entries
    for name in table.attributes:
        if (table.name, name) == ("coalition", "complete"):
            continue  # a list that is given is complete
        held = [entry[name] for entry in entries if name in entry]
        assert held, name
        if table.name != "support":
            assert set(held) == {UNKNOWN}
    for entry in entries:
        legal = {*table.attributes, *table.keys, "name", "support", "adequate", "id", "sides"}
        assert set(entry) <= legal, "and nothing else"


def test_the_skeleton_names_each_fact_of_a_state_once_for_each_state() -> None:
    for entry in facts_of("state", yaml.load(skeleton(BOOK), yaml.BaseLoader)):
        assert set(entry) - {"name"} == set(BOOK.tables["state"].attributes)


def comments(text: str) -> dict[str, list[str]]:
    """The comment above every fact of the skeleton, joined to one line, by the name of the fact."""
    found: dict[str, list[str]] = {}
    block: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("#"):
            begins = not bare.startswith("#   ")
            block = [bare.lstrip("# ")] if begins else [*block, bare.lstrip("# ")]
        else:
            name = re.match(r"(?:- )?([a-z_]+):", bare)
            if name and block:
                found.setdefault(name.group(1), []).append(" ".join(block))
            block = []
    return found


@pytest.mark.parametrize("table", stated_tables(), ids=lambda table: table.name)
def test_the_comment_above_a_fact_lists_exactly_its_legal_values(table: Table) -> None:
    found = comments(uncommented(skeleton(BOOK)))
    for attribute in table.attributes.values():
        if (table.name, attribute.name) == ("coalition", "complete"):
            continue
        between = " < " if attribute.ordered else ", "
        listed = between.join(attribute.values)
        listed = f"a side of the war, {listed}" if attribute.side else listed
        ending = [text for text in found[attribute.name] if text.endswith(f"? {listed}")]
        assert ending, (attribute.name, found[attribute.name])
        for text in ending:
            assert "{" not in text, "names are filled in"


def test_the_skeleton_is_still_valid_with_its_parts_on_war_and_on_what_happened() -> None:
    case = read(uncommented(skeleton(BOOK)))
    assert list(case.wars) == ["the_war"]
    (seen,) = case.observed
    assert (seen.state, seen.toward, seen.with_) == ("ours", ["theirs"], ["third"])


def test_every_posture_motive_and_family_of_the_skeletons_comments_is_legal() -> None:
    text = uncommented(skeleton(BOOK))
    for name in ("posture", "motive", "family", "confidence"):
        (line,) = re.findall(rf"^ +{name}: +\S+ +# (.*)$", text, re.MULTILINE)
        words = re.split(r", | or ", line.rpartition(": ")[2])
        assert len(words) >= 3
        for word in words:
            # the other reading is another posture than the one that is tried
            other = "balance" if word == "none" else "none"
            tried = re.sub(r"(?m)^( +other_reading:) +\S+", rf"\1 {other}", text)
            assert read(re.sub(rf"(?m)^( +{name}:) +\S+", rf"\1 {word}", tried)).observed


def test_a_skeleton_can_be_filled_in_and_consulted(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert program("cases", "new", "-o", str(path))[0] == 0
    code, out, _ = program("consult", str(path))
    assert code == 0
    assert "Our State" in out
    text = path.read_text("utf-8")
    data = yaml.load(text, yaml.BaseLoader)
    (first,) = [r for r in data["relations"] if (r["state"], r["other"]) == ("ours", "theirs")]
    first.update(relative_power="weaker", proximity="bordering", offensive_power="high", intentions="aggressive")
    assert library.consult(data).verdict("ours").posture == "balance"


def test_every_value_that_the_skeleton_offers_can_be_put_in(tmp_path: Path) -> None:
    data = yaml.load(skeleton(BOOK), yaml.BaseLoader)
    for table in stated_tables():
        if table.name in ("war", "support"):
            continue
        for attribute in table.attributes.values():
            for value in attribute.values:
                changed = json.loads(json.dumps(data))
                entry = facts_of(table.name, changed)[0]
                if attribute.name in entry:
                    entry[attribute.name] = value
                    path = f"{attribute.name}"
                    case = read(as_yaml(changed))
                    assert value in {f.value for f in case.facts.values() if f.attribute == path}


# ---- writing ------------------------------------------------------------------------------------


def test_a_new_case_goes_to_a_file_as_it_would_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    code, out, err = program("cases", "new", "-o", str(path))
    assert (code, out) == (0, "")
    assert str(path) in err
    assert path.read_text("utf-8") == skeleton(BOOK) == program("cases", "new")[1]
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.yaml"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine", "utf-8")
    code, out, err = program("cases", "new", "-o", str(path))
    assert (code, out) == (2, "")
    assert "--force" in err
    assert path.read_text("utf-8") == "mine"
    assert program("cases", "new", "-o", str(path), "--force")[0] == 0
    assert path.read_text("utf-8") == skeleton(BOOK)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize("place", ["missing/new.yaml", "a_file/new.yaml"])
def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path: Path, place: str) -> None:
    (tmp_path / "a_file").write_text("x", "utf-8")
    code, out, err = program("cases", "new", "-o", str(tmp_path / place))
    assert (code, out) == (2, "")
    assert f"there is no folder {(tmp_path / place).parent}" in err
    assert [entry.name for entry in tmp_path.iterdir()] == ["a_file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write anywhere")
def test_a_folder_without_leave_to_write_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    code, _, err = program("cases", "new", "-o", str(folder / "new.yaml"))
    assert code == 1
    assert "could not be written" in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("failure", [OSError("full"), KeyboardInterrupt()], ids=["full", "interrupted"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine", "utf-8")

    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(failure)):
        write_file(path, "new", force=True)
    monkeypatch.undo()
    assert path.read_text("utf-8") == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_folder_in_the_place_of_the_file_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "inside").write_text("x", "utf-8")
    for force in (False, True):
        with pytest.raises(Exists, match="is a folder"):
            write_file(tmp_path, "new", force=force)
    assert [entry.name for entry in tmp_path.iterdir()] == ["inside"]


def test_texts_are_written_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    write_file(path, "a: é\r\nb: ü\n")
    assert path.read_bytes() == "a: é\r\nb: ü\n".encode()


# ---- check --------------------------------------------------------------------------------------

KNOWN: Entry = {
    "relative_power": "weaker", "proximity": "bordering", "offensive_power": "high", "intentions": "aggressive",
    "demonstrated_coercion": "no", "commitment": "none", "ideology_similarity": "low",
}  # fmt: skip


def made(seen: Entry | None = None, **parts: Any) -> Entry:
    """A small case in which every fact cites an opened source."""
    return {
        "foedus": "1",
        "title": "A crisis",
        "kind": "hypothetical",
        "sources": {
            "s1": {"title": "A book", "address": "https://example.org", "passage": "so it says"},
            "gk": {"title": "general knowledge, unverified"},
        },
        "default_source": "s1",
        "states": {"a": {}, "b": {}, "c": {}},
        "relations": [{"state": "a", "other": "b", **KNOWN, **(seen or {})}],
        "focus": ["a"],
        "observed": [
            {
                "state": "a", "posture": "balance", "what": "It did.", "confidence": "high",
                "classified_by": {"who": "a scholar", "source": "gk"},
            }
        ],
        **parts,
    }  # fmt: skip


def checked(entry: Entry) -> CaseCheck:
    return casework.check(entry, rules=BOOK)


INTENT = "a>b.intentions"


def test_a_case_without_faults_has_no_finding_but_its_gaps() -> None:
    found = checked(made())
    for part in ("unsourced", "unverified", "unexplained", "unread", "idle_sources"):
        assert getattr(found, part) == [], part
    assert (found.stated, found.following) == (len(KNOWN), 3)


def test_an_unknown_fact_that_a_verdict_in_focus_waits_for_is_a_gap() -> None:
    entry = made()
    del entry["relations"][0]["intentions"]
    (gap,) = [gap for gap in checked(entry).gaps if gap.fact == INTENT]
    assert "intentions" in gap.asks
    assert "B6" in gap.rules
    assert INTENT not in {gap.fact for gap in checked(made()).gaps}
    assert INTENT in {gap.fact for gap in checked(made({"intentions": "unknown"})).gaps}


def test_gaps_are_those_of_the_states_in_focus() -> None:
    of_b = {gap.fact for gap in checked(made(focus=["b"])).gaps}
    of_a = {gap.fact for gap in checked(made(focus=["a"])).gaps}
    both = {gap.fact for gap in checked(made(focus=["a", "b"])).gaps}
    assert "b>a.intentions" in of_b - of_a
    assert both == of_a | of_b


def test_a_fact_without_a_source_is_shown() -> None:
    entry = made({"intentions": {"value": "aggressive", "source": "s1"}})
    del entry["default_source"]
    assert checked(entry).unsourced == sorted(f"a>b.{name}" for name in KNOWN if name != "intentions")
    assert checked(made()).unsourced == []


@pytest.mark.parametrize(("source", "shown"), [("gk", True), (["gk", "s1"], False), ("s1", False)])
def test_a_fact_that_cites_nothing_but_general_knowledge_is_shown(source: Any, shown: bool) -> None:
    found = checked(made({"intentions": {"value": "aggressive", "source": source}}))
    assert found.unverified == ([INTENT] if shown else [])
    assert found.unsourced == []


@pytest.mark.parametrize(("note", "shown"), [({}, True), ({"note": " "}, True), ({"note": "because"}, False)])
def test_a_fact_with_another_reading_and_no_reason_is_shown(note: Entry, shown: bool) -> None:
    found = checked(made({"intentions": {"value": "aggressive", "other_reading": "benign", **note}}))
    assert found.unexplained == ([INTENT] if shown else [])


@pytest.mark.parametrize(("aid", "shown"), [("none", True), ("low", False)])
def test_a_fact_that_no_rule_reads_is_shown(aid: str, shown: bool) -> None:
    links = {"aid": [{"donor": "c", "recipient": "a", "aid": aid, "monopoly": "sole"}]}
    assert checked(made(links=links)).unread == (["c>a.monopoly"] if shown else [])


def test_a_linked_fact_is_read_where_its_other_direction_is() -> None:
    plain = [{"state": "a", "other": "b", **{k: v for k, v in KNOWN.items() if k != "relative_power"}}]
    turned = [*plain, {"state": "b", "other": "a", "relative_power": "stronger"}]
    assert checked(made(relations=turned)).unread == []


def test_a_source_that_nothing_rests_on_is_shown() -> None:
    more = {**made()["sources"], "s2": {"title": "Another book"}}
    assert checked(made(sources=more)).idle_sources == ["s2"]
    assert checked(made({"intentions": {"value": "aggressive", "source": "s2"}}, sources=more)).idle_sources == []
    quiet = made()
    del quiet["observed"]
    assert checked(quiet).idle_sources == ["gk"], "an observation rests on a source as well"


def test_what_follows_is_counted_apart_from_what_is_stated() -> None:
    allies = [{"state": "a", "against": "b", "adequate": "no", "support": {}}]
    found = checked(made(allies=allies))
    # the other direction of three linked facts; the list is complete, and names nobody: c gives no support
    assert (found.stated, found.following) == (len(KNOWN) + 1, 5)


def files(tmp_path: Path, **entries: Entry | str) -> list[str]:
    for name, entry in entries.items():
        text = entry if isinstance(entry, str) else as_yaml(entry)
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return [str(tmp_path / f"{name}.yaml") for name in entries]


def broken(tmp_path: Path) -> list[str]:
    """Two files that are right, and between them two that are wrong in three places."""
    return files(
        tmp_path,
        first=made(title="The first"),
        wrong=made({"intentions": "agressive", "proximity": "brdering"}),
        second=made(title="The second"),
        worse=made(kind="historic"),
    )


def test_all_files_are_checked_where_one_is_wrong(tmp_path: Path) -> None:
    paths = broken(tmp_path)
    code, out, err = program("cases", "check", *paths)
    assert code == 2
    assert "The first" in out
    assert "The second" in out
    assert "'agressive'" in err
    assert "'brdering'" in err
    assert "'historic'" in err
    for path, problems in zip(paths, (0, 2, 0, 1), strict=True):
        assert sum(line.startswith(f"{path}:") for line in err.splitlines()) == problems
    assert "3 problems" in err


def test_a_name_that_does_not_exist_does_not_hide_the_rest(tmp_path: Path) -> None:
    (path,) = files(tmp_path, first=made(title="The first"))
    code, out, err = program("cases", "check", "no_such_case", path, str(tmp_path / "absent.yaml"))
    assert code == 2
    assert "The first" in out
    assert "'no_such_case'" in err
    assert "absent.yaml" in err


def test_right_files_alone_leave_with_nought_and_say_nothing_on_the_side(tmp_path: Path) -> None:
    code, out, err = program("cases", "check", *files(tmp_path, first=made(), second=made()))
    assert (code, err) == (0, "")
    assert out.count("The file is valid") == 2


def test_json_of_a_check_is_a_list_of_what_the_library_returns(tmp_path: Path) -> None:
    paths = broken(tmp_path)
    code, out, _ = program("cases", "check", *paths, "-f", "json")
    assert code == 2
    data = json.loads(out)
    assert [CaseCheck.model_validate(entry) for entry in data] == [casework.check(paths[0]), casework.check(paths[2])]
    schema = CaseCheck.model_json_schema(mode="serialization")
    for entry in data:
        assert not list(Draft202012Validator(schema).iter_errors(entry))


def test_text_and_markdown_of_a_check_name_every_finding(tmp_path: Path) -> None:
    entry = made(
        {"intentions": {"value": "aggressive", "source": "gk", "other_reading": "benign"}},
        sources={**made()["sources"], "s2": {"title": "Another book"}},
        links={"aid": [{"donor": "c", "recipient": "a", "aid": "none", "monopoly": "sole"}]},
    )
    (path,) = files(tmp_path, faulty=entry)
    found = casework.check(path)
    listed = [*found.unverified, *found.unexplained, *found.unread, *found.idle_sources, *(g.fact for g in found.gaps)]
    assert {INTENT, "c>a.monopoly", "s2"} <= set(listed)
    for form in ("text", "md"):
        out = program("cases", "check", path, "-f", form)[1].replace("\\", "")
        for name in listed:
            assert name in out, form


def test_bundled_cases_can_be_checked_by_name() -> None:
    name = bundled()[0]
    code, out, _ = program("cases", "check", name)
    assert code == 0
    assert load_case(name, book=BOOK).title in " ".join(out.split())


# ---- blind --------------------------------------------------------------------------------------

HEAD = "A case without names"
FIXED = "foedus title kind sources reliability name focus id sides state other against support donor recipient target"
FIXED += " penetrator value source complete situation states relations allies wars links aid penetration"
FIXED += " historical hypothetical unknown A-F"
KEPT = ("other_reading", "reliability", "confidence", "assumption", "mover", "basis", "advocate")
NAMED = re.compile(r"state_[a-x]|war_\d+|side_\d+|source_\d+|[A-F][1-6]")
TITLES = re.compile(
    r"^( *(?:- )?)(?:title|name): '?(?:State [A-X]|War \d+|Source \d+|A case without names)'?$", re.MULTILINE
)


@cache
def vocabulary() -> set[str]:
    """Every word that a rule may read, and the names of the parts of a case file."""
    words = set(FIXED.split())
    for table in stated_tables():
        for attribute in table.attributes.values():
            words |= {attribute.name, *attribute.values}
    for name, field in GivenFact.model_fields.items():
        words |= {name} if name in KEPT else set()
        words |= set(re.findall(r"'([a-z]+)'", str(field.annotation))) if name in KEPT else set()
    return words


@cache
def blinded(name: str) -> tuple[Case, Blinded]:
    case = load_case(name, book=BOOK)
    return case, casework.blind(case, rules=BOOK)


@pytest.mark.parametrize("name", bundled())
def test_a_blinded_case_holds_no_word_but_those_of_the_vocabulary(name: str) -> None:
    _, found = blinded(name)
    text, legal = TITLES.sub("", found.text), vocabulary()
    assert "number" not in legal | set(text.split())
    for token in re.findall(r"[^\s:\[\]{},'\"]+", text):
        if token != "-":
            assert token in legal or NAMED.fullmatch(token) or token == "1", token
    assert re.findall(r"^foedus: '1'$", text, re.MULTILINE) == ["foedus: '1'"]
    assert len(re.findall(r"(?<![_\w])\d+", text)) == 1, "no number but that of the format"


def told(case: Case) -> list[str]:
    """Texts of a case that tell which crisis it is."""
    data = parse((CASES / f"{case.name}.yaml").read_text("utf-8"), case.name).data
    texts = [case.title, case.summary, case.date or "", *case.wars]
    texts += [case.called(name) for name in (*case.states, *case.wars)]
    texts += [
        part for source in case.sources.values() for part in source.model_dump().values() if isinstance(part, str)
    ]
    texts += [seen.what + " " + seen.classified_by.who for seen in case.observed]
    for fact in case.facts.values():
        if fact.given is not None:
            texts += [fact.given.note or "", fact.given.number or "", fact.given.source_date or ""]
    for entry in data["states"].values():
        texts += list(entry.get("codes", {}).values()) if isinstance(entry, dict) else []
    return texts


@pytest.mark.parametrize("name", bundled())
def test_a_blinded_case_names_no_state_war_source_date_or_figure(name: str) -> None:
    case, found = blinded(name)
    bare = TITLES.sub("", found.text)
    plain = {word.lower() for word in re.findall(r"[^\W_]+", " ".join(vocabulary()))} | {"state", "war", "side"}
    inside = {word.lower() for word in re.findall(r"[^\W_]+", bare)}
    secret = {word.lower() for text in told(case) for word in re.findall(r"[^\W_]+", text)}
    secret = {word for word in secret - plain if len(word) > 2}
    assert len(secret) > 50
    assert not secret & inside
    for source in case.sources.values():
        assert not source.address or source.address not in found.text


def names(case: Case, found: Blinded) -> dict[str, str]:
    """The identifier that each new name stands for, found through the key."""
    called = {case.called(name): name for name in (*case.states, *case.wars)}
    called |= {case.called(side): side for war in case.wars.values() for side in war}
    return {new: called[old] for new, old in found.key.items() if not new.startswith("source_")}


def renamed(value: Any, key: Mapping[str, str]) -> Any:
    """A name, the address of a fact or a collection of them, with the names put back."""
    if isinstance(value, str):
        subject, dot, attribute = value.rpartition(".")
        address = ">".join(key.get(part, part) for part in subject.split(">")) + dot + attribute
        return key.get(value, address if dot else value)
    if isinstance(value, tuple | list | set | frozenset):
        return type(value)(renamed(part, key) for part in value)
    return value


def options(contest: Contest, key: Mapping[str, str]) -> set[tuple[Any, ...]]:
    def shown(option: Alternative) -> tuple[Any, ...]:
        votes = frozenset((v.rule, v.word, v.sign, v.group) for v in option.votes)
        return (option.answer, renamed(option.toward, key), option.total, option.specific, option.words, votes)

    return {shown(option) for option in contest.alternatives}


def verdicts(record: Record, key: Mapping[str, str]) -> dict[str, Any]:
    """Everything that a run concludes, with names put back."""

    def told(contest: Contest | None) -> Any:
        if contest is None:
            return None
        robust = contest.robust
        sizes = None if robust is None else (robust.signs_alone, robust.share, robust.leads)
        flags = (contest.by_default, contest.by_silence, contest.strained)
        tied = frozenset((answer, renamed(toward, key)) for answer, toward in contest.tied)
        toward = renamed(contest.toward, key)
        return (contest.answer, toward, contest.margin, flags, sizes, tied, frozenset(options(contest, key)))

    return {
        "postures": {
            (renamed(p.of, key), renamed(p.about, key)): (p.posture, p.label, told(p.alignment), told(p.effort))
            for p in record.postures
        },
        "contests": {renamed(name, key): told(contest) for name, contest in record.contests.items()},
        "grades": {
            renamed(name, key): (g.total, g.uncapped, g.grade, g.ranked, g.standing, g.significant)
            for name, g in record.grades.items()
        },
        "census": {name: (c.prevalent, dict(c.counts)) for name, c in record.census.items()},
        "firings": {
            (f.rule, frozenset(renamed(tuple(f.bindings.items()), key)), bool(f.defeated_by))
            for f in record.firings.values()
        },
    }


def assert_same_verdicts(case: Case, found: Blinded, theories: Iterable[str]) -> None:
    again, key = read(found.text), names(case, found)
    assert sorted(key[state] for state in again.states) == sorted(case.states)
    assert sorted(key[state] for state in again.focus) == sorted(case.focus)
    for theory in theories:
        before = verdicts(infer(case, BOOK.program(theory)), {})
        after = verdicts(infer(again, BOOK.program(theory)), key)
        for part in before:
            assert after[part] == before[part], (theory, part)


@pytest.mark.parametrize("name", bundled())
def test_blinding_changes_no_verdict_of_any_theory(name: str) -> None:
    assert_same_verdicts(*blinded(name), BOOK.theories)


@settings(STEADY, max_examples=20)
@given(seed=SEEDS, size=st.integers(2, 4), known=st.sampled_from([0.5, 0.8, 0.95]))
def test_blinding_changes_no_verdict_of_a_generated_crisis(seed: int, size: int, known: float) -> None:
    case = case_of(random_crisis(random.Random(seed), BOOK, size, known=known), BOOK)
    assert_same_verdicts(case, casework.blind(case, rules=BOOK), [MAIN])


@pytest.mark.parametrize("name", bundled())
def test_a_blinded_case_is_valid_and_states_the_same_facts(name: str) -> None:
    case, found = blinded(name)
    again, key = read(found.text), names(case, found)

    def facts(of: Case, key: Mapping[str, str]) -> dict[Any, tuple[str, str]]:
        return {
            (f.table, renamed(f.key, key), f.attribute): (renamed(f.value, key), f.origin) for f in of.facts.values()
        }

    assert facts(again, key) == facts(case, {})
    assert again.observed == ()
    assert again.date is None
    assert again.kind == case.kind


@pytest.mark.parametrize("name", bundled()[:6])
def test_what_tells_nothing_of_the_crisis_stays_with_its_fact(name: str) -> None:
    case, found = blinded(name)
    again, key = read(found.text), names(case, found)
    back = {(f.table, renamed(f.key, key), f.attribute): f for f in again.facts.values()}
    for fact in case.facts.values():
        if fact.origin != "stated" or fact.given is None:
            continue
        given = back[fact.table, fact.key, fact.attribute].given
        assert given is not None
        for part in KEPT:
            assert fact.table == "war" or getattr(given, part) == getattr(fact.given, part), (fact.path, part)
        titles = [case.sources[source].title for source in fact.given.source]
        assert [found.key[source] for source in given.source] == titles
        assert given.note is None
        assert given.number is None


@pytest.mark.parametrize("name", bundled())
def test_the_key_names_everything_that_was_renamed(name: str) -> None:
    case, found = blinded(name)
    data = parse(found.text, name).data
    sides = [f"{war['id']}.{side}" for war in data["wars"] for side in war["sides"]]
    new = [*data["states"], *(war["id"] for war in data["wars"]), *sides, *data["sources"]]
    assert sorted(found.key) == sorted(new)
    states = [case.find(found.key[state]) for state in data["states"]]
    assert sorted(states) == sorted(case.states)
    titles = [found.key[source] for source in data["sources"]]
    assert sorted(titles) == sorted(source.title for source in case.sources.values())


def test_blinding_gives_the_same_text_in_every_process() -> None:
    name = bundled()[-1]
    texts = {program("cases", "blind", name, env={"PYTHONHASHSEED": seed})[1] for seed in ("0", "1")}
    assert texts == {blinded(name)[1].text}
    assert casework.blind(load_case(name, book=BOOK), rules=BOOK) == blinded(name)[1]


@settings(STEADY, max_examples=12)
@given(seed=SEEDS, size=st.integers(2, 4))
def test_which_state_bears_which_name_does_not_matter(seed: int, size: int) -> None:
    data = random_crisis(random.Random(seed), BOOK, size)
    text = as_yaml(data)
    swapped = re.sub(r"\b(ana|bor)\b", lambda found: {"ana": "bor", "bor": "ana"}[found.group()], text)
    assert swapped != text
    one, other = (casework.blind(read(which), rules=BOOK) for which in (text, swapped))
    back = {called: new for new, called in one.key.items() if new.startswith("state_")}
    assert back == {called: new for new, called in other.key.items() if new.startswith("state_")}
    turned = {back["Ana"]: back["Bor"], back["Bor"]: back["Ana"]}
    mine, theirs = read(one.text), read(other.text)
    assert {(f.table, renamed(f.key, turned), f.attribute, f.value) for f in theirs.facts.values()} == {
        (f.table, f.key, f.attribute, f.value) for f in mine.facts.values()
    }
    before, after = verdicts(infer(mine, BOOK.program()), {}), verdicts(infer(theirs, BOOK.program()), turned)
    for part in before:
        assert after[part] == before[part], part


def test_the_order_of_facts_in_the_file_does_not_show() -> None:
    data = random_crisis(random.Random(4), BOOK, 4)
    mixed = {**data, "relations": data["relations"][::-1], "allies": data["allies"][::-1]}
    mixed["states"] = dict(reversed(list(data["states"].items())))
    assert casework.blind(mixed, rules=BOOK) == casework.blind(data, rules=BOOK)


def test_an_explicit_list_of_allies_that_is_not_complete_stays_so() -> None:
    allies = [{"state": "a", "against": "b", "complete": "no", "support": {}}]
    for entry in (made(allies=allies), made(allies=[{"state": "a", "against": "b", "support": {}}])):
        case = read(as_yaml(entry))
        assert_same_verdicts(case, casework.blind(case, rules=BOOK), [MAIN])


def test_the_command_writes_the_case_and_the_key_to_files_of_their_own(tmp_path: Path) -> None:
    name = bundled()[0]
    text, key = tmp_path / "blind.yaml", tmp_path / "key.yaml"
    code, out, _ = program("cases", "blind", name, "-o", str(text), "--key", str(key))
    assert (code, out) == (0, "")
    assert text.read_text("utf-8") == blinded(name)[1].text
    assert yaml.load(key.read_text("utf-8"), yaml.BaseLoader) == dict(blinded(name)[1].key)
    assert program("cases", "check", str(text))[0] == 0
    assert program("cases", "blind", name)[1] == text.read_text("utf-8")


def test_a_blinded_case_that_cannot_be_written_leaves_no_key_behind(tmp_path: Path) -> None:
    text, key = tmp_path / "blind.yaml", tmp_path / "key.yaml"
    text.write_text("mine", "utf-8")
    code, _, err = program("cases", "blind", bundled()[0], "-o", str(text), "--key", str(key))
    assert code == 2
    assert "--force" in err
    assert text.read_text("utf-8") == "mine"
    assert not key.exists()


def test_the_key_and_the_case_are_not_written_to_one_file(tmp_path: Path) -> None:
    both = tmp_path / "both.yaml"
    code, _, _ = program("cases", "blind", bundled()[0], "-o", str(both), "--key", str(both), "--force")
    assert code == 2
    assert not both.exists()


# ---- the codebook -------------------------------------------------------------------------------

DESCRIBED = [
    (table.name, name) for table in [*stated_tables(), *(t for t in BOOK.tables.values() if t.reference)]
    for name in table.attributes
]  # fmt: skip


@pytest.mark.parametrize(("table", "name"), DESCRIBED, ids=[".".join(pair) for pair in DESCRIBED])
def test_every_fact_has_a_section_in_which_every_legal_value_occurs(table: str, name: str) -> None:
    text = sections()[f"{table}.{name}"]
    for value in BOOK.tables[table].attributes[name].values:
        assert f"`{value}`" in text, value


def test_every_annotation_with_values_has_a_section() -> None:
    for attribute in BOOK.annotations.values():
        text = sections()[f"annotations.{attribute.name}"]
        for value in attribute.values:
            assert f"`{value}`" in text, value


def test_every_section_is_about_something_that_a_case_may_say() -> None:
    known = {".".join(pair) for pair in DESCRIBED} | {f"annotations.{name}" for name in BOOK.annotations}
    dotted = {name for name in sections() if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}
    others = dotted - known
    assert {name.partition(".")[0] for name in others} <= {"observed", "links", "war"}
    assert "war.sides" in others


def test_sections_are_parts_of_the_codebook_and_do_not_overlap() -> None:
    text = codebook()
    for name, part in sections().items():
        assert part.strip() in text
        assert part.count("\n### ") == 0, name
        assert not re.search(r"^##? ", part, re.MULTILINE), name


@pytest.mark.parametrize("fact", ["intentions", "relation.intentions"])
def test_the_section_of_a_fact_is_printed_by_its_name_or_address(fact: str) -> None:
    code, out, err = program("cases", "codebook", fact)
    assert (code, out, err) == (0, section("relation.intentions"), "")


def test_the_whole_codebook_is_printed_without_a_name() -> None:
    assert program("cases", "codebook")[:2] == (0, (CASES / "CODING.md").read_text("utf-8"))


@pytest.mark.parametrize(("fact", "nearest"), [("intention", "intentions"), ("relation.intentons", "intentions")])
def test_an_unknown_fact_is_refused_with_the_nearest(fact: str, nearest: str) -> None:
    code, out, err = program("cases", "codebook", fact)
    assert (code, out) == (2, "")
    assert f"did you mean '{nearest}'" in err or f".{nearest}'" in err


def test_a_name_that_several_facts_bear_is_refused_with_all_of_them() -> None:
    several = [f"{table}.{name}" for table, name in DESCRIBED if name == "phase"]
    assert len(several) > 1
    code, out, err = program("cases", "codebook", "phase")
    assert (code, out) == (2, "")
    for name in several:
        assert name in err
        assert section(name)
    with pytest.raises(NameUnknown):
        section("phase")
