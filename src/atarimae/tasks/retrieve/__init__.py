"""Retrieval: the images of the same thing in a gallery, or "unknown" when it is not there."""

from atarimae.tasks.retrieve.task import task

__all__ = ["task"]
