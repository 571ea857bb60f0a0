"""A mapping in parts behaves as the dict that it stands for."""

from hypothesis import given
from hypothesis import strategies as st

from atarimae.look.parted import Parted, parted

KEYS = st.text("0123456789abcdef", min_size=1, max_size=4)
VALUES = st.dictionaries(KEYS, st.integers(1, 9))
CHANGES = st.dictionaries(KEYS, st.none() | st.integers(0, 9))


@given(VALUES, CHANGES)
def test_a_changed_copy_has_what_a_changed_dict_has_and_the_older_one_stays(values, changes):
    older = Parted(values)
    newer = older.changed(changes)
    expected = {key: value for key, value in (values | changes).items() if value}
    assert newer == expected
    assert older == values
    assert len(newer) == len(expected)
    assert sorted(newer) == sorted(expected)
    for key in (*values, *changes):
        assert newer.get(key) == expected.get(key)
        assert newer.get(key, "-") == expected.get(key, "-")
        assert (key in newer) == (key in expected)


def test_a_copy_shares_what_is_not_changed():
    one, other = ["久保田"], ["獺祭"]
    older = Parted({"aa": one, "bb": other})
    newer = older.changed({"aa": ["新酒 🍶"]})
    assert newer["bb"] is other
    assert parted(newer) is newer
    assert parted({"aa": one})["aa"] is one
