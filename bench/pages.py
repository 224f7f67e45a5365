"""How long every page takes on the demo data: ``python -m bench.pages [--quick] [--json FILE]``.

A crawler walks the site as a guest and as each person of the demo, following links as they stand in the pages, so that a
new page is measured without anybody listing it here. Each page it finds is then asked for again and again in one process
without a network: what is measured is our own work. The promise is 100 ms at the 95th percentile and 15 queries a page.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event, select
from werkzeug.exceptions import HTTPException

from app.config import Config
from app.db import db
from app.demo import DEMO_SIGN_INS, DemoSignIn
from app.factory import create_app
from livestream.demo.loading import load_demo
from orders.models import Order

PROMISE_MS = 100.0
PROMISE_QUERIES = 15
ROUNDS, QUICK_ROUNDS = 40, 10
PAGES_PER_ENDPOINT = 3
"""How many addresses of one kind (three orders, say) a crawl asks for as one person."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One page as one person sees it. Times in milliseconds; ``cpu_ms`` is our own work, whatever else the machine does."""

    endpoint: str
    path: str
    who: str
    queries: int
    cpu_ms: float
    median_ms: float
    p95_ms: float


class Links(HTMLParser):
    """Collects the addresses a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def crawl(app: Flask, client: FlaskClient, starts: list[str], broken: list[str]) -> Iterator[tuple[str, str]]:
    """Yield ``(endpoint, path)`` of every page a person reaches by links, a few addresses for each kind of page.

    A link that leads to an error is added to ``broken``.
    """
    adapter = app.url_map.bind("localhost")
    waiting, seen, per_endpoint = list(starts), set(), {}
    while waiting:
        path = waiting.pop(0)
        address = urlsplit(path)
        if address.netloc or address.scheme or not address.path.startswith("/") or path in seen:
            continue
        seen.add(path)
        try:
            endpoint, _ = adapter.match(address.path, method="GET")
        except HTTPException:
            continue
        if endpoint == "static" or per_endpoint.get(endpoint, 0) >= PAGES_PER_ENDPOINT:
            continue
        response = client.get(path)
        if response.status_code >= 400 and path not in starts:
            broken.append(f"{response.status_code} {path}")
        if response.status_code in (301, 302, 303):
            waiting.append(response.headers["Location"])
        if response.status_code != 200 or response.mimetype != "text/html":
            continue
        per_endpoint[endpoint] = per_endpoint.get(endpoint, 0) + 1
        links = Links()
        links.feed(response.get_data(as_text=True))
        waiting += [link.split("#")[0] for link in links.found if not link.startswith("#")]
        yield endpoint, path


def sign_in(client: FlaskClient, person: DemoSignIn) -> None:
    """Sign a demo person in through the real form."""
    response = client.post("/dang-nhap", data={"identity": person.identity, "passcode": person.password})
    if response.status_code not in (302, 303):
        sys.exit(f"{person.name} could not sign in (status {response.status_code})")


def measure(client: FlaskClient, path: str, rounds: int) -> tuple[int, float, float, float]:
    """Ask for a page ``rounds`` times; return its queries, median of CPU time, median and 95th percentile in milliseconds."""
    queries = 0

    def count(*_details: object) -> None:
        nonlocal queries
        queries += 1

    with client.application.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
        client.get(path)
        event.remove(db.engine, "before_cursor_execute", count)
    times, work = [], []
    for _ in range(rounds):
        begun, begun_work = time.perf_counter(), time.process_time()
        client.get(path).get_data()
        times.append((time.perf_counter() - begun) * 1000)
        work.append((time.process_time() - begun_work) * 1000)
    times.sort()
    work.sort()
    return queries, work[len(work) // 2], times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]


def demo_app(folder: Path) -> Flask:
    """Return an application on its own database, migrated and with the demo loaded; CSRF and rate limits stand aside."""
    config = Config(
        environment="development",
        demo_crowd=False,
        database_url=os.environ.get("CHOPHIEN_BENCH_DATABASE_URL", f"sqlite:///{folder / 'bench.db'}"),
        media_root=folder / "media",
        log_level="WARNING",
    )
    app = create_app(config)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with app.app_context():
        upgrade()
        load_demo()
        db.session.remove()
    return app


def everybody(app: Flask, rounds: int) -> tuple[list[Measured], list[str]]:
    """Measure every page as a guest and as each person of the demo; return the measurements and the broken links."""
    broken: list[str] = []
    with app.app_context():
        tokens = db.session.scalars(select(Order.link_token).order_by(Order.id.desc()).limit(PAGES_PER_ENDPOINT)).all()
        db.session.remove()
    measured: list[Measured] = []
    for person in (None, *DEMO_SIGN_INS):
        client = app.test_client()
        starts = ["/", "/phien", "/gio-hang", "/dang-nhap", "/toi-la", *(f"/don/{token}" for token in tokens)]
        if person is not None:
            sign_in(client, person)
            starts = [person.start, "/", "/phien", "/tai-khoan"]
        for endpoint, path in list(crawl(app, client, starts, broken)):
            queries, cpu, median, p95 = measure(client, path, rounds)
            who = person.name if person else "khách"
            measured.append(Measured(endpoint, path, who, queries, round(cpu, 1), round(median, 1), round(p95, 1)))
    return measured, sorted(set(broken))


def main(arguments: list[str]) -> int:
    """Print the slowest sight of every page and return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds instead of {ROUNDS}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every measurement to FILE")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chophien-bench-") as folder:
        app = demo_app(Path(folder))
        measured, broken = everybody(app, QUICK_ROUNDS if options.quick else ROUNDS)
        with app.app_context():
            db.engine.dispose()
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in measured], ensure_ascii=False, indent=1))
    worst: dict[str, Measured] = {}
    for row in measured:
        if row.endpoint not in worst or row.p95_ms > worst[row.endpoint].p95_ms:
            worst[row.endpoint] = row
    print(f"{'page':<34} {'who':<12} {'queries':>7} {'cpu':>9} {'median':>9} {'p95':>9}  address")
    for row in sorted(worst.values(), key=lambda row: -row.p95_ms):
        times = f"{row.cpu_ms:>6} ms {row.median_ms:>6} ms {row.p95_ms:>6} ms"
        print(f"{row.endpoint:<34} {row.who:<12} {row.queries:>7} {times}  {row.path}")
    slow = [row for row in measured if row.p95_ms > PROMISE_MS]
    chatty = [row for row in measured if row.queries > PROMISE_QUERIES]
    print(
        f"{len(worst)} pages, {len(measured)} sights: {len(slow)} over {PROMISE_MS:.0f} ms, "
        f"{len(chatty)} over {PROMISE_QUERIES} queries"
    )
    for row in chatty:
        print(f"  {row.queries} queries: {row.path} ({row.who})")
    for link in broken:
        print(f"  broken link: {link}")
    return 1 if slow or chatty or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
