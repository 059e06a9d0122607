"""A commented case file to begin with, made from the vocabulary of the rule book."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from foedus.book import RuleBook
from foedus.terms import Attribute, Table

NAMES = {"ours": "Our State", "theirs": "Their State", "third": "Third State", "the_war": "the war"}
"""The states of the skeleton, and a war."""

WIDTH = 118
"""Columns of a comment."""

HEAD = """\
# A case for Foedus. Every fact below is `unknown`: put one of the values in the comment above it, or leave it.
# Unknown is neither low nor none. Code what the leaders of each state believed before they chose.
# What each value means, with examples: foedus cases codebook FACT. Check the file: foedus cases check FILE.
# A fact may say more than its value; all parts but the value may be left out:
#   intentions: {value: aggressive, source: s1, confidence: moderate, other_reading: ambiguous, note: "Why."}
#   relative_power: {number: 0.4, measure: capability_ratio, source: s1}
foedus: 1
title: A title
kind: hypothetical            # or historical
date: "2030"                  # the moment of the choice
summary: >-
  Two or three neutral sentences on the situation before the choice.
sources:
  s1: {title: "Who says so, and where", reliability: B2}
  gk: {title: "general knowledge, unverified"}
default_source: gk            # of every fact that names no other
"""

TAIL = """\
focus: [ours]                 # the states whose verdict is wanted
# Of a war that is being fought (then situation.phase is crisis):
# wars:
#   - id: the_war
#     name: the war
{war}
#     sides: {{east: [theirs], west: [third]}}   # who is not listed stands outside and may join
# What happened, for historical cases; no rule sees it:
# observed:
#   - state: ours
#     posture: balance          # balance, bandwagon, free-ride or none
#     other_reading: none       # what other classifiers call it; may be left out
#     toward: [theirs]
#     with: [third]
#     what: What the state did, in a sentence.
#     classified_by: {{who: "who calls it so", source: s1}}
#     confidence: moderate      # low, moderate, high
#     motive: {motive}         # {motives}
#     family: threat            # what it is said to turn on: threat, ideology, aid, leverage, penetration
"""


def _values(attribute: Attribute) -> str:
    if attribute.side:
        return ", ".join(("a side of the war", *attribute.values))
    return (" < " if attribute.ordered else ", ").join(attribute.values)


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ")


def _facts(table: Table, keys: Mapping[str, str], indent: str, only: Iterable[str] = ()) -> list[str]:
    """Two lines for each fact of a table: its question with the legal values, and the fact."""
    wanted = list(only)
    lines: list[str] = []
    for attribute in table.attributes.values():
        if wanted and attribute.name not in wanted:
            continue
        question = attribute.ask
        for name, subject in keys.items():
            question = question.replace("{" + name + "}", NAMES[subject])
        lines += _comment(f"{question} {_values(attribute)}", indent)
        lines.append(f"{indent}{attribute.name}: unknown")
    return lines


def skeleton(book: RuleBook) -> str:
    """A case file in which every fact of the vocabulary stands once for each kind of subject, unknown."""
    tables = book.tables
    states = [name for name in NAMES if name != "the_war"]
    lines = ["situation:", *_facts(tables["situation"], {}, "  "), "states:"]
    for state in states:
        lines += [f"  {state}:", f'    name: "{NAMES[state]}"', '    # codes: {cow: "2", iso: USA}']
        lines += _facts(tables["state"], {"state": state}, "    ")
    lines.append("relations:                    # how `state` sees `other`; one direction of a linked fact is enough")
    for state, other in (("ours", "theirs"), ("theirs", "ours"), ("ours", "third"), ("third", "theirs")):
        keys = {"state": state, "other": other}
        back = (state, other) == ("theirs", "ours")
        once = [a.name for a in tables["relation"].attributes.values() if not (back and a.linked)]
        lines += [f"  - state: {state}", f"    other: {other}", *_facts(tables["relation"], keys, "    ", once)]
    lines.append("allies:                       # whom `state` expects to help it; who is not listed gives no support")
    lines += ["  - state: ours", "    against: theirs"]
    keys = {"state": "ours", "against": "theirs"}
    lines += _facts(tables["coalition"], keys, "    ", [n for n in tables["coalition"].attributes if n != "complete"])
    support = tables["support"].attributes["support"]
    question = support.ask
    for name, subject in {**keys, "ally": "third"}.items():
        question = question.replace("{" + name + "}", NAMES[subject])
    lines += [*_comment(f"{question} {_values(support)}", "    "), "    support: {third: unknown}", "links:"]
    for table, first, second in (("aid", "donor", "recipient"), ("penetration", "penetrator", "target")):
        keys = {first: "third" if table == "aid" else "theirs", second: "ours"}
        lines.append(f"  {table}:")
        lines += [f"    - {first}: {keys[first]}", f"      {second}: ours", *_facts(tables[table], keys, "      ")]
    lines.append("  complete: []                # aid, penetration: where the links listed are all there are")
    war = [f"#     {line.strip()}" for line in _facts(tables["war"], {"war": "the_war"}, "")]
    motives = list(tables["motive"].words) if "motive" in tables else []
    tail = TAIL.format(war="\n".join(war), motive=next(iter(motives), ""), motives=", ".join(motives))
    return HEAD + "\n".join(lines) + "\n" + tail
