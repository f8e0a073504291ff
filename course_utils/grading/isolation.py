"""What the system itself holds of a submission, from before its first line on; `lacks` says what it does not.

Files: Landlock (Linux 5.13, kernel.org/doc/html/latest/userspace-api/landlock.html). System calls: seccomp by way of libseccomp, which
nearly every Linux has. Both need no rights, hold for all processes that a submission starts, and nobody can take them off again.
"""

import ctypes
import os
import site
import struct
import sys
from pathlib import Path

import psutil

from course_utils.exercises.copies import ROOT, Problem

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROCESSES, FILES, WRITTEN = 64, 5_000, 2**30  # what a submission may have at once: processes, files and folders, bytes on disk
FILE = 2**26  # bytes of one file

# System calls that fail. A socket of any family; other processes; other users of shared memory; what opens a way round a filter.
REFUSED = """
socket connect bind listen accept accept4 io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv process_vm_writev
process_madvise process_mrelease pidfd_getfd kcmp setpriority ioprio_set keyctl add_key request_key shmget shmat shmctl semget semop
semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink bpf perf_event_open userfaultfd fanotify_init unshare setns mount umount2
open_tree move_mount fsopen fsmount mount_setattr pivot_root chroot open_by_handle_at
"""
# They do nothing and say that they did: honest programs copy the rights and times of a file, and no wall of files asks whose file it is.
IN_VAIN = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr setxattrat
removexattr lremovexattr fremovexattr removexattrat
"""
SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")  # where Landlock does not keep them in
EQUAL, OTHER, MASKED = 4, 1, 7  # libseccomp's SCMP_CMP_EQ, _NE and _MASKED_EQ
NEW_USER = 0x10000000  # of clone
ALLOW, ERROR = 0x7FFF0000, 0x00050000


def refuse_root(as_root: bool) -> None:
    """Problem for whoever is root and has not said that they mean it."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and not as_root:
        words = "You are root, from whom the system keeps nothing away, and the submissions would be root, too"
        raise Problem(f"{words}: grade as an ordinary user, or with --as-root in a container that holds nothing else.")


def lacks() -> list[str]:
    """A sentence for each part of the isolation that this system does not hold."""
    if sys.platform != "linux":
        files = "A submission may read and change whatever files you may, and use the network: this system is no Linux"
        return [f"{files}. Grade on Linux, or in a container."]
    version, missing = landlock()[1], []
    if not version:
        missing.append("A submission may read and change whatever files you may: this kernel has no Landlock (Linux from 5.13 on has).")
    elif version < 3 and not _seccomp():
        missing.append("A submission may shorten files that you may write: this kernel is older than Linux 6.2.")
    if not _seccomp():
        missing.append("A submission may use UNIX sockets and the network, and change the rights of files: libseccomp is not installed.")
    if not _seccomp() and version < 6:
        missing.append("A submission may send signals to your processes: this kernel is older than Linux 6.12, and there is no libseccomp.")
    if os.geteuid() == 0:
        missing.append("A submission may start any number of processes until the grader sees it: the system does not limit root.")
    return missing


# ---------------------------------------------------------------- limits


def limit(seconds=None, memory=None, own=True):
    """Limits that the system holds: MB of memory (an honest MemoryError, after which the next cell runs), and for a submission (`own`) CPU
    time, the size of a file, open files and processes.

    RLIMIT_DATA and not RLIMIT_AS, because TensorFlow reserves far more addresses than it ever uses.
    """
    if os.name == "nt":  # the grader's eye on the process must do
        return
    import resource

    limits = {"DATA": memory * 2**20, "CORE": 0}
    if own:
        limits |= {"CPU": 2 * seconds, "FSIZE": FILE, "NOFILE": 1024, "NPROC": threads() + 16 * PROCESSES, "MEMLOCK": 0, "MSGQUEUE": 0}
    for name, most in limits.items():
        if kind := getattr(resource, f"RLIMIT_{name}", None):
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most if own else hard))  # what the judge starts has limits of its own


def threads():
    """How many threads this user has: the system counts all of them against RLIMIT_NPROC."""
    return sum(found.info["num_threads"] or 0 for found in psutil.process_iter(["num_threads", "uids"]) if _mine(found))


def _mine(process):
    return process.info["uids"] and process.info["uids"].real == os.getuid()


# ---------------------------------------------------------------- files


