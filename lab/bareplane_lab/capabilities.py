"""Which Linux capabilities a server gets: all that this machine has to give."""

from __future__ import annotations

from pathlib import Path

# In kernel order, up to what Docker 20.10 knows by name (BPF, PERFMON and CHECKPOINT_RESTORE came later).
# fmt: off
NAMES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
)
# fmt: on

# A server shares the kernel: it must neither load modules nor set the clock.
WITHHELD = ("SYS_MODULE", "SYS_TIME")


def of_this_machine() -> tuple[str, ...]:
    """`--privileged` asks for every capability and fails where one is missing; this list asks for what is there."""
    return granted(Path("/proc/1/status").read_text())


def granted(status: str) -> tuple[str, ...]:
    """From /proc/<pid>/status: names of the bounding set, without the withheld."""
    bits = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    return tuple(name for bit, name in enumerate(NAMES) if bits >> bit & 1 and name not in WITHHELD)
