"""Talking to a board over any pyserial URL: frames, messages, and a session that survives a bad line."""
