"""Places: the units of July 2025 are all there, and people find theirs by what they are used to calling it."""

import json
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.text import fold
from shop.places import SCHEME, Province, Ward, province, provinces, search_wards, ward
from shop.places.generate import CORRECTED_CODES, MISSING_ORIGINS, OUTPUT, build_units
from shop.places.units import gazetteer

YEN_TU = Ward("06832", "Phường Yên Tử", "phường", "22", "Quảng Ninh")
ALL_WARDS = tuple(gazetteer().wards.values())


def found(text, **how):
    return [(match.ward.name, match.ward.province_name) for match in search_wards(text, **how)]


def old_name(text):
    return search_wards(text)[0].matched_old_name


class TestUnits:
    def test_every_unit_of_the_reform_is_there(self):
        assert SCHEME == "2025-07"
        assert len(provinces()) == 34
        assert len(ALL_WARDS) == 3321
        assert Counter(unit.kind for unit in ALL_WARDS) == {"xã": 2621, "phường": 687, "đặc khu": 13}
        assert sum(unit.province_code == "22" for unit in ALL_WARDS) == 54

    def test_units_are_well_formed(self):
        for unit in ALL_WARDS:
            assert len(unit.code) == 5
            assert unit.code.isdecimal()
            assert unit.name.lower().startswith(f"{unit.kind} ")
            assert province(unit.province_code) == Province(unit.province_code, unit.province_name)
            assert ward(unit.code) is unit
            assert gazetteer().old_districts[unit.code]

    def test_names_are_unique_within_a_province(self):
        assert len({(unit.name, unit.province_code) for unit in ALL_WARDS}) == len(ALL_WARDS)

    def test_getters(self):
        assert ward("06832") == YEN_TU
        assert province("22") == Province("22", "Quảng Ninh")
        assert provinces()[0].name == "Thành phố Hà Nội"

    @pytest.mark.parametrize("code", ["", "06835", "6832", "23737", "99999", "' OR 1=1 --"])
    def test_a_code_that_is_no_unit_today_is_nothing(self, code):
        assert ward(code) is None
        assert province(code) is None

    def test_the_file_is_small_and_in_normal_form(self):
        text = OUTPUT.read_text(encoding="utf-8")
        assert len(text.encode()) <= 700_000
        assert unicodedata.is_normalized("NFC", text)
        assert "’" not in text

    def test_what_was_mended_in_the_source(self):
        assert ward("23938").name == "Xã Ia Mơ"
        assert old_name("Xã Thạnh Lộc, Giồng Riềng") == "Xã Thạnh Lộc, Huyện Giồng Riềng, Tỉnh Kiên Giang"
        assert found("Xã Thạnh Lộc, Giồng Riềng")[0] == ("Xã Thạnh Hưng", "An Giang")
        assert found("thạnh lộc châu thành kiên giang")[0] == ("Xã Thạnh Lộc", "An Giang")
        assert found("con dao ba ria vung tau") == [("Đặc khu Côn Đảo", "Thành phố Hồ Chí Minh")]

    def test_the_data_loads_only_when_it_is_needed(self):
        probe = "import shop.places, shop.places.units as units; print(units.gazetteer.cache_info().currsize)"
        done = subprocess.run(
            [sys.executable, "-c", probe],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert done.stdout.strip() == "0"


def write_package(folder, **tables):
    items = [{"type": "table", "name": name, "data": rows} for name, rows in tables.items()]
    (folder / "address.json").write_text(json.dumps([{"type": "header"}, *items]), encoding="utf-8")
    return folder


class TestGenerator:
    def tables(self):
        """The package's three tables as today's file implies them, out of order, decomposed and with codes to mend."""
        places = gazetteer()
        wrong_codes = {right: wrong for wrong, right in CORRECTED_CODES.items()}
        mappings = [
            {
                "old_ward_name": unicodedata.normalize("NFD", name),
                "old_district_name": district.name,
                "old_province_name": f" {district.province_name}",
                "new_ward_code": "00000",
                "new_ward_name": unit.name.replace("'", "’"),
                "new_province_name": unit.province_name,
            }
            for unit in ALL_WARDS
            if unit.code not in MISSING_ORIGINS
            for district in places.old_districts[unit.code]
            for name in district.ward_names
        ]
        return {
            "wards": [
                {
                    "ward_code": wrong_codes.get(unit.code, unit.code),
                    "name": unit.name,
                    "province_code": unit.province_code,
                }
                for unit in reversed(ALL_WARDS)
            ],
            "provinces": [{"province_code": one.code, "name": one.name} for one in reversed(provinces())],
            "ward_mappings": mappings[::-1],
        }

    def test_the_same_facts_give_the_same_file(self, tmp_path):
        built = build_units(write_package(tmp_path, **self.tables()))
        assert built == json.loads(OUTPUT.read_text(encoding="utf-8"))

    def test_another_division_of_the_country_is_refused(self, tmp_path):
        tables = self.tables()
        tables["wards"].pop()
        with pytest.raises(ValueError, match="34 provinces"):
            build_units(write_package(tmp_path, **tables))

    def test_a_unit_without_an_old_name_is_refused(self, tmp_path):
        tables = self.tables()
        tables["ward_mappings"] = [row for row in tables["ward_mappings"] if row["new_ward_name"] != YEN_TU.name]
        with pytest.raises(ValueError, match="06832"):
            build_units(write_package(tmp_path, **tables))


class TestSearch:
    @pytest.mark.parametrize(
        "typed",
        [
            "Phường Yên Tử",
            "yên tử quảng ninh",
            "yen tu quang ninh",
            "quang ninh yen tu",
            "p. Yên Tử, tỉnh Quảng Ninh",
            "P.Yên Tử",
            "YEN TU, QUANG NINH",
            "xã yên tử",
            "yen tu uong bi",
            unicodedata.normalize("NFD", "Phường Yên Tử, Quảng Ninh"),
            "Yên\u200b Tử\t quảng  ninh",
        ],
    )
    def test_a_ward_by_its_name_of_today(self, typed):
        assert search_wards(typed)[0].ward == YEN_TU

    @pytest.mark.parametrize(
        "typed",
        [
            "Phương Nam",
            "phuong nam",
            "phuong nam uong bi",
            "phuong nam quang ninh",
            "p phuong nam, tp uong bi",
            "Phường Phương Nam, Thành phố Uông Bí, Tỉnh Quảng Ninh",
            "Phương Nam, phường Yên Tử",
            "Phương Nam cũ",
        ],
    )
    def test_a_ward_by_its_old_name(self, typed):
        match = search_wards(typed)[0]
        assert match.ward == YEN_TU
        assert match.matched_old_name == "Phường Phương Nam, Thành phố Uông Bí"

    def test_the_name_of_today_needs_no_explanation(self):
        assert old_name("yen tu quang ninh") is None

    def test_an_old_district_alone_finds_its_wards_and_says_so(self):
        assert [(match.ward.name, match.matched_old_name) for match in search_wards("uong bi")] == [
            ("Phường Uông Bí", None),
            ("Phường Vàng Danh", "Thành phố Uông Bí"),
            ("Phường Yên Tử", "Thành phố Uông Bí"),
        ]

    def test_an_old_province_is_named_where_it_is_gone(self):
        assert found("Cẩm Giang Hải Dương")[0] == ("Xã Cẩm Giang", "Thành phố Hải Phòng")
        assert old_name("Cẩm Giang Hải Dương") == "Huyện Cẩm Giàng, Tỉnh Hải Dương"

    @pytest.mark.parametrize(
        ("one", "other", "where"),
        [
            ("Cẩm Giang", "Cẩm Giàng", "Hải Phòng"),
            ("Sơn Hà", "Sơn Hạ", "Quảng Ngãi"),
            ("Ba Tơ", "Ba Tô", "Quảng Ngãi"),
            ("Tân Thành", "Tân Thạnh", "Đồng Tháp"),
            ("Tân Thành", "Tân Thạnh", "Tây Ninh"),
            ("Văn Lang", "Văn Lăng", "Thái Nguyên"),
            ("Lộc Thành", "Lộc Thạnh", "Đồng Nai"),
            ("Thanh An", "Thạnh An", "Hồ Chí Minh"),
        ],
    )
    def test_pairs_that_differ_only_in_marks(self, one, other, where):
        pair = {f"Xã {one}", f"Xã {other}"}
        assert {name for name, _ in found(fold(f"{one} {where}"))[:2]} == pair
        assert found(f"{one} {where}")[0][0] == f"Xã {one}"
        assert found(f"{other} {where}")[0][0] == f"Xã {other}"
        assert {name for name, _ in found(f"{one} {where}")} >= pair

    def test_one_name_in_seven_provinces(self):
        named = {
            ("Xã", "Phường")[unit.kind == "phường"] + unit.province_code
            for unit in ALL_WARDS
            if " Tân Tiến" in unit.name
        }
        matches = [match for match in search_wards("tan tien", limit=12) if match.matched_old_name is None]
        assert {match.ward.name.split()[0] + match.ward.province_code for match in matches} >= named
        assert found("tan tien", province_code="38") == [
            ("Xã Tân Tiến", "Thanh Hóa"),
            *found("tan tien", province_code="38")[1:],
        ]

    @pytest.mark.parametrize("typed", ["Hoà Bình", "Hòa Bình", "hoa binh"])
    def test_where_the_tone_stands_does_not_matter(self, typed):
        assert all(name.endswith("Hòa Bình") for name, _ in found(typed)[:5])

    def test_i_and_y_are_one_vowel(self):
        assert found("Mĩ Tho")[0] == found("Mỹ Tho")[0] == ("Phường Mỹ Tho", "Đồng Tháp")

    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            ("p12 go vap", "Phường An Hội Tây"),
            ("Phường 12, Quận Gò Vấp, TP.HCM", "Phường An Hội Tây"),
            ("phường 2 bảo lộc", "Phường 2 Bảo Lộc"),
            ("ba dinh", "Phường Ba Đình"),
            ("dak lak buon ma thuot", "Phường Buôn Ma Thuột"),
            ("m'drak", "Xã M'Drắk"),
            ("Ea H’Leo", "Xã Ea H'Leo"),
            ("ea h leo", "Xã Ea H'Leo"),
            ("hoang sa", "Đặc khu Hoàng Sa"),
            ("ia mo chu prong", "Xã Ia Mơ"),
        ],
    )
    def test_ways_of_writing(self, typed, name):
        assert found(typed)[0][0] == name

    def test_a_numbered_district(self):
        assert {name for name, _ in found("q1 tphcm")} == {
            "Phường Tân Định",
            "Phường Sài Gòn",
            "Phường Bến Thành",
            "Phường Cầu Ông Lãnh",
        }
        assert found("quận 1 hồ chí minh") == found("q.1 hcm")

    def test_every_keystroke_leads_on(self):
        typed = "yen tu quang ninh"
        seen = [
            YEN_TU in [match.ward for match in search_wards(typed[:length], limit=50)]
            for length in range(5, len(typed))
        ]
        assert all(seen)

    def test_all_beginnings_when_nothing_else_fits(self):
        assert found("ye tu qua ni")[0] == ("Phường Yên Tử", "Quảng Ninh")

    def test_a_word_for_a_kind_alone_is_taken_as_a_name(self):
        assert all(
            "phuong" in fold(match.matched_old_name or match.ward.name.partition(" ")[2])
            for match in search_wards("phuong")
        )

    def test_province_keeps_the_others_out(self):
        assert found("phuong nam", province_code="33")[0] == ("Xã Tân Hưng", "Hưng Yên")
        assert {match.ward.province_code for match in search_wards("tan", province_code="33")} == {"33"}
        assert search_wards("phuong nam", province_code="00") == []

    def test_limit(self):
        assert len(search_wards("tan")) == 8
        assert len(search_wards("tan", limit=3)) == 3
        assert len(search_wards("tan", limit=10**9)) == 50
        assert search_wards("tan", limit=0) == []
        assert search_wards("tan", limit=-1) == []

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "   ",
            "\x00\x01\x1b\x7f",
            "a" * 1_000_000,
            "yên tử " * 200_000,
            "phường " * 22,
            "… — ,,, ''",
            "'; DROP TABLE wards; --",
            "<script>alert(1)</script>",
            "Phường Không Có Thật",
            "\ud800",
            "🍒",
        ],
    )
    def test_what_is_no_place_finds_nothing(self, typed):
        assert search_wards(typed) == []

    @given(st.text(max_size=60) | st.text("anpxtq1 .,'đươ", max_size=30))
    def test_any_text_is_answered(self, typed):
        matches = search_wards(typed)
        assert len(matches) <= 8
        assert len({match.ward.code for match in matches}) == len(matches)

    @given(st.sampled_from(ALL_WARDS))
    @settings(max_examples=200)
    def test_every_ward_is_found_by_its_full_name(self, unit):
        assert search_wards(f"{unit.name}, {unit.province_name}")[0].ward == unit
        bare = fold(f"{unit.name} {unit.province_name}")
        assert unit in [match.ward for match in search_wards(bare)]

    @given(st.sampled_from(ALL_WARDS), st.data())
    @settings(max_examples=200)
    def test_every_ward_is_found_by_each_old_name(self, unit, data):
        district = data.draw(st.sampled_from(gazetteer().old_districts[unit.code]))
        if district.ward_names:
            name = data.draw(st.sampled_from(district.ward_names))
            typed = f"{name}, {district.name}, {district.province_name}"
            assert unit in [match.ward for match in search_wards(typed)]
            assert unit in [match.ward for match in search_wards(fold(typed))]
