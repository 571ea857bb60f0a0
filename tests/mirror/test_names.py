"""Every name that a loop can log has a form that MLflow takes, and no two share one."""

import pytest
from mlflow.utils.validation import path_not_unique, validate_param_and_metric_name

from atarimae.mirror.names import allowed

NAMES = [
    "loss", "mrr@20", "mrr_at_20", "mrr#at_20", "損失", "🍶", "🍺", "a b", "a:b", "loss/train",
    "..", "../x", "./x", "/a", "a//b", "a/", ".", "", "a%b", "map@r", "x" * 300, "x" * 301,
    "タ/ブ", "a\nb",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_form_is_one_that_mlflow_takes(name: str) -> None:
    form = allowed([name])[name]
    assert form
    assert validate_param_and_metric_name(form)
    assert not path_not_unique(form)
    assert len(form) <= 250


def test_no_two_names_share_a_form() -> None:
    forms = allowed(NAMES)
    assert len(forms) == len(set(forms.values())) == len(NAMES)


@pytest.mark.parametrize("name", ["loss", "損失", "a b", "a:b", "loss/train", "a.b"])
def test_name_that_mlflow_takes_stays(name: str) -> None:
    assert allowed([name]) == {name: name}


def test_form_stays_when_names_are_added() -> None:
    assert allowed(NAMES[:4]).items() <= allowed(NAMES).items()
