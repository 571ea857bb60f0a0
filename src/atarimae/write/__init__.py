"""Draft an article or a solution write-up from the log."""

from atarimae.write.article import draft

__all__ = ["draft"]
