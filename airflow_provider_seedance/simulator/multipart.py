"""A strict parser for multipart forms."""

import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import HTTP

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))')


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form. ``filename`` is ``None`` for a plain value."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def parse_form(content_type: str, body: bytes) -> dict[str, Part]:
    """Parse a form.

    :param content_type: the value of the header
    :param body: the body of the request
    :return: the parts by name
    :raises ValueError: if the body is no complete form
    """
    kind, _, parameters = content_type.partition(";")
    match = _BOUNDARY.search(parameters)
    if kind.strip().lower() != "multipart/form-data" or not match:
        raise ValueError("Content-Type must be multipart/form-data with a boundary")
    mark = b"--" + (match[1] or match[2]).encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if pieces[0] or len(pieces) < 3 or pieces[-1].rstrip(b"\r\n") != b"--":
        raise ValueError("the form is not complete")
    parts = [_part(piece) for piece in pieces[1:-1]]
    return {part.name: part for part in parts}


def _part(piece: bytes) -> Part:
    head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = BytesHeaderParser(policy=HTTP).parsebytes(head + b"\r\n\r\n")
    disposition = headers["Content-Disposition"]
    if not separator or disposition is None or disposition.content_disposition != "form-data":
        raise ValueError("a part of the form has no Content-Disposition: form-data")
    name = disposition.params.get("name")
    if not name:
        raise ValueError("a part of the form has no name")
    return Part(name, disposition.params.get("filename"), headers.get_content_type(), content)
