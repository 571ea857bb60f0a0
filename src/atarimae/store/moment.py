"""Moments as people write them."""

import re
from datetime import datetime, timedelta

from atarimae.errors import UsageError

CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")


def moment(text: str | datetime, after: datetime | None = None) -> datetime:
    """`14:00`, `2026-11-26` or `2026-11-26 14:00`, in the time zone of this machine.

    A time of day is the last one that is past, or the next one where it is `after` a moment.
    """
    if isinstance(text, datetime):
        return text.astimezone()
    if CLOCK.fullmatch(text):
        hour, minute = map(int, text.split(":"))
        start = (after or datetime.now()).astimezone()
        found = start.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if after is None:
            return found if found <= start else found - timedelta(days=1)
        return found if found > start else found + timedelta(days=1)
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UsageError(
            f"No moment '{text}'.", "", "Write 14:00, 2026-11-26 or '2026-11-26 14:00'."
        ) from None
