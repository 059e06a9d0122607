"""Results as Markdown; what could be read as Markdown or HTML in a name is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from foedus.explain.proof import Node
from foedus.render.layout import Block, Bullets, Heading, Paragraph, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def escape(text: str) -> str:
    """Text in which nothing is Markdown or HTML, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _table(block: Table) -> str:
    lines = [f"**{escape(block.title)}**", ""]
    lines.append("| " + " | ".join(escape(column) for column in block.columns) + " |")
    lines.append("|" + "|".join(" ---: " if column in block.right else " --- " for column in block.columns) + "|")
    lines += ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in block.rows]
    return "\n".join(lines)


def _tree(node: Node, depth: int = 0) -> list[str]:
    address = f" `{node.id}`" if node.kind == "fact" and node.id and "`" not in node.id else ""
    lines = [f"{'  ' * depth}- {escape(node.text)}{address}"]
    for child in node.children:
        lines += _tree(child, depth + 1)
    return lines


def render(blocks: Sequence[Block]) -> str:
    """Blocks as a Markdown document."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"{'#' * block.level} {escape(block.text)}")
        elif isinstance(block, Paragraph):
            parts.append(f"**{escape(block.text)}**" if block.strong else escape(block.text))
        elif isinstance(block, Table):
            parts.append(_table(block))
        elif isinstance(block, Bullets):
            parts.append("\n".join([f"**{escape(block.title)}**", "", *[f"- {escape(item)}" for item in block.items]]))
        else:
            parts.append("\n".join(_tree(block.root)))
    return "\n\n".join(parts) + "\n"
