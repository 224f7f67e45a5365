"""The front-end build, the colours, and the macros as a browser receives them."""

import json
import re
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, flash, render_template, render_template_string
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from app import frontend, i18n
from app.money import format_vnd
from app.quantity import format_kilograms

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built():
    return frontend.build()


@pytest.fixture(scope="module")
def pages(built):
    """A small application with the real layout, macros and filters, and no database."""
    app = Flask("frontend-test", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(SECRET_KEY="only for this test", TESTING=True, WTF_CSRF_ENABLED=False)
    i18n.register(app)
    frontend.register(app, now_ms=lambda: 1_780_000_000_000)
    app.jinja_env.globals.update(csp_nonce=lambda: "nonce-of-this-answer", csrf_token=lambda: "token-of-this-visitor")
    for path, endpoint in (
        ("/ngon-ngu", "kernel.set_language"),
        ("/vao", "security.login"),
        ("/ra", "security.logout"),
    ):
        app.add_url_rule(path, endpoint=endpoint, view_func=str, methods=["GET", "POST"])
    app.add_url_rule("/lo", endpoint="lots", view_func=str)
    return app


@pytest.fixture
def source(tmp_path):
    """A copy of the sources with the packages already installed, to build and to break."""
    frontend.build()
    shutil.copytree(ROOT / "static" / "src", tmp_path / "static" / "src")
    shutil.copytree(ROOT / "static" / "img", tmp_path / "static" / "img")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


class TestBuild:
    def test_makes_every_entry_with_a_hash_in_its_name(self, source):
        frontend.build(source)
        files = json.loads((source / "static/dist/manifest.json").read_text())["files"]
        entries = {"app.css"} | {path.name for path in (source / "static/src").glob("*/pages/*")}
        assert entries <= files.keys()
        for name in entries:
            stem, suffix = name.rsplit(".", 1)
            assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{suffix}", files[name])
            assert (source / "static/dist" / files[name]).stat().st_size > 0

    def test_does_nothing_when_nothing_changed_and_builds_again_when_something_did(self, source):
        assert frontend.build(source).rebuilt
        again = frontend.build(source)
        assert not again.rebuilt
        (source / "static/src/js/pages/fresh.js").write_text("document.title = 'mới';\n")
        assert frontend.build(source).rebuilt
        assert frontend.asset_path("fresh.js", source / "static/dist").startswith("fresh-")

    def test_a_lost_file_is_made_again(self, source):
        frontend.build(source)
        dist = source / "static/dist"
        (dist / frontend.asset_path("base.js", dist)).unlink()
        assert frontend.build(source).rebuilt
        assert (dist / frontend.asset_path("base.js", dist)).exists()

    def test_a_broken_source_keeps_the_last_good_build_and_says_where(self, source):
        frontend.build(source)
        dist = source / "static/dist"
        before = (dist / "manifest.json").read_text()
        (source / "static/src/js/pages/broken.js").write_text("const = ;\n")
        with pytest.raises(frontend.FrontendError, match=r"broken\.js:1"):
            frontend.build(source)
        assert (dist / "manifest.json").read_text() == before

    def test_two_builds_at_once_end_with_one_whole_bundle(self, source):
        results, errors = [], []

        def work():
            try:
                results.append(frontend.build(source))
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert errors == []
        assert sorted(result.rebuilt for result in results) == [False, False, True]

    def test_the_node_wheel_builds_the_same_where_the_machine_has_no_node(self, source, monkeypatch):
        frontend.build(source)
        by_machine = json.loads((source / "static/dist/manifest.json").read_text())["files"]
        shutil.rmtree(source / "static/dist")
        monkeypatch.setattr(frontend.shutil, "which", lambda name: None)
        tools = frontend.find_toolchain()
        assert tools.origin == "the Node wheel"
        told = subprocess.run([*tools.npm, "--version"], capture_output=True, text=True, timeout=60, check=True)
        assert int(told.stdout.split(".")[0]) >= 9
        assert frontend.build(source).rebuilt
        assert json.loads((source / "static/dist/manifest.json").read_text())["files"] == by_machine

    def test_a_page_without_a_build_says_what_to_run(self, tmp_path):
        with pytest.raises(frontend.FrontendError, match=r"python -m app\.frontend build"):
            frontend.asset_path("base.js", tmp_path)

    def test_an_unknown_name_is_refused_by_name(self, built):
        with pytest.raises(frontend.FrontendError, match=r"nothing\.js"):
            frontend.asset_path("nothing.js")

    def test_the_licences_of_what_is_shipped_are_shipped_too(self, built):
        licences = (ROOT / "static/dist/licences.txt").read_text()
        for package in ("@fontsource/be-vietnam-pro", "htmx.org"):
            assert f"{package}\n=" in licences

    def test_the_lock_file_names_versions_and_checksums_but_no_download_addresses(self):
        lock = json.loads((ROOT / "package-lock.json").read_text())
        packages = {name: facts for name, facts in lock["packages"].items() if name}
        assert packages
        assert not [name for name, facts in packages.items() if "resolved" in facts]
        assert not [name for name, facts in packages.items() if "integrity" not in facts]
        wanted = json.loads((ROOT / "package.json").read_text())
        for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
            assert packages[f"node_modules/{name}"]["version"] == version


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (ROOT / "static/src/css/tokens.css").read_text()))
GROUNDS = ("paper", "surface", "sunken")
TINTS = ("leaf-tint", "honey-tint", "clay-tint", "sky-tint", "lychee-tint")


