"""The index behind the search of wards: which places have which words, built once a process from the gazetteer.

Every place a person may mean is an *entry*: each ward of today, and each old ward inside it under its old district.
For every word there is one big integer whose bit ``n`` says that entry ``n`` has the word, so that "all typed words
fit" is a few ANDs over integers of 1.5 kB.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from shop.places.units import OldDistrict, Province, Ward, gazetteer
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
    whole_names: Mapping[str, Collection[int]]
    whole_districts: Mapping[str, Collection[int]]
    whole_provinces: Mapping[str, Collection[int]]
    by_province_code: Mapping[str, int]


def bit_set(numbers: Iterable[int], size: int) -> int:
    """Return an integer with these bits set; ``size`` is one more than the greatest number."""
    bits = bytearray(size // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


@cache
def province_names(ward_province: Province) -> tuple[str, ...]:
    """Return the folded name of a province of today and what else people call it."""
    also = _ALSO_CALLED.get(ward_province.code, ())
    return (_folded_name(ward_province.name), *(folded_line(split_words(name)) for name in also))


@cache
def _folded_name(name: str) -> str:
    return folded_line(split_name(name)[1])


@cache
def _spellings(name: str) -> tuple[str, ...]:
    """Return the folded words of a name; "12" also finds "Phường 12", and "h leo" finds "Ea H'leo"."""
    words = _folded_name(name).split()
    if _NUMBER_OR_APOSTROPHE.search(name):
        words += [word.folded for word in split_words(name.replace("'", " ").partition(" ")[2])]
    return tuple(words)


def _entries() -> Iterator[Entry]:
    """Yield the wards of today first: they come first where a search has to stop ranking."""
    places = gazetteer()
    for ward in places.wards.values():
        yield Entry(ward, None, ward.name, *split_name(ward.name), _folded_name(ward.name))
    for ward in places.wards.values():
        own = _folded_name(ward.name)
        for district in places.old_districts[ward.code]:
            for name in district.ward_names:
                folded = _folded_name(name)
                if folded != own:  # A name that was kept is found by the entry of today, which knows its districts.
                    yield Entry(ward, district, name, *split_name(name), folded)


def _numbers_by_district(entries: Iterable[Entry]) -> Mapping[tuple[str, str], list[int]]:
    """Return which entries lie in each old district, given by its own name and its province's."""
    inside: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    old_districts = gazetteer().old_districts
    for number, entry in enumerate(entries):
        for district in (entry.old_district,) if entry.old_district else old_districts[entry.ward.code]:
            inside[district.name, district.province_name].append(number)
    return inside


@cache
def index() -> Index:
    """Build the index, at the first search of the process: a quarter of a second on a small machine, 20 MB."""
    entries = tuple(_entries())
    name_words, area_words, whole_names, in_province = (defaultdict[str, list[int]](list) for _ in range(4))
    whole_districts, whole_provinces = (defaultdict[str, set[int]](set) for _ in range(2))
    for number, entry in enumerate(entries):
        in_province[entry.ward.province_code].append(number)
        whole_names[entry.folded].append(number)
        for word in _spellings(entry.name):
            name_words[word].append(number)
        if entry.old_district:  # People write "Phương Nam, phường Yên Tử" while they learn the new name.
            for word in _folded_name(entry.ward.name).split():
                area_words[word].append(number)
    for (district, province), numbers in _numbers_by_district(entries).items():
        whole_districts[_folded_name(district)].update(numbers)
        whole_provinces[_folded_name(province)].update(numbers)
    for code, numbers in in_province.items():
        for name in province_names(gazetteer().provinces[code]):
            whole_provinces[name].update(numbers)
    for area, inside in (*whole_districts.items(), *whole_provinces.items()):
        for word in area.split():
            area_words[word] += inside
    size = len(entries)
    return Index(
        entries,
        WordIndex(name_words, size),
        WordIndex(area_words, size),
        whole_names,
        whole_districts,
        whole_provinces,
        {code: bit_set(numbers, size) for code, numbers in in_province.items()},
    )
