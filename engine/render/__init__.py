"""Renderings: the same blocks as text, Markdown and HTML."""
