"""The layout and the macros as a browser receives them."""

import gzip
import re
from html.parser import HTMLParser

import pytest
from flask import flash, render_template, render_template_string

from tests.web.frontend_pages import EVERYTHING, LIVE, MOMENT_MS, ROOT, build_app, refuse, render


@pytest.fixture(scope="module")
def pages():
    return build_app()


class Page(HTMLParser):
    """What the tests ask a page: its elements with attributes, and its ids."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)
        self.ids = [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag):
        return [attrs for found, attrs in self.elements if found == tag]


class TestPages:
    def test_a_page_obeys_the_content_security_policy(self, pages):
        page = Page(render(pages, EVERYTHING) + render(pages, LIVE))
        for tag, attrs in page.elements:
            assert "style" not in attrs, tag
            assert tag != "style"
            assert not [name for name in attrs if name.startswith("on")], tag
        scripts = page.all("script")
        assert scripts
        assert all(script.get("nonce") == "nonce-of-this-answer" and script["type"] == "module" for script in scripts)

    def test_what_people_wrote_is_never_markup(self, pages):
        hostile = """"><script>alert(1)</script><img src=x onerror='alert(2)'>"""
        html = render(pages, EVERYTHING, hostile) + render(pages, LIVE, hostile)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert not [attrs for _, attrs in Page(html).elements if "onerror" in attrs]

    def test_ids_are_unique_and_every_label_and_description_points_somewhere(self, pages):
        for html in (render(pages, EVERYTHING), render(pages, LIVE), refuse(pages)):
            page = Page(html)
            assert len(page.ids) == len(set(page.ids))
            for attrs in page.all("label"):
                assert attrs["for"] in page.ids
            for _, attrs in page.elements:
                for described in attrs.get("aria-describedby", "").split():
                    assert described in page.ids
            for attrs in page.all("a"):
                assert not attrs["href"].startswith("#") or attrs["href"][1:] in page.ids

    def test_every_icon_asked_for_is_drawn(self):
        drawn = set(re.findall(r"^  '([a-z]+)': '<", (ROOT / "templates/_macros/icons.html").read_text(), re.MULTILINE))
        wanted = set()
        for path in (ROOT / "templates").rglob("*.html"):
            wanted |= set(re.findall(r"\bicon\('([a-z]+)'", path.read_text()))
            wanted |= set(re.findall(r"icon_name='([a-z]+)'", path.read_text()))
        assert wanted
        assert wanted - drawn == set()

    def test_a_refused_form_keeps_what_was_typed_and_says_what_to_change(self, pages):
        html = refuse(pages)
        page = Page(html)
        by_name = {attrs["name"]: attrs for attrs in page.all("input") if "name" in attrs}
        assert by_name["price"]["value"] == "38.000"
        assert by_name["price"]["inputmode"] == "numeric"
        assert by_name["weight"]["inputmode"] == "decimal"
        assert by_name["weight"]["aria-invalid"] == "true"
        assert "aria-invalid" not in by_name["price"]
        assert by_name["idempotency_key"]["value"] == "k-1"
        assert [option["value"] for option in page.all("option") if "selected" in option] == ["2"]
        assert html.count("Bác ghi số cân giúp em, ví dụ 12,5.") == 2
        assert by_name["csrf_token"]["value"] == "token-of-this-visitor"

    def test_numbers_are_written_the_vietnamese_way(self, pages):
        html = render(pages, EVERYTHING)
        assert "12.450.000\u00a0₫" in html
        assert "42.000\u00a0₫/kg" in html
        assert "2,5\u00a0kg" in html

    def test_a_bar_is_as_long_as_its_share_of_the_largest(self, pages):
        bars = [
            attrs["width"]
            for attrs in Page(render(pages, EVERYTHING)).all("rect")
            if attrs.get("class") == "bar bar--leaf"
        ]
        assert bars[:2] == ["100.00%", "50.00%"]

    def test_more_than_five_places_fold_into_more_on_a_phone(self, pages):
        places = [(f"Mục {number}", f"/muc/{number}", number == 6, "home") for number in range(7)]
        html = render(pages, EVERYTHING, nav_items=places)
        assert html.count("nav__item--rest") == 3
        assert "nav__more" in html
        assert 'class="has-nav' in html
        few = render(pages, EVERYTHING, nav_items=places[:5])
        assert "nav__item--rest" not in few
        assert "nav__more" not in few

    def test_messages_are_shown_with_their_tone(self, pages):
        with pages.test_request_context("/"):
            flash("Đã ghi 82,5 kg.", "success")
            flash("Chưa ghi được.", "error")
            html = render_template_string('{% extends "layout.html" %}')
        assert 'role="status"><div class="message message--leaf">' in re.sub(r">\s+<", "><", html)
        assert 'role="alert"><div class="message message--clay">' in re.sub(r">\s+<", "><", html)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
    def test_an_error_page_says_what_happened_and_what_to_do(self, pages, status):
        with pages.test_request_context("/"):
            html = render_template("error.html", status=status, code="some_code", message="Không còn đủ hàng.")
        assert "data-error-sentence>Không còn đủ hàng.</p>" in html
        assert f"{status} · some_code" in html

    def test_built_files_travel_packed_and_are_kept_for_ever(self, pages):
        with pages.test_request_context("/"):
            address = pages.jinja_env.globals["asset"]("app.css")
        client = pages.test_client()
        plain = client.get(address)
        packed = client.get(address, headers={"Accept-Encoding": "gzip, br"})
        assert plain.mimetype == packed.mimetype == "text/css"
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) * 3 < len(plain.data)
        assert "immutable" in packed.headers["Cache-Control"]
        picture = client.get("/static/img/logo.svg")
        assert "immutable" not in picture.headers.get("Cache-Control", "")
        for hidden in ("../app/config.py", "dist/../../wsgi.py", "dist/nothing-ABCDEFGH.js", "%2e%2e/wsgi.py"):
            assert client.get(f"/static/{hidden}").status_code == 404

    def test_the_page_tells_the_server_clock(self, pages):
        assert f'data-server-now="{MOMENT_MS}"' in render(pages, EVERYTHING)
