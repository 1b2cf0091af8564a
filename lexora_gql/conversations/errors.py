"""What can be wrong with a question."""

from collections.abc import Sequence

from lexora_gql.errors import DomainError


class IdempotencyKeyReused(DomainError):
    """This idempotency key was used for another request within the last 24 hours."""

    code = "IDEMPOTENCY_KEY_REUSED"


class ModelNotAllowed(DomainError):
    """This model may not be asked here."""

    code = "MODEL_NOT_ALLOWED"

    def __init__(self, model: str, *, allowed: Sequence[str]) -> None:
        super().__init__(f"`model` is {model[:100]!r}; allowed are {', '.join(allowed)}.", path=("model",))
        self.allowed = tuple(allowed)


class ProducerLost(Exception):
    """The answer's lease is somebody else's, or the answer is gone; what would be written is refused."""
