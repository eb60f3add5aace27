"""A build of many processes that all end with the one who asked for it, whatever ends that one.

PlatformIO starts SCons, which starts compilers. Ending PlatformIO alone leaves the others at work in a folder
that the next build believes to be its own; ending only us leaves PlatformIO waiting for a reader for ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

# Our end of its stdin closes when we end, by whatever signal: then it ends the build's whole process group.
_GUARD = """
import os, signal, subprocess, sys, threading
build = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
def end_with_our_user():
    os.read(0, 1)
    os.killpg(build.pid, signal.SIGKILL)
threading.Thread(target=end_with_our_user, daemon=True).start()
status = build.wait()
os._exit(status if status >= 0 else 128 - status)
"""


def run_guarded(
    command: Sequence[str], *, env: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end and return what it printed; raises subprocess.TimeoutExpired.

    None of its processes is left when this returns or raises, nor when our own process is killed.
    """
    theirs, ours = os.pipe()
    guard = [sys.executable, "-I", "-S", "-c", _GUARD, *command]
    try:
        process = subprocess.Popen(
            guard, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", start_new_session=True,
        )  # fmt: skip
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    with process:
        try:
            printed, complaints = process.communicate(timeout=timeout_s)
        finally:
            os.close(ours)
            process.wait()
    return subprocess.CompletedProcess(command, process.returncode, printed, complaints)
