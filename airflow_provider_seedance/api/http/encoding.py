"""From our own form of a request to httpx's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import httpx

from airflow_provider_seedance.api.assets import MediaFile, UploadRequest
from airflow_provider_seedance.api.errors import InvalidRequestError, SeedanceConfigError, UploadUnknownError
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.messages import HttpRequest

_BLOCK = 65536


def encode(client: httpx.Client | httpx.AsyncClient, endpoint: Endpoint, http: HttpRequest) -> httpx.Request:
    """Makes a request that is ready to be sent. A file is read while it is sent, from its beginning at each try.

    :param client: the client that will send it.
    :param endpoint: the API's address, and the account.
    :param http: the request in our own form.
    :return: the request in httpx's form.
    :raises InvalidRequestError: the body can't be written as JSON.
    :raises UploadUnknownError: the vendor wants a file to be sent to a forbidden address.
    :raises SeedanceConfigError: the base URL is not valid.
    """
    if isinstance(http, UploadRequest) and http.file is not None:
        return _with_file(client, endpoint, http, http.file)
    try:
        return client.build_request(
            http.method,
            endpoint.url_of(http),
            params=list(http.params) or None,
            json=http.json,
            headers=dict(http.headers),
        )
    except (TypeError, ValueError) as error:
        # Without the values, which may be a prompt.
        raise InvalidRequestError(f"Nothing was sent. The request can't be written as JSON ({error}).") from None
    except httpx.InvalidURL:
        raise SeedanceConfigError(f"The base URL for {endpoint.title} is not a URL.") from None


def bytes_of_body(request: httpx.Request) -> int:
    """Length of the request's body in bytes; 0 if it isn't known."""
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else 0


def _with_file(
    client: httpx.Client | httpx.AsyncClient, endpoint: Endpoint, http: UploadRequest, file: MediaFile
) -> httpx.Request:
    if http.url is not None:
        _check_signed(endpoint, http.url)
    file.content.seek(0)
    if http.form_field is not None:
        form = {http.form_field: (file.name, file.content, file.content_type)}
        return client.build_request(http.method, endpoint.base_url + http.path, files=form, headers=dict(http.headers))
    headers = {**http.headers, "Content-Length": str(file.size)}
    url = http.url or endpoint.base_url + http.path
    request = client.build_request(http.method, url, content=_blocks(file.content), headers=headers)
    if http.url is not None:
        del request.headers["Authorization"]  # the key is only for the vendor
    return request


def _check_signed(endpoint: Endpoint, url: str) -> None:
    """Refuses a signed URL without TLS, or one that leads into the private network."""
    if not url.startswith(("https://", f"{endpoint.base_url.partition('://')[0]}://")):
        raise UploadUnknownError(f"{endpoint.title} gave an upload URL that is not https://. Nothing was sent there.")
    if not endpoint.may_send_to(url):
        raise UploadUnknownError(
            f"{endpoint.title} gave an upload URL with a private address. Nothing was sent there. "
            "If that is meant, set `allow_private_hosts` in the connection's extra."
        )


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Reads the file to its end: not all files that Airflow opens on object storages can be iterated over."""
    while block := file.read(_BLOCK):
        yield block
