"""One uploaded picture, read with a limit while it comes in, and its errors."""

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from atarimae.errors import unknown_name
from atarimae.web.frame import WebError

FIELD = "image"
ENVELOPE = 64 << 10  # bytes that the form itself may add to the picture
EXAMPLE = "Send a form with the file in the field 'image', as 'curl -F image=@photo.jpg URL' does."


@dataclass(frozen=True)
class Form:
    """A picture's bytes, and what was written beside it: each field's values in their order."""

    image: bytes
    words: Mapping[str, tuple[str, ...]]


async def read_form(request: Request, max_bytes: int, words: Collection[str] = ()) -> Form:
    """The file in the field `image`, and the text in the fields `words`.

    Raises `WebError` for anything else, also for a field of text that is none of those.
    """
    form_type = request.headers.get("content-type", "")
    if not form_type.startswith("multipart/form-data"):
        found = f"The content type is '{form_type}'." if form_type else "There is no content type."
        raise WebError(415, "no_form", "The request is no multipart form.", found, EXAMPLE)
    parser = MultiPartParser(
        request.headers, _limited(request, max_bytes), max_files=8, max_fields=64
    )
    parser.spool_max_size = max_bytes + 1  # in memory, never in a temporary file
    try:
        form = await parser.parse()
    except (MultiPartException, FormParserError) as error:
        raise WebError(400, "no_form", "The form can't be read.", f"{error}", EXAMPLE) from None
    except ClientDisconnect:
        raise WebError(
            400, "cut_off", "The upload was cut off.", "The client went away.", "Send it again."
        ) from None
    try:
        picture = await _picture(form.getlist(FIELD), list(form), max_bytes)
        said = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        for name, _ in said:
            if name not in words:
                raise _no_word(name, words)
        return Form(picture, {name: tuple(v for n, v in said if n == name) for name, _ in said})
    finally:
        await form.close()


async def _picture(values: list[UploadFile | str], fields: list[str], max_bytes: int) -> bytes:
    files = [value for value in values if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise WebError(422, "wrong_field", *_wrong_field(values, files, fields))
    picture = await files[0].read()
    if not picture:
        raise WebError(
            400, "empty", "The picture is empty.", f"'{FIELD}' holds 0 bytes.", "Send it again."
        )
    if len(picture) > max_bytes:
        raise too_large(f"It has {len(picture):,} bytes", max_bytes)
    return picture


def _no_word(name: str, words: Collection[str]) -> WebError:
    error = unknown_name("field", name, (FIELD, *words), " in this form")
    return WebError(422, "wrong_field", error.what, error.found, error.fix)


def _wrong_field(
    values: list[UploadFile | str], files: list[UploadFile], fields: list[str]
) -> tuple[str, str, str]:
    if files:
        return "One picture a request.", f"'{FIELD}' came {len(files)} times.", EXAMPLE
    if values:
        found = f"'{FIELD}' holds text, not a file."
    else:
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(fields)) or "no field at all"
        found = f"The form has {names}."
    return f"The form has no file in '{FIELD}'.", found, EXAMPLE


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body, given up as soon as it is known to be too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes + ENVELOPE:
        raise too_large(f"The request has {int(declared):,} bytes", max_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes + ENVELOPE:
            raise too_large(f"More than {max_bytes:,} bytes came", max_bytes)
        yield chunk


def too_large(found: str, max_bytes: int) -> WebError:
    """The error for an upload of too many bytes."""
    return WebError(
        413,
        "too_large",
        "The picture is too large.",
        f"{found}; the limit is {max_bytes:,}.",
        "Send a smaller picture, or a JPEG.",
    )
