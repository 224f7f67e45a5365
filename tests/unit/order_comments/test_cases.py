"""Every labelled comment is read as it is labelled, however its marks, its case and its spaces were typed."""

import unicodedata

import pytest

from livestream.order_comments import read_comment
from tests.unit.order_comments.tables import SHELVES, Case, load_cases, written

CASES = load_cases()
LEAST_CASES = 900


def test_the_tables_were_found() -> None:
    assert len(CASES) >= LEAST_CASES
    assert {case.shelf for case in CASES} == set(SHELVES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.text[:50]}")
def test_reads_as_labelled(case: Case, score: dict[str, list[bool]]) -> None:
    reading = read_comment(case.text, SHELVES[case.shelf])
    right = (written(reading), reading.phone) == (case.expected, case.phone)
    score.setdefault(case.group, []).append(right)
    assert (written(reading), reading.phone) == (case.expected, case.phone), reading.reasons


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.text[:50]}")
def test_typing_does_not_matter(case: Case) -> None:
    shelf = SHELVES[case.shelf]
    as_typed = written(read_comment(case.text, shelf))
    assert written(read_comment(unicodedata.normalize("NFD", case.text), shelf)) == as_typed
    assert written(read_comment("  " + case.text.replace(" ", "  ") + " ", shelf)) == as_typed
    if not any(word[:1].isupper() for word in case.text.split()[1:]):
        assert written(read_comment(case.text.upper(), shelf)) == as_typed
