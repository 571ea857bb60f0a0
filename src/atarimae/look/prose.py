"""Texts that people write, as HTML: paragraphs, lists, *emphasis* and `code` of Markdown.

Nothing else of Markdown is known: no HTML, no links, no pictures. All that is written is escaped.
"""

from markdown_it import MarkdownIt
from markupsafe import Markup

_RULES = ("list", "emphasis", "backticks", "newline", "escape")
_parser = MarkdownIt("zero", {"html": False, "breaks": True}).enable(list(_RULES))


def prose(text: str) -> Markup:
    """The text as HTML. Each line of a paragraph stays a line."""
    return Markup(_parser.render(text))
