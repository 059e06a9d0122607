"""The command line. What is slow to import is imported by the command that needs it.

Exit codes: 0 an answer was given; 1 it could not be written; 2 what was given is wrong (files, names, options);
130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import click
from foedus.clicases import cases
from foedus.clishared import (
    CASE,
    FORMAT,
    RULES,
    THEORY,
    complete_rule,
    complete_state,
    patience,
    show,
    show_json,
    show_problems,
    the_book,
    the_case,
)

WRONG_INPUT = 2
NOT_WRITTEN = 1
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="foedus", prog_name="foedus", message="%(prog)s %(version)s")
def app() -> None:
    """Foedus: Walt's balance-of-threat theory as an explained, rule-based expert system.

    Describe a crisis as facts about states; Foedus fires Walt's hypotheses on them and says for each state whether they
    have it balance, bandwagon or free-ride, against whom, with whom and why.

    Begin with `foedus cases list` and `foedus consult finland_1948`.
    """


@app.command()
@CASE
@click.option(
    "--state",
    "-s",
    "states",
    multiple=True,
    metavar="STATE",
    shell_complete=complete_state,
    help="State to answer for, by identifier, name or code; may be repeated. Default: the case's focus.",
)
@RULES
@THEORY
@FORMAT
def consult(case: str, states: tuple[str, ...], rules: Path | None, theory: str, form: str) -> None:
    """Say what the rules conclude for CASE: a file, `-` for standard input, or a bundled case."""
    from foedus import api

    book = the_book(rules)
    loaded = the_case(case, book)
    with patience(loaded):
        result = api.consult(loaded, states=states, rules=book, theory=theory)
    if form == "json":
        click.echo(result.model_dump_json(indent=2, by_alias=True))
        return
    from foedus.render.layout import consultation

    show(consultation(result), form)


@app.command()
@CASE
@click.argument("state", shell_complete=complete_state)
@RULES
@THEORY
@FORMAT
def how(case: str, state: str, rules: Path | None, theory: str, form: str) -> None:
    """Prove the verdict on STATE in CASE: verdict, evidence, rules, facts, sources, as a tree."""
    from foedus import api

    book = the_book(rules)
    loaded = the_case(case, book)
    with patience(loaded):
        result = api.how(loaded, state, rules=book, theory=theory)
    if form == "json":
        click.echo(result.model_dump_json(indent=2, by_alias=True))
        return
    from foedus.render.layout import proof

    show(proof(result), form)


@app.group()
def rules() -> None:
    """Look into the rule book."""


@rules.command("list")
@RULES
@FORMAT
def rules_list(rules: Path | None, form: str) -> None:
    """List every rule, tension and statement."""
    from foedus.explain.pages import lines
    from foedus.render.listings import rule_list

    found = lines(the_book(rules))
    if form == "json":
        show_json([line.model_dump() for line in found])
    else:
        show(rule_list(found), form)


@rules.command("show")
@click.argument("rule", metavar="ID", shell_complete=complete_rule)
@RULES
@FORMAT
def rules_show(rule: str, rules: Path | None, form: str) -> None:
    """Show the page of a rule, or of all rules of a row of the theory."""
    from foedus.explain.pages import pages
    from foedus.render.listings import rule_page

    found = pages(the_book(rules), rule)
    if form == "json":
        show_json([page.model_dump() for page in found])
    else:
        show([block for page in found for block in rule_page(page)], form)


app.add_command(cases)


@app.command()
@click.argument("what", type=click.Choice(["case", "rules", "result"]))
@RULES
def schema(what: str, rules: Path | None) -> None:
    """Print the JSON Schema of case files, rule files or results."""
    if what == "case":
        from foedus.casefile import case_schema

        show_json(case_schema(the_book(rules)))
        return
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if what == "rules":
        from foedus.bookfile import BookFile

        show_json({**draft, **BookFile.model_json_schema(by_alias=True)})
    else:
        from foedus.results import Consultation

        show_json({**draft, **Consultation.model_json_schema(by_alias=True, mode="serialization")})


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
    from foedus.problems import FoedusError, InputError, shown

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
        show_problems(error.problems, "nothing was computed")
        code = WRONG_INPUT
    except FoedusError as error:
        click.echo(f"foedus: {shown(str(error))}", err=True)
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
