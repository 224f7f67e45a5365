"""Two languages, Vietnamese first: which one a visitor reads, and how numbers, money, weights and times are written."""

from datetime import date, datetime
from functools import cache

from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request, session
from flask_babel import get_locale

from app.catalogue import TRANSLATIONS, compile_catalogues
from app.clock import VIETNAM, vietnam_date
from app.money import format_number, format_vnd
from app.phones import format_phone, mask_phone
from app.quantity import format_kilograms, format_units
from app.sentences import SentenceBabel

LANGUAGES = ("vi", "en")
babel = SentenceBabel()


def N_(text: str) -> str:  # noqa: N802 -- The name the translation tools look for.
    """Mark a sentence that is written down here and translated where it is shown."""
    return text


def translated(text: str) -> str:
    """Return a sentence in the visitor's language, as plain text: for templates, of words that are not written in them.

    Jinja's own ``_()`` gives markup, which no page escapes, and reads ``%`` as a gap. A refusal or a note can quote what
    somebody typed, so templates give it to this filter and escape what comes back.
    """
    return str(babel.domain_instance.get_translations().gettext(text))


def select_language() -> str:
    """Return the visitor's language: their choice if they made one, Vietnamese otherwise."""
    chosen = session.get("language") if has_request_context() else None
    return chosen if chosen in LANGUAGES else "vi"


def current_language() -> str:
    """Return "vi" or "en" for the request being served."""
    return str(get_locale() or "vi")


def local_time(moment: datetime) -> str:
    """Write a moment as Vietnam's wall clock: ``20:45``."""
    return moment.astimezone(VIETNAM).strftime("%H:%M")


def local_date(moment: datetime | date) -> str:
    """Write a day as it is written in Vietnam: ``23/11/2026``."""
    day = vietnam_date(moment) if isinstance(moment, datetime) else moment
    return day.strftime("%d/%m/%Y")


def local_datetime(moment: datetime) -> str:
    """Write a moment with its day: ``20:45 23/11/2026``."""
    return f"{local_time(moment)} {local_date(moment)}"


def per_language(vietnamese: str, english: str) -> str:
    """Return the English text when the visitor reads English and there is one, the Vietnamese otherwise."""
    return english if current_language() == "en" and english else vietnamese


@cache
def _form_messages(language: str) -> Translations | NullTranslations:
    return Translations.load(str(TRANSLATIONS), [language], "wtforms")


def _translate_forms() -> None:
    """Give WTForms our words for its own messages; it knows two dozen languages, but not Vietnamese."""
    request.wtforms_translations = _form_messages(select_language())  # type: ignore[attr-defined]


def register(app: Flask) -> None:
    """Set Flask-Babel up and give templates the filters that write numbers, money, weights and times."""
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Ho_Chi_Minh"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    compile_catalogues()
    babel.init_app(app, locale_selector=select_language)
    app.before_request(_translate_forms)
    # A page asks for hundreds of words: straight to the catalogue, without Flask-Babel's look at the context each time.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: babel.domain_instance.get_translations().gettext(text),
        lambda one, many, count: babel.domain_instance.get_translations().ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.filters |= {
        "vnd": format_vnd,
        "number": format_number,
        "kg": lambda grams: f"{format_kilograms(grams)}\u00a0kg",
        "units": format_units,
        "phone": format_phone,
        "masked_phone": mask_phone,
        "local_time": local_time,
        "local_date": local_date,
        "local_dt": local_datetime,
        "translated": translated,
    }
    app.jinja_env.globals |= {
        "current_language": current_language,
        "per_language": per_language,
        "languages": LANGUAGES,
    }
