"""What a resolver works with: one context per operation."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import strawberry

from lexora_gql.accounts.service import Client
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import Unauthenticated
from lexora_gql.services import Services
from lexora_gql.settings import Settings
from lexora_gql.signing import Signer
from lexora_gql.system import ServerFacts
from lexora_gql.transport.authentication import Identity
from lexora_gql.transport.graphql.connections import Cursors
from lexora_gql.transport.graphql.loaders import Loaders
from lexora_gql.transport.links import DownloadLinks


@dataclass(frozen=True, slots=True)
class Environment:
    """What is the same for every operation."""

    services: Services
    settings: Settings
    signer: Signer

    @property
    def facts(self) -> ServerFacts:
        """What clients may know of the server before they sign in."""
        return self.services.system.facts

    @property
    def links(self) -> DownloadLinks:
        """Maker and reader of links to original files."""
        return DownloadLinks(self.signer, self.settings.address)


@dataclass(slots=True)
class Place:
    """Where a subscription stands.

    Attributes:
        cursor: Of the event that is being sent; None before the first.
    """

    cursor: str | None = None


@dataclass(frozen=True)
class Context:
    """What one operation works with.

    Attributes:
        environment: The same for every operation.
        identity: Who asks, nobody, or why the token that came was refused.
        client: Where they ask from.
        is_caching: Whether what was loaded once is still right at the end: so in a query and in one event of a
            subscription, not where things change.
        resume_after: The cursor that a subscription goes on from, whatever its arguments say: the client lost the
            connection, and sends the operation as it was.
        place: Where a subscription stands.
    """

    environment: Environment
    identity: Identity
    client: Client
    is_caching: bool = True
    resume_after: str | None = None
    place: Place = field(default_factory=Place)

    @property
    def services(self) -> Services:
        """The use cases."""
        return self.environment.services

    @property
    def viewer(self) -> Viewer:
        """Who is signed in.

        Raises:
            Unauthenticated: Nobody is.
        """
        if isinstance(self.identity, Viewer):
            return self.identity
        raise self.identity or Unauthenticated

    @cached_property
    def loaders(self) -> Loaders:
        """What loads many objects at once, for this operation and viewer only."""
        return Loaders.of(self.services, self.viewer, is_caching=self.is_caching)

    def at_event(self, cursor: str) -> None:
        """Begin an event of a subscription: nothing that an earlier one loaded is right any more."""
        self.place.cursor = cursor
        self.__dict__.pop("loaders", None)

    def cursors(self, kind: str) -> Cursors:
        """Return maker and reader of the cursors of one kind of list."""
        return Cursors(self.environment.signer, kind)


Info = strawberry.Info[Context, None]
Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