def landlock():
    """(the C library, the kernel's version of Landlock: 0 where there is none)."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    return libc, max(libc.syscall(444, None, ctypes.c_size_t(0), 1), 0) if libc else 0


def wall(readable, writable, listed=()):
    """Landlock: from here on this process and all that it starts read no files but those of the places `readable`, see the names in the
    folders `listed`, and change nothing but what lies below the folder `writable`. No terminal: of /dev only what is in DEVICES.
    """
    libc, version = landlock()
    if not version:
        return
    execute, write, read, listing, truncate = 1, 2, 4, 8, 1 << 14
    rights = {1: 13, 2: 14, 3: 15, 4: 15}  # how many there are, by version; from 5 on there are those of devices
    everything = (1 << rights.get(version, 16)) - 1
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    attributes = struct.pack("QQQ", everything, network, scope)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), 0)
    allowed = {**dict.fromkeys(listed, listing), **dict.fromkeys(readable, execute | read | listing)}
    allowed |= {**dict.fromkeys(DEVICES, write | read | truncate), str(writable): everything}
    for name, given in allowed.items():
        try:
            place = os.open(name, os.O_PATH)
        except OSError:  # not on this system
            continue
        given &= everything if os.path.isdir(name) else execute | write | read | truncate
        if libc.syscall(445, rules, 1, struct.pack("=Qi", given & everything, place), 0):
            raise OSError(ctypes.get_errno(), "landlock_add_rule", name)
        os.close(place)
    libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24))  # root's powers, with which it could read others' environment
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if libc.syscall(446, rules, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(rules)


def readable(hidden=()):
    """(places whose files a submission may read, folders of which it sees the names): Python's, the system's and those of the course that
    hold no solutions, and no checks. `hidden`: modules of the course that are not there for this homework.
    """
    system = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", sys.base_prefix, f"{sys.prefix}/pyvenv.cfg", f"{sys.prefix}/bin"]
    data = [str(ROOT / Path(folder).expanduser()) for folder in os.environ.get("COURSE_DATA", "").split(os.pathsep) if folder]
    course, folders = open_modules(hidden)
    places = [*system, *data, *(str(ROOT / place) for place in ("data_scripts", "data", "notebooks/evidence")), *course]
    folders = [*folders, sys.prefix]
    for packages in {*site.getsitepackages(), site.getusersitepackages()}:
        with_course = Path(packages, "course_utils").exists()
        folders.append(packages)
        places += [str(each) for each in Path(packages).glob("*") if each.name != "course_utils"] if with_course else [packages]
    return places, folders


def open_modules(hidden):
    """(files of `course_utils` that a submission may read, its folders)."""
    package = ROOT / "course_utils"
    closed = [package / "grading", *(package / part for part in ("exercises/__pycache__", "__pycache__")), *map(_source, hidden)]
    closed += [file for kind in ("hw", "lesson") for file in (package / "exercises").glob(f"{kind}*")]
    files, folders = [], []
    for place in [package, *package.rglob("*")]:
        if not any(place.is_relative_to(each) for each in closed):
            (folders if place.is_dir() else files).append(str(place))
    return files, folders


def _source(module):
    place = ROOT / module.replace(".", "/")
    return place if place.is_dir() else place.with_suffix(".py")


# ---------------------------------------------------------------- system calls


class _Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def _seccomp():
    try:
        return ctypes.CDLL("libseccomp.so.2", use_errno=True) if sys.platform == "linux" else None
    except OSError:
        return None


def refuse_calls(signals=None):
    """From here on the system calls that lead out of this process fail. `signals`: refuse those to others, too (if Landlock does not)."""
    library = _seccomp()
    if not library:
        return
    library.seccomp_init.restype = ctypes.c_void_p
    rules, own = ctypes.c_void_p(library.seccomp_init(ALLOW)), os.getpid()

    def rule(name, error, *compared):
        number = library.seccomp_syscall_resolve_name(name.encode())
        tests = (_Compare * len(compared))(*(_Compare(*test) for test in compared))
        if number != -1:  # a call that this library does not know is newer than its kernel, or of another processor
            library.seccomp_rule_add_array(rules, ctypes.c_uint32(ERROR | error), number, len(compared), tests)

    for name in REFUSED.split():
        rule(name, 1)  # EPERM
    for name in IN_VAIN.split():
        rule(name, 0)
    rule("clone3", 38)  # ENOSYS: its arguments cannot be looked at, and the C library takes clone instead
    rule("clone", 1, (0, MASKED, NEW_USER, NEW_USER))
    for kind in (2, 3):  # datagrams can be sent to any address, also from a pair; streams cannot
        rule("socketpair", 1, (1, MASKED, 15, kind))
    for name in ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"):
        rule(name, 1, (0, OTHER, 0, 0))  # of other processes
    for option in (4, 36):  # prctl: PR_SET_DUMPABLE would hide it from the grader's eye, PR_SET_CHILD_SUBREAPER its children
        rule("prctl", 1, (0, EQUAL, option, 0))
    for command in (8, 15):  # fcntl: F_SETOWN and F_SETOWN_EX send signals
        rule("fcntl", 1, (1, EQUAL, command, 0))
    version = landlock()[1]
    if version < 3:
        rule("truncate", 1)
    if signals if signals is not None else version < 6:
        for name in SIGNALS:
            rule(name, 1, (0, OTHER, own, 0))
        rule("pidfd_send_signal", 1)
    if error := library.seccomp_load(rules):
        raise OSError(-error, "seccomp_load")
    library.seccomp_release(rules)
