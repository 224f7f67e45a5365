"""Metrics for whoever watches the server: counters and timings in Prometheus' format at ``/metrics``, for loopback only."""

import time

from flask import Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.network import client_address

registry = CollectorRegistry()
requests_seconds = Histogram(
    "chophien_request_seconds", "Time to answer a page, in seconds", ["endpoint", "status"], registry=registry
)
refusals = Counter("chophien_refusals_total", "Commands refused, by error code", ["code"], registry=registry)
orders_placed = Counter("chophien_orders_placed_total", "Order commands acknowledged", registry=registry)
viewers = Gauge("chophien_viewers", "Sockets in live rooms", registry=registry)
loop_stall_seconds = Histogram(
    "chophien_loop_stall_seconds", "Event-loop stalls over 200 ms, in seconds", registry=registry
)


def register(app: Flask) -> None:
    """Time every request and serve the numbers."""

    @app.before_request
    def _start_timer() -> None:
        g.request_started = time.perf_counter()

    @app.after_request
    def _observe(response: Response) -> Response:
        if started := g.get("request_started"):
            elapsed = time.perf_counter() - started
            requests_seconds.labels(request.endpoint or "none", response.status_code).observe(elapsed)
        return response

    @app.get("/metrics", endpoint="kernel_metrics")
    def _metrics() -> Response:
        if client_address() not in ("127.0.0.1", "::1"):
            abort(404)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
