"""The socket server."""
