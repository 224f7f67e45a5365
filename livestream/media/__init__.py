"""Where a session's picture comes from: one small interface, one engine a module."""

from livestream.media.engines import MediaEngine, Picture, engine_named, engine_names

__all__ = ["MediaEngine", "Picture", "engine_named", "engine_names"]
