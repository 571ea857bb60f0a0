"""Zips and tars: unpacked into the workspace, or refused; nothing is written outside of it."""

import gzip
import io
import json
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from atarimae.add import add, archive, entries
from atarimae.add.archive import Limits, Unpacking
from atarimae.errors import UsageError
from atarimae.store import Store

KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")


def pack(path: Path, members: dict[str, bytes]) -> Path:
    """An archive of those files, by the suffix of its name."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in members.items():
                made.writestr(name, content)
        return path
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return path


def tar_of(path: Path, *infos: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as made:
        for info in infos:
            made.addfile(info, io.BytesIO(bytes(info.size)))
    return path


@pytest.fixture
def picture(paint) -> bytes:
    return paint("one.png").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_added_like_the_folder_in_it(ws, tmp_path, picture, kind):
    packed = pack(tmp_path / f"写真.{kind}", {"set/瓶/a.png": picture, "set/readme.txt": b"x"})
    report = add(ws, [packed])
    assert (report.added, report.ignored, report.formats) == (1, 1, {str(packed): "folder"})
    (file,) = Store(ws).data().files
    assert file.path.startswith("archives/写真-")
    assert file.path.endswith("/set/瓶/a.png")
    assert Store(ws).data().label(file) == "瓶"


def test_adding_an_archive_again_is_no_edit(ws, tmp_path, picture):
    packed = pack(tmp_path / "a.zip", {"瓶/a.png": picture})
    add(ws, [packed])
    assert add(ws, [packed], copy=True).present == 1  # what was unpacked is a copy already
    assert len(Store(ws).edits()) == 1


def test_what_is_in_an_archive_is_told_by_its_content(ws, tmp_path, picture):
    tasks = [{"data": {"image": "/data/local-files/?d=images/a.png"}, "annotations": [
        {"result": [{"type": "choices", "value": {"choices": ["瓶"]}}]}]}]  # fmt: skip
    members = {"images/a.png": picture, "tasks.json": json.dumps(tasks).encode()}
    report = add(ws, [pack(tmp_path / "a.zip", members)])
    assert list(report.formats.values()) == ["labelstudio"]
    data = Store(ws).data()
    assert data.label(data.files[0]) == "瓶"


def test_labels_in_an_archive_do_not_reach_outside(ws, tmp_path, picture, paint):
    outside = paint("secret.png", 7)
    table = f"file,label\na.png,瓶\n{outside},箱\n../../../secret.png,箱\n"
    members = {"a.png": picture, "metadata.csv": table.replace("file,", "file_name,").encode()}
    report = add(ws, [pack(tmp_path / "a.zip", members)])
    assert report.added == 1
    assert {r.found for r in report.refused} == {"It lies outside of its archive."}


@pytest.mark.parametrize("name", ["pictures", "../outside/pictures", "/"])
def test_settings_in_an_archive_do_not_lead_outside(ws, tmp_path, picture, paint, name):
    paint("outside/pictures/secret.png", 7)
    settings = f"path: {tmp_path}/outside\ntrain: {name}\nnames: [瓶]\n"
    with pytest.raises(UsageError, match="names a place that is not there"):
        add(ws, [pack(tmp_path / "a.zip", {"a.png": picture, "data.yaml": settings.encode()})])


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_are_refused_together_and_nothing_is_written(
    ws, tmp_path, picture, kind
):
    names = ["../a.png", "x/../../a.png", "/etc/a.png", "C:/a.png", "x/" + "y" * 300 + ".png"]
    packed = pack(tmp_path / f"a.{kind}", dict.fromkeys([*names, "ok/a.png"], picture))
    with pytest.raises(UsageError) as error:
        add(ws, [packed])
    said = str(error.value)
    assert "is refused: 5 of its members" in said
    assert all(f"'{name}': Its name" in said for name in names)
    assert list(ws.archives.iterdir()) == []
    assert not (tmp_path / "a.png").exists()


def test_backslashes_in_a_zip_are_folders_and_lead_out_just_as_little(ws, tmp_path, picture):
    with pytest.raises(UsageError, match="leads out"):
        add(ws, [pack(tmp_path / "a.zip", {"..\\a.png": picture})])
    add(ws, [pack(tmp_path / "b.zip", {"瓶\\a.png": picture})])
    data = Store(ws).data()
    assert data.label(data.files[0]) == "瓶"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
def test_links_and_devices_in_a_tar_are_refused(ws, tmp_path, kind):
    info = tarfile.TarInfo("瓶/a.png")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(UsageError, match=r"'瓶/a\.png': It is a link or a device"):
        add(ws, [tar_of(tmp_path / "a.tar", info)])
    assert list(ws.archives.iterdir()) == []


def test_links_in_a_zip_are_refused(ws, tmp_path):
    info = zipfile.ZipInfo("a.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(info, "/etc/passwd")
    with pytest.raises(UsageError, match="a link or a device"):
        add(ws, [tmp_path / "a.zip"])


def test_a_file_cannot_go_through_a_link_that_came_before(ws, tmp_path):
    link, file = tarfile.TarInfo("x"), tarfile.TarInfo("x/a.png")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    with pytest.raises(UsageError, match="a link or a device"):
        add(ws, [tar_of(tmp_path / "a.tar", link, file)])
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_bombs_are_refused(tmp_path, kind):
    packed = pack(tmp_path / f"a.{kind}", {"a.bmp": bytes(3_000_000)})
    limits = Limits(free=1_000_000, ratio=2 if kind == "tar" else 20)
    limits = Limits(bytes=2_000_000) if kind == "tar" else limits
    with pytest.raises(UsageError, match=r"It holds more than [\d,]+ bytes, packed into"):
        Unpacking(tmp_path / "in", limits).unpack(packed)
    assert list((tmp_path / "in").iterdir()) == []


def test_a_zip_that_lies_about_its_sizes_is_counted_as_it_comes(tmp_path):
    packed = pack(tmp_path / "a.zip", {"a.bmp": bytes(3_000_000)})
    content = packed.read_bytes().replace((3_000_000).to_bytes(4, "little"), b"\x10\0\0\0")
    packed.write_bytes(content)
    with pytest.raises(UsageError):
        Unpacking(tmp_path / "in", Limits(free=1_000_000, ratio=1)).unpack(packed)
    assert list((tmp_path / "in").iterdir()) == []


def test_too_many_members_are_refused(tmp_path):
    packed = pack(tmp_path / "a.tar", {f"{n}.png": b"" for n in range(20)})
    with pytest.raises(UsageError, match="more than 10 members"):
        Unpacking(tmp_path / "in", Limits(members=10)).unpack(packed)


def test_a_name_of_gigabytes_is_not_read_into_memory(ws, tmp_path):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(UsageError, match="a header of 8,589,934,592 bytes"):
        add(ws, [tmp_path / "a.tar"])


def test_limits_leave_room_for_archives_that_shrink_well():
    limits = Limits()
    assert limits.allowed(1_000) == 1 << 30
    assert limits.allowed(10**9) == 200 * 10**9
    assert limits.allowed(10**11) == 1 << 40


@pytest.mark.parametrize("name", ["表/能.png", "ソ/十.png", "写真/い.png"])
def test_names_of_japanese_windows_are_read(ws, tmp_path, picture, name):
    """Shift-JIS, whose second bytes may be a backslash, and no flag that says so."""
    raw = name.encode("cp932")
    packed = pack(tmp_path / "a.zip", {"#" * len(raw): picture})
    packed.write_bytes(packed.read_bytes().replace(b"#" * len(raw), raw))
    add(ws, [packed])
    data = Store(ws).data()
    assert data.files[0].path.endswith(f"/{name}")
    assert data.label(data.files[0]) == name.partition("/")[0]


def test_names_of_japanese_windows_in_a_tar(ws, tmp_path, picture):
    with tarfile.open(tmp_path / "a.tar", "w", encoding="cp932", format=tarfile.GNU_FORMAT) as made:
        info = tarfile.TarInfo("表/能.png")
        info.size = len(picture)
        made.addfile(info, io.BytesIO(picture))
    add(ws, [tmp_path / "a.tar"])
    data = Store(ws).data()
    assert data.label(data.files[0]) == "表"


def test_two_files_of_one_name_are_refused(ws, tmp_path, picture):
    packed = pack(tmp_path / "a.zip", {"a.png": picture, "b.png": b"", "a.png/c.png": picture})
    packed.write_bytes(packed.read_bytes().replace(b"b.png", b"a.png"))
    with pytest.raises(UsageError, match=r"2 of its members[\s\S]*Another member has its place"):
        add(ws, [tmp_path / "a.zip"])


@pytest.mark.parametrize("kind", KINDS)
def test_broken_archives_are_told(ws, tmp_path, picture, kind):
    packed = pack(tmp_path / f"a.{kind}", {"a.png": picture * 20})
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(UsageError, match="can't be unpacked"):
        add(ws, [packed])
    packed.write_bytes(b"no archive at all")
    with pytest.raises(UsageError, match="can't be unpacked"):
        add(ws, [packed])
    assert list(ws.archives.iterdir()) == []


def test_an_encrypted_zip_is_refused(ws, tmp_path, picture):
    packed = pack(tmp_path / "a.zip", {"a.png": picture})
    content = bytearray(packed.read_bytes())
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(magic) + at] |= 1
    packed.write_bytes(content)
    with pytest.raises(UsageError, match="It is encrypted"):
        add(ws, [packed])


def test_bad_labels_leave_nothing_unpacked(ws, tmp_path, picture):
    members = {"a.png": picture, "data.yaml": b"names: [x]", "a.txt": b"7 1 1 1 1"}
    with pytest.raises(UsageError, match="1 bad row"):
        add(ws, [pack(tmp_path / "a.zip", members)])
    assert list(ws.archives.iterdir()) == []


def test_without_a_workspace_an_archive_is_to_be_unpacked_first(tmp_path, picture):
    with pytest.raises(UsageError, match="Unpack it first"):
        entries(pack(tmp_path / "a.zip", {"a.png": picture}))


def test_a_gzip_in_a_gzip_is_no_tar(ws, tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(gzip.compress(bytes(1_000))))
    with pytest.raises(UsageError, match="can't be unpacked"):
        add(ws, [tmp_path / "a.tar.gz"])


def test_what_an_archive_is_is_told_by_its_name():
    assert all(archive.is_archive(Path(f"a b.{kind}")) for kind in (*KINDS, "TGZ", "Zip"))
    assert not archive.is_archive(Path("a.tar.json"))
