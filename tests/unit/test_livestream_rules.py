"""The livestream's small rules: states, masking, players of other platforms, pacing."""

import pytest

from app.errors import IllegalTransition, InvalidInput
from app.states import Ignored, next_state
from livestream.masking import mask_phones
from livestream.media import engine_named, engine_names
from livestream.media.external import player_address
from livestream.models import SessionState
from livestream.pacing import Pace, Pacer
from livestream.states import SESSION_TABLE, SessionMove

ALLOWED = {
    ("scheduled", "go_live"): "live",
    ("scheduled", "cancel"): "cancelled",
    ("live", "lose_signal"): "reconnecting",
    ("live", "end"): "ended",
    ("reconnecting", "recover"): "live",
    ("reconnecting", "go_live"): "live",
    ("reconnecting", "end"): "ended",
}
REPEATS = {
    ("live", "go_live"), ("live", "recover"), ("reconnecting", "lose_signal"), ("ended", "end"), ("ended", "lose_signal"),
    ("ended", "recover"), ("cancelled", "cancel"),
}  # fmt: skip


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("move", SessionMove)
def test_every_pair_of_state_and_move(state: SessionState, move: SessionMove) -> None:
    pair = (str(state), str(move))
    if pair in ALLOWED:
        assert next_state(SESSION_TABLE, state, move) == ALLOWED[pair]
    elif pair in REPEATS:
        assert isinstance(next_state(SESSION_TABLE, state, move), Ignored)
    else:
        with pytest.raises(IllegalTransition):
            next_state(SESSION_TABLE, state, move)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("chốt A1 3kg 0912345678", "chốt A1 3kg 09•••••678"),
        ("gọi 0912 345 678 nhé", "gọi 09•• ••• 678 nhé"),
        ("sđt +84 912.345.678", "sđt +84 •••.•••.678"),
        ("o912345678 hay 09l2", "o9•••••678 hay 09l2"),
        ("0912-345-678/0987 654 321", "09••-•••-•••/•••• ••• 321"),
        ("38.000đ/kg, 3kg A1 12 2", "38.000đ/kg, 3kg A1 12 2"),
        ("tổng 1.114.000 đ", "tổng 1.114.000 đ"),
        ("lúc 20:45 ngày 30/5", "lúc 20:45 ngày 30/5"),
        ("", ""),
    ],
)
def test_phones_are_masked_and_prices_are_not(typed: str, shown: str) -> None:
    assert mask_phones(typed) == shown


def test_masking_is_linear() -> None:
    assert len(mask_phones("0 1 " * 50_000)) == 200_000
    assert len(mask_phones("0912 34 a" * 20_000)) == 180_000


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?playsinline=1&rel=0"),
        ("youtu.be/dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?playsinline=1&rel=0"),
        ("https://m.youtube.com/live/dQw4w9WgXcQ?x=1", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?playsinline=1&rel=0"),
        (
            "https://www.facebook.com/htx.phuongnam/videos/123456789012",
            ("https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fhtx.phuongnam%2Fvideos%2F"
            "123456789012%2F&show_text=false"),
        ),
        (
            "https://web.facebook.com/watch/?v=123456789012",
            ("https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fwatch%2F%3Fv%3D123456789012"
            "&show_text=false"),
        ),
    ],
)  # fmt: skip
def test_links_people_copy_become_players(link: str, address: str) -> None:
    assert player_address(link) == address
    engine = engine_named("external")
    assert engine.picture(engine.check_source(link)).address == address


@pytest.mark.parametrize(
    "link",
    [
        "", "x", "https://example.com/watch?v=dQw4w9WgXcQ", "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "javascript:alert(1)", "https://www.youtube.com/watch?v=<script>", "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/channel/dQw4w9WgXcQ", "https://www.facebook.com/groups/1/posts/2", "http://[", "//youtu.be",
        "https://user@evil.example/youtu.be/dQw4w9WgXcQ", "https://www.facebook.com/watch/?v=abc", "data:text/html,youtu.be",
    ],
)  # fmt: skip
def test_any_other_link_is_refused(link: str) -> None:
    with pytest.raises(InvalidInput):
        player_address(link)
    with pytest.raises(InvalidInput):
        engine_named("external").check_source(link)


def test_engines_are_named_and_unknown_ones_refused() -> None:
    assert set(engine_names()) == {"poster", "external"}
    assert engine_named("poster").check_source("https://anything") is None
    assert engine_named("poster").picture(None).kind == "poster"
    assert engine_named("external").picture(None).kind == "poster"
    with pytest.raises(InvalidInput):
        engine_named("obs")


def test_a_pacer_lets_a_burst_through_then_its_rate() -> None:
    pacer = Pacer(Pace(burst=3, per_second=1))
    assert [pacer.allow("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert pacer.allow("b", 0.0)
    assert not pacer.allow("a", 0.5)
    assert pacer.allow("a", 1.5)
    assert [pacer.allow("a", 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_pacer_forgets_the_calm() -> None:
    pacer = Pacer(Pace(burst=1, per_second=1))
    for i in range(30_000):
        pacer.allow(i, i * 0.001)
    assert len(pacer._buckets) <= 20_001
    assert not pacer.allow(29_999, 29.999)
