"""What people type stays text on every page, also inside a sentence that goes through the catalogue."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from jinja2 import nodes

from app.clock import system_clock, vietnam_date
from app.errors import Conflict
from tests.world import World

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
HOSTILE = "<script>alert(1)</script> 100% chín %(ten)s"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; 100% chín %(ten)s"
_SENTENCES = {"_": 1, "gettext": 1, "ngettext": 2}
"""How many sentences each function of the catalogue takes; Jinja gives them back as markup that is not escaped."""


def unsafe_calls(app: Flask, source: str) -> Iterator[int]:
    """Yield the lines where a template translates what is not written down in it."""
    for call in app.jinja_env.parse(source).find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        sentences = call.args[: _SENTENCES.get(name, 0)]
        if any(not isinstance(sentence, nodes.Const) for sentence in sentences):
            yield call.lineno


def test_templates_translate_only_what_is_written_in_them(app: Flask):
    """When this fails, write ``{{ words | translated }}``: the filter gives plain text, which the page escapes."""
    found = [
        f"{path.relative_to(TEMPLATES)}:{line}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for line in unsafe_calls(app, path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("{{ _('Giỏ hàng') }}{{ _('Còn %(left)s', left=typed) }}", []),
        ("{{ ngettext('%(num)s hộ', '%(num)s hộ', households) }}", []),
        ("{{ typed | translated }}", []),
        ("\n{{ _(refused.message) }}", [2]),
        ("{{ gettext(\n  words[kind]) }}", [1]),
        ("{% call card(_(typed)) %}{% endcall %}", [1]),
        ("{{ _('Xin chào ' ~ name) }}", [1]),
        ("{{ ngettext('%(num)s hộ', typed, 2) }}", [1]),
    ],
)
def test_what_counts_as_unsafe(app: Flask, source: str, lines: list[int]):
    assert list(unsafe_calls(app, source)) == lines


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_filter_gives_text_that_the_page_escapes(app: Flask, language: str):
    with app.test_request_context(), force_locale(language):
        assert render_template_string("{{ words | translated }}", words=HOSTILE) == ESCAPED
        said = render_template_string("{{ 'Chợ hôm nay' | translated }}")
        assert said == ("Chợ hôm nay" if language == "vi" else "Today's market").replace("'", "&#39;")


def test_a_refusal_that_quotes_what_was_typed_is_text(world: World, signed_in, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_arguments: object) -> int:
        raise Conflict(f"Không hiểu “{HOSTILE}”.")

    monkeypatch.setattr("shop.views.household.read_quantity", refuse)
    client = signed_in(world.household_users[0])
    page = client.post(
        f"/ho/{world.households[0].public_id}/hen-hai",
        data={
            "grade_id": str(world.grade_one.id),
            "for_date": vietnam_date(system_clock()).isoformat(),
            "quantity": HOSTILE[:40],
        },
    )
    assert page.status_code == 409
    assert "<script>alert" not in page.text
    assert f"Không hiểu “{ESCAPED}”." in page.text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_bank_file_that_contradicts_itself_is_quoted_as_text(world: World, signed_in, language: str):
    """The bank's reference comes from the file and stands in the refusal."""
    staff = signed_in(world.staff)
    staff.post("/ngon-ngu", data={"language": language})
    heading = "Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Số dư;Diễn giải"
    lines = [f"20/11/2026 19:0{minute};{HOSTILE};;5{minute}.000;1.000.000;vai" for minute in (1, 2)]
    file = io.BytesIO("\n".join([heading, *lines]).encode())
    preview = staff.post(
        "/htx/chuyen-khoan/nhap", data={"file": (file, "sao-ke.csv")}, content_type="multipart/form-data"
    )
    token = re.search(r'name="file" value="([^"]+)"', preview.text)[1]
    columns = {
        "date": "0",
        "reference": "1",
        "debit": "2",
        "credit": "3",
        "content": "5",
        "amount": "-1",
        "account": "-1",
    }
    done = staff.post("/htx/chuyen-khoan/nhap/ghi", data={"file": token, "record": "1", **columns})
    assert done.status_code == 200
    assert "<script>alert" not in done.text
    assert ESCAPED in done.text
    assert ("Mã giao dịch" in done.text) == (language == "vi")
