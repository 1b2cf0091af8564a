"""What a client may know of the server before it signs in."""

from typing import Self

import strawberry

from lexora_gql.transport.graphql.context import Environment, Info
from lexora_gql.transport.graphql.enums import RegistrationMode
from lexora_gql.transport.graphql.scalars import Long


@strawberry.type(description="What a client may know of the server before it signs in.")
class ServerInfo:
    """What a client may know of the server."""

    name: str = strawberry.field(description="The program's name.")
    version: str = strawberry.field(description="The program's version.")
    embedder: str = strawberry.field(description="What turns passages into vectors.")
    chat_models: list[str] = strawberry.field(description="Models that a question may name, the default first.")
    accepted_media_types: list[str] = strawberry.field(description="Types of files that can be read.")
    max_file_bytes: Long = strawberry.field(description="The largest file that is taken.")
    max_question_characters: int = strawberry.field(description="The longest question that is taken.")
    registration: RegistrationMode = strawberry.field(description="Who may register.")

    @classmethod
    def of(cls, environment: Environment) -> Self:
        """Return what clients may know."""
        facts = environment.facts
        return cls(
            name=facts.name,
            version=facts.version,
            embedder=facts.embedder,
            chat_models=list(facts.chat_models),
            accepted_media_types=list(facts.accepted_media_types),
            max_file_bytes=Long(facts.max_file_bytes),
            max_question_characters=facts.max_question_characters,
            registration=RegistrationMode[facts.registration.upper()],
        )


@strawberry.type
class ServerQuery:
    """Asking about the server."""

    @strawberry.field(description="What a client may know before it signs in.")
    def server_info(self, info: Info) -> ServerInfo:
        """Describe the server."""
        return ServerInfo.of(info.context.environment)
