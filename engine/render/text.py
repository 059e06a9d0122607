"""Results in a terminal, by Rich; colour only where the terminal has it and ``NO_COLOR`` is not set.

Everything from a case is put in as text, never as markup.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from foedus.explain.proof import Node, Proof
from foedus.render import layout
from foedus.render.layout import Block, Bullets, Heading, Paragraph, Table
from foedus.results import Consultation
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text
from rich.tree import Tree as RichTree

WIDTH = 120
"""Columns where there is no terminal to ask."""
STYLES = {
    "verdict": "bold",
    "question": "bold cyan",
    "answer": "bold",
    "rule": "",
    "fact": "green",
    "absent": "yellow",
    "source": "dim",
    "number": "dim",
    "weight": "magenta",
    "defeat": "red",
    "note": "dim",
    "reference": "dim",
}


def show(blocks: Sequence[Block]) -> None:
    """Print blocks: to a terminal in its width and colours, to a pipe as plain text."""
    out = Console(highlight=False, markup=False, emoji=False)
    if out.is_terminal:
        out.print(group(blocks))
    else:
        sys.stdout.write(to_text(blocks))


def _block(block: Block) -> RenderableType:
    if isinstance(block, Heading):
        style = "bold reverse" if block.level == 1 else "bold cyan"
        return Group(Text(), Text(block.text, style=style), *([Text()] if block.level == 1 else []))
    if isinstance(block, Paragraph):
        text = Text(block.text, style="bold" if block.strong else "")
        return text if block.strong else Group(text, Text())
    if isinstance(block, Bullets):
        items = RichTable.grid(padding=(0, 1))
        items.add_column(width=1)
        items.add_column()
        for item in block.items:
            items.add_row(Text("•"), Text(item))
        return Group(Text(block.title, style="bold"), items, Text())
    if isinstance(block, Table):
        table = RichTable(header_style="dim", box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for column in block.columns:
            table.add_column(Text(column), justify="right" if column in block.right else "left", overflow="fold")
        for row in block.rows:
            table.add_row(*[Text(cell) for cell in row])
        return Group(Text(block.title, style="bold"), table, Text())
    return _tree(block.root)


def _tree(root: Node) -> RichTree:
    def label(node: Node) -> Text:
        text = Text(node.text, style=STYLES.get(node.kind, ""))
        if node.kind == "fact" and node.id:
            text.append(f"  {node.id}", style="dim")
        return text

    tree = RichTree(label(root), guide_style="dim")

    def grow(branch: RichTree, node: Node) -> None:
        for child in node.children:
            grow(branch.add(label(child)), child)

    grow(tree, root)
    return tree


def group(blocks: Sequence[Block]) -> Group:
    """Blocks as one Rich renderable."""
    return Group(*[_block(block) for block in blocks])


def consultation(result: Consultation) -> Group:
    """A consultation as a Rich renderable."""
    return group(layout.consultation(result))


def proof(result: Proof) -> Group:
    """A proof as a Rich renderable."""
    return group(layout.proof(result))


def to_text(blocks: Sequence[Block]) -> str:
    """Blocks as plain text of :data:`WIDTH` columns, without trailing spaces."""
    stream = io.StringIO()
    out = Console(
        file=stream, width=WIDTH, highlight=False, markup=False, emoji=False, no_color=True, force_terminal=False
    )
    out.print(group(blocks))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()).strip("\n") + "\n"


def plain(result: Consultation | Proof) -> str:
    """A result as plain text of :data:`WIDTH` columns."""
    return to_text(layout.consultation(result) if isinstance(result, Consultation) else layout.proof(result))
