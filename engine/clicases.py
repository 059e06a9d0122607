"""The commands on cases: list, show, score, new, check, blind, agree, codebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from foedus.clishared import (
    CASE,
    FORMAT,
    RULES,
    complete_case,
    progress,
    show,
    show_json,
    show_problems,
    the_book,
    the_case,
)
from foedus.scoring import RESAMPLES, SEED

if TYPE_CHECKING:
    from foedus.explain.checks import CaseCheck
    from foedus.problems import Problem


@click.group()
def cases() -> None:
    """Look at cases, begin one, check, blind and score them."""


@cases.command("list")
@FORMAT
def cases_list(form: str) -> None:
    """List the bundled cases."""
    from foedus.api import bundled
    from foedus.render.listings import case_list

    book = the_book(None)
    found = [the_case(name, book) for name in bundled()]
    if form == "json":
        show_json(
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
        show(case_list(found), form)


@cases.command("show")
@CASE
@RULES
@FORMAT
def cases_show(case: str, rules: Path | None, form: str) -> None:
    """Show a case with every fact, its source and its note."""
    from foedus.explain.sentences import Speaker
    from foedus.render.listings import case_page

    book = the_book(rules)
    loaded = the_case(case, book)
    if form == "json":
        show_json(
            {
                "name": loaded.name,
                "title": loaded.title,
                "kind": loaded.kind,
                "date": loaded.date,
                "summary": loaded.summary,
                "focus": list(loaded.focus),
                "names": dict(loaded.names),
                "sources": {name: source.model_dump(exclude_none=True) for name, source in loaded.sources.items()},
                "observed": [seen.model_dump(by_alias=True, exclude_none=True) for seen in loaded.observed],
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
        show(case_page(loaded, Speaker(loaded, book.tables)), form)


_OUT = click.option(
    "--output", "-o", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Where to write; else print."
)
_FORCE = click.option("--force", is_flag=True, help="Replace a file that is there already.")


def _write(text: str, output: Path | None, *, force: bool) -> None:
    """Write a text to a file, whole or not at all, or print it."""
    from foedus.writing import write_file

    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text, force=force)
    click.echo(f"{output} is written.", err=True)


@cases.command("score")
@click.argument("wanted", metavar="[CASES]...", nargs=-1, shell_complete=complete_case)
@click.option(
    "--resamples", type=click.IntRange(0, 100_000), default=RESAMPLES, show_default=True, help="Bootstrap samples."
)
@click.option("--seed", type=int, default=SEED, show_default=True, help="Of the bootstrap.")
@click.option(
    "--why/--no-why",
    default=True,
    show_default=True,
    help="Look for the likeliest cause of each miss (slow).",
)
@RULES
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["text", "json", "md", "csv"]),
    default="text",
    show_default=True,
    help="Form of the output; csv has one row for each state.",
)
def cases_score(wanted: tuple[str, ...], resamples: int, seed: int, why: bool, rules: Path | None, form: str) -> None:
    """Compare what happened with what the rules conclude, on CASES or all bundled historical ones."""
    from foedus import casework
    from foedus.render.scores import outcomes_csv, score

    book = the_book(rules)
    loaded = [the_case(case, book) for case in wanted] or casework.historical(book)
    with progress("Scoring") as tick:
        result = casework.score(loaded, rules=book, resamples=resamples, seed=seed, why=why, progress=tick)
    if form == "json":
        click.echo(result.model_dump_json(indent=2))
    elif form == "csv":
        click.echo(outcomes_csv(result), nl=False)
    else:
        show(score(result), form)


@cases.command("new")
@_OUT
@_FORCE
@RULES
def cases_new(output: Path | None, force: bool, rules: Path | None) -> None:
    """Write a commented case file to begin with: every fact of the vocabulary, unknown."""
    from foedus.skeleton import skeleton

    _write(skeleton(the_book(rules)), output, force=force)


@cases.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, shell_complete=complete_case)
@RULES
@FORMAT
def cases_check(files: tuple[str, ...], rules: Path | None, form: str) -> None:
    """Check case files: what is wrong, and else the gaps, facts without source, and facts that no rule reads.

    All files are looked at; the exit code is 2 where one of them is wrong.
    """
    from foedus.explain.checks import check
    from foedus.problems import FoedusError, InputError, shown
    from foedus.render.listings import case_check

    book = the_book(rules)
    problems: list[Problem] = []
    errors: list[str] = []
    found: list[CaseCheck] = []
    for file in files:
        try:
            found.append(check(the_case(file, book), book))
        except InputError as error:
            problems += error.problems
        except FoedusError as error:
            errors.append(str(error))
    if form == "json":
        show_json([checked.model_dump() for checked in found])
    else:
        show([block for checked in found for block in case_check(checked)], form)
    for text in errors:
        click.echo(f"foedus: {shown(text)}", err=True)
    if problems:
        show_problems(problems, "what is shown is of the other files" if found else "nothing was computed")
    if problems or errors:
        raise click.exceptions.Exit(2)


@cases.command("blind")
@CASE
@_OUT
@click.option("--key", type=click.Path(path_type=Path), default=None, metavar="FILE", help="Where to write who is who.")
@_FORCE
@RULES
def cases_blind(case: str, output: Path | None, key: Path | None, force: bool, rules: Path | None) -> None:
    """Print CASE without names, dates, notes, numbers and what happened. It hides names, not every trace."""
    from foedus.blinding import blind
    from foedus.documents import as_yaml
    from foedus.writing import may_write

    if key is not None and output is not None and key.resolve() == output.resolve():
        raise click.UsageError("the key and the case cannot go to one file")
    for path in (key, output):
        if path is not None:
            may_write(path, force=force)
    book = the_book(rules)
    found = blind(the_case(case, book), book)
    if key is not None:
        _write(as_yaml(dict(found.key)), key, force=force)
    _write(found.text, output, force=force)


@cases.command("agree")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@RULES
@FORMAT
def cases_agree(first: Path, second: Path, rules: Path | None, form: str) -> None:
    """Say how far two coders agree: FIRST and SECOND are two files, or two folders with files of the same names."""
    from foedus.agreement import agreement as compare
    from foedus.casework import paired
    from foedus.render.listings import agreement

    book = the_book(rules)
    found = compare(paired(first, second, book), book)
    if form == "json":
        click.echo(found.model_dump_json(indent=2))
    else:
        show(agreement(found), form)


def _complete_fact(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from foedus.codebook import sections

    return [name for name in sections() if name.startswith(incomplete.lower())]


@cases.command("codebook")
@click.argument("fact", required=False, shell_complete=_complete_fact)
def cases_codebook(fact: str | None) -> None:
    """Print the codebook (Markdown), or what it says of FACT, such as relation.intentions or intentions."""
    from foedus.codebook import codebook, section

    click.echo(section(fact) if fact else codebook(), nl=False)
