"""What several checks ask for, read once."""

from embedded import embedded
from maker import Maker

from atarimae import runlog
from atarimae.look.checks import Beside, beside
from atarimae.store import Store


def pictures(maker: Maker) -> None:
    for number in range(4):
        maker.picture(f"{number}.png", (40 * number, 9, 9), "猫")
    maker.record()


def test_what_a_run_embedded_is_read_once_for_all_checks_and_for_parts_of_the_data(
    maker: Maker,
) -> None:
    pictures(maker)
    embedded(maker)
    known, data = beside(maker.workspace, Store(maker.workspace)), maker.data

    whole, rows = known.embedded(data)
    part, some = known.embedded(data, lambda file: file.path > "1.png")

    assert known.embedded(data)[1] is rows
    assert [file.path for file in whole.files] == ["0.png", "1.png", "2.png", "3.png"]
    assert [file.path for file in part.files] == ["2.png", "3.png"]
    assert [row.tolist() for row in some] == [row.tolist() for row in rows][2:]
    assert Beside().embedded(data)[1] == []


def test_data_as_a_run_had_it_is_read_once_where_it_has_changed_since(maker: Maker) -> None:
    pictures(maker)
    run, fresh = runlog.find(maker.workspace, embedded(maker)), maker.data
    known = beside(maker.workspace, Store(maker.workspace))
    assert known.then(fresh, maker.workspace, run) is fresh

    Store(maker.workspace).label({fresh.files[0].image: ["犬"]})
    data = maker.data
    then = known.then(data, maker.workspace, run)

    assert (data.label(data.files[0]), then.label(then.files[0])) == ("犬", "猫")
    assert known.then(data, maker.workspace, run) is then
