"""Metrics have a registry of their own, bounded labels, and come out as Prometheus reads them."""

import asyncio
import contextlib
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lexora_gql.telemetry.metrics import OTHER, SERIES_MAX, Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics.create()


def value(metrics: Metrics, sample: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(sample, labels)


class TestRegistry:
    def test_two_processes_worth_of_metrics_do_not_meet(self, metrics: Metrics) -> None:
        other = Metrics.create()

        metrics.cache_hit_total.labels(cache="embedding").inc(3)

        assert value(metrics, "cache_hit_total", cache="embedding") == 3
        assert value(other, "cache_hit_total", cache="embedding") is None

    def test_everything_is_rendered_and_can_be_parsed(self, metrics: Metrics) -> None:
        metrics.llm_token_usage_total.labels(model="m", kind="prompt").inc(12)
        metrics.documents_finished_total.labels(outcome="READY").inc()
        metrics.llm_requests_total.labels(model="m", outcome="ok").inc()
        metrics.queue_depth.set(4)
        metrics.document_processing_duration_seconds.labels(media_type="text/plain", outcome="READY").observe(0.2)

        families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}

        assert metrics.content_type.startswith("text/plain")
        assert families["queue_depth"].samples[0].value == 4
        assert families["llm_token_usage"].samples[0].labels == {"model": "m", "kind": "prompt"}
        assert {"documents_finished", "llm_requests", "document_processing_duration_seconds"} < families.keys()
        assert {"process_resident_memory_bytes", "python_info", "event_loop_lag_seconds"} < families.keys()


class TestBounds:
    def test_labels_beyond_the_bound_are_one(self, metrics: Metrics) -> None:
        for number in range(SERIES_MAX + 50):
            metrics.http_requests_total.labels("GET", f"/{number}", "200").inc()
        metrics.http_requests_total.labels(method="GET", route="/7", status="200").inc()

        assert value(metrics, "http_requests_total", method="GET", route="/7", status="200") == 2
        assert value(metrics, "http_requests_total", method=OTHER, route=OTHER, status=OTHER) == 50
        assert metrics.render().count(b"\nhttp_requests_total{") == SERIES_MAX + 1

    def test_gauges_and_histograms_are_bounded_too(self, metrics: Metrics) -> None:
        for number in range(SERIES_MAX + 5):
            metrics.live_subscriptions.labels(name=str(number)).set(1)
            metrics.document_stage_duration_seconds.labels(stage=str(number)).observe(1)

        assert value(metrics, "live_subscriptions", name=OTHER) == 1
        assert value(metrics, "document_stage_duration_seconds_count", stage=OTHER) == 5


class TestTiming:
    def test_a_stage_is_timed_even_when_it_fails(self, metrics: Metrics) -> None:
        with contextlib.suppress(KeyError), metrics.stage("PARSING"):
            raise KeyError

        assert value(metrics, "document_stage_duration_seconds_count", stage="PARSING") == 1

    async def test_a_blocked_event_loop_shows(self, metrics: Metrics) -> None:
        watch = asyncio.create_task(metrics.watch_event_loop("api", every_seconds=0.001))
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251  # blocking is what is measured
        await asyncio.sleep(0.01)  # its turn, long overdue
        watch.cancel()

        assert (value(metrics, "event_loop_lag_seconds_sum", program="api") or 0) >= 0.05
        assert value(metrics, "event_loop_lag_seconds_count", program="worker") is None