class TestColours:
    @pytest.mark.parametrize(
        ("text", "ground"),
        [
            *[(text, ground) for text in ("ink", "ink-soft", "clay", "leaf", "honey") for ground in GROUNDS],
            *[("ink", tint) for tint in TINTS],
            ("leaf", "leaf-tint"),
            ("leaf-deep", "leaf-tint"),
            ("honey", "honey-tint"),
            ("clay", "clay-tint"),
            ("sky", "sky-tint"),
            ("on-lychee", "lychee"),
            ("on-lychee", "lychee-deep"),
            ("on-leaf", "leaf"),
            ("on-night", "night"),
            ("on-night-soft", "night-soft"),
            ("lychee-bright", "night"),
            ("focus-on-night", "night"),
            ("surface", "ink"),
        ],
    )
    def test_text_can_be_read(self, text, ground):
        assert _contrast(TOKENS[text], TOKENS[ground]) >= 4.5

    @pytest.mark.parametrize("ground", [*GROUNDS, *TINTS])
    def test_focus_and_borders_of_controls_can_be_seen(self, ground):
        assert _contrast(TOKENS["focus-on-paper"], TOKENS[ground]) >= 3
        assert _contrast(TOKENS["line-strong"], TOKENS[ground]) >= 3

    def test_colours_live_in_the_tokens(self):
        strangers = {}
        for path in (ROOT / "static/src/css").rglob("*.css"):
            if path.name not in ("tokens.css", "print.css") and (
                found := re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text())
            ):
                strangers[path.name] = found
        assert strangers == {}


class Harvest(FlaskForm):
    household = StringField("Hộ", validators=[DataRequired("Bác ghi tên hộ giúp em.")])
    weight = StringField("Số cân", validators=[DataRequired("Bác ghi số cân giúp em, ví dụ 12,5.")])
    price = StringField("Giá bán")
    grade = SelectField("Loại", choices=[SelectChoice("1", "Loại 1"), SelectChoice("2", "Loại 2")])
    payment = RadioField(
        "Cách trả",
        choices=[SelectChoice("qr", "VietQR"), SelectChoice("cod", "Khi nhận hàng")],
        validators=[DataRequired("Bác chọn một cách trả tiền giúp em.")],
    )
    agreed = BooleanField("Đồng ý")
    photo = FileField("Ảnh")


FORM_PAGE = """{% extends "layout.html" %}
{% from "_macros/forms.html" import form_box, field, weight_field, money_field, select_field, radio_cards, tick,
   photo_field, submit %}
{% block main %}{% call form_box(form, upload=true, key="k-1") %}{{ field(form.household, "Không dấu cũng được.") }}
{{ weight_field(form.weight) }}{{ money_field(form.price) }}{{ select_field(form.grade) }}{{ radio_cards(form.payment) }}
{{ tick(form.agreed) }}{{ photo_field(form.photo) }}{{ submit("Ghi") }}{% endcall %}{% endblock %}"""

EVERYTHING = """{% extends "layout.html" %}
{% from "_macros/ui.html" import page_head, card, numbers, big_number, badge, price, message, empty_state, data_table, cell,
   pagination, filter_tabs, tile, facts, parts, timeline, countdown, stepper, meter, copy_line, fold, bar_chart, column_chart %}
{% from "_macros/forms.html" import post_button, search_form %}
{% from "_macros/live.html" import chat_line, offer_card, order_bar %}
{% block main %}
{{ page_head(hostile, hostile, "/lo") }}
{% call card(hostile) %}{{ hostile }}{% endcall %}
{% call numbers() %}{{ big_number(hostile, 12450000 | vnd, "leaf", hostile) }}{% endcall %}
{{ badge("held", hostile) }}{{ badge("failed", hostile) }}{{ price(210000, "thùng", 42000) }}{{ message(hostile, "clay") }}
{{ empty_state(hostile, hostile, "/lo", hostile) }}
{% call data_table(hostile, [hostile, "Cân"], ["Cân"]) %}<tr><th scope="row">{{ hostile }}</th>
{% call cell("Cân", true) %}{{ 2500 | kg }}{% endcall %}</tr>{% endcall %}
{{ pagination(2, 5, "lots", {"q": hostile}) }}{{ filter_tabs([(hostile, "/lo", true)]) }}
{% call tile("/lo", hostile, note=hostile) %}{{ price(38000, "kg") }}{% endcall %}
{{ facts([(hostile, hostile)]) }}{{ parts([(hostile, 38000, hostile)], hostile, 38000) }}
{{ timeline([(hostile, hostile, "done", hostile), ("Giao", "", "todo")]) }}
{{ countdown(until, "20:45", over=hostile) }}{{ stepper("quantity", 3, hostile, 1, 20, 1, "kg") }}
{{ meter(hostile, 3, 0, hostile) }}
{{ copy_line(hostile, hostile) }}{% call fold(hostile) %}{{ hostile }}{% endcall %}
{{ bar_chart(hostile, [(hostile, 61000000), ("B", 30500000), ("C", 0)], "vnd") }}{{ bar_chart("Chưa có", [], "kg") }}
{{ column_chart(hostile, [("1/6", 60000), ("2/6", 0)], "kg", before=[30000, 40000]) }}{{ column_chart("Chưa có", [], "kg") }}
{{ post_button("/lo", hostile, confirm=hostile, fields={"id": hostile}) }}{{ search_form("/lo", hostile) }}
<ol>{{ chat_line(hostile, hostile, "mine held", hostile) }}</ol>
{{ offer_card("A1", hostile, 38000 | vnd, "kg", hostile, ends_at=until) }}
{{ order_bar(hostile, 114000 | vnd, until, "20:45", "/lo") }}
{% endblock %}"""


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


