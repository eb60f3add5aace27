"""The whole line in one command: recordings in, proven predictions of an emulated board out."""
