"""Health check and Prometheus metrics of the relay."""

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sestui.errors import SestuiError
from sestui.relay.results import SendResult
from sestui.ses_api.relay_admission import QueueDepth

# Creation times would double the output.
disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters, in a separate registry for each relay."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "sestui_relay_requests",
            "Requests answered, by API (v1, v2), what they asked for and the status.",
            ("api", "action", "status"),
            registry=self.registry,
        )
        self._mails = Counter(
            "sestui_relay_mails",
            "Mails handed over, by what the client was told: accepted, or the error's code.",
            ("outcome",),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "sestui_relay_request_seconds",
            "Seconds from a request's head to its answer.",
            ("action",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._accepted = self._mails.labels("accepted")
        self._of_requests: dict[tuple[bool, str, int], tuple[Counter, Histogram]] = {}

    def request(self, *, v1: bool, action: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        key = (v1, action, status)
        if key not in self._of_requests:  # faster than looking them up by labels
            counter = self._requests.labels("v1" if v1 else "v2", action, str(status))
            self._of_requests[key] = (counter, self._seconds.labels(action))
        counter, histogram = self._of_requests[key]
        counter.inc()
        histogram.observe(seconds)

    def mail(self, settled: SendResult) -> None:
        """Count the result of a mail."""
        if settled.error is None:
            self._accepted.inc()
        else:
            self._mails.labels(settled.error.code).inc()


class _Gauges(Collector):
    """Gauges that are read at each request."""

    def __init__(self, queue: Callable[[], QueueDepth], waiting: Callable[[], int]) -> None:
        self._queue = queue
        self._waiting = waiting

    def collect(self) -> Iterable[Metric]:
        """The current gauges."""
        queue = self._queue()
        for name, told, value in (
            ("queue_depth", "Recipients taken over and not sent yet.", queue.depth),
            ("queue_age_seconds", "How long the oldest of them has waited.", queue.age),
            ("waiting_clients", "Mails whose clients wait for a slot.", self._waiting()),
        ):
            yield GaugeMetricFamily(f"sestui_relay_{name}", told, value=value)


def create_metrics_app(
    metrics: Metrics,
    *,
    queue: Callable[[], QueueDepth],
    waiting: Callable[[], int],
    trouble: Callable[[], str],
) -> Starlette:
    """``/healthz`` (503 with a sentence when something is wrong) and ``/metrics``."""
    metrics.registry.register(_Gauges(queue, waiting))

    async def healthz(_request: Request) -> Response:
        said = trouble()
        try:
            await run_in_threadpool(queue)
        except SestuiError as error:
            said = str(error)
        if said:
            return JSONResponse({"status": "trouble", "detail": said}, 503)
        return JSONResponse({"status": "ok"})

    async def figures(_request: Request) -> Response:
        try:
            text = await run_in_threadpool(generate_latest, metrics.registry)
        except SestuiError as error:
            return JSONResponse({"status": "trouble", "detail": str(error)}, 503)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", figures)])
