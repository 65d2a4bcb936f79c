"""The interface of a vendor's adapter for reference media: like `VendorAdapter`, a pure translation without I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from airflow_provider_seedance.api.assets import AssetStatus, AssetUpload, Library, MediaAsset, MediaFile, UploadRequest
from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    GatewayRefusedError,
    InvalidRequestError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    TransientApiError,
    UnsupportedByVendorError,
    UploadUnknownError,
)
from airflow_provider_seedance.api.http.json_values import text_of
from airflow_provider_seedance.api.http.steps import Call, Flow, Step
from airflow_provider_seedance.api.vendors.refusals import ErrorAnswer, Meaning, error_of, meaning_of_status, told
from airflow_provider_seedance.api.vendors.strangers import was_refused_on_the_way
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter

STATUSES = {
    "processing": AssetStatus.PROCESSING,
    "active": AssetStatus.ACTIVE,
    "failed": AssetStatus.FAILED,
}
"""The documented words for an asset's status."""

_UPLOAD_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Nothing was stored. Check the API key."),
    Meaning.QUOTA: (SeedanceQuotaError, "Nothing was stored. Top up the account or raise the limit, then run again."),
    Meaning.MODERATION: (SeedanceModerationError, "Nothing was stored. Use other media."),
    Meaning.REJECTED: (RequestRejectedError, "Nothing was stored. Correct the input, then run again."),
    Meaning.NOT_FOUND: (RequestRejectedError, "Nothing was stored. Check the base URL."),
    Meaning.RATE_LIMIT: (SeedanceRateLimitError, "Nothing was stored. Trying again later is safe."),
    Meaning.NOT_NOW: (SeedanceRateLimitError, "Nothing was stored. Trying again later is safe."),
    Meaning.UNCLEAR: (UploadUnknownError, "It was sent, so it may be stored. A retry sends it again."),
}

_READ_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Check the API key; the asset itself stays."),
    Meaning.QUOTA: (SeedanceQuotaError, "Check the account; the asset itself stays."),
    Meaning.MODERATION: (RequestRejectedError, ""),
    Meaning.REJECTED: (RequestRejectedError, "Check the asset's id."),
    Meaning.NOT_FOUND: (AssetNotFoundError, "Check the asset's id and the account."),
    Meaning.RATE_LIMIT: (TransientApiError, "Asking again later is safe."),
    Meaning.NOT_NOW: (TransientApiError, "Asking again later is safe."),
    Meaning.UNCLEAR: (TransientApiError, "Asking again later is safe."),
}


@dataclass(frozen=True)
class Ticket:
    """A vendor's permission to store one file.

    :param upload_url: the signed URL for the PUT. It is secret, since it allows writing there.
    :param public_url: the URL at which the file can be read afterwards.
    """

    upload_url: str
    public_url: str


