"""Both languages are complete: every sentence people can read has its English, and fills the same gaps."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template
from flask_babel import force_locale, gettext, ngettext
from wtforms.i18n import messages_path

from app.accounts.sentences import SENTENCES
from app.catalogue import ENGLISH, TRANSLATIONS, compile_catalogues, find_messages, python_messages, read, untranslated
from app.demo import DEMO_SIGN_INS
from app.errors import InsufficientStock
from tests.clients import browser

GAPS = re.compile(r"%\(\w+\)[sd]|\{\d+\}|%%")
VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
NAMES = re.compile(r"Chợ Phiên|Thôn Đá Bạc|Bà Mận|đồng|chốt A1|Đọc tiếng Việt|^(?:tạ|tấn|yến|lạng|ký|kí|cân)$")


def texts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_nothing_waits_for_a_translation():
    assert untranslated() == []


def test_the_catalogue_is_in_step_with_the_sources():
    """When this fails, run ``flask --app wsgi translations`` and translate what it lists."""
    in_sources = {message if isinstance(message, str) else message[0] for message in find_messages()}
    in_catalogue = {
        message.id if isinstance(message.id, str) else message.id[0] for message in read(ENGLISH) if message.id
    }
    assert sorted(in_sources - in_catalogue) == [], "new sentences"
    assert sorted(in_catalogue - in_sources) == [], "sentences that are gone"


def test_translations_fill_the_same_gaps():
    assert [
        (message.id, text)
        for message in read(ENGLISH)
        for text in texts(message.string)
        if text and Counter(GAPS.findall(text)) != Counter(GAPS.findall(texts(message.id)[-1]))
    ] == []


def test_the_english_is_english():
    left = [
        (message.id, text)
        for message in read(ENGLISH)
        if message.id
        for text in texts(message.string)
        if VIETNAMESE.search(NAMES.sub("", text))
    ]
    assert left == []


def test_english_keeps_the_spacing_at_the_ends():
    """Sentences are put together with what stands around them; a lost space would glue two words."""
    wrong = [
        message.id
        for message in read(ENGLISH)
        if isinstance(message.id, str) and message.id
        if (message.id[:1].isspace(), message.id[-1:].isspace())
        != (message.string[:1].isspace(), message.string[-1:].isspace())
    ]
    assert wrong == []


def test_forms_speak_vietnamese_where_they_use_their_own_words():
    with (Path(messages_path()) / "wtforms.pot").open("rb") as file:
        wanted = {message.id for message in read_po(file) if message.id}
    ours = read(TRANSLATIONS / "vi" / "LC_MESSAGES" / "wtforms.po")
    assert {message.id for message in ours if message.id} == wanted
    assert untranslated(TRANSLATIONS / "vi" / "LC_MESSAGES" / "wtforms.po") == []
    for message in ours:
        if message.id:
            text = message.string if isinstance(message.string, str) else message.string[0]
            assert set(GAPS.findall(text)) <= set(GAPS.findall(str(message.id)))


def test_a_form_of_the_library_answers_in_the_language_of_the_reader(app: Flask):
    client = browser(app)
    long_name = {"name": "x" * 500, "phone": "0912345678"}
    assert "Bác ghi không quá 160 ký tự giúp em." in client.post("/toi-la", data=long_name).text
    client.post("/ngon-ngu", data={"language": "en"})
    assert "Field cannot be longer than 160 characters." in client.post("/toi-la", data=long_name).text


def test_pages_and_refusals_are_read_in_english(app: Flask):
    client = browser(app)
    client.post("/ngon-ngu", data={"language": "en"})
    page = client.get("/dang-nhap").text
    assert "Sign in" in page
    assert "Đăng nhập" not in page
    refused = client.post("/toi-la", json={"name": "x" * 90, "phone": "0912345678"})
    assert refused.json["message"] == "The name is longer than 80 characters; please shorten it."


def test_a_finished_sentence_is_found_by_its_pattern(app: Flask):
    assert InsufficientStock("x").code == "insufficient_stock"
    with app.test_request_context(), force_locale("en"):
        said = gettext("Mật khẩu cần ít nhất 8 ký tự. Bác ghép ba bốn từ dễ nhớ cũng được.")
        assert "at least 8 characters" in said
        assert gettext("Câu này không có trong sổ: 7.") == "Câu này không có trong sổ: 7."
        assert ngettext("một", "nhiều", 2) == "nhiều"
    with app.test_request_context(), force_locale("vi"):
        assert gettext("Mật khẩu mới") == "Mật khẩu mới"


def test_sentences_of_flask_security_are_all_ours(app: Flask):
    """Every message of a feature that is switched on is said in our words."""
    from flask_security.core import _default_messages

    elsewhere = ("WEBAUTHN", "OAUTH", "USERNAME", "CONFIRM", "EMAIL_CONFIRMED", "ALREADY_CONFIRMED", "REFRESH_TOKEN")
    links = ("INVALID_CONFIRMATION_TOKEN", "PASSWORDLESS_LOGIN_SUCCESSFUL", "LOGIN_EXPIRED", "LOGIN_EMAIL_SENT")
    set_up = ("US_CURRENT_METHODS", "US_SETUP_EXPIRED", "US_SETUP_SUCCESSFUL", "INVALID_LOGIN_TOKEN", "CHANGE_EMAIL")
    registering = ("EMAIL_ALREADY_ASSOCIATED", "IDENTITY_", "PASSWORD_BREACHED", "INVALID_INPUT_LENGTH")
    missing = [
        name
        for name in _default_messages
        if name not in SENTENCES and not name.startswith((*elsewhere, *links, *set_up, *registering))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('"""Tiếng Việt."""\nx = _("Xin chào")', ["Xin chào"]),
        ('raise Conflict("Đã hết rồi.")', ["Đã hết rồi."]),
        ('raise Conflict(f"Chỉ còn {left} {unit}.")', ["Chỉ còn {0} {1}."]),
        ('x = ("Bác ghi số cân "\n "giúp em.")', ["Bác ghi số cân giúp em."]),
        ('x = ngettext("%(num)d đơn", "%(num)d đơn", n)', [("%(num)d đơn", "%(num)d đơn")]),
        ('x = "plain English"; y = f"{z}"', []),
        ('LABELS = {"a": "Đã giao"}\n"""Nhãn của đơn."""', ["Đã giao"]),
        ('x = re.compile(r"\\d+ đồng")', []),
    ],
)
def test_what_the_catalogue_finds(source: str, messages: list):
    assert list(python_messages(source)) == messages


def test_of_data_only_what_is_marked_is_found():
    source = 'PEOPLE = (Person(N_("Trưởng thôn"), "Bác Khải"),)'
    assert list(python_messages(source, marked_only=True)) == ["Trưởng thôn"]
    assert list(python_messages(source)) == ["Trưởng thôn", "Bác Khải"]


def test_the_demos_roles_are_read_in_english(app: Flask):
    with app.test_request_context(), force_locale("en"):
        roles = [gettext(person.role) for person in DEMO_SIGN_INS]
        page = render_template("shop/_demo_sign_ins.html", demo_sign_ins=DEMO_SIGN_INS)
    assert not [role for role in roles if VIETNAMESE.search(role)]
    assert [role for role in roles if role not in page] == []


def test_compiling_again_does_nothing(tmp_path: Path):
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text('msgid "Xin chào"\nmsgstr "Hello"\n')
    assert compile_catalogues(tmp_path) == 1
    assert compile_catalogues(tmp_path) == 0
    assert [path.name for path in sorted(folder.iterdir())] == ["messages.mo", "messages.po"]
