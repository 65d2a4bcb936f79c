"""Lands a finished video in the user's own storage: complete, once, and for longer than its URL lives."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, ObjectStoragePath

from airflow_provider_seedance.api.errors import InvalidRequestError, LandingRefusedError, SeedanceConfigError
from airflow_provider_seedance.api.vendors import find_vendor
from airflow_provider_seedance.exceptions import airflow_errors
from airflow_provider_seedance.landing.destination import Destination, Writer
from airflow_provider_seedance.landing.download import Download
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.file_types import IMAGES, VIDEOS, Kind
from airflow_provider_seedance.landing.manifest import SUFFIX, Manifest
from airflow_provider_seedance.landing.path_template import NEED_ID, fill, names_in, with_name
from airflow_provider_seedance.landing.receiver import Receiver
from airflow_provider_seedance.landing.video_source import Part, VideoSource

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

MIB = 1024 * 1024
MAX_BYTES = 10 * 1024 * MIB
"""The default limit, 10 GiB: far more than any clip has, far less than a disk."""

_log = logging.getLogger(__name__)


def land_video(
    hook: SeedanceHook,
    video: str | Mapping[str, Any],
    output_path: str,
    *,
    last_frame_path: str | None = None,
    thumbnail_path: str | None = None,
    conn_id: str | None = None,
    run: Mapping[str, Any] | None = None,
    max_bytes: int = MAX_BYTES,
    overwrite: bool = False,
    log: Any = None,
) -> dict[str, Any]:
    """Brings a finished video, and its pictures if wanted, to the user's storage. Does nothing if they are there.

    :param hook: reads missing facts from the vendor, and a fresh URL if the old one has expired.
    :param video: the video's id, or a mapping with some of the fields of `Video` (the XCom of operator and sensor); a
        `video_url` alone is enough, if the URL still works.
    :param output_path: the video's destination, with facts in braces, see `path_template.FACTS`.
    :param last_frame_path: the destination of the last frame. Default: it isn't landed.
    :param thumbnail_path: the destination of the thumbnail. Default: it isn't landed.
    :param conn_id: the connection that opens the storage. Default: the one that the path names; otherwise the
        machine's own credentials.
    :param run: the facts of the task, from `run_facts`.
    :param max_bytes: the largest file that is accepted. Default 10 GiB.
    :param overwrite: whether another file at the destination is replaced. Default: no.
    :param log: gets the progress. Default: this module's logger.
    :return: the manifest, flat: `uri, bytes, sha256, content_type, duration, width, height, video_id, vendor, model,
        usage, last_frame_uri, thumbnail_uri`.
    :raises LandingError: it can't be landed; the class says why. Nothing is visible at the destination.
    """
    with airflow_errors():
        lander = _Lander(hook, video, conn_id, run or {}, max_bytes, overwrite, log or _log)
        # The video first: it is safe then, whatever is wrong with its pictures.
        film = lander.land("video_url", with_name(output_path, "output_path"))
        frame = (
            lander.land("last_frame_url", with_name(last_frame_path, "last_frame_path")) if last_frame_path else None
        )
        thumbnail = (
            lander.land("thumbnail_url", with_name(thumbnail_path, "thumbnail_path")) if thumbnail_path else None
        )
        return film.to_dict() | {
            "last_frame_uri": frame.uri if frame else None,
            "thumbnail_uri": thumbnail.uri if thumbnail else None,
        }


class _Lander:
    """Lands the parts of one video."""

    def __init__(
        self,
        hook: SeedanceHook,
        video: str | Mapping[str, Any],
        conn_id: str | None,
        run: Mapping[str, Any],
        max_bytes: int,
        overwrite: bool,
        log: Any,
    ) -> None:
        self._hook = hook
        self._video = VideoSource(hook, video)
        self._conn_id = conn_id
        self._run = run
        self._max_bytes = max_bytes
        self._overwrite = overwrite
        self._log = log
        self._host: FileHost | None = None
        self._landed: set[str] = set()

    def land(self, part: Part, template: str) -> Manifest:
        """Lands one file at the path of the template, unless it is there already."""
        places = self._places(template, VIDEOS if part == "video_url" else IMAGES)
        name, source = self._video.title(part), self._video.source_of(part)
        for place in places.values():
            if place.uri in self._landed:
                raise InvalidRequestError(f"{name} was not landed: another file of this video is at {place.uri}.")
        manifest = self._landed_at(places, part, name, source)
        self._landed.add(manifest.uri)
        return manifest

    def _landed_at(self, places: dict[Kind, Destination], part: Part, name: str, source: str) -> Manifest:
        for place in dict.fromkeys(places.values()):
            done = self._done(place, source)
            if done:
                self._log.info("%s is at %s already.", name, done.uri)
                return done

        started = time.monotonic()

        def open_writer(kind: Kind) -> Writer:
            return places[kind].writer(kind.content_type, max_bytes=download.most, replace=self._overwrite)

        receiver = Receiver(tuple(places), open_writer)
        try:
            link = _Link(self._video, part)
            download = Download(self._file_host(), link, receiver, max_bytes=self._max_bytes, name=name, log=self._log)
            download.run()
            picture = receiver.finish()
            place = places[receiver.kind]
            manifest = Manifest(
                source=source,
                uri=place.uri,
                bytes=receiver.bytes,
                sha256=receiver.sha256,
                content_type=receiver.kind.content_type,
                duration=picture.duration if picture else None,
                width=picture.width if picture else None,
                height=picture.height if picture else None,
                video_id=self._video.video_id,
                vendor=self._video.vendor,
                model=self._video.model,
                usage=self._video.usage,
            )
            manifest = self._publish(place, receiver, manifest)
        finally:
            receiver.close()
        took = time.monotonic() - started
        self._log.info("%s is landed: %s, %.1f MiB in %.1f s.", name, manifest.uri, manifest.bytes / MIB, took)
        return manifest

    def _publish(self, place: Destination, receiver: Receiver, manifest: Manifest) -> Manifest:
        """Makes the object visible. The manifest is written first, so every visible object has one.

        An existing object stays until its successor takes its place in one step. As long as the manifest is ahead of
        the object, it says so.

        :return: the manifest of the object that is there then; another task's, if that task was faster.
        :raises LandingRefusedError: meanwhile something else has come there.
        """
        faster = self._done(place, manifest.source)
        if faster:
            return faster
        # Whoever may overwrite can also replace what only comes there now.
        replaces, manifest_file = self._overwrite or place.size() is not None, place.sibling(SUFFIX)
        before = manifest_file.read_text()
        note = manifest.model_copy(update={"published": not replaces})
        _write(manifest_file, note)
        try:
            receiver.publish()
        except Exception:
            if not self._is_there(place, manifest):
                receiver.discard()
                with suppress(Exception):  # the first error is the one to tell
                    self._withdraw(place, manifest_file, note, before)
                faster = self._landed_meanwhile(place, manifest.source)
                if faster:
                    return faster
                raise
            _write(manifest_file, manifest)
            return manifest
        if replaces:
            _write(manifest_file, manifest)
        return manifest

    @staticmethod
    def _is_there(place: Destination, manifest: Manifest) -> bool:
        """Whether the object is there, though publishing it has failed: the answer was lost, or another try was faster.

        Only the hash tells: another task may have landed another video of the same length.
        """
        with suppress(Exception):
            return place.size() == manifest.bytes and place.sha256() == manifest.sha256
        return False

    def _landed_meanwhile(self, place: Destination, source: str) -> Manifest | None:
        """The manifest of an object that another try has landed: on some storages, two at once collide.

        :raises LandingRefusedError: it is another object.
        """
        try:
            return self._done(place, source)
        except LandingRefusedError:
            raise
        except Exception:
            return None

    @staticmethod
    def _withdraw(place: Destination, manifest_file: Destination, manifest: Manifest, before: str | None) -> None:
        """Removes the manifest of an object that could not be published, or restores the one before."""
        if manifest_file.read_text() != manifest.to_json():
            return  # another task's by now
        if place.size() is not None and before is not None:
            _write(manifest_file, before)
            return
        manifest_file.remove()
        if place.size() == manifest.bytes:
            # Another task has just published the object.
            _write(manifest_file, manifest.model_copy(update={"published": False}))

    def _done(self, place: Destination, source: str) -> Manifest | None:
        """The manifest of the existing object, if it is the same file.

        :raises LandingRefusedError: another object is there.
        """
        size = place.size()
        if size is None:
            return None
        manifest_file = place.sibling(SUFFIX)
        manifest = Manifest.from_json(manifest_file.read_text() or "")
        fits = manifest is not None and manifest.bytes == size
        if manifest and fits and not manifest.published:
            # A worker was killed while it replaced an object: this may be either of the two.
            fits = place.sha256() == manifest.sha256
            manifest = manifest.model_copy(update={"published": True})
            if fits:
                _write(manifest_file, manifest)
        if manifest and fits and manifest.source == source:
            return manifest.model_copy(update={"uri": place.uri})  # both may have been copied from another place
        if self._overwrite:
            return None
        what = f"a copy of {manifest.source}" if manifest and fits else "something else"
        raise LandingRefusedError(
            f"{place.uri} is there already and is {what}. Nothing was written. "
            "Put {video_id} or {run_id} into the path, or set `overwrite`."
        )

    def _places(self, template: str, kinds: tuple[Kind, ...]) -> dict[Kind, Destination]:
        """The possible destinations of the file, by its kind."""
        try:
            names = names_in(template)
        except ValueError as error:
            raise InvalidRequestError(f"Nothing was fetched. {error}") from None
        nameless = sorted(names & NEED_ID)
        if nameless and not self._video.video_id:
            raise InvalidRequestError(f"Nothing was fetched. {template!r} needs {nameless[0]}: give `video_id`.")
        facts = dict(self._run)
        if self._video.video_id:
            facts |= {"video_id": self._video.video_id, "vendor": self._video.vendor}
        if "model" in names:
            facts["model"] = self._video.model
        by_path: dict[str, Destination] = {}
        places = {}
        for kind in kinds:
            path = fill(template, facts | {"ext": kind.ext})
            if path not in by_path:
                # Older Airflow versions let a `conn_id` of None override the connection that the path names.
                options = {"conn_id": self._conn_id} if self._conn_id else {}
                by_path[path] = Destination(ObjectStoragePath(path, **options))
            places[kind] = by_path[path]
        return places

    def _file_host(self) -> FileHost:
        if self._host is None:
            try:
                allow = self._hook.connection.allow_private_hosts
            except AirflowNotFoundException:
                allow = False  # a URL that works needs no connection
            self._host = FileHost(allow_private=allow, own_headers=self._own_headers)
        return self._host

    def _own_headers(self, url: str) -> Mapping[str, str]:
        """The key's header, for a vendor whose files need it, and only for its own host."""
        try:
            if self._video.vendor is None or not find_vendor(self._video.vendor).files_need_key:
                return {}
            return self._hook.get_conn().file_headers(url)
        except (AirflowNotFoundException, SeedanceConfigError):
            return {}  # a URL that works needs no connection


def _write(manifest_file: Destination, content: Manifest | str) -> None:
    """Writes a manifest, or puts one back."""
    note = manifest_file.writer("application/json", max_bytes=0)
    try:
        note.write((content if isinstance(content, str) else content.to_json()).encode())
        note.publish()
    finally:
        note.discard()


class _Link:
    """A `Source` that renews itself."""

    def __init__(self, video: VideoSource, part: Part) -> None:
        self._video, self._part = video, part
        self.url = video.url_of(part)

    def renew(self, why: str) -> str | None:
        problem = self._video.renew(self._part, why)
        self.url = self._video.url_of(self._part)
        return problem
