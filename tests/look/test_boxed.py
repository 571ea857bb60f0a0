"""Findings of boxes show the box: the person's with a line, the proposed one with dashes."""

import re
import time
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from bench.boxes import CHECKS, SIDE, plant
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from atarimae import look
from atarimae.look import crops
from atarimae.look.crops import LINE, PROPOSED, Cut
from atarimae.store import Store
from atarimae.types import Box

HERE = "http://127.0.0.1"
WHITE = (255, 255, 255)


@pytest.fixture
def client(maker):
    return TestClient(look.create_app(maker.workspace), base_url=HERE)


def near(picture, colour):
    """Where a picture has a colour, as far as a lossy one keeps it; (height, width)."""
    return np.abs(np.asarray(picture, np.int64) - colour).sum(2) < 120


def there(picture, colour, x, y):
    """Whether it has that colour at a place, or two pixels from it."""
    x, y = round(x), round(y)
    return near(picture, colour)[y - 2 : y + 3, x - 2 : x + 3].any()


def shown(client, image, cut):
    said = client.get(crops.linked(image, cut))
    assert said.status_code == 200, said.text
    return Pillow.open(BytesIO(said.content)).convert("RGB")


def test_the_lines_are_where_the_boxes_are(client, maker):
    image = maker.picture("a.png", WHITE, size=(400, 300))
    maker.record()
    picture = shown(client, image, Cut(Box(100, 80, 180, 120), Box(110, 90, 200, 130)))
    # Both together are 100 px wide: 40 more on each side, of which 256 px are made.
    left, scale = 60, 256 / 181
    assert picture.size == (256, round(131 * scale))
    assert all(there(picture, LINE, (100 - left) * scale, y) for y in range(62, 112))
    right = round((200 - left) * scale)
    dashes = near(picture, PROPOSED)[74:126, right - 2 : right + 3].any(1)
    assert 0.4 < dashes.mean() < 0.9


def test_one_alone_is_drawn_alone_and_a_turned_one_turned(client, maker):
    image = maker.picture("a.png", WHITE, size=(400, 300))
    maker.record()
    assert not near(shown(client, image, Cut(Box(50, 50, 90, 90))), PROPOSED).any()
    assert not near(shown(client, image, Cut(proposed=Box(50, 50, 90, 90))), LINE).any()
    turned = shown(client, image, Cut(Box(100, 100, 160, 160, 45)))
    # Its corner is above its centre, half a diagonal of 84.9 px away; 33.9 px of that are around.
    left, top, scale = int(130 - 42.43 - 33.94), int(130 - 42.43 - 33.94), turned.width / 154
    assert there(turned, LINE, (130 - left) * scale, (130 - 42.43 - top) * scale)
    assert not there(turned, LINE, (100 - left) * scale, (100 - top) * scale)


NO_BOX = (
    ("", 400), ("box=", 400), ("box=1,2", 400), ("box=nan,1,2,inf", 400), ("box=9,9,1,1", 400),
    ("proposed=a,b,c,d", 400), ("box=1,1,9,9&box_angle=inf", 422), ("box=900,900,950,950", 404),
    ("box=-90,-90,-50,-50", 404),
)  # fmt: skip


def test_what_is_no_box_in_the_image_is_refused(client, maker):
    image = maker.picture("a.png", WHITE, size=(40, 30))
    maker.record()
    for asked, status in NO_BOX:
        said = client.get(f"/crop/{image}.webp?{asked}")
        assert (said.status_code, "error" in said.json()) == (status, True), asked


def test_findings_the_queue_and_the_report_show_missing_loose_and_misnamed_boxes(
    client, maker, tmp_path
):
    images = [
        maker.picture(f"{n:02}.png", (6 * n, 90, 200), size=(SIDE, SIDE), split="val")
        for n in range(40)
    ]
    store = Store(maker.record())
    made = plant(images, "other tool", share=0.1)
    store.say(made.people, action="label", by="花子")
    store.say(made.model, action="propose")
    for _ in range(100):  # the checks are at work
        page = client.get("/findings").text
        if "missing boxes" in page.lower():
            break
        time.sleep(0.1)
    drawn = re.findall(r'src="(/crop/[^"]+)"', page)
    assert len(drawn) >= 3 * len(CHECKS)
    for path in drawn[:2] + drawn[-2:]:
        assert client.get(path.replace("&amp;", "&")).headers["content-type"] == "image/webp"
    assert '<span class="own">箱 &lt;box&gt;</span>' in page
    assert '<span class="proposed">弁 🍶, proposed</span>' in page
    assert "<box>" not in page
    assert "/crop/" in client.get("/queue").text
    look.report(maker.workspace, tmp_path / "r.html")
    report = (tmp_path / "r.html").read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="boxed">(.*?)</figure>', report, re.S)
    assert len(figures) >= 3 * len(CHECKS)
    inside = b64decode(re.search(r"data:image/webp;base64,([^\"]+)", figures[0])[1])
    assert max(Pillow.open(BytesIO(inside)).size) == 192
