"""The commands of ``aurora``, one module each; a module's ``command`` is its click command or group."""
