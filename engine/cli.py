"""The command line. What is slow to import is imported by the command that needs it.

Exit codes: 0 an answer was given; 1 it could not be written; 2 what was given is wrong (files, names, options);
130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from foedus.book import RuleBook
    from foedus.case import Case
    from foedus.render.layout import Block

WRONG_INPUT = 2
NOT_WRITTEN = 1
INTERRUPTED = 130
MOST_PROBLEMS = 200
"""How many problems are printed; the count at the end is of all."""

_FORMAT = click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["text", "json", "md"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
_RULES = click.option(
    "--rules",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="A folder of rule files instead of the shipped book.",
)


def _complete_theory(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    try:
        book = _book(context.params.get("rules"))
    except Exception:  # completion never fails
        return []
    return [theory for theory in book.theories if theory.startswith(incomplete.lower())]


_THEORY = click.option(
    "--theory",
    shell_complete=_complete_theory,
    default="main",
    show_default=True,
    help="Theory of the book that answers; rivals: see `foedus rules list`.",
)


def _complete_case(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem
    from foedus.api import bundled

    names = [CompletionItem(name) for name in bundled() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def _complete_state(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    try:
        case = _load(str(context.params["case"]), _book(context.params.get("rules")))
    except Exception:  # completion never fails
        return []
    return [state for state in case.states if state.startswith(incomplete.lower())]


def _complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    try:
        book = _book(context.params.get("rules"))
    except Exception:  # completion never fails
        return []
    return sorted(name for name in (*book.rules, *book.statements) if name.lower().startswith(incomplete.lower()))


_CASE = click.argument("case", shell_complete=_complete_case)


def _book(rules: Path | None) -> RuleBook:
    from foedus.library import load_book

    return load_book(rules)


def _load(case: str, book: RuleBook) -> Case:
    """A case from a file, the standard input (`-`) or the bundled ones."""
    from foedus.api import load_case
    from foedus.casereader import read_case
    from foedus.documents import MAX_BYTES, decode, parse

    if case != "-":
        return load_case(case, book=book)
    shown = "<standard input>"
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    return read_case(parse(decode(raw, shown), shown), book, name="stdin")


def _patience(case: Case) -> AbstractContextManager[object]:
    """A sign of life on the terminal where a case is large enough to take seconds."""
    if len(case.states) < LARGE or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"Firing the rules on {len(case.states)} states")


LARGE = 10
"""States from which on a consultation can take seconds."""


def _show(blocks: Sequence[Block], form: str) -> None:
    """Print blocks as text or Markdown."""
    if form == "md":
        from foedus.render.markdown import render

        click.echo(render(blocks), nl=False)
        return
    from foedus.render.text import show

    show(blocks)


def _json(value: Any) -> None:
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="foedus", prog_name="foedus", message="%(prog)s %(version)s")
def app() -> None:
    """Foedus: Walt's balance-of-threat theory as an explained, rule-based expert system.

    Describe a crisis as facts about states; Foedus fires Walt's hypotheses on them and says for each state whether they
    have it balance, bandwagon or free-ride, against whom, with whom and why.

    Begin with `foedus cases list` and `foedus consult finland_1948`.
    """


@app.command()
@_CASE
@click.option(
    "--state",
    "-s",
    "states",
    multiple=True,
    metavar="STATE",
    shell_complete=_complete_state,
    help="State to answer for, by identifier, name or code; may be repeated. Default: the case's focus.",
)
@_RULES
@_THEORY
@_FORMAT
def consult(case: str, states: tuple[str, ...], rules: Path | None, theory: str, form: str) -> None:
    """Say what the rules conclude for CASE: a file, `-` for standard input, or a bundled case."""
    from foedus import api

    book = _book(rules)
    loaded = _load(case, book)
    with _patience(loaded):
        result = api.consult(loaded, states=states, rules=book, theory=theory)
    if form == "json":
        click.echo(result.model_dump_json(indent=2, by_alias=True))
        return
    from foedus.render.layout import consultation

    _show(consultation(result), form)


@app.command()
@_CASE
@click.argument("state", shell_complete=_complete_state)
@_RULES
@_THEORY
@_FORMAT
def how(case: str, state: str, rules: Path | None, theory: str, form: str) -> None:
    """Prove the verdict on STATE in CASE: verdict, evidence, rules, facts, sources, as a tree."""
    from foedus import api

    book = _book(rules)
    loaded = _load(case, book)
    with _patience(loaded):
        result = api.how(loaded, state, rules=book, theory=theory)
    if form == "json":
        click.echo(result.model_dump_json(indent=2, by_alias=True))
        return
    from foedus.render.layout import proof

    _show(proof(result), form)


@app.group()
def rules() -> None:
    """Look into the rule book."""


@rules.command("list")
@_RULES
@_FORMAT
def rules_list(rules: Path | None, form: str) -> None:
    """List every rule, tension and statement."""
    from foedus.explain.pages import lines
    from foedus.render.listings import rule_list

    found = lines(_book(rules))
    if form == "json":
        _json([line.model_dump() for line in found])
    else:
        _show(rule_list(found), form)


@rules.command("show")
@click.argument("rule", metavar="ID", shell_complete=_complete_rule)
@_RULES
@_FORMAT
def rules_show(rule: str, rules: Path | None, form: str) -> None:
    """Show the page of a rule, or of all rules of a row of the theory."""
    from foedus.explain.pages import pages
    from foedus.render.listings import rule_page

    found = pages(_book(rules), rule)
    if form == "json":
        _json([page.model_dump() for page in found])
    else:
        _show([block for page in found for block in rule_page(page)], form)


@app.group()
def cases() -> None:
    """Look at the bundled cases."""


@cases.command("list")
@_FORMAT
def cases_list(form: str) -> None:
    """List the bundled cases."""
    from foedus.api import bundled
    from foedus.render.listings import case_list

    book = _book(None)
    found = [_load(name, book) for name in bundled()]
    if form == "json":
        _json(
            [
                {
                    "name": c.name,
                    "kind": c.kind,
                    "date": c.date,
                    "title": c.title,
                    "focus": list(c.focus),
                    "states": list(c.states),
                }
                for c in found
            ]
        )
    else:
        _show(case_list(found), form)


@cases.command("show")
@_CASE
@_RULES
@_FORMAT
def cases_show(case: str, rules: Path | None, form: str) -> None:
    """Show a case with every fact, its source and its note."""
    from foedus.explain.sentences import Speaker
    from foedus.render.listings import case_page

    book = _book(rules)
    loaded = _load(case, book)
    if form == "json":
        _json(
            {
                "name": loaded.name,
                "title": loaded.title,
                "kind": loaded.kind,
                "date": loaded.date,
                "summary": loaded.summary,
                "focus": list(loaded.focus),
                "names": dict(loaded.names),
                "facts": [
                    {
                        "fact": f.path,
                        "value": f.value,
                        "origin": f.origin,
                        "via": f.via,
                        "given": f.given.model_dump(exclude_none=True) if f.given else None,
                    }
                    for f in loaded.facts.values()
                ],
            }
        )
    else:
        _show(case_page(loaded, Speaker(loaded, book.tables)), form)


@app.command()
@click.argument("what", type=click.Choice(["case", "rules", "result"]))
@_RULES
def schema(what: str, rules: Path | None) -> None:
    """Print the JSON Schema of case files, rule files or results."""
    if what == "case":
        from foedus.casefile import case_schema

        _json(case_schema(_book(rules)))
        return
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if what == "rules":
        from foedus.bookfile import BookFile

        _json({**draft, **BookFile.model_json_schema(by_alias=True)})
    else:
        from foedus.results import Consultation

        _json({**draft, **Consultation.model_json_schema(by_alias=True, mode="serialization")})


@app.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script, to be sourced by SHELL."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(app, {}, "foedus", "_FOEDUS_COMPLETE").source())


def main() -> None:
    """Run the command line and leave with its exit code."""
    from foedus.problems import FoedusError, InputError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that cannot show a character shows a question mark
    try:
        code = app(standalone_mode=False, prog_name="foedus")
        sys.stdout.flush()
    except click.exceptions.Abort:
        code = INTERRUPTED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except InputError as error:
        for problem in error.problems[:MOST_PROBLEMS]:
            click.echo(str(problem), err=True)
        if len(error.problems) > MOST_PROBLEMS:
            click.echo(f"... and {len(error.problems) - MOST_PROBLEMS} more", err=True)
        count = len(error.problems)
        click.echo(f"foedus: {count} {'problem' if count == 1 else 'problems'}; nothing was computed", err=True)
        code = WRONG_INPUT
    except FoedusError as error:
        click.echo(f"foedus: {error}", err=True)
        code = WRONG_INPUT
    except BrokenPipeError:
        # the reader of the pipe has left; say nothing more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"foedus: the answer could not be written: {error.strerror}", err=True)
        code = NOT_WRITTEN
    sys.exit(code if isinstance(code, int) else 0)
