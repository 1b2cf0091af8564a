"""Finding passages."""

from typing import Annotated, Self

import strawberry

from lexora_gql.conversations.models import AnswerSource
from lexora_gql.documents import models
from lexora_gql.retrieval import service
from lexora_gql.retrieval.highlights import highlights
from lexora_gql.retrieval.scope import Scope
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.documents import Chunk
from lexora_gql.transport.graphql.ids import known_ids
from lexora_gql.transport.graphql.interfaces import TextSpan


@strawberry.input(
    description="Narrows retrieval; what is given must all hold. Nothing given: all that the caller may read."
)
class ScopeInput:
    """Narrows retrieval."""

    collection_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="In one of these collections."
    )
    document_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="In one of these documents.")
    tags: list[str] | None = strawberry.field(default=None, description="In documents with all of these tags.")

    def to_scope(self) -> Scope:
        """Return the domain's scope."""
        return Scope(
            collection_ids=known_ids(self.collection_ids, "Collection"),
            document_ids=known_ids(self.document_ids, "Document"),
            tags=tuple(self.tags) if self.tags is not None else None,
        )


@strawberry.type(description="A passage that was found, and how.")
class SearchHit:
    """A passage that was found."""

    chunk: Chunk = strawberry.field(description="The passage.")
    score: float = strawberry.field(description="Orders this one result and means nothing outside it.")
    semantic_rank: int | None = strawberry.field(
        description="Its place in the ranking by meaning, from 1 on; null where that did not find it."
    )
    lexical_rank: int | None = strawberry.field(
        description="Its place in the ranking by wording, from 1 on; null where that did not find it."
    )
    fused_rank: int | None = strawberry.field(
        description="Its place once the two were fused, from 1 on; null in answers of releases that did not keep it."
    )
    rerank_score: float | None = strawberry.field(
        description="What the reranker gave it, on the reranker's own scale; null where none is set, where it was not "
        "asked about this passage, and where it did not answer in time: then the fused order stands."
    )
    query: strawberry.Private[str]

    @strawberry.field(description="Where the words of the query stand in chunk.text.")
    def highlights(self) -> list[TextSpan]:
        """Look for them, which takes longer than all else that is done with a hit: only where they are asked for."""
        return [TextSpan(start=span.start, end=span.end) for span in highlights(self.chunk.text, self.query)]

    @classmethod
    def of(cls, hit: service.Hit, query: str) -> Self:
        """Return a hit of a query as clients see it."""
        return cls(
            chunk=Chunk.of(hit.chunk, hit.document),
            score=hit.score,
            semantic_rank=hit.semantic_rank,
            lexical_rank=hit.lexical_rank,
            fused_rank=hit.fused_rank,
            rerank_score=hit.rerank_score,
            query=query,
        )

    @classmethod
    def of_source(cls, row: AnswerSource, chunk: models.Chunk, query: str) -> Self:
        """Return the hit that became an answer's source."""
        return cls(
            chunk=Chunk.of(chunk),
            score=row.score,
            semantic_rank=row.semantic_rank,
            lexical_rank=row.lexical_rank,
            fused_rank=row.fused_rank,
            rerank_score=row.rerank_score,
            query=query,
        )


@strawberry.type(description="What a search found.")
class SearchResult:
    """What a search found."""

    hits: list[SearchHit] = strawberry.field(description="Best first; what nearly repeats a better one comes last.")
    candidates: int = strawberry.field(description="Chunks searched, after scope.")
    took_milliseconds: float = strawberry.field(description="How long it took.")

    @classmethod
    def of(cls, found: service.Found, query: str) -> Self:
        """Return what a query found as clients see it."""
        return cls(
            hits=[SearchHit.of(hit, query) for hit in found.hits],
            candidates=found.candidates,
            took_milliseconds=found.took_milliseconds,
        )


Query = Annotated[str, strawberry.argument(description="Natural language or key words, 1 to 2,000 characters.")]
Count = Annotated[int, strawberry.argument(description="The most passages to return, 1 to 100.")]
ScopeArgument = Annotated[ScopeInput | None, strawberry.argument(description="Where to look.")]


@strawberry.type
class RetrievalQuery:
    """Finding passages."""

    @strawberry.field(description="The passages that bear most on a query, best first.")
    async def search(self, info: Info, query: Query, first: Count = 8, scope: ScopeArgument = None) -> SearchResult:
        """Find passages."""
        context = info.context
        found = await context.services.retrieval.search(
            context.viewer, query, first=first, scope=scope.to_scope() if scope else Scope()
        )
        return SearchResult.of(found, query.strip())
