"""The media engines: what the room shows in place of the host's voice and face.

``poster`` is a still; ``external`` embeds a player of an allow-listed platform, built from the video's id alone, so that no
address typed by a person ever reaches a page. Engines of our own video register here beside them.
"""

from dataclasses import dataclass
from typing import Protocol

from app.errors import InvalidInput
from livestream.media.external import player_address


@dataclass(frozen=True, slots=True)
class Picture:
    """What the video area shows. ``kind`` is "poster" or "embed"; ``address`` is the player's for an embed."""

    kind: str
    address: str | None = None


class MediaEngine(Protocol):
    """One way to bring a picture to viewers."""

    name: str

    def check_source(self, source: str | None) -> str | None:
        """Return the source to store for a session, or raise ``InvalidInput`` with what to change."""

    def picture(self, source: str | None) -> Picture:
        """Return what the room shows for a stored source."""


class PosterEngine:
    """A still picture while the host talks elsewhere or not at all; it needs no source."""

    name = "poster"

    def check_source(self, source: str | None) -> str | None:  # noqa: ARG002 -- A poster has no source.
        """Return None: a poster keeps no address."""
        return None

    def picture(self, source: str | None) -> Picture:  # noqa: ARG002
        """Return the poster."""
        return Picture("poster")


class ExternalEngine:
    """A video that runs on another platform, shown in its own player inside a frame."""

    name = "external"

    def check_source(self, source: str | None) -> str | None:
        """Return the player's address for a video link people copy from YouTube or Facebook."""
        if not source or not source.strip():
            raise InvalidInput("Bác dán đường dẫn video YouTube hoặc Facebook giúp em.", field="embed_url")
        return player_address(source.strip())

    def picture(self, source: str | None) -> Picture:
        """Return the frame, or the poster when nothing is stored."""
        return Picture("embed", source) if source else Picture("poster")


_ENGINES: dict[str, MediaEngine] = {engine.name: engine for engine in (PosterEngine(), ExternalEngine())}


def engine_named(name: str) -> MediaEngine:
    """Return an engine by the name stored with a session; raises ``InvalidInput`` for an unknown one."""
    try:
        return _ENGINES[name]
    except KeyError:
        raise InvalidInput("Hệ thống chưa có cách phát hình này.", field="video_engine") from None


def engine_names() -> tuple[str, ...]:
    """Return the names of the engines that can be chosen."""
    return tuple(_ENGINES)
