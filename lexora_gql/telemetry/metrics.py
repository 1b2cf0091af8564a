"""What Prometheus reads; every label is from a short fixed list, never an id, never what a user wrote."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
WORK_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
SEARCH_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
# Often enough to see what people notice, at two thousandths of a core.
LOOK_SECONDS = 0.1
SERIES_MAX = 300
OTHER = "other"


COUNTERS: dict[str, tuple[str, ...]] = {
    "http_requests_total": ("HTTP requests.", "method", "route", "status"),
    "graphql_operations_total": ("GraphQL operations.", "type", "outcome"),
    "throttled_operations_total": ("Operations refused, by the allowance that was used up.", "allowance"),
    "graphql_documents_total": ("Documents by where they came from: trusted, automatic or free.", "source"),
    "documents_finished_total": ("Documents by their end: READY, or the code of the failure.", "outcome"),
    "purges_total": ("Files of deleted documents, tried to be removed: removed or failed.", "outcome"),
    "orphans_removed_total": ("Files that no document named, removed by the audit.",),
    "reranks_total": ("Searches with a reranker: ok, unavailable, rejected or resting.", "outcome"),
    "answers_finished_total": ("Answers by their end.", "status", "mode"),
    "answer_fallbacks_total": ("Answers that others wrote than who was asked: model or quotes.", "to"),
    "llm_requests_total": ("Requests to models: ok, or the code of the failure.", "model", "outcome"),
    "llm_circuit_rejections_total": ("Requests not sent, since the model has failed.", "endpoint", "model"),
    "llm_token_usage_total": ("Tokens as the provider counts.", "model", "kind"),
    "cache_hit_total": ("Look-ups that were answered by a cache.", "cache"),
    "cache_miss_total": ("Look-ups that a cache could not answer.", "cache"),
}
# How the figures of several processes become one: added up, or the newest.
GAUGES: dict[str, tuple[str, Literal["livesum", "mostrecent"], *tuple[str, ...]]] = {
    "llm_circuit_open": ("Processes that leave the model alone, since it has failed.", "livesum", "endpoint", "model"),
    "live_subscriptions": ("Subscriptions being served.", "livesum", "name"),
    "documents_pending": ("Documents waiting or being read.", "mostrecent"),
    "documents_oldest_pending_seconds": ("Age of the oldest of them.", "mostrecent"),
    "purges_pending": ("Files of deleted documents that are still to be removed.", "mostrecent"),
    "purges_oldest_pending_seconds": ("Age of the oldest of them.", "mostrecent"),
    "orphans": ("Files that no document names and that the last audit left where they are.", "mostrecent"),
    "queue_depth": ("Rings that wait to be heard by a worker.", "mostrecent"),
}
HISTOGRAMS: dict[str, tuple[str, tuple[float, ...], *tuple[str, ...]]] = {
    "http_request_duration_seconds": ("From request to response.", REQUEST_SECONDS, "method", "route"),
    "document_processing_duration_seconds": (
        "From claim to outcome of a document.",
        WORK_SECONDS,
        "media_type",
        "outcome",
    ),
    "document_stage_duration_seconds": ("Each stage of a document.", WORK_SECONDS, "stage"),
    "search_duration_seconds": ("A search, whole.", SEARCH_SECONDS),
    "rerank_duration_seconds": ("Of it, what the reranker was waited for.", SEARCH_SECONDS),
    "answer_first_token_seconds": ("From asking the model to its first text.", REQUEST_SECONDS),
    "event_loop_lag_seconds": ("How late the event loop is to what was due: api or worker.", LAG_SECONDS, "program"),
}


class _Bounded(MetricWrapperBase):
    """Counts what comes beyond `SERIES_MAX` combinations of labels as one: a mistake may not fill the memory.

    Labels are from short lists, so this is the last resort and not the rule.
    """

    def labels(self, *values: Any, **named: Any) -> Self:  # noqa: ANN401  # the library's signature
        """Return the series of these labels."""
        if len(self._metrics) >= SERIES_MAX:
            key = tuple(str(named[name]) for name in self._labelnames) if named else tuple(map(str, values))
            if key not in self._metrics:
                return super().labels(*[OTHER] * len(self._labelnames))
        return super().labels(*values, **named)


class _Counter(_Bounded, Counter):
    pass


class _Gauge(_Bounded, Gauge):
    pass


class _Histogram(_Bounded, Histogram):
    pass


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one process; where processes share a folder for them, those of all.

    Attributes:
        registry: What is counted here.
        own: What is read off this process and its interpreter.
    """

    registry: CollectorRegistry
    own: CollectorRegistry
    http_requests_total: Counter
    http_request_duration_seconds: Histogram
    graphql_operations_total: Counter
    graphql_documents_total: Counter
    throttled_operations_total: Counter
    live_subscriptions: Gauge
    document_processing_duration_seconds: Histogram
    document_stage_duration_seconds: Histogram
    documents_finished_total: Counter
    documents_pending: Gauge
    documents_oldest_pending_seconds: Gauge
    purges_total: Counter
    purges_pending: Gauge
    purges_oldest_pending_seconds: Gauge
    orphans: Gauge
    orphans_removed_total: Counter
    queue_depth: Gauge
    search_duration_seconds: Histogram
    reranks_total: Counter
    rerank_duration_seconds: Histogram
    answers_finished_total: Counter
    answer_first_token_seconds: Histogram
    answer_fallbacks_total: Counter
    llm_requests_total: Counter
    llm_circuit_open: Gauge
    llm_circuit_rejections_total: Counter
    llm_token_usage_total: Counter
    cache_hit_total: Counter
    cache_miss_total: Counter
    event_loop_lag_seconds: Histogram
    content_type: str = field(default=CONTENT_TYPE_LATEST)

    @classmethod
    def create(cls) -> "Metrics":
        """Return fresh metrics, beside those of the process and the interpreter."""
        registry = CollectorRegistry()
        own = CollectorRegistry()
        ProcessCollector(registry=own)
        PlatformCollector(registry=own)
        GCCollector(registry=own)

        made: dict[str, MetricWrapperBase] = {
            **{name: _Counter(name, text, labels, registry=registry) for name, (text, *labels) in COUNTERS.items()},
            **{
                name: _Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)
                for name, (text, mode, *labels) in GAUGES.items()
            },
            **{
                name: _Histogram(name, text, labels, registry=registry, buckets=buckets)
                for name, (text, buckets, *labels) in HISTOGRAMS.items()
            },
        }
        # The names in the tables are those of the fields; one that is not fails here.
        return cls(registry=registry, own=own, **cast("dict[str, Any]", made))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of ingestion, whether it succeeds or not."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.document_stage_duration_seconds.labels(stage=name).observe(time.perf_counter() - started)

    async def watch_event_loop(self, program: str, *, every_seconds: float = LOOK_SECONDS) -> None:
        """Measure how late the event loop is, until cancelled.

        Args:
            program: Whose: "api" or "worker". Where they share a folder, their figures would become one otherwise.
            every_seconds: Whatever holds the loop for much longer than this is seen for certain.
        """
        lag = self.event_loop_lag_seconds.labels(program=program)
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + every_seconds
            await asyncio.sleep(every_seconds)
            lag.observe(max(0.0, loop.time() - due))

    def render(self) -> bytes:
        """Return everything in Prometheus' text format; its type is `content_type`.

        With PROMETHEUS_MULTIPROC_DIR set, as `lexora up` does, a worker's figures are read off the API, too.
        """
        counted = self.registry
        if shared_folder() is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library ships no type for it
        return generate_latest(counted) + generate_latest(self.own)


def shared_folder() -> str | None:
    """Return the folder in which the library keeps the counts of several processes, if it does."""
    return os.environ.get("PROMETHEUS_MULTIPROC_DIR")
