"""Translations that also know finished sentences: "Chỉ còn 2 kg." is found under the pattern "Chỉ còn {0}."

Use cases and pure rules write whole Vietnamese sentences with the numbers already in them, because they know nothing of
languages. The catalogue keeps each such sentence once, as a pattern; the pattern that fits tells what the numbers are, and
its translation says where they go.
"""

import re
from functools import cached_property

from babel import Locale
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

_GAP = re.compile(r"\{\d+\}")


class SentenceTranslations(Translations):
    """A catalogue that tries its patterns on what it does not know word for word."""

    def __init__(self, catalogue: Translations | NullTranslations) -> None:
        super().__init__()
        self._catalog = getattr(catalogue, "_catalog", {})
        self.plural = getattr(catalogue, "plural", self.plural)

    def gettext(self, message: str) -> str:
        """Return the translation, or the message itself where there is none."""
        known = self._catalog.get(message)
        return known or self._by_pattern(message)

    ugettext = gettext

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Return the patterns with what they become, those with the most words of their own first."""
        found = []
        for sentence, translation in self._catalog.items():
            if isinstance(sentence, str) and translation and _GAP.search(sentence):
                words = _GAP.split(sentence)
                found.append(
                    (len("".join(words)), re.compile("(.+?)".join(map(re.escape, words)), re.DOTALL), translation)
                )
        return [(pattern, translation) for _size, pattern, translation in sorted(found, key=lambda entry: -entry[0])]

    def _by_pattern(self, message: str) -> str:
        for pattern, translation in self._patterns:
            if found := pattern.fullmatch(message):
                # What fills a gap may be a sentence of its own; every gap is shorter than the whole, so this ends.
                return translation.format(*(self.gettext(part) for part in found.groups()))
        return message


class SentenceDomain(Domain):
    """The application's messages, loaded once for each language rather than once for each request."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._loaded: dict[Locale | None, SentenceTranslations] = {}

    def get_translations(self) -> Translations:
        """Return the current language's catalogue."""
        locale = get_locale()
        found = self._loaded.get(locale)
        if found is None:
            found = self._loaded[locale] = SentenceTranslations(super().get_translations())
        return found


class SentenceBabel(Babel):
    """Flask-Babel with our domain."""

    @cached_property
    def domain_instance(self) -> SentenceDomain:
        """Return the one domain of the application."""
        return SentenceDomain(self.domain)
