"""Live sessions: their shelf, their chat, the reader of order comments, the room and the video."""
