"""Embedders by the names that vectors are stored under, for those that are not configured any more."""

from dataclasses import dataclass, field
from importlib.util import find_spec

from lexora_gql.adapters.openai_embedder import OpenAIEmbedder
from lexora_gql.adapters.sentence_embedder import SentenceEmbedder
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.ports.embedder import Embedder
from lexora_gql.settings import Settings

Made = OpenAIEmbedder | SentenceEmbedder | WordLlamaEmbedder


@dataclass(frozen=True, slots=True)
class FormerShelf:
    """Makes an embedder at its first use, once, and keeps it until the process ends."""

    settings: Settings
    _made: dict[str, Made | None] = field(default_factory=dict)

    def named(self, name: str) -> Embedder | None:
        """Return the embedder of a name; None where this process cannot have it."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    async def aclose(self) -> None:
        """Let go of all that were made."""
        for embedder in self._made.values():
            if embedder is not None:
                await embedder.aclose()

    def _make(self, name: str) -> Made | None:
        kind, _, rest = name.partition(":")
        model, _, dimensions = rest.rpartition(":")
        candidates: list[Made] = []
        if kind == "wordllama":
            candidates = [WordLlamaEmbedder()]
        elif kind == "sentence-transformers" and find_spec("sentence_transformers") is not None:
            candidates = [SentenceEmbedder(model)]
        elif kind == "openai" and model and (self.settings.openai_api_key or self.settings.openai_base_url):
            # A model may refuse to be asked for the dimensions that it has anyway, so first without.
            candidates = [self._openai(model, None)]
            if dimensions.isdecimal():
                candidates.append(self._openai(model, int(dimensions)))
        return next((candidate for candidate in candidates if candidate.name == name), None)

    def _openai(self, model: str, dimensions: int | None) -> OpenAIEmbedder:
        key = self.settings.openai_api_key
        return OpenAIEmbedder(
            model,
            api_key=key.get_secret_value() if key else None,
            base_url=self.settings.openai_base_url,
            dimensions=dimensions,
            batch_size=self.settings.embedding_batch_size,
        )
