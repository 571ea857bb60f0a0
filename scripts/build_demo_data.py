"""Build the demo archive: the same emoji drawn by four vendors.

What makes two drawings one class, in this order:

1. The Unicode code points a set gives for an icon (`chars.json`), without the
   variation selector FE0F. Hidden icons are outdated drawings and are left out.
2. An icon without code points (all of emojione; a mirrored alias in fluent) takes
   those of its name in the sets that have them: first its own name among their
   icons, then among their aliases, then its aliases in the same way. A name that
   still means two things stays unmatched, unless `BY_HAND` says what it is.
3. Two classes that one vendor draws with exactly the same pixels become one, as
   nobody could tell them apart; `WRONG` lists drawings that are a vendor's slip.

A class goes in when `CLASS_VENDORS` vendors draw it. Drawings that have no
counterpart become queries without a match: those of at most `QUERY_VENDORS`
vendors, one drawing each, but for `LOOKALIKES`. Only a dozen emoji are one vendor's alone; most
of the rest are country flags, which noto and fluent lack and both others draw.
The file is long for the tables that pin the sets and for a licence's text.

Needs npm, and from pip: pillow, resvg-py.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import Pool
from pathlib import Path
from typing import IO, Any

import resvg_py
from PIL import Image, ImageDraw

SIZE = 128
COLOURS = 128
CLASS_VENDORS = 3
QUERY_VENDORS = 2
MOST_BYTES = 12_000_000
TONES = {"1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"}
ZWJ, KEYCAP = "200d", "20e3"


@dataclass(frozen=True)
class IconSet:
    """One vendor's drawings as npm has them; the integrity pins the bytes."""

    vendor: str
    package: str
    integrity: str
    title: str
    author: str
    licence: str
    project: str


SETS = (
    IconSet(
        *("noto", "@iconify-json/noto@1.2.9"),
        "DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==",
        *("Noto Emoji", "Google Inc", "Apache-2.0"),
        "https://github.com/googlefonts/noto-emoji",
    ),
    IconSet(
        *("twemoji", "@iconify-json/twemoji@1.2.5"),
        "uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==",
        *("Twitter Emoji (Twemoji)", "Twitter, Inc and other contributors", "CC-BY-4.0"),
        "https://github.com/jdecked/twemoji",
    ),
    IconSet(
        *("fluent", "@iconify-json/fluent-emoji-flat@1.2.6"),
        "RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==",
        *("Fluent Emoji Flat", "Microsoft Corporation", "MIT"),
        "https://github.com/microsoft/fluentui-emoji",
    ),
    IconSet(
        *("emojione", "@iconify-json/emojione@1.2.3"),
        "T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY70YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==",
        *("Emoji One (Colored) 2.3.0", "Emoji One", "CC-BY-4.0"),
        "https://github.com/EmojiTwo/emojitwo",
    ),
)
LICENCE_URLS = {
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "MIT": "https://github.com/microsoft/fluentui-emoji/blob/main/LICENSE",
}

# Names whose meaning moved between Unicode versions, decided by looking at the drawing.
BY_HAND = {
    ("emojione", "blond-haired-person"): "1f471",
    ("emojione", "man-in-suit-levitating"): "1f574",
    ("emojione", "dizzy-face"): "1f635",
    ("emojione", "flag-for-cocos-islands"): "1f1e8-1f1e8",
}

# Drawings that show something else than their code points say.
WRONG = {
    ("fluent", "cat-face"): "the same picture as grinning-cat",
    ("fluent", "white-square-button"): "the same picture as black-medium-square",
}

# Classes of few vendors that are no honest "no match", with the reason.
KEYCAPS = "zero one two three four five six seven eight nine"  # digit-zero …, drawn by emojione
LOOKALIKES = dict.fromkeys(
    [f"name:digit-{d}" for d in KEYCAPS.split(" ")] + ["name:asterisk", "name:pound-symbol"],
    "all vendors draw the same sign as a keycap",
) | {
    "1f574-200d-2642": "person in suit levitating is a man with all vendors",
    "1f574-200d-2640": "only the sex differs from person in suit levitating",
    "1facc": "may pass for the butterfly of all vendors",
    "1fa8b": "may pass for the comet of all vendors",
    "1fadd": "looks like the cucumber of twemoji and fluent",
    "1f9d1-200d-1f9d2": "nearly the family class",
    "1f9d1-200d-1f9d2-200d-1f9d2": "nearly the family class",
    "1f469-200d-2764-200d-1f468": "nearly couple with heart",
    "1f469-200d-2764-200d-1f48b-200d-1f468": "nearly kiss",
    "1f9d1-200d-1f91d-200d-1f9d1": "nearly woman and man holding hands",
}

