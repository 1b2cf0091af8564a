"""Documents that the operator has approved: all that a client may send, or what is preferred.

The manifest is Apollo's (`schema/operations/manifest.json` is one), or a plain object of ids and documents as Relay's
compiler writes it.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, RootModel, TypeAdapter

from lexora_gql.settings import Settings, WrongSettings


class TrustMode(StrEnum):
    """What trusted documents are to a server."""

    OFF = "off"
    """There are none."""
    PREFER = "prefer"
    """They can be named; other documents are served, too, and counted, so that it is seen when none comes any more."""
    ONLY = "only"
    """Nothing else is served."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """What a manifest holds.

    Attributes:
        mode: What they are to this server.
        by_id: Texts by the ids of the manifest and by their SHA-256.
    """

    mode: TrustMode = TrustMode.OFF
    by_id: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Read the manifest that the settings name.

        Raises:
            WrongSettings: It is not named though it is needed, cannot be read, or is no manifest.
        """
        mode = TrustMode(settings.trusted_documents)
        if mode is TrustMode.OFF:
            return cls()
        path = settings.trusted_documents_manifest
        if path is None:
            raise WrongSettings([f"TRUSTED_DOCUMENTS_MANIFEST: must name a file when TRUSTED_DOCUMENTS is {mode}"])
        try:
            return cls(mode, read_manifest(path))
        except OSError as error:
            raise WrongSettings([f"TRUSTED_DOCUMENTS_MANIFEST: {path} cannot be read: {error.strerror}"]) from error
        except ValueError as error:
            message = f"TRUSTED_DOCUMENTS_MANIFEST: {path} is no manifest as Apollo or Relay have it"
            raise WrongSettings([message]) from error

    def find(self, document_id: str) -> str | None:
        """Return a document's text; None where it is not trusted."""
        return self.by_id.get(document_id)

    def is_trusted(self, text: str) -> bool:
        """Return whether a text is one of them, to the letter."""
        # An id may look like a hash, and be that of another text.
        return self.by_id.get(sha256_of(text)) == text


def read_manifest(path: Path) -> dict[str, str]:
    """Return texts by id and by SHA-256.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no manifest.
    """
    by_id: dict[str, str] = {}
    for document_id, text in _MANIFEST.validate_json(path.read_bytes()).documents.items():
        by_id[document_id.removeprefix("sha256:")] = text
        by_id[sha256_of(text)] = text
    return by_id


class _Entry(BaseModel):
    id: str
    body: str


class _ApolloManifest(BaseModel):
    operations: list[_Entry]

    @property
    def documents(self) -> dict[str, str]:
        return {entry.id: entry.body for entry in self.operations}


class _RelayManifest(RootModel[dict[str, str]]):
    @property
    def documents(self) -> dict[str, str]:
        return self.root


_MANIFEST: TypeAdapter[_ApolloManifest | _RelayManifest] = TypeAdapter(_ApolloManifest | _RelayManifest)


def sha256_of(text: str) -> str:
    """Return a text's SHA-256 in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
