"""A bundle behind HTTP, with metrics, without PyTorch."""

from atarimae.serve.app import create_app
from atarimae.serve.limits import Limits
from atarimae.serve.run import run

__all__ = ["Limits", "create_app", "run"]
