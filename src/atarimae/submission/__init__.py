"""A competition's file, in the format of its sample_submission.csv."""

from atarimae.submission.after_fit import after_fit, told
from atarimae.submission.settings import Settings
from atarimae.submission.submit import Submission, of_bundle, of_run

__all__ = ["Settings", "Submission", "after_fit", "of_bundle", "of_run", "told"]
