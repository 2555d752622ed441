"""The step between starting a child and becoming the program it is to run.

Run as a file of its own (`python -I -S threshold.py KIND UID GID PARENT SIGNAL PROGRAM [ARGUMENT ...]`): what happens
here (another user, another namespace, a promise to end with the parent) must happen in the child, and doing it between
fork and exec of a process with threads is not safe.

KIND says as whom the program runs:
    self        as who started it
    namespace   as UID inside a user namespace of its own, which is nobody else than the starter outside: PostgreSQL
                refuses to run as root and as a user without a name, and this way no file changes its owner
    user        as UID and GID
    reaching    as UID and GID, and may enter the starter's closed folders (CAP_DAC_OVERRIDE), which is less than root
"""

import ctypes
import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def call(name: str, *arguments: object) -> None:
    """Call the C library's `name`; OSError with its errno when it refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def enter_namespace(uid: int, gid: int) -> None:
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outside_uid} 1"),
        ("gid_map", f"{gid} {outside_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def become_reaching(uid: int, gid: int) -> None:
    # Without this bit the change of user drops all capabilities, and access(2), which PostgreSQL asks, ignores them.
    call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    become(uid, gid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    mask = 1 << CAP_DAC_OVERRIDE
    # Effective, permitted, inheritable of the lower 32 capabilities, then of the upper ones.
    call("capset", header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def end_with_parent(parent: int, signum: int) -> None:
    """Ask the kernel to stop this process when its parent is gone, even by kill -9; only Linux can."""
    if sys.platform == "linux":
        call("prctl", PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main() -> None:
    kind, uid, gid, parent, signum = sys.argv[1], *map(int, sys.argv[2:6])
    program = sys.argv[6:]
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    if kind == "namespace":
        enter_namespace(uid, gid)
    elif kind == "user":
        become(uid, gid)
    elif kind == "reaching":
        become_reaching(uid, gid)
    # After the change of user: the kernel forgets the promise when the credentials change.
    end_with_parent(parent, signum)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main()
