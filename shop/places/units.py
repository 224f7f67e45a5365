"""Provinces and communes of Việt Nam since 1 July 2025, read once from the generated ``units.json``.

A stored address keeps ``SCHEME``, the code and the names as text, never the code alone: the reform gave two thirds of
the old codes to other places, and the next one may do so again.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

SCHEME = "2025-07"
"""Which division of the country the codes belong to: two tiers, in force since July 2025."""

_FILE = Path(__file__).with_name("units.json")
_KINDS = ("đặc khu", "phường", "xã")


@dataclass(frozen=True, slots=True)
class Province:
    """One of the 34 provinces and cities; ``name`` is ready to print ("Quảng Ninh", "Thành phố Hà Nội")."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Ward:
    """A commune-level unit; ``name`` includes its ``kind`` ("Phường Yên Tử"; "phường", "xã" or "đặc khu")."""

    code: str
    name: str
    kind: str
    province_code: str
    province_name: str


@dataclass(frozen=True, slots=True)
class OldDistrict:
    """A district dissolved on 1 July 2025, with the old wards of it that went into one ward of today."""

    name: str
    province_name: str
    ward_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All of ``units.json``: what is, and for each ward code what was there before."""

    provinces: MappingProxyType[str, Province]
    wards: MappingProxyType[str, Ward]
    old_districts: MappingProxyType[str, tuple[OldDistrict, ...]]


@cache
def gazetteer() -> Gazetteer:
    """Return everything, reading the file at the first call only; units keep the order of their codes."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    provinces = [Province(code, name) for code, name in data["provinces"]]
    dissolved: list[tuple[str, str]] = [(name, province_name) for name, province_name in data["old_districts"]]
    wards: dict[str, Ward] = {}
    old_districts: dict[str, tuple[OldDistrict, ...]] = {}
    for code, name, province_index, old in data["wards"]:
        kind = next(kind for kind in _KINDS if name.lower().startswith(kind))
        home = provinces[province_index]
        wards[code] = Ward(code, name, kind, home.code, home.name)
        old_districts[code] = tuple(
            OldDistrict(*dissolved[int(index)], tuple(ward_names)) for index, ward_names in old.items()
        )
    return Gazetteer(
        MappingProxyType({province.code: province for province in provinces}),
        MappingProxyType(wards),
        MappingProxyType(old_districts),
    )


def provinces() -> tuple[Province, ...]:
    """Return the 34 provinces and cities in the order of their codes, roughly north to south."""
    return tuple(gazetteer().provinces.values())


def province(code: str) -> Province | None:
    """Return the province of this two-digit code, or nothing when there is none today."""
    return gazetteer().provinces.get(code)


def ward(code: str) -> Ward | None:
    """Return the commune-level unit of this five-digit code, or nothing when there is none today."""
    return gazetteer().wards.get(code)
