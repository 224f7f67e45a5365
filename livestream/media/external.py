"""Players of other platforms: from the link people copy to the address that may stand in a frame."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from app.errors import InvalidInput

_YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "youtube-nocookie.com", "www.youtube-nocookie.com"}
_FACEBOOK_HOSTS = {"facebook.com", "www.facebook.com", "m.facebook.com", "web.facebook.com"}
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_FACEBOOK_ID = re.compile(r"\d{5,25}")
_FACEBOOK_PAGE = re.compile(r"[A-Za-z0-9.]{3,60}")
_REFUSED = "Em chỉ nhận đường dẫn video YouTube hoặc Facebook. Bác chép lại đường dẫn của video giúp em."


def player_address(link: str) -> str:
    """Return the frame address of a YouTube or Facebook video; raises ``InvalidInput`` for any other link.

    Only the video's id is taken from what was typed; the address is built anew from it.
    """
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = (parts.hostname or "").lower()
    except ValueError:
        raise InvalidInput(_REFUSED, field="embed_url") from None
    if parts.scheme in ("http", "https"):
        if video := _youtube_id(host, parts.path, parse_qs(parts.query)):
            return f"https://www.youtube-nocookie.com/embed/{video}?playsinline=1&rel=0"
        if address := _facebook_video(host, parts.path, parse_qs(parts.query)):
            return f"https://www.facebook.com/plugins/video.php?href={quote(address, safe='')}&show_text=false"
    raise InvalidInput(_REFUSED, field="embed_url")


def _youtube_id(host: str, path: str, query: dict[str, list[str]]) -> str | None:
    steps = [step for step in path.split("/") if step]
    candidate = ""
    if host == "youtu.be" and steps:
        candidate = steps[0]
    elif host in _YOUTUBE_HOSTS and steps:
        candidate = query.get("v", [""])[0] if steps[0] == "watch" else steps[1] if len(steps) > 1 else ""
        if steps[0] not in ("watch", "live", "embed", "shorts"):
            return None
    return candidate if _YOUTUBE_ID.fullmatch(candidate) else None


def _facebook_video(host: str, path: str, query: dict[str, list[str]]) -> str | None:
    if host not in _FACEBOOK_HOSTS:
        return None
    steps = [step for step in path.split("/") if step]
    if steps[:1] == ["watch"]:
        video = query.get("v", [""])[0]
        return f"https://www.facebook.com/watch/?v={video}" if _FACEBOOK_ID.fullmatch(video) else None
    if len(steps) >= 3 and steps[1] == "videos" and _FACEBOOK_PAGE.fullmatch(steps[0]):
        return f"https://www.facebook.com/{steps[0]}/videos/{steps[-1]}/" if _FACEBOOK_ID.fullmatch(steps[-1]) else None
    return None
