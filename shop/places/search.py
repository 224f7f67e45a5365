"""Finding a ward from what a person types in one box: new names, old names, with or without marks, in any order.

First the index says which places fit every typed word; then the likeliest few hundred of them are ranked one by one.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from shop.places.index import Entry, Index, bit_set, index, province_names
from shop.places.units import OldDistrict, Ward, gazetteer
from shop.places.words import KIND_WORDS, Word, folded_line, split_name, split_typed

MAX_TYPED_CHARS = 160
"""Nobody types a longer place name; whatever is longer finds nothing and costs nothing."""
MAX_TYPED_WORDS = 16
MAX_MATCHES = 50
_MAX_RANKED = 150


@dataclass(frozen=True, slots=True)
class WardMatch:
    """A ward that fits what was typed.

    ``matched_old_name`` is the dissolved ward or district by which it was found ("Phường Phương Nam, Thành phố Uông
    Bí"), for the page to say why this ward is offered; nothing when its name of today was enough.
    """

    ward: Ward
    matched_old_name: str | None


class _Phrase(NamedTuple):
    """A run of typed words that is the whole name of places; ``positions`` has a bit for each typed word in it."""

    positions: int
    length: int
    names: Collection[int]
    districts: Collection[int]
    provinces: Collection[int]


class _Typed(NamedTuple):
    words: list[Word]
    line: str
    has_marks: bool
    kinds: set[str]
    phrases: list[_Phrase]


def search_wards(text: str, limit: int = 8, province_code: str | None = None) -> list[WardMatch]:
    """Return at most ``limit`` wards that fit every typed word, the likeliest first; each ward once.

    A word may stand in the ward's name, its old names, its old districts or its province; the last word, still being
    typed, fits by its beginning, and all do when nothing else is found. "phường", "x.", "tp" and the like may stand
    anywhere. Names that differ only in their marks are all returned, those written as typed first. ``province_code``
    keeps to one province of today. What cannot be a place finds nothing.
    """
    if len(text) > MAX_TYPED_CHARS or limit <= 0:
        return []
    words = split_typed(text)
    if not words or len(words) > MAX_TYPED_WORDS:
        return []
    places = index()
    within = -1 if province_code is None else places.by_province_code.get(province_code, 0)
    fitting = _fitting(places, words) & within
    typed = _Typed(
        words,
        folded_line(words),
        any(word.written != word.folded for word in words),
        {KIND_WORDS[word.folded] for word in words if word.folded in KIND_WORDS},
        _phrases(places, words),
    )
    numbers = _first_bits(fitting, _preferences(places, typed), _MAX_RANKED)
    ranked = sorted((_rank(number, places.entries[number], typed), number) for number in numbers)
    return _matches((places.entries[number] for _, number in ranked), words, min(limit, MAX_MATCHES))


def _fitting(places: Index, words: list[Word]) -> int:
    """Return the entries that have every word; the beginning of a word counts as much as the docstring above says."""
    whole, meant = -1, 0
    for word in words[:-1]:
        having = places.name_words.having(word.folded) | places.area_words.having(word.folded)
        meant |= having
        whole &= -1 if word.folded in KIND_WORDS else having
    last = words[-1].folded
    in_names = places.name_words.beginning(last)
    having = places.name_words.having(last) | places.area_words.having(last)
    exact = (whole if last in KIND_WORDS else whole & having) & (meant | having)
    if exact:
        return exact | (whole & in_names)
    anywhere = in_names | places.area_words.beginning(last)
    return whole & anywhere or _fitting_by_beginnings(places, words)


def _fitting_by_beginnings(places: Index, words: list[Word]) -> int:
    fitting, meant = -1, 0
    for word in words:
        found = places.name_words.beginning(word.folded) | places.area_words.beginning(word.folded)
        meant |= found
        fitting &= -1 if word.folded in KIND_WORDS else found
    return fitting & meant


def _phrases(places: Index, words: list[Word]) -> list[_Phrase]:
    """Return the runs of typed words that name a ward, an old ward, an old district or a province entirely."""
    phrases = []
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            run = folded_line(words[start:end])
            named = (places.whole_names, places.whole_districts, places.whole_provinces)
            found = [whole.get(run, ()) for whole in named]
            if any(found):
                phrases.append(_Phrase((1 << end) - (1 << start), end - start, *found))
    return phrases


def _preferences(places: Index, typed: _Typed) -> Iterator[int]:
    """Yield the sets from which the entries to be ranked are taken first."""
    size = len(places.entries)
    yield bit_set((number for phrase in typed.phrases for number in phrase.names), size)
    yield bit_set((number for phrase in typed.phrases for number in phrase.districts), size)
    in_names = [places.name_words.beginning(word.folded) for word in typed.words if word.folded not in KIND_WORDS]
    for mask in in_names[1:]:
        in_names[0] &= mask
    yield from in_names
    yield -1


def _first_bits(fitting: int, preferences: Iterable[int], limit: int) -> Iterator[int]:
    """Yield the numbers of at most ``limit`` set bits of ``fitting``, those inside the earlier preferences first."""
    for preference in preferences:
        chosen = fitting & preference
        fitting &= ~preference
        while chosen:
            lowest = chosen & -chosen
            chosen ^= lowest
            yield lowest.bit_length() - 1
            limit -= 1
            if limit == 0:
                return


def _rank(number: int, entry: Entry, typed: _Typed) -> tuple[int, ...]:
    """Return a sort key, smaller is likelier: explained by whole names, marks as typed, names of today, closeness."""
    own = whole = around = district = 0
    for phrase in typed.phrases:
        if number in phrase.names:
            own |= phrase.positions
            whole = max(whole, phrase.length)
    for phrase in typed.phrases:  # One typed word cannot be both: "Phước Vĩnh Tây Ninh" is not Phước Vĩnh Tây.
        if not (own | around) & phrase.positions and (number in phrase.districts or number in phrase.provinces):
            around |= phrase.positions
        if number in phrase.districts:
            district = max(district, phrase.length)
    as_written = other_marks = exact = begun = 0
    for word in typed.words:
        same = [name.written == word.written for name in entry.words if name.folded == word.folded]
        if same:
            exact += 1
            as_written += typed.has_marks and any(same)
            other_marks += word.written != word.folded and not any(same)
        elif word.folded not in KIND_WORDS:
            begun += any(name.folded.startswith(word.folded) for name in entry.words)
    return (
        -(own | around).bit_count(),
        -whole,
        not entry.folded.startswith(typed.line),
        other_marks,
        -as_written,
        entry.old_district is not None,
        -district,
        -exact,
        -begun,
        entry.kind not in typed.kinds,
        len(entry.words),
    )


def _matches(entries: Iterable[Entry], words: list[Word], limit: int) -> list[WardMatch]:
    matches: dict[str, WardMatch] = {}
    for entry in entries:
        if entry.ward.code not in matches:
            matches[entry.ward.code] = WardMatch(entry.ward, _old_name(entry, words))
            if len(matches) == limit:
                break
    return list(matches.values())


def _old_name(entry: Entry, words: list[Word]) -> str | None:
    """Return the old name that made the entry fit: the old ward, or the old district that only its history explains."""
    if entry.old_district:
        return _with_area(entry.ward, entry.old_district, entry.name)
    home = gazetteer().provinces[entry.ward.province_code]
    today = " ".join((entry.folded, *province_names(home))).split()
    for word in words:
        if word.folded in KIND_WORDS or any(own.startswith(word.folded) for own in today):
            continue
        for district in gazetteer().old_districts[entry.ward.code]:
            area = split_name(district.name)[1] + split_name(district.province_name)[1]
            if any(own.folded.startswith(word.folded) for own in area):
                return _with_area(entry.ward, district)
    return None


def _with_area(ward: Ward, district: OldDistrict, *ward_name: str) -> str:
    """Return the old address as text, naming the old province only where it is no longer the ward's province."""
    same_province = split_name(district.province_name)[1] == split_name(ward.province_name)[1]
    return ", ".join((*ward_name, district.name, *(() if same_province else (district.province_name,))))
