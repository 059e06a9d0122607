"""What the commands share: options, loading, completion, and the forms of output.

What is slow to import is imported where it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from foedus.book import RuleBook
    from foedus.case import Case
    from foedus.documents import Document
    from foedus.problems import Problem
    from foedus.render.layout import Block

FORMAT = click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["text", "json", "md"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
RULES = click.option(
    "--rules",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="A folder of rule files instead of the shipped book.",
)


def _complete_theory(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    try:
        book = the_book(context.params.get("rules"))
    except Exception:  # completion never fails
        return []
    return [theory for theory in book.theories if theory.startswith(incomplete.lower())]


THEORY = click.option(
    "--theory",
    shell_complete=_complete_theory,
    default="main",
    show_default=True,
    help="Theory of the book that answers; rivals: see `foedus rules list`.",
)


def complete_case(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    """Names of bundled cases, and files."""
    from click.shell_completion import CompletionItem
    from foedus.api import bundled

    names = [CompletionItem(name) for name in bundled() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def complete_state(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """States of the case that the command line names."""
    try:
        case = the_case(str(context.params["case"]), the_book(context.params.get("rules")))
    except Exception:  # completion never fails
        return []
    return [state for state in case.states if state.startswith(incomplete.lower())]


def complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Rules, tensions and statements."""
    try:
        book = the_book(context.params.get("rules"))
    except Exception:  # completion never fails
        return []
    return sorted(name for name in (*book.rules, *book.statements) if name.lower().startswith(incomplete.lower()))


CASE = click.argument("case", shell_complete=complete_case)


def the_book(rules: Path | None) -> RuleBook:
    """The rule book of a folder, or the shipped one."""
    from foedus.library import load_book

    return load_book(rules)


def the_document(case: str) -> tuple[Document, str]:
    """The document of a file, the standard input (`-`) or a bundled case, and what to call it."""
    from foedus.api import document
    from foedus.documents import MAX_BYTES, decode, parse

    if case != "-":
        return document(case)
    shown = "<standard input>"
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    return parse(decode(raw, shown), shown), "stdin"


def the_case(case: str, book: RuleBook) -> Case:
    """A case from a file, the standard input (`-`) or the bundled ones."""
    from foedus.casereader import read_case

    found, name = the_document(case)
    return read_case(found, book, name=name)


def patience(case: Case) -> AbstractContextManager[object]:
    """A sign of life on the terminal where a case is large enough to take seconds."""
    if len(case.states) < LARGE or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"Firing the rules on {len(case.states)} states")


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int], None] | None]:
    """A progress bar on the terminal, fed with the name of the next item and how many there are; else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from foedus.problems import shown
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        done = -1

        def tick(name: str, total: int) -> None:
            nonlocal done
            done += 1
            bar.update(task, description=f"{what} {shown(name)}", total=total, completed=done)

        yield tick


LARGE = 10
"""States from which on a consultation can take seconds."""


def show(blocks: Sequence[Block], form: str) -> None:
    """Print blocks as text or Markdown."""
    if form == "md":
        from foedus.render.markdown import render

        click.echo(render(blocks), nl=False)
        return
    from foedus.render.text import show

    show(blocks)


MOST_PROBLEMS = 200
"""How many problems are printed; the count at the end is of all."""


def show_problems(problems: Sequence[Problem], consequence: str) -> None:
    """Print problems to the standard error, with how many there are."""
    for problem in problems[:MOST_PROBLEMS]:
        click.echo(str(problem), err=True)
    if len(problems) > MOST_PROBLEMS:
        click.echo(f"... and {len(problems) - MOST_PROBLEMS} more", err=True)
    count = len(problems)
    click.echo(f"foedus: {count} {'problem' if count == 1 else 'problems'}; {consequence}", err=True)


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
