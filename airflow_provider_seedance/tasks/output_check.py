"""Checks, before anything is paid, whether a video can be landed at a path, as far as can be known by then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_seedance.api.errors import InvalidRequestError, LandingError, LandingRefusedError
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.path_template import fill, names_in, with_name
from airflow_provider_seedance.tasks.path_limits import ROOM_FOR_ID, problem_of

PROVIDERS = {
    "s3": "apache-airflow-providers-amazon[s3fs]",
    "gs": "apache-airflow-providers-google",
    "gcs": "apache-airflow-providers-google",
    "abfs": "apache-airflow-providers-microsoft-azure",
    "abfss": "apache-airflow-providers-microsoft-azure",
    "sftp": "apache-airflow-providers-sftp",
    "smb": "apache-airflow-providers-samba",
}
"""The package that an installation needs for a storage, by scheme; for the most common storages."""

LOCAL = ("", "file", "local")


def check_output(
    argument: str, path: Any, *, conn_id: str | None, facts: Mapping[str, Any], is_new: bool = False
) -> None:
    """Checks the path and opens its storage, just as landing will.

    :param argument: the argument's name, for example `output_path`.
    :param path: the rendered path, in which facts may stand in braces.
    :param conn_id: the connection that opens the storage, if it is named outside of the path.
    :param facts: the facts that are known so far.
    :param is_new: whether the video is yet to be made, so that an existing object can't be that video. Default: no.
    :raises InvalidRequestError: the path can't work; the message names the argument. A retry can't help.
    :raises LandingRefusedError: another object exists at the path.
    :raises LandingError: the storage can't be reached at the moment; a retry may help.
    """
    if not isinstance(path, str):
        raise _refused(argument, f"is of type {type(path).__name__}, not a text")
    template = with_name(path, argument)
    try:
        names = names_in(template)
    except ValueError as error:
        raise _refused(argument, str(error)) from None
    longest = {"video_id": ROOM_FOR_ID, "ext": "mp4" if argument == "output_path" else "webp"}
    known = longest | {name: fact for name, fact in facts.items() if fact is not None}
    problem = problem_of(template, known)
    if problem:
        raise _refused(argument, problem)
    place = _open(argument, fill(template, known), conn_id)
    if is_new and "video_id" not in names:
        _check_vacant(argument, place)


def _open(argument: str, path: str, conn_id: str | None) -> Any:
    """Opens the storage at a path whose facts are filled in, and returns the destination."""
    from airflow.providers.common.compat.sdk import AirflowNotFoundException, ObjectStoragePath

    from airflow_provider_seedance.landing.destination import Destination

    scheme, _, rest = path.rpartition("://")
    conn = conn_id or rest.partition("/")[0].rpartition("@")[0]
    if conn and scheme not in LOCAL:
        # Checked here, because some storages use the machine's own credentials if the connection doesn't exist.
        try:
            SeedanceHook.get_connection(conn)
        except AirflowNotFoundException:
            raise _refused(argument, f"its storage's connection {conn!r} is not defined") from None
    try:
        return Destination(ObjectStoragePath(path, **({"conn_id": conn_id} if conn_id else {})))
    except (ValueError, ImportError):
        # Airflow raises these for a scheme without a provider, or without its library. The message isn't passed on,
        # because a provider's message may quote its connection.
        needs = PROVIDERS.get(scheme, "a provider that knows this scheme")
        raise _refused(argument, f"Airflow can't open {scheme}:// here; is {needs} installed?") from None
    except Exception as error:
        raise _not_now(argument, error) from None


def _check_vacant(argument: str, place: Any) -> None:
    try:
        size = place.size()
    except LandingError as error:
        raise for_airflow(LandingRefusedError(f"Nothing was sent. {argument}: {error}")) from None
    except Exception as error:
        raise _not_now(argument, error) from None
    if size is not None:
        raise for_airflow(
            LandingRefusedError(
                f"Nothing was sent. {argument}: {place.uri} is there already, and not the video that was to be made. "
                "Put {video_id} or {run_id} into the path, or remove what is there."
            )
        )


def _refused(argument: str, problem: str) -> Exception:
    message = f"{argument}: {problem}"
    return for_airflow(InvalidRequestError(f"Nothing was sent. {message}.", (message,)))


def _not_now(argument: str, error: Exception) -> Exception:
    """The error for a storage that can't be reached, without the storage's message, which may contain secrets."""
    name = type(error).__name__
    return for_airflow(
        LandingError(f"Nothing was sent. {argument}: its storage can't be asked now ({name})."), retry=True
    )