MIT = """\
Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy of this
software and associated documentation files (the "Software"), to deal in the Software
without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies
or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A
PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE
OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True)
class Package:
    """A set without its hidden icons; names are those that have code points."""

    vendor: str
    icons: dict[str, Any]
    aliases: dict[str, Any]
    names: dict[str, str]  # icon or alias name -> class key
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """One rendered icon."""

    vendor: str
    name: str
    key: str
    png: bytes

    @property
    def file(self) -> str:
        """The path inside the archive."""
        return f"{self.vendor}/{self.key}.webp"


@dataclass(frozen=True)
class Row:
    """One line of labels.csv; key is that of its class."""

    drawing: Drawing
    key: str
    label: str
    split: str
    role: str


def build(out: Path, contact_sheet: Path | None) -> None:
    """Make the archive at `out` and print what is in it."""
    with tempfile.TemporaryDirectory() as folder:
        packages = [fetch(icon_set, Path(folder)) for icon_set in SETS]
    drawings = render(match(packages))
    rows = sorted(choose(join(drawings)), key=lambda row: row.drawing.file)
    write(out, rows)
    if contact_sheet:
        draw_contact_sheet(contact_sheet, [row for row in rows if row.role == "query"])
    print(json.dumps(counts(rows) | {"bytes": out.stat().st_size}, indent=2))


def fetch(icon_set: IconSet, folder: Path) -> Package:
    """The package from npm; another integrity than the pinned one is an error."""
    command = ["npm", "pack", icon_set.package, "--json", "--pack-destination", str(folder)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    # npm 12 answers with a mapping by package, older ones with a list
    packed = next(iter(answer.values())) if isinstance(answer, dict) else answer[0]
    tarball = folder / packed["filename"]
    found = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if found != icon_set.integrity:
        raise SystemExit(f"{icon_set.package}: sha512 {found}, expected {icon_set.integrity}.")
    with tarfile.open(tarball) as tar:
        icons, chars = (json.load(member(tar, name)) for name in ("icons", "chars"))
    names = {name: class_key(code.split("-")) for code, name in chars.items()}
    shown = {n: icon for n, icon in icons["icons"].items() if not icon.get("hidden")}
    aliases = icons.get("aliases", {})
    return Package(icon_set.vendor, shown, aliases, names, icons["width"], icons["height"])


def member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """One JSON file of an npm package."""
    file = tar.extractfile(f"package/{name}.json")
    assert file is not None
    return file


def class_key(points: Iterable[str]) -> str:
    """Code points as lower-case hex, joined by hyphens, without FE0F."""
    return "-".join(f"{int(point, 16):x}" for point in points if point.lower() != "fe0f")


def match(packages: list[Package]) -> Iterator[tuple[str, str, str, str]]:
    """Vendor, name, class key and SVG of each icon without a skin tone."""
    by_name, by_alias = known_names(packages)
    for package in packages:
        own_aliases = defaultdict(list)
        for alias, entry in package.aliases.items():
            own_aliases[entry["parent"]].append(alias)
        mirrored = [name for name, entry in package.aliases.items() if "hFlip" in entry]
        for name in [*package.icons, *mirrored]:
            if re.search(r"-tone\d?\b|-(dark|light|medium)$", name):
                continue
            key = package.names.get(name) or BY_HAND.get((package.vendor, name))
            key = key or key_of_name([name, *own_aliases[name]], by_name, by_alias)
            key = key or f"name:{plain(name)}"
            if not TONES & set(key.split("-")) and (package.vendor, name) not in WRONG:
                yield package.vendor, name, key, svg(package, name)


def known_names(packages: list[Package]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Class keys by icon name and by alias, over the sets that have code points."""
    by_name, by_alias = defaultdict(set), defaultdict(set)
    for package in packages:
        for name, key in package.names.items():
            by_name[plain(name)].add(key)
        for alias, entry in package.aliases.items():
            if entry["parent"] in package.names and "hFlip" not in entry:
                by_alias[plain(alias)].add(package.names[entry["parent"]])
    return by_name, by_alias


def plain(name: str) -> str:
    """A flag has three names: flag-for-flag-japan, flag-for-japan and flag-japan."""
    return re.sub(r"^flag-for-(flag-)?", "flag-", name)