def render_everything(pages, hostile="Vải", **context):
    until = datetime.now(UTC) + timedelta(minutes=30)
    with pages.test_request_context("/"):
        return render_template_string(EVERYTHING, hostile=hostile, until=until, **context)


class TestPages:
    def test_a_page_obeys_the_content_security_policy(self, pages):
        page = Page(render_everything(pages))
        for tag, attrs in page.elements:
            assert "style" not in attrs, tag
            assert tag != "style"
            assert not [name for name in attrs if name.startswith("on")], tag
        scripts = page.all("script")
        assert scripts
        assert all(script.get("nonce") == "nonce-of-this-answer" and script["type"] == "module" for script in scripts)

    def test_what_people_wrote_is_never_markup(self, pages):
        hostile = """"><script>alert(1)</script><img src=x onerror='alert(2)'>"""
        html = render_everything(pages, hostile)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        Page(html)
        assert not [attrs for _, attrs in Page(html).elements if "onerror" in attrs]

    def test_ids_are_unique_and_every_label_and_description_points_somewhere(self, pages):
        for html in (render_everything(pages), self._refused(pages)):
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

    @staticmethod
    def _refused(pages):
        typed = {"household": "", "weight": "", "price": "38.000", "grade": "2"}
        with pages.test_request_context("/", method="POST", data=typed):
            form = Harvest()
            assert not form.validate()
            return render_template_string(FORM_PAGE, form=form)

    def test_a_refused_form_keeps_what_was_typed_and_says_what_to_change(self, pages):
        html = self._refused(pages)
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
        html = render_everything(pages)
        assert "12.450.000\u00a0₫" in html
        assert "42.000\u00a0₫/kg" in html
        assert "2,5\u00a0kg" in html

    def test_a_bar_is_as_long_as_its_share_of_the_largest(self, pages):
        bars = [
            attrs["width"]
            for attrs in Page(render_everything(pages)).all("rect")
            if attrs.get("class") == "bar bar--leaf"
        ]
        assert bars[:2] == ["100.00%", "50.00%"]

    def test_more_than_five_places_fold_into_more_on_a_phone(self, pages):
        places = [(f"Mục {number}", f"/muc/{number}", number == 6, "home") for number in range(7)]
        html = render_everything(pages, nav_items=places)
        assert html.count("nav__item--rest") == 3
        assert "nav__more" in html
        assert 'class="has-nav' in html
        few = render_everything(pages, nav_items=places[:5])
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

    def test_the_page_tells_the_server_clock(self, pages):
        assert 'data-server-now="1780000000000"' in render_everything(pages)


class TestScripts:
    """The pure parts of the page scripts, run by the same Node that builds them."""

    @staticmethod
    def _run(code):
        module = (ROOT / "static/src/js/lib/format.js").as_uri()
        tools = frontend.find_toolchain()
        script = f"import * as format from {json.dumps(module)};\nconsole.log(JSON.stringify({code}));"
        done = subprocess.run(
            [*tools.node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=True
        )
        return json.loads(done.stdout)

    def test_numbers_are_written_as_the_templates_write_them(self):
        amounts = [0, 7, 999, 1000, 38_000, 114_000, 1_234_567, 61_000_000_000, -5000]
        assert self._run(f"{amounts}.map(format.formatVnd)") == [format_vnd(amount) for amount in amounts]
        weights = [0, 1, 50, 500, 1000, 2500, 3020, 12_345_678, -500, -2500]
        assert self._run(f"{weights}.map(format.formatKg)") == [
            f"{format_kilograms(grams)}\u00a0kg" for grams in weights
        ]

    def test_a_clock_runs_down_to_nothing_and_not_below(self):
        lengths = [3_600_000, 1_799_000, 1_798_001, 60_000, 59_000, 900, 0, -5000]
        assert self._run(f"{lengths}.map(format.formatLeft)") == [
            "1:00:00",
            "29:59",
            "29:59",
            "1:00",
            "0:59",
            "0:01",
            "0:00",
            "0:00",
        ]

    def test_times_are_vietnams(self):
        assert self._run("format.formatTime('2026-06-12T13:45:00Z')") == "20:45"
