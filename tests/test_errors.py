"""Every error says what happened, what was found, and how to fix it."""

import pickle

import pytest

from atarimae.errors import AtarimaeError, UsageError, unknown_name


def test_error_reads_as_its_three_parts() -> None:
    error = AtarimaeError("No split 'vla'.", "It has train and val.", "Did you mean 'val'?")
    assert str(error) == "No split 'vla'. It has train and val. Did you mean 'val'?"
    assert error.as_dict() == {
        "what": "No split 'vla'.",
        "found": "It has train and val.",
        "fix": "Did you mean 'val'?",
    }


def test_parts_that_are_empty_leave_no_gap() -> None:
    assert str(AtarimaeError("Stopped by Ctrl-C.")) == "Stopped by Ctrl-C."


def test_refusal_exits_with_one_and_wrong_usage_with_two() -> None:
    assert (AtarimaeError("a").exit_code, UsageError("a").exit_code) == (1, 2)


def test_error_comes_whole_out_of_another_process() -> None:
    error = pickle.loads(pickle.dumps(UsageError("写真", "b", "c")))
    assert (type(error), error.as_dict()) == (
        UsageError,
        {"what": "写真", "found": "b", "fix": "c"},
    )


@pytest.mark.parametrize(
    ("written", "known", "found", "fix"),
    [
        ("vla", ["val", "train"], "There is train, val.", "Did you mean 'val'?"),
        ("zzz", ["val", "train"], "There is train, val.", "Use one of these."),
        ("val", [], "There is no split yet.", ""),
        ("絵", [f"n{i:02}" for i in range(14)],
         "There is n00, n01, n02, n03, n04, n05, n06, n07, n08, n09, n10, n11 and 2 more.",
         "Use one of these."),
    ],
)  # fmt: skip
def test_unknown_name_lists_what_there_is_and_names_the_nearest(
    written: str, known: list[str], found: str, fix: str
) -> None:
    error = unknown_name("split", written, known)
    assert error.as_dict() == {"what": f"No split '{written}'.", "found": found, "fix": fix}
