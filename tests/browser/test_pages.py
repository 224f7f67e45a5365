"""Every page a person can open, on a phone and on a desk: it answers, fits the screen, and axe-core finds nothing serious."""

import re
import sqlite3

import pytest

from tests.browser.conftest import DESKTOP, ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

PLACES = {
    "": ["/", "/phien", "/gio-hang", "/dang-nhap", "/quen-mat-khau", "/toi-la", "{listing}", "{lot}", "{room}", "{order}"],
    "0900000101": ["/ho", "/ho/tai-khoan", "/ho/nhat-ky", "/ho/bang-ke", "/thong-bao", "/tai-khoan"],
    "0900000002": ["/toi/phien", "{room}/dieu-khien"],
    "0900000003": [
        "/htx", "/htx/can", "/htx/lo", "/htx/mat-hang", "/htx/mat-hang/moi", "/htx/gia-san", "/htx/nong-san", "/htx/vu",
        "/htx/ho", "/htx/nguoi", "/htx/thon", "/htx/tai-khoan", "/htx/phien", "/htx/ban-chot-don", "/htx/don",
        "/htx/dong-goi", "/htx/giao-hang", "/htx/chuyen-khoan", "/htx/chuyen-khoan/ghi", "/htx/chuyen-khoan/nhap",
        "/htx/hoan-tien", "/htx/quyet-toan", "/htx/so-cai", "/htx/bao-cao", "{staff_order}",
    ],
    "0900000005": ["/thon"],
    "0900000006": ["/to-cong-nghe"],
    "0900000007": ["/quan-tri"],
}  # fmt: skip


def real_places(database) -> dict[str, str]:
    """Fill in one of each thing whose page has a name of its own."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        one = lambda statement: connection.execute(statement).fetchone()[0]  # noqa: E731
        return {
            "listing": "/mat-hang/" + one("SELECT public_id FROM listing WHERE state = 'on_sale' ORDER BY id"),
            "lot": "/lo/" + one("SELECT public_id FROM harvest_lot WHERE state = 'weighed' ORDER BY id DESC"),
            "room": "/phien/" + one("SELECT public_id FROM live_session WHERE state = 'live' ORDER BY id"),
            "order": "/don/" + one("SELECT link_token FROM orders WHERE state = 'delivered' ORDER BY id"),
            "staff_order": "/htx/don/" + one("SELECT code FROM orders WHERE state = 'delivered' ORDER BY id"),
        }


@pytest.mark.parametrize("phone", PLACES, ids=lambda phone: phone or "guest")
def test_every_page_answers_fits_and_can_be_used_by_everybody(person, demo_server, phone):
    someone = person()
    if phone:
        someone.sign_in(phone)
    names = real_places(demo_server.folder / "demo.db")
    trouble = []
    for place in PLACES[phone]:
        path = re.sub(r"\{(\w+)\}", lambda match: names[match[1]], place)
        answer = someone.page.goto(someone.url + path)
        if answer.status != 200:
            trouble.append(f"{place} answered {answer.status}")
            continue
        trouble += [f"{place} at 360 px: {fault}" for fault in faults(someone.page, 360)]
        someone.page.set_viewport_size(DESKTOP)
        if (width := someone.page.evaluate("document.documentElement.scrollWidth")) > DESKTOP["width"]:
            trouble.append(f"{place} is {width} px wide at 1280 px")
        someone.page.set_viewport_size({"width": 360, "height": 780})
    assert trouble == []


def faults(page, screen: int) -> list[str]:
    found = []
    if (width := page.evaluate("document.documentElement.scrollWidth")) > screen:
        found.append(f"{width} px wide")
    page.evaluate(AXE.read_text())
    broken = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")[
        "violations"
    ]
    found += [
        f"{rule['id']}: {rule['nodes'][0]['html'][:120]}"
        for rule in broken
        if rule["impact"] in ("serious", "critical")
    ]
    return found
