"""Runs on a lab server: what was written to the small disk laid over a directory goes into the directory itself.

Arguments: the upper directory of the overlay, and the directory, from which the overlay has been unmounted.
"""

import os
import shutil
import stat
import sys
from pathlib import Path

OPAQUE = "trusted.overlay.opaque"


def settle(upper: Path, lower: Path) -> None:
    for one in upper.iterdir():
        target = lower / one.name
        found = one.lstat()
        if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
            remove(target)
        elif stat.S_ISDIR(found.st_mode):
            if OPAQUE in os.listxattr(one) or not target.is_dir():
                remove(target)
                target.mkdir()
            settle(one, target)
            shutil.copystat(one, target)
            os.chown(target, found.st_uid, found.st_gid)
            if OPAQUE in os.listxattr(target):
                os.removexattr(target, OPAQUE)
        else:
            remove(target)
            shutil.copy2(one, target, follow_symlinks=False)
            os.chown(target, found.st_uid, found.st_gid, follow_symlinks=False)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


settle(Path(sys.argv[1]), Path(sys.argv[2]))
