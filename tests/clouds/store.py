"""What the tests ask of an emulated storage, beside landing in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

CLOUDS = Path(__file__).parents[2] / ".work" / "clouds"
CONTAINER = "clips"


class Store(ABC):
    """One bucket or container."""

    name: str
    scheme: str

    @property
    def target(self) -> str:
        """As `output_path`."""
        return f"{self.scheme}://cloud@{CONTAINER}/"

    @property
    @abstractmethod
    def connection(self) -> str:
        """As JSON, for `AIRFLOW_CONN_CLOUD`."""

    @property
    @abstractmethod
    def keys(self) -> list[str]:
        """The objects that are visible."""

    @property
    @abstractmethod
    def unfinished(self) -> list[str]:
        """Uploads that somebody began and nobody ended."""

    @abstractmethod
    def read(self, key: str) -> bytes: ...

    @abstractmethod
    def content_type(self, key: str) -> str: ...

    @abstractmethod
    def put(self, key: str, content: bytes) -> None: ...

    @abstractmethod
    def remove(self, key: str) -> None: ...

    def empty(self) -> None:
        for key in self.keys:
            self.remove(key)