def key_of_name(
    names: list[str], by_name: dict[str, set[str]], by_alias: dict[str, set[str]]
) -> str | None:
    """The one class key these names, the icon's own first, stand for elsewhere."""
    for some in (names[:1], names[1:]):
        for known in (by_name, by_alias):
            keys = set().union(*(known.get(plain(name), set()) for name in some))
            if keys:
                return keys.pop() if len(keys) == 1 else None
    return None


def svg(package: Package, name: str) -> str:
    """A square SVG with the icon in the middle, mirrored where the alias says so."""
    alias = package.aliases.get(name, {})
    icon = package.icons[alias.get("parent", name)]
    width, height = icon.get("width", package.width), icon.get("height", package.height)
    body, side = icon["body"], max(width, height)
    if alias.get("hFlip"):
        body = f'<g transform="translate({width} 0) scale(-1 1)">{body}</g>'
    box = f"{(width - side) / 2} {(height - side) / 2} {side} {side}"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="{box}" width="{SIZE}" height="{SIZE}">{body}</svg>'
    )


def render(icons: Iterable[tuple[str, str, str, str]]) -> list[Drawing]:
    """All drawings, on all cores."""
    with Pool() as pool:
        return pool.starmap(rasterise, icons, chunksize=64)


def rasterise(vendor: str, name: str, key: str, source: str) -> Drawing:
    """SIZE x SIZE pixels on white; fonts are skipped, as they differ between machines."""
    png = resvg_py.svg_to_bytes(
        svg_string=source, background="#ffffff", width=SIZE, height=SIZE, skip_system_fonts=True
    )
    return Drawing(vendor, name, key, png)


def join(drawings: list[Drawing]) -> list[list[Drawing]]:
    """Classes: drawings of one key, and keys a vendor draws with the same pixels."""
    parent = {drawing.key: drawing.key for drawing in drawings}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    first: dict[tuple[str, bytes], Drawing] = {}
    for drawing in sorted(drawings, key=lambda d: (d.key, d.vendor, d.name), reverse=True):
        twin = first.setdefault((drawing.vendor, drawing.png), drawing)
        low, high = sorted((root(drawing.key), root(twin.key)), key=lambda k: (len(k), k))
        parent[high] = low
    classes: defaultdict[str, dict[str, Drawing]] = defaultdict(dict)
    for drawing in first.values():
        classes[root(drawing.key)].setdefault(drawing.file, drawing)
    return [list(files.values()) for _, files in sorted(classes.items())]


def choose(classes: list[list[Drawing]]) -> Iterator[Row]:
    """The rows of classes enough vendors draw, and of drawings without a match."""
    for drawings in classes:
        key = class_key_of(drawings)
        vendors = {drawing.vendor for drawing in drawings}
        if len(vendors) >= CLASS_VENDORS:
            split = split_of(key, (("train", 50), ("val", 20), ("test", 30)))
            for drawing in drawings:
                yield Row(drawing, key, label(key, drawings), split, "both")
        elif len(vendors) <= QUERY_VENDORS and key not in LOOKALIKES:
            split = split_of(key, (("val", 40), ("test", 60)))
            # by hash, so that no vendor is favoured where there are several
            yield Row(min(drawings, key=lambda d: digest(d.file.encode())), key, "", split, "query")


def class_key_of(drawings: list[Drawing]) -> str:
    """The shortest key, and of these the last: the gender-neutral person is after man and woman."""
    shortest = min(len(drawing.key) for drawing in drawings)
    return max(drawing.key for drawing in drawings if len(drawing.key) == shortest)


