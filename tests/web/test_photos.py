"""Pictures are drawn anew without what their files hid, are bounded, and are shown to those they concern."""

import io
import struct
import zlib

import pytest
from PIL import Image
from sqlalchemy import select

from app.clock import system_clock, vietnam_date
from app.db import db, write_transaction
from app.errors import InvalidInput
from shop.models import Photo, Product, WeighIn
from shop.photos import MAX_BYTES, keep_photo, photo_path, prepare_photo
from tests.clients import Browser
from tests.world import World


def picture(width: int = 2400, height: int = 1200, kind: str = "JPEG", *, hide: bool = True) -> io.BytesIO:
    image = Image.new("RGB", (width, height), (190, 30, 60))
    image.paste((20, 120, 50), (0, 0, width // 2, height))
    exif = Image.Exif()
    if hide:
        exif[0x010E] = "secret orchard"
        exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, kind, **({"exif": exif} if kind != "PNG" else {}))
    out.seek(0)
    return out


def bomb(side: int = 60_000) -> io.BytesIO:
    """A small PNG that says it is 3,600 million pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return io.BytesIO(data)


def test_it_is_turned_upright_made_smaller_and_says_nothing_of_where_it_was_taken() -> None:
    prepared = prepare_photo(picture())
    assert (prepared.width, prepared.height) == (800, 1600), "the hidden note said it lies on its side"
    with Image.open(io.BytesIO(prepared.full)) as full, Image.open(io.BytesIO(prepared.thumb)) as thumb:
        assert (full.format, full.size, thumb.size) == ("WEBP", (800, 1600), (640, 480))
        assert not full.getexif()
        assert not thumb.getexif()
    assert b"secret" not in prepared.full


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_are_read_too(kind: str) -> None:
    assert prepare_photo(picture(100, 50, kind, hide=False)).width == 100


@pytest.mark.parametrize(
    "upload",
    [
        io.BytesIO(b""),
        io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        io.BytesIO(b"\xff\xd8\xff" + b"\0" * 2000),
        io.BytesIO(b"GIF89a" + b"\0" * 50),
        io.BytesIO(picture().getvalue()[:3000]),
        bomb(),
        io.BytesIO(picture().getvalue() + b"\0" * MAX_BYTES),
    ],
    ids=["empty", "svg", "broken", "gif", "cut", "bomb", "heavy"],
)
def test_what_is_no_good_picture_is_refused_in_words(upload: io.BytesIO) -> None:
    upload.seek(0)
    with pytest.raises(InvalidInput) as refused:
        prepare_photo(upload)
    assert refused.value.details["field"] == "photo"


def test_a_basket_photo_is_for_those_concerned(world: World, signed_in, client: Browser, app) -> None:
    staff = signed_in(world.staff)
    url = f"/htx/can/{world.households[0].public_id}/{world.grade_two.id}"
    day = vietnam_date(system_clock()).isoformat()
    form = {"quantity": "5", "harvested_on": day, "idempotency_key": "k", "photo": (picture(), "../../sọt.jpg")}
    assert staff.post(url, data=form, content_type="multipart/form-data").status_code == 302
    photo = db.session.scalars(select(Photo).join(WeighIn, WeighIn.photo_id == Photo.id)).one()
    for suffix in ("", "/nho"):
        path = f"/anh/{photo.public_id}{suffix}"
        seen = staff.get(path)
        assert (seen.status_code, seen.mimetype) == (200, "image/webp")
        assert seen.headers["Cache-Control"].startswith("private")
        assert seen.headers["X-Content-Type-Options"] == "nosniff"
        assert signed_in(world.household_users[0]).get(path).status_code == 200
        for stranger in (client, signed_in(world.household_users[1]), signed_in(world.host)):
            assert stranger.get(path).status_code == 404


def test_a_bad_basket_photo_leaves_the_weighing_to_be_sent_again(world: World, signed_in) -> None:
    url = f"/htx/can/{world.households[0].public_id}/{world.grade_two.id}"
    day = vietnam_date(system_clock()).isoformat()
    form = {"quantity": "7,5", "harvested_on": day, "idempotency_key": "k", "photo": (io.BytesIO(b"no"), "x.jpg")}
    response = signed_in(world.staff).post(url, data=form, content_type="multipart/form-data")
    assert response.status_code == 422
    assert 'value="7,5"' in response.text
    assert db.session.scalar(select(WeighIn.id)) is None


def test_a_product_photo_is_public_and_may_be_kept_by_browsers(world: World, client: Browser, app) -> None:
    root = app.extensions["chophien"].media_root
    with write_transaction() as session:
        photo = keep_photo(
            session,
            prepare_photo(picture()),
            root,
            cooperative_id=world.cooperative.id,
            is_public=True,
            clock=system_clock,
        )
        session.get_one(Product, world.lychee.id).photo_id = photo.id
    seen = client.get(f"/anh/{photo.public_id}/nho")
    assert "public" in seen.headers["Cache-Control"]
    assert f"/anh/{photo.public_id}/nho" in client.get("/").text
    photo_path(root, photo.public_id).unlink()
    assert client.get(f"/anh/{photo.public_id}").status_code == 404, "a lost file is a page, not a crash"
