"""A model's text as people may see it, while it comes."""

from collections.abc import Sequence
from dataclasses import replace

from lexora_gql.conversations.citations.markers import MarkerFilter, MarkerSpan
from lexora_gql.conversations.links import KnownAddresses, LinkFilter
from lexora_gql.conversations.prompts.guarding import InstructionGuard
from lexora_gql.conversations.prompts.prompting import SYSTEM
from lexora_gql.ports.chat_model import PromptSource


class ShownText:
    """Gives a model's text piece by piece: without its instructions, invented markers, invented links, and images.

    Whatever a document makes a model write, nothing leaves with it and nothing is fetched by it.
    """

    def __init__(self, question: str, sources: Sequence[PromptSource]) -> None:
        """Begin an answer.

        Args:
            question: Whose addresses may be in the answer.
            sources: Whose numbers and addresses may be.
        """
        texts = [question, *(text for source in sources for text in (source.text, source.title))]
        self._guard = InstructionGuard(SYSTEM)
        self._markers = MarkerFilter([source.marker for source in sources])
        self._links = LinkFilter(KnownAddresses(texts))

    @property
    def spans(self) -> Sequence[MarkerSpan]:
        """The markers that are shown so far, by place."""
        placed = (
            replace(span, start=self._links.place(span.start), end=self._links.place(span.end))
            for span in self._markers.spans
        )
        return tuple(span for span in placed if span.end - span.start == len(f"[{span.marker}]"))

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come."""
        return self._links.feed(self._markers.feed(self._guard.feed(piece)))

    def flush(self) -> str:
        """Return the rest once the text has ended."""
        rest = self._markers.feed(self._guard.flush()) + self._markers.flush()
        return self._links.feed(rest) + self._links.flush()
