"""The whole path on real images: the same emoji, drawn by four vendors."""

from atarimae.demo.walk import Walk, run

__all__ = ["Walk", "run"]
