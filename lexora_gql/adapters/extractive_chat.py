"""Answers without a model: the sentences that best answer, quoted and cited."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from lexora_gql.adapters import extractive_scoring as scoring
from lexora_gql.ports.chat_model import ChatRequest, TextPiece, Usage
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, EmbedderUnavailable

EMBEDDED_MAX = 64
"""Candidates whose meaning is looked at; the best by wording."""


class ExtractiveChat:
    """A ChatModel that only quotes: each sentence to the letter (blanks apart), then its marker.

    Where no sentence fits it yields nothing at all.
    """

    is_extractive = True
    models = ("extractive",)

    def __init__(self, embedder: Embedder | None = None) -> None:
        """Prepare.

        Args:
            embedder: Lets meaning count beside wording.
        """
        self._embedder = embedder

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        """Yield a sentence at a time, best first. The prompt is not read: question and sources are."""
        chosen = await self._choose(request)
        for number, candidate in enumerate(chosen):
            marker = request.sources[candidate.source].marker
            gap = "\n\n" if number else ""
            yield TextPiece(f"{gap}{candidate.text} [{marker}]")

    async def _choose(self, request: ChatRequest) -> Sequence[scoring.Candidate]:
        question, sources = request.question, request.sources
        # Some milliseconds of work, which the event loop is spared.
        ranked = await asyncio.to_thread(scoring.rank, question, sources)
        if self._embedder is not None and ranked.candidates:
            meaning = await self.meaning(self._embedder, question, ranked.candidates[:EMBEDDED_MAX])
            ranked = await asyncio.to_thread(
                scoring.rank, question, sources, meaning=meaning, weight_of_meaning=self._embedder.weight
            )
        return scoring.choose(question, ranked)

    @staticmethod
    async def meaning(
        embedder: Embedder, question: str, candidates: Sequence[scoring.Candidate]
    ) -> dict[tuple[int, int], float] | None:
        """Return each candidate's cosine with the question, by source and place; None where no embedder can tell."""
        try:
            vectors = await embedder.embed([question, *(candidate.text for candidate in candidates)])
        except (EmbedderUnavailable, EmbedderRejected):
            return None
        alike = np.maximum(0.0, vectors[1:] @ vectors[0])
        return {(found.source, found.place): float(value) for found, value in zip(candidates, alike, strict=True)}
