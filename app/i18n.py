"""Two languages, Vietnamese first: which one a visitor reads, and how numbers, money, weights and times are written."""

import re
from datetime import date, datetime
from functools import lru_cache

from flask import Flask, has_request_context, session
from flask_babel import Babel, get_domain, get_locale, gettext

from app.clock import VIETNAM, vietnam_date
from app.money import format_number, format_vnd
from app.phones import format_phone, mask_phone
from app.quantity import format_kilograms, format_units

LANGUAGES = ("vi", "en")
babel = Babel()


def N_(text: str) -> str:  # noqa: N802 -- The name the translation tools look for.
    """Mark a sentence that is written down here and translated where it is shown."""
    return text


def select_language() -> str:
    """Return the visitor's language: their choice if they made one, Vietnamese otherwise."""
    chosen = session.get("language") if has_request_context() else None
    return chosen if chosen in LANGUAGES else "vi"


def current_language() -> str:
    """Return "vi" or "en" for the request being served."""
    return str(get_locale() or "vi")


def translate_sentence(sentence: str) -> str:
    """Return a finished Vietnamese sentence in the visitor's language.

    Use cases write whole sentences with the numbers already in them ("Chỉ còn 2 kg."), because they know nothing of
    languages. The catalogue keeps each as a pattern ("Chỉ còn {0}."): the pattern that fits tells what the numbers are,
    and the translation says where they go.
    """
    if current_language() == "vi":
        return sentence
    translated = gettext(sentence)
    if translated != sentence:
        return translated
    for pattern, translation in _sentence_patterns(current_language()):
        if found := pattern.fullmatch(sentence):
            return translation.format(*found.groups())
    return sentence


@lru_cache(maxsize=len(LANGUAGES))
def _sentence_patterns(language: str) -> list[tuple[re.Pattern[str], str]]:  # noqa: ARG001 -- The key of the cache.
    """Return the patterns of the current catalogue, those with the most words of their own first."""
    catalogue = get_domain().get_translations()._catalog  # noqa: SLF001 -- gettext has no way to list its entries.
    found = []
    for sentence, translation in catalogue.items():
        if isinstance(sentence, str) and "{0}" in sentence:
            words = re.split(r"\{\d+\}", sentence)
            found.append((len("".join(words)), re.compile("(.+?)".join(map(re.escape, words)), re.DOTALL), translation))
    return [(pattern, translation) for _size, pattern, translation in sorted(found, key=lambda entry: -entry[0])]


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


def register(app: Flask) -> None:
    """Set Flask-Babel up and give templates the filters that write numbers, money, weights and times."""
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Ho_Chi_Minh"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "app/translations"
    babel.init_app(app, locale_selector=select_language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
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
    }
    app.jinja_env.globals |= {
        "current_language": current_language,
        "per_language": per_language,
        "languages": LANGUAGES,
    }
