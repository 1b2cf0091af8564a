"""Documents that were parsed and found valid: clients send the same few over and over."""

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import DocumentNode, OperationDefinitionNode

from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.graphql.execution.costs.plan import CostPlan

CHARACTERS_MAX = 512 * 1024
"""Of all documents together: a tree weighs about a hundred times its text."""
DOCUMENT_CHARACTERS_MAX = 16 * 1024
"""Of one: larger ones come from no client's build."""


@dataclass(slots=True)
class ValidDocument:
    """A document that was found valid, with what was worked out for its operations."""

    tree: DocumentNode
    plans: dict[int, CostPlan] = field(default_factory=dict)

    @property
    def operations(self) -> list[OperationDefinitionNode]:
        """What it can execute."""
        return [node for node in self.tree.definitions if isinstance(node, OperationDefinitionNode)]


class DocumentCache:
    """By text, the least recently used goes first; belongs to one event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._documents: OrderedDict[str, ValidDocument] = OrderedDict()
        self._characters = 0
        self._hits = metrics.cache_hit_total.labels("documents")
        self._misses = metrics.cache_miss_total.labels("documents")

    def get(self, source: str) -> ValidDocument | None:
        """Return the document of a text; None where it is not known."""
        document = self._documents.get(source)
        if document is None:
            self._misses.inc()
            return None
        self._hits.inc()
        self._documents.move_to_end(source)
        return document

    def put(self, source: str, document: ValidDocument) -> None:
        """Remember a document, unless it is too long."""
        if len(source) > DOCUMENT_CHARACTERS_MAX:
            return
        self._documents[source] = document
        self._characters += len(source)
        while self._characters > CHARACTERS_MAX:
            self._characters -= len(self._documents.popitem(last=False)[0])