class AssetAdapter(ABC):
    """Turns an upload into HTTP requests and the answers into a `MediaAsset`, for one vendor.

    :param vendor: the vendor's adapter, which knows its envelope and its headers.
    """

    libraries: ClassVar[tuple[Library, ...]]
    """The vendor's libraries; the first is the default."""
    needs_ticket: ClassVar[bool] = False
    """Whether a ticket is needed before a file can be stored."""

    def __init__(self, vendor: VendorAdapter) -> None:
        self.vendor = vendor
        self.title = vendor.title

    def library(self, name: str | None) -> Library:
        """The library with a name.

        :param name: the library's name; `None` for the default.
        :return: the library.
        :raises InvalidRequestError: there is no such library; the message names the existing ones.
        """
        found = next((library for library in self.libraries if name in (None, library.name)), None)
        if found is None:
            known = ", ".join(library.name for library in self.libraries)
            raise InvalidRequestError(f"Nothing was sent. library: {self.title} has {known}, not {name!r}.")
        return found

    # The calls below are flows of one step, as in `VendorAdapter`; a vendor that needs more steps overrides them.

    def ticket(self, file: MediaFile) -> Flow[Ticket]:
        """Asks for a ticket for the file, if `needs_ticket`.

        :param file: the file.
        :return: the flow that returns the ticket.
        """
        return Step(Call.READ, self.build_ticket(file), self.parse_ticket)

    def store(self, file: MediaFile, ticket: Ticket | None) -> Flow[MediaAsset]:
        """Sends the bytes to the file store.

        :param file: the file.
        :param ticket: the ticket for it; `None` if the vendor needs none.
        :return: the flow that returns the stored file.
        """
        return Step(
            Call.UPLOAD, self.build_file(file, ticket), lambda response: self.parse_file(response, file, ticket)
        )

    def register(self, upload: AssetUpload, library: Library) -> Flow[MediaAsset]:
        """Registers a URL in a library.

        :param upload: the URL and its options.
        :param library: the library.
        :return: the flow that returns the asset, usually not active yet.
        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return Step(
            Call.UPLOAD,
            self.build_register(upload, library),
            lambda response: self.parse_register(response, upload, library),
        )

    def read(self, asset_id: str, library: Library, query: Mapping[str, str]) -> Flow[MediaAsset]:
        """Reads one asset.

        :param asset_id: the vendor's id.
        :param library: the library that holds it.
        :param query: the query of the status call, where it is not documented.
        :return: the flow that returns the asset in its current state.
        :raises UnsupportedByVendorError: the library has no states.
        """
        return Step(
            Call.READ,
            self.build_get(asset_id, library, query),
            lambda response: self.parse_get(response, asset_id, library),
        )

    def build_ticket(self, file: MediaFile) -> HttpRequest:
        """Makes the request for a ticket."""
        raise self._unsupported("ask for an upload URL")

    def parse_ticket(self, response: HttpResponse) -> Ticket:
        """Reads the ticket from an answer."""
        raise self._unsupported("ask for an upload URL")

    @abstractmethod
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        """Makes the request that sends the bytes to the file store."""

    @abstractmethod
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        """The stored file. Raises the vendor's refusal, or `UploadUnknownError`."""

    def build_register(self, upload: AssetUpload, library: Library) -> HttpRequest:
        """Makes the request that registers a URL in a library."""
        raise self._unsupported("register media by URL")

    def parse_register(self, response: HttpResponse, upload: AssetUpload, library: Library) -> MediaAsset:
        """The asset, usually not active yet. Raises the vendor's refusal, or `UploadUnknownError`."""
        raise self._unsupported("register media by URL")

    def build_get(self, asset_id: str, library: Library, query: Mapping[str, str]) -> HttpRequest:
        """Makes the request that reads one asset."""
        raise self._unsupported(f"read an asset of its {library.name} library")

    def parse_get(self, response: HttpResponse, asset_id: str, library: Library) -> MediaAsset:
        """The asset in its current state. Raises `TransientApiError` for a failure that may pass."""
        raise self._unsupported(f"read an asset of its {library.name} library")

    def _unsupported(self, what: str) -> UnsupportedByVendorError:
        return UnsupportedByVendorError(f"{self.title} has no documented call to {what}.")

    def _upload_error(self, response: HttpResponse, answer: ErrorAnswer) -> SeedanceApiError:
        if answer.is_vendors:
            return self._error(response, answer, *_UPLOAD_ERRORS[answer.meaning])
        if was_refused_on_the_way(response.status_code):
            return self._error(response, answer, GatewayRefusedError, "Nothing was stored. Trying again is safe.")
        meaning = Meaning.RATE_LIMIT if response.status_code == 429 else Meaning.UNCLEAR
        return self._error(response, answer, *_UPLOAD_ERRORS[meaning])

    def _read_error(self, response: HttpResponse, answer: ErrorAnswer) -> SeedanceApiError:
        return self._error(response, answer, *_READ_ERRORS[answer.meaning if answer.is_vendors else Meaning.UNCLEAR])

    def _error(
        self, response: HttpResponse, answer: ErrorAnswer, kind: type[SeedanceApiError], advice: str
    ) -> SeedanceApiError:
        return error_of(kind, f"{told(self.title, response, answer)} {advice}", self.title, response, answer)


def read_asset_status(word: object) -> tuple[AssetStatus, str | None]:
    """Our status for a vendor's word.

    :param word: the word in the answer.
    :return: the status, and the word itself if it is undocumented; then the asset counts as not ready.
    """
    known = STATUSES.get(word.strip().casefold()) if isinstance(word, str) else None
    return (known, None) if known else (AssetStatus.PROCESSING, "None" if word is None else text_of(word))


class TicketAssets(AssetAdapter):
    """A file store with signed URLs for the upload, which is sent without the key, and public URLs for reading."""

    needs_ticket = True

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        url = ticket.upload_url if ticket else None
        return UploadRequest("PUT", "", headers={"Content-Type": file.content_type}, file=file, url=url)

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        """Reads the answer of the storage, not of the vendor: its text may quote the signed URL."""
        if ticket is None or not 200 <= response.status_code < 300:
            answer = ErrorAnswer(meaning_of_status(response.status_code), is_vendors=False)
            raise self._upload_error(response, answer)
        return MediaAsset(
            asset=ticket.public_url,
            vendor=self.vendor.name,
            library=self.libraries[0].name,
            status=AssetStatus.ACTIVE,
            name=file.name,
            url=ticket.public_url,
            size=file.size,
            content_type=file.content_type,
        )
