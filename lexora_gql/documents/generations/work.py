"""A worker's part in a reindex: some documents at a time, then the swap, then the folding."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.generations.folding import fold
from lexora_gql.documents.generations.queue import Passage, ReembeddingQueue, Share
from lexora_gql.documents.generations.reindexes import ReindexRepository
from lexora_gql.documents.generations.serving import reindex_topic
from lexora_gql.documents.models import Reindex
from lexora_gql.documents.vectors import VectorStore, to_bytes
from lexora_gql.documents.verdicts import storable
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.storage.database import WORKER, DatabaseAway

FORSAKEN_AFTER = timedelta(minutes=10)
NOBODY_HAS_IT = "No worker has this embedder. Start the workers with the settings of the server, then reindex again."
UNEXPECTED = "Something unexpected went wrong on the server; its log says what. Reindex again to go on."
AWAY = "The embedding service did not answer. Reindex again when it is back; what is done is kept."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReembeddingService:
    """Use cases of workers; stateless, and any number may be at work."""

    vectors: VectorStore
    bus: EventBus
    queue: JobQueue
    lease_seconds: float
    renewal_seconds: float

    async def reconcile(self) -> None:
        """Ring where there is something to do: whoever did it may be gone."""
        async with self.vectors.database.transaction(WORKER) as session:
            is_due = await ReindexRepository(session).is_work_due()
        if is_due:
            await self.queue.ring()

    async def step(self) -> bool:
        """Do some of what is due; return whether there may be more.

        Raises:
            DatabaseAway: PostgreSQL does not answer; leases run out.
        """
        database = self.vectors.database
        async with database.transaction(WORKER) as session:
            repository = ReindexRepository(session)
            reindex = await repository.due()
            if reindex is None:
                if (generation := await repository.unfolded()) is not None:
                    await fold(session, generation)
                return generation is not None
            embedder = self.vectors.named(reindex.embedder)
            if embedder is None:
                log.warning("reindex_needs_embedder", wanted=reindex.embedder, configured=self.vectors.embedder.name)
                await repository.fail_if_forsaken(reindex.id, NOBODY_HAS_IT, after=FORSAKEN_AFTER)
                return False
            share = await ReembeddingQueue(session).claim(seconds=self.lease_seconds)
        if share is None:
            return await self._swap(reindex)
        return await self._work(reindex, share, self.vectors.by(embedder))

    async def _swap(self, reindex: Reindex) -> bool:
        async with self.vectors.database.transaction(WORKER) as session:
            is_over = await ReindexRepository(session).swap(reindex.id)
            is_more_left = not is_over and not await ReembeddingQueue(session).is_empty()
        if is_over:
            log.info("embedder_changed", embedder=reindex.embedder, passages=reindex.done)
            await self.bus.ring(reindex_topic())
        # What others hold is theirs to end; what was missed is for anybody.
        return is_over or (is_more_left and await self._is_due())

    async def _is_due(self) -> bool:
        async with self.vectors.database.transaction(WORKER) as session:
            return await ReindexRepository(session).is_work_due()

    async def _work(self, reindex: Reindex, share: Share, store: VectorStore) -> bool:
        """Embed a share; whatever goes wrong ends in the reindex's row, and the documents are anybody's again."""
        is_answering = is_finished = False
        try:
            await self._embed_under_lease(reindex, share, store)
            is_answering = is_finished = True
        except (LeaseLost, IntegrityError) as error:
            # Somebody else has them, or a document went while its passages were embedded; the rest is still queued.
            log.info("reembedding_again", reason=type(error).__name__)
            is_answering = True
        except EmbedderUnavailable as error:
            await self._put_off(reindex, AWAY, error.retry_after_seconds or 0.0)
        except EmbedderRejected as error:
            async with self.vectors.database.transaction(WORKER) as session:
                await ReindexRepository(session).fail(reindex.id, storable(f"The embedding service refused: {error}"))
        except DatabaseAway:
            raise
        except Exception:
            log.exception("reembedding_failed")
            await self._put_off(reindex, UNEXPECTED, 0.0)
        finally:
            if not is_finished:
                # Also where the worker is told to stop: others need not wait for the lease to run out.
                await asyncio.shield(self._give_back(share))
        await self.bus.ring(reindex_topic())
        return is_answering

    async def _embed_under_lease(self, reindex: Reindex, share: Share, store: VectorStore) -> None:
        """Embed beside the lease's keeper; whichever fails first ends both."""
        work = asyncio.ensure_future(self._embed(reindex, share, store))
        lease = asyncio.ensure_future(self._keep(share))
        try:
            await asyncio.wait({work, lease}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await lease
            await work
        finally:
            for task in (work, lease):
                task.cancel()
            await asyncio.gather(work, lease, return_exceptions=True)

    async def _keep(self, share: Share) -> None:
        while True:
            await asyncio.sleep(self.renewal_seconds)
            with suppress(DatabaseAway):
                async with self.vectors.database.transaction(WORKER) as session:
                    await ReembeddingQueue(session).renew(share, seconds=self.lease_seconds)

    async def _put_off(self, reindex: Reindex, reason: str, retry_after_seconds: float) -> None:
        async with self.vectors.database.transaction(WORKER) as session:
            repository = ReindexRepository(session)
            await repository.put_off(reindex.id, reason, retry_after_seconds=retry_after_seconds)

    async def _give_back(self, share: Share) -> None:
        with suppress(DatabaseAway):
            async with self.vectors.database.transaction(WORKER) as session:
                await ReembeddingQueue(session).give_back(share)

    async def _embed(self, reindex: Reindex, share: Share, store: VectorStore) -> None:
        last: Passage | None = None
        while passages := await self._next(share, store, last):
            vectors = to_bytes(await store.embed([one.content for one in passages]))
            done = Counter(one.document_id for one in passages)
            async with store.database.transaction(WORKER) as session:
                queue = ReembeddingQueue(session)
                await queue.renew(share, seconds=self.lease_seconds, done=done)
                await queue.store(store.embedder.name, passages, vectors)
            last = passages[-1]
        async with store.database.transaction(WORKER) as session:
            passages_done = await ReembeddingQueue(session).finish(share)
            await ReindexRepository(session).count(reindex.id, passages_done)

    async def _next(self, share: Share, store: VectorStore, last: Passage | None) -> list[Passage]:
        async with store.database.transaction(WORKER) as session:
            queue = ReembeddingQueue(session)
            return await queue.passages(share, store.embedder.name, after=last, limit=store.batch_size)
