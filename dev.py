#!/usr/bin/env python3
"""The front door of Evenkeel.

    python3 dev.py run            set everything up, start Evenkeel with its demo clinic, print the address
    python3 dev.py run --once     the same, walk the main job through it, stop; the exit status tells
    python3 dev.py test [ARGS]    all tests with real servers and a browser; ARGS go to pytest
    python3 dev.py check          lint, types, Django's checks, templates, architecture, access
    python3 dev.py bench [ARGS]   the benchmark table; --json FILE writes the figures
    python3 dev.py prove [WHAT]   the long proofs: booking, messages, record, pages; all without WHAT

PORT chooses another port; DATABASE_URL and REDIS_URL use servers of your own instead of the built-in ones.
"""

# Only this file must be readable by an old Python, so that it can say in one sentence what is missing. The work is in
# launch/, which needs nothing but the standard library.
import os
import sys
import time

STARTED = time.time()
COMMANDS = ("run", "test", "check", "bench", "prove")


def obstacle():
    """Why this Python cannot carry Evenkeel, as one sentence with the cure, or an empty string."""
    if os.name != "posix":
        return "Evenkeel runs on Linux and macOS; on Windows use it inside WSL (wsl --install)."
    if sys.version_info < (3, 11):
        return "This is Python %d.%d and Evenkeel needs 3.11 or newer; %s." % (
            sys.version_info[0],
            sys.version_info[1],
            newer_python(),
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return (
            "This Python has no venv module, which Evenkeel installs itself with; on Debian and Ubuntu run"
            " 'apt-get install python3-venv' and start again."
        )
    return ""


def newer_python():
    for minor in range(20, 10, -1):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if os.access(os.path.join(folder, "python3.%d" % minor), os.X_OK):
                return "run it with the one you have: python3.%d %s" % (minor, " ".join(sys.argv))
    return "install one, such as the python3.11 package of your system, and run it with that"


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0
    if command not in COMMANDS:
        sys.stderr.write(__doc__.strip() + "\n")
        return 2
    sentence = obstacle()
    if sentence:
        sys.stderr.write(sentence + "\n")
        return 1
    from launch import opening

    return opening.open_door(command, sys.argv[2:], STARTED)


if __name__ == "__main__":
    sys.exit(main())
