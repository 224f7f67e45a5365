"""Pictures: whatever was uploaded is drawn anew as WebP, so that neither its hidden data nor its tricks survive.

EXIF data would tell where a household lives; a file that is two things at once would be served as the wrong one; a small
file can unpack into gigabytes. Re-encoding from pixels, with the size read before they are, answers all three.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.orm import Session

from app.clock import Clock
from app.errors import InvalidInput
from app.ids import new_token
from shop.models import Photo

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 1600
THUMB_SIZE = (640, 480)
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class PreparedPhoto:
    """A picture ready to be kept: WebP bytes of at most 1600 px a side, and a 4:3 thumbnail 640 px wide."""

    full: bytes
    thumb: bytes
    width: int
    height: int


def prepare_photo(upload: BinaryIO) -> PreparedPhoto:
    """Read an uploaded picture and draw it anew; done before any transaction, because it takes its time.

    Raises ``InvalidInput`` for what is too large, not a picture we read, or broken.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InvalidInput("Ảnh nặng quá 10 MB, bác chọn ảnh nhẹ hơn giúp em.", field="photo")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise InvalidInput("Ảnh này lớn quá, bác chụp lại ở cỡ nhỏ hơn giúp em.", field="photo")
            opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput(
            "Tệp này không phải ảnh JPEG, PNG hay WebP đọc được, bác chọn ảnh khác giúp em.", field="photo"
        ) from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    thumb = ImageOps.fit(upright, THUMB_SIZE, Image.Resampling.LANCZOS)
    return PreparedPhoto(_webp(upright), _webp(thumb), upright.width, upright.height)


def keep_photo(
    session: Session,
    prepared: PreparedPhoto,
    media_root: Path,
    *,
    cooperative_id: int,
    is_public: bool,
    clock: Clock,
) -> Photo:
    """Write the files and their row. Files of a transaction that fails afterwards stay behind, named by nobody."""
    photo = Photo(
        public_id=new_token(),
        cooperative_id=cooperative_id,
        width=prepared.width,
        height=prepared.height,
        is_public=is_public,
        uploaded_at=clock(),
    )
    full, thumb = photo_path(media_root, photo.public_id), photo_path(media_root, photo.public_id, thumb=True)
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(prepared.full)
    thumb.write_bytes(prepared.thumb)
    session.add(photo)
    session.flush()
    return photo


def photo_path(media_root: Path, public_id: str, *, thumb: bool = False) -> Path:
    """Return where a picture's file lies under the media root."""
    return media_root / "photos" / f"{public_id}{'-thumb' if thumb else ''}.webp"


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()