def digest(content: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(content).hexdigest()


def split_of(key: str, shares: tuple[tuple[str, int], ...]) -> str:
    """The split a class belongs to; shares are in percent and add up to 100."""
    place = int(digest(key.encode()), 16) % 100
    for name, share in shares:
        if place < share:
            return name
        place -= share
    raise AssertionError(f"shares do not add up to 100: {shares}")


def label(key: str, drawings: list[Drawing]) -> str:
    """Like "😀 grinning face"; the name is that of the first vendor in `SETS` that has one."""
    order = [icon_set.vendor for icon_set in SETS]
    named = min((d for d in drawings if d.key == key), key=lambda d: order.index(d.vendor))
    return f"{emoji(key)} {named.name.replace('-', ' ')}"


def emoji(key: str) -> str:
    """Text for a class key, with FE0F where the plain character may show as text."""
    text = ""
    for point in key.split("-"):
        symbol = int(point, 16) < 0x10000 and point not in (ZWJ, KEYCAP)
        text += chr(int(point, 16)) + ("\ufe0f" if symbol else "")
    return text


def write(out: Path, rows: list[Row]) -> None:
    """The archive; stored and with one fixed time, so that it is the same on every build."""
    with Pool() as pool:
        images = pool.map(webp, [row.drawing.png for row in rows], chunksize=64)
    files = {row.drawing.file: image for row, image in zip(rows, images, strict=True)}
    texts = {"labels.csv": labels(rows), "manifest.json": manifest(rows, files)}
    texts["LICENSES.md"] = licences()
    files |= {name: text.encode() for name, text in texts.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, content)
    size = buffer.tell()
    if size > MOST_BYTES:
        raise SystemExit(f"{out} would have {size} bytes, at most {MOST_BYTES}; lower COLOURS.")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(buffer.getvalue())


def webp(png: bytes) -> bytes:
    """Lossless WebP of at most COLOURS colours: flat drawings come smaller than as lossy."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if len(image.getcolors(SIZE * SIZE) or ()) > COLOURS:
        image = image.quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True, quality=100, method=4, exact=True)
    return buffer.getvalue()


def labels(rows: list[Row]) -> str:
    """The text of labels.csv."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(("file", "label", "split", "role", "group", "source"))
    for row in rows:
        table.writerow((row.drawing.file, row.label, row.split, row.role, "", row.drawing.vendor))
    return buffer.getvalue()


def manifest(rows: list[Row], files: dict[str, bytes]) -> str:
    """The text of manifest.json."""
    packages = [{"package": s.package, "integrity": f"sha512-{s.integrity}"} for s in SETS]
    settings: dict[str, Any] = {"size": SIZE, "background": "#ffffff", "colours": COLOURS}
    settings |= {"class_vendors": CLASS_VENDORS, "query_vendors": QUERY_VENDORS}
    settings |= {name: version(name) for name in ("resvg-py", "pillow")}
    hashes = {
        row.drawing.file: {"sha256": digest(files[row.drawing.file]), "class": row.key}
        for row in rows
    }
    facts = {"packages": packages, "settings": settings, "counts": counts(rows), "files": hashes}
    return json.dumps(facts, separators=(",", ":"))


def counts(rows: list[Row]) -> dict[str, Any]:
    """How many classes, images and queries there are."""
    known = [row for row in rows if row.label]
    splits = {row.label: row.split for row in known}
    return {
        "classes": len(splits),
        "classes_by_split": Counter(splits.values()),
        "images": len(known),
        "images_by_vendor": Counter(row.drawing.vendor for row in known),
        "images_by_split": Counter(row.split for row in known),
        "unknown_queries": Counter(row.split for row in rows if not row.label),
    }


def licences() -> str:
    """The text of LICENSES.md."""
    parts = ["# Licences of the drawings\n", "The images are drawings of these four sets."]
    parts.append(
        f"Changes made: each was rasterised to {SIZE} x {SIZE} pixels on white, reduced to at"
        f" most {COLOURS} colours and stored as WebP. No author endorses this collection.\n"
    )
    for s in SETS:
        parts.append(f"## {s.vendor}/: {s.title}\n\n- Author: {s.author}\n- Project: {s.project}")
        parts.append(f"- Taken from: npm package {s.package}")
        parts.append(f"- Licence: {s.licence}, {LICENCE_URLS[s.licence]}\n")
        if s.licence == "MIT":
            parts.append(MIT)
    return "\n".join(parts)


def draw_contact_sheet(path: Path, rows: list[Row], across: int = 12) -> None:
    """A PNG of the drawings of these rows, to look through by eye."""
    cell = SIZE + 14
    sheet = Image.new("RGB", (across * cell, -(-len(rows) // across) * cell), "white")
    pen = ImageDraw.Draw(sheet)
    for index, row in enumerate(rows):
        x, y = index % across * cell, index // across * cell
        sheet.paste(Image.open(io.BytesIO(row.drawing.png)).convert("RGB"), (x, y))
        pen.text((x, y + SIZE), f"{row.drawing.vendor[0]} {row.drawing.name}"[:22], "black")
    sheet.save(path)


def main() -> None:
    """Read the arguments and build."""
    parser = argparse.ArgumentParser(description="Build the emoji archive of the demo.")
    parser.add_argument("--out", type=Path, default=Path("src/atarimae/demo/emoji.zip"))
    parser.add_argument("--contact-sheet", type=Path, help="PNG of the queries without a match")
    args = parser.parse_args()
    build(args.out, args.contact_sheet)


if __name__ == "__main__":
    main()
