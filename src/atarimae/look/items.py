"""A file as the grid draws it."""

from atarimae.look.catalogue import MARKS, Listing
from atarimae.types import File


def item(listing: Listing, file: File) -> dict[str, object]:
    """JSON values of a file as it is now; one that left the data is told as it was, and `gone`."""
    now = listing.file(file.path)
    shown = now or file
    files = len(listing.files_by_image.get(shown.image, ()))
    return {
        "image": shown.image,
        "path": shown.path,
        "labels": listing.data.classes(shown),
        "split": shown.split,
        "role": shown.role,
        "group": shown.group,
        "source": shown.source,
        "files": files,
        "marks": [mark for mark in MARKS if listing.is_marked(shown.image, mark)],
        "gone": now is None,
        "version": listing.data.version.edit,
    }
