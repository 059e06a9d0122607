"""Results as an HTML fragment for notebooks: everything escaped, no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from foedus.explain.proof import Node, Proof
from foedus.render import layout
from foedus.render.layout import Block, Bullets, Heading, Paragraph, Table
from foedus.results import Consultation


def _tree(node: Node) -> str:
    address = f" <code>{escape(node.id)}</code>" if node.kind == "fact" and node.id else ""
    text = escape(node.text) + address
    if not node.children:
        return f"<li>{text}</li>"
    below = "".join(_tree(child) for child in node.children)
    opened = " open" if node.kind in ("verdict", "question", "answer") else ""
    return f"<li><details{opened}><summary>{text}</summary><ul>{below}</ul></details></li>"


def render(blocks: Sequence[Block]) -> str:
    """Blocks as an HTML fragment."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"<h{block.level + 1}>{escape(block.text)}</h{block.level + 1}>")
        elif isinstance(block, Paragraph):
            text = escape(block.text)
            parts.append(f"<p><strong>{text}</strong></p>" if block.strong else f"<p>{text}</p>")
        elif isinstance(block, Bullets):
            items = "".join(f"<li>{escape(item)}</li>" for item in block.items)
            parts.append(f"<p><strong>{escape(block.title)}</strong></p><ul>{items}</ul>")
        elif isinstance(block, Table):
            head = "".join(f'<th scope="col">{escape(column)}</th>' for column in block.columns)
            rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
            parts.append(
                f"<table><caption>{escape(block.title)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            )
        else:
            parts.append(f"<ul>{_tree(block.root)}</ul>")
    return '<div class="foedus">' + "".join(parts) + "</div>"


def consultation(result: Consultation) -> str:
    """A consultation as an HTML fragment."""
    return render(layout.consultation(result))


def proof(result: Proof) -> str:
    """A proof as an HTML fragment."""
    return render(layout.proof(result))
