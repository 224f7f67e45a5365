"""The index behind the search of wards: which places have which words, built once a process from the gazetteer.

Every place a person may mean is an *entry*: each ward of today, and each old ward inside it under its old district.
For every word there is one big integer whose bit ``n`` says that entry ``n`` has the word, so that "all typed words
fit" is a few ANDs over integers of 1.5 kB.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import NamedTuple

from shop.places.units import OldDistrict, Ward, gazetteer
from shop.places.words import Word, folded_line, split_name, split_words

_NUMBER_OR_APOSTROPHE = re.compile("[0-9']")
_ALSO_CALLED = {
    "01": ("HN",),
    "31": ("HP",),
    "46": ("Thừa Thiên", "Thừa Thiên Huế"),
    "48": ("ĐN",),
    "66": ("Đắc Lắc",),
    "79": ("HCM", "TPHCM", "Sài Gòn", "SG"),
    "92": ("CT",),
}
"""What people call a province besides its name, by province code."""


class Entry(NamedTuple):
    """A place one may mean: a ward of today, or, with ``old_district``, an old ward that went into it."""

    ward: Ward
    old_district: OldDistrict | None
    name: str
    kind: str
    words: tuple[Word, ...]
    folded: str


class WordIndex:
    """Answers which entries have a word, whole or beginning so, as a bit set."""

    def __init__(self, postings: Mapping[str, list[int]], size: int) -> None:
        self._words = sorted(postings)
        self._masks = {word: bit_set(postings[word], size) for word in self._words}

    def having(self, word: str) -> int:
        """Return the entries that have exactly this folded word."""
        return self._masks.get(word, 0)

    def beginning(self, prefix: str) -> int:
        """Return the entries that have a folded word with this beginning."""
        first = bisect_left(self._words, prefix)
        mask = 0
        for word in self._words[first : bisect_left(self._words, prefix + "\U0010ffff", first)]:
            mask |= self._masks[word]
        return mask


@dataclass(frozen=True, slots=True)
class Index:
    """Everything a search needs; the ``whole_…`` maps lead from a folded phrase to the entries it names entirely."""

    entries: tuple[Entry, ...]
    name_words: WordIndex
    area_words: WordIndex
    whole_names: Mapping[str, set[int]]
    whole_districts: Mapping[str, set[int]]
    whole_provinces: Mapping[str, set[int]]
    by_province_code: Mapping[str, int]


def bit_set(numbers: Iterable[int], size: int) -> int:
    """Return an integer with these bits set; ``size`` is one more than the greatest number."""
    bits = bytearray(size // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def province_phrases(ward: Ward) -> list[tuple[Word, ...]]:
    """Return the name of the ward's province of today and what else people call it."""
    also = map(split_words, _ALSO_CALLED.get(ward.province_code, ()))
    return [split_name(ward.province_name)[1], *also]


def _entry(ward: Ward, old_district: OldDistrict | None, name: str) -> Entry:
    kind, words = split_name(name)
    return Entry(ward, old_district, name, kind, words, folded_line(words))


def _entries() -> Iterator[Entry]:
    """Yield the wards of today first, so that they come first where a search has to stop ranking."""
    places = gazetteer()
    for ward in places.wards.values():
        yield _entry(ward, None, ward.name)
    for ward in places.wards.values():
        own = split_name(ward.name)[1]
        for district in places.old_districts[ward.code]:
            for name in district.ward_names:
                if split_name(name)[1] != own:  # A kept name is found by the entry of today, which has its district.
                    yield _entry(ward, district, name)


def _spellings(entry: Entry) -> set[str]:
    """Return the folded words of the name; "12" also finds "Phường 12", and "h leo" finds "Ea H'leo"."""
    words = set(entry.folded.split())
    if _NUMBER_OR_APOSTROPHE.search(entry.name):
        words.update(word.folded for word in split_words(entry.name.replace("'", " ").partition(" ")[2]))
    return words


class _Area(NamedTuple):
    """What surrounds a place: the folded names of its old districts and of its provinces, and all their words."""

    districts: set[str]
    provinces: set[str]
    words: set[str]


def _area(ward: Ward, old_district: OldDistrict | None) -> _Area:
    own = set(map(folded_line, province_phrases(ward)))
    old = [old_district] if old_district else gazetteer().old_districts[ward.code]
    districts = {_folded_name(district.name) for district in old}
    provinces = own.union(_folded_name(district.province_name) for district in old)
    words = set(" ".join([*districts, *provinces]).split())
    if old_district:  # People write "Phương Nam, phường Yên Tử" while they learn the new name.
        words.update(_folded_name(ward.name).split())
    return _Area(districts, provinces, words)


@cache
def _folded_name(name: str) -> str:
    return folded_line(split_name(name)[1])


@cache
def index() -> Index:
    """Build the index at the first search of the process, in about a tenth of a second."""
    entries = tuple(_entries())
    name_words: defaultdict[str, list[int]] = defaultdict(list)
    area_words: defaultdict[str, list[int]] = defaultdict(list)
    by_province_code: defaultdict[str, list[int]] = defaultdict(list)
    whole_names: defaultdict[str, set[int]] = defaultdict(set)
    whole_districts: defaultdict[str, set[int]] = defaultdict(set)
    whole_provinces: defaultdict[str, set[int]] = defaultdict(set)
    for number, entry in enumerate(entries):
        whole_names[entry.folded].add(number)
        for word in _spellings(entry):
            name_words[word].append(number)
    together = groupby(range(len(entries)), key=lambda number: entries[number][:2])
    for (ward, old_district), group in together:
        numbers = list(group)
        area = _area(ward, old_district)
        by_province_code[ward.province_code] += numbers
        for word in area.words:
            area_words[word] += numbers
        for district in area.districts:
            whole_districts[district].update(numbers)
        for province in area.provinces:
            whole_provinces[province].update(numbers)
    size = len(entries)
    return Index(
        entries,
        WordIndex(name_words, size),
        WordIndex(area_words, size),
        whole_names,
        whole_districts,
        whole_provinces,
        {code: bit_set(numbers, size) for code, numbers in by_province_code.items()},
    )
