"""Embedding everything anew: begun and watched by administrators."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from lexora_gql.documents.generations.serving import ReindexState
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.ids import to_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.results import AlreadyRunning
from lexora_gql.transport.graphql.scalars import Long


@strawberry.type(
    description="Re-embedding of everything with the embedder that is configured now; the old vectors serve until it "
    "is complete."
)
class Reindex(Node):
    """A re-embedding of everything."""

    embedder: str = strawberry.field(description="Whose vectors are being made.")
    done: Long = strawberry.field(description="Passages whose new vectors are there.")
    total: Long = strawberry.field(description="Passages that are to have one; follows what is uploaded and deleted.")
    started_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(
        description="From then on searches go by the new vectors, or else `failure` says why not; null while it runs."
    )
    failure: str | None = strawberry.field(
        description="Why it stopped before the end; what was done is kept for the next that is started."
    )

    @classmethod
    def of(cls, state: ReindexState) -> Self:
        """Return a reindex as administrators see it."""
        return cls(
            id=to_global_id("Reindex", state.id),
            embedder=state.embedder,
            done=Long(state.done),
            total=Long(state.total),
            started_at=state.started_at,
            finished_at=state.finished_at,
            failure=state.failure,
        )


@strawberry.type(description="Workers are at it from now on; `reindex` tells how far they are.")
class ReindexStarted:
    """A reindex has begun."""

    reindex: Reindex = strawberry.field(description="The one that has begun.")


ReindexResult = Annotated[
    ReindexStarted | AlreadyRunning,
    strawberry.union("ReindexResult", description="What came of `startReindex`."),
]


@strawberry.type
class ReindexQuery:
    """Watching a reindex."""

    @strawberry.field(description="The newest re-embedding; null where there never was one. For administrators only.")
    async def reindex(self, info: Info) -> Reindex | None:
        """Find the newest reindex."""
        context = info.context
        state = await context.services.reindexing.newest(context.viewer)
        return Reindex.of(state) if state else None


@strawberry.type
class ReindexMutation:
    """Beginning a reindex."""

    @strawberry.mutation(
        description="Embed everything with the embedder that is configured now. For administrators only."
    )
    async def start_reindex(self, info: Info) -> ReindexResult:
        """Begin a reindex."""
        context = info.context
        state = await context.services.reindexing.start(context.viewer, client=context.client)
        return ReindexStarted(reindex=Reindex.of(state))
