"""The sources of reference media: a file on this machine or in an object storage, or a URL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api.assets import MediaFile, path_of, suffix_of
from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.landing.download import Download
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.file_types import SNIFF, sniff

if TYPE_CHECKING:
    from typing import BinaryIO

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024 * 1024
"""The most bytes fetched from a URL, for a library without a documented limit."""


def is_url(source: str) -> bool:
    """Whether a source is fetched by HTTP rather than read by path."""
    return source.lower().startswith(("https://", "http://"))


@contextmanager
def open_source(source: str, *, allow_private: bool, most_bytes: int | None) -> Iterator[MediaFile]:
    """Opens a file without reading it; a URL is fetched to a temporary file first, whole or not at all.

    :param source: a path, any URL that `ObjectStoragePath` knows (`s3://conn_id@bucket/key`), or http(s).
    :param allow_private: whether http(s) may lead to private addresses.
    :param most_bytes: the most bytes fetched by http(s).
    :return: the open file, closed at the end of the block.
    :raises LandingError: the URL can't be fetched; the class says why, and whether a retry can help.
    :raises OSError: the path can't be read.
    """
    name = path_of(source).rpartition("/")[2] or "reference"
    if not is_url(source):
        with ObjectStoragePath(source).open("rb") as content:  # type: ignore[no-untyped-call]
            yield _media_file(name, content)
        return
    with TemporaryFile() as content:
        fetched = _Fetched(source, content)
        host = FileHost(allow_private=allow_private)
        Download(host, fetched, fetched, max_bytes=most_bytes or MOST_BYTES, name=name, log=log).run()
        yield _media_file(_full_name(name, content), content)


class _Fetched:
    """A URL, and the file that takes its bytes."""

    def __init__(self, url: str, file: IO[bytes]) -> None:
        self.url = url
        self._file = file

    def renew(self, why: str) -> None:
        """Fails: there is no other URL for this file."""
        raise LandingRefusedError(f"The media's URL doesn't work: {why}. Nothing was uploaded.")

    def take(self, block: bytes) -> None:
        """Takes the next bytes."""
        self._file.write(block)

    def start_over(self) -> None:
        """Discards everything: the file starts again."""
        self._file.seek(0)
        self._file.truncate()

    def is_whole(self) -> None:
        """Unknown: media of any kind come here."""


def _full_name(name: str, content: IO[bytes]) -> str:
    """The name with a suffix, taken from the bytes if the URL has none.

    :raises LandingRefusedError: it is a web page; hosts also serve error pages with HTTP 200.
    """
    content.seek(0)
    head = content.read(SNIFF)
    if head.lstrip().startswith((b"<!", b"<html", b"<HTML")) and suffix_of(name) != ".svg":
        raise LandingRefusedError("A web page came instead of the media. Nothing was uploaded.")
    kind = sniff(head)
    return f"{name}.{kind.ext}" if kind and not suffix_of(name) else name


def _media_file(name: str, content: BinaryIO | IO[bytes]) -> MediaFile:
    size = content.seek(0, 2)
    content.seek(0)
    return MediaFile(name=name, content=content, size=size)  # type: ignore[arg-type]
