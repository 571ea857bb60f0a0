"""The survey: what the pixels of every image say, measured in one pass and kept.

A measure is a `Measure` with a function of a `Glance`; to add one, write its file and put it in
`MEASURES`. `Surveyor.survey(data).of(measure)` gives its values, a row an image.
"""

from atarimae.survey import hashes, parts, quality
from atarimae.survey.glance import Glance
from atarimae.survey.measure import Measure
from atarimae.survey.survey import Survey, survey
from atarimae.survey.surveyor import Surveyor
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

__all__ = ["MEASURES", "Glance", "Measure", "Survey", "Surveyor", "survey", "surveyor"]

MEASURES: tuple[Measure, ...] = (hashes.PREVIEW, quality.measure, parts.measure)


def surveyor(workspace: Workspace, progress: Progress = silent) -> Surveyor:
    """What surveys that workspace, with every measure there is."""
    return Surveyor(workspace, MEASURES, progress)
