"""Pages made of every macro, for the tests of the markup and of the behaviour in a browser."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from app import frontend, i18n

ROOT = Path(__file__).resolve().parents[2]


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
{% block main %}<h1>Cân nhập</h1>{% call form_box(form, upload=true, key="k-1") %}
{{ field(form.household, "Không dấu cũng được.") }}
{{ weight_field(form.weight) }}{{ money_field(form.price) }}{{ select_field(form.grade) }}{{ radio_cards(form.payment) }}
{{ tick(form.agreed) }}{{ photo_field(form.photo) }}{{ submit("Ghi") }}{% endcall %}{% endblock %}"""

EVERYTHING = """{% extends "layout.html" %}
{% from "_macros/ui.html" import page_head, card, numbers, big_number, badge, price, message, empty_state, data_table, cell,
   pagination, filter_tabs, tile, facts, parts, timeline, countdown, stepper, meter, copy_line, fold, bar_chart, column_chart %}
{% from "_macros/forms.html" import post_button, search_form %}
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
{% endblock %}"""

LIVE = """{% extends "layout.html" %}
{% from "_macros/icons.html" import icon %}
{% from "_macros/ui.html" import badge %}
{% from "_macros/live.html" import chat_line, offer_card, order_bar %}
{% block head %}<link rel="stylesheet" href="{{ asset("live.css") }}">{% endblock %}
{% block body_class %}live-page{% endblock %}{% block header %}{% endblock %}{% block nav %}{% endblock %}
{% block footer %}{% endblock %}
{% block main %}<div class="live">
<div class="live__stage"><img src="{{ url_for("static", filename="img/live-poster.svg") }}" alt=""></div>
<div class="live__top"><a class="live__round" href="/" aria-label="Quay lại">{{ icon("back") }}</a>
<div class="live__title"><h1>{{ hostile }}</h1><p>312 người xem</p></div>{{ badge("live", "Đang live") }}</div>
<div class="live__side"><div class="chat" role="log" tabindex="0" aria-label="Trò chuyện" data-keep-at-end data-newer="#newer">
{{ chat_line("Lan", hostile) }}{{ chat_line("Thắm", hostile, "host") }}{{ chat_line(hostile, hostile, "mine held", hostile) }}
{% call chat_line(hostile, hostile, "mine ask", hostile) %}<button class="button button--small">A1 · 2 kg</button>{% endcall %}
</div><button class="chat__newer" id="newer" type="button" hidden>Tin mới</button>
{% call offer_card("A1", hostile, 38000 | vnd, "kg", hostile, ends_at=until, ends_text="20:45") %}
<button class="button button--primary">Chốt</button>{% endcall %}
{{ order_bar(hostile, 114000 | vnd, until, "20:45", "/lo") }}
<form class="composer"><button type="button" class="composer__bag" aria-label="Kệ hàng">{{ icon("bag") }}</button>
<input class="input" aria-label="Bình luận"><button class="composer__send" aria-label="Gửi">{{ icon("send") }}</button></form>
</div></div>{% endblock %}"""

MOMENT_MS = 1_780_000_000_000
"""What the server's clock says on these pages; far from the machine's own, so that a test sees which one counts."""


def build_app() -> Flask:
    """Return a small application with the real layout, macros and filters, and no database; it builds the front end first."""
    frontend.build()
    app = Flask("frontend-test", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(SECRET_KEY="only for this test", TESTING=True, WTF_CSRF_ENABLED=False)
    i18n.register(app)
    frontend.register(app, now_ms=lambda: MOMENT_MS)
    app.jinja_env.globals.update(csp_nonce=lambda: "nonce-of-this-answer", csrf_token=lambda: "token-of-this-visitor")
    for path, endpoint in (
        ("/ngon-ngu", "kernel.set_language"),
        ("/vao", "security.login"),
        ("/ra", "security.logout"),
    ):
        app.add_url_rule(path, endpoint=endpoint, view_func=str, methods=["GET", "POST"])
    app.add_url_rule("/lo", endpoint="lots", view_func=str)
    return app


def render(pages: Flask, template: str, hostile: str = "Vải", **context: object) -> str:
    """Return a page made from one of the templates above; ``hostile`` is put wherever people write."""
    until = datetime.fromtimestamp(MOMENT_MS / 1000, UTC) + timedelta(minutes=30)
    with pages.test_request_context("/"):
        return render_template_string(template, hostile=hostile, until=until, **context)


def refuse(pages: Flask) -> str:
    """Return the form's page after it was sent with two fields left empty."""
    typed = {"household": "", "weight": "", "price": "38.000", "grade": "2"}
    with pages.test_request_context("/", method="POST", data=typed):
        form = Harvest()
        form.validate()
        return render_template_string(FORM_PAGE, form=form)
