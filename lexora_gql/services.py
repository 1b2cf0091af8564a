"""All that transport and workers may see of the domains."""

from dataclasses import dataclass

from lexora_gql.accounts.service import AccountService
from lexora_gql.accounts.usage import UsageService
from lexora_gql.conversations.reconciliation import AnswerReconciler
from lexora_gql.conversations.service import ConversationService
from lexora_gql.documents.collections import CollectionService
from lexora_gql.documents.generations.reindexing import ReindexService
from lexora_gql.documents.generations.work import ReembeddingService
from lexora_gql.documents.ingestion import IngestionService
from lexora_gql.documents.placing import PlacingService
from lexora_gql.documents.reconciliation import DocumentReconciler
from lexora_gql.documents.service import DocumentService
from lexora_gql.housekeeping import Housekeeping
from lexora_gql.persisted_documents import PersistedDocuments
from lexora_gql.retrieval.service import RetrievalService
from lexora_gql.storage.keyset import PAGE_DEFAULT, PAGE_MAX, Page, PageRequest, Position
from lexora_gql.system import SystemService
from lexora_gql.throttling import Throttling

__all__ = ["PAGE_DEFAULT", "PAGE_MAX", "Page", "PageRequest", "Position", "Services", "Upkeep"]


@dataclass(frozen=True, slots=True)
class Services:
    """What people may do, one attribute per domain."""

    accounts: AccountService
    collections: CollectionService
    documents: DocumentService
    placing: PlacingService
    retrieval: RetrievalService
    conversations: ConversationService
    usage: UsageService
    reindexing: ReindexService
    system: SystemService
    throttling: Throttling
    persisted_documents: PersistedDocuments


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What jobs do."""

    ingestion: IngestionService
    reembedding: ReembeddingService
    documents: DocumentReconciler
    answers: AnswerReconciler
    housekeeping: Housekeeping

    async def reconcile(self) -> None:
        """Make good what was left behind; safe to run anywhere, any number of times.

        Raises:
            ExceptionGroup: What went wrong with one; the others were tended to all the same.
        """
        errors: list[Exception] = []
        for reconcile in (self.documents.reconcile, self.reembedding.reconcile, self.answers.reconcile):
            try:
                await reconcile()
            except Exception as error:  # noqa: BLE001  # raised below, together
                errors.append(error)
        if errors:
            message = "Not all could be reconciled."
            raise ExceptionGroup(message, errors)
