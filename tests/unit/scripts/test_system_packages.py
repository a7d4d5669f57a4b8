"""What is missing on this computer is installed, or named in one error."""

from __future__ import annotations

from typing import Any

from tests.unit.scripts.conftest import ROOT

SCRIPT = str(ROOT / "scripts" / "system-packages.sh")
MISSING = ("no-such-program=theirs", "/no/such/file.h=headers")


def test_what_is_there_is_not_installed(stubs: Any) -> None:
    stubs.add("apt-get")
    done = stubs.run(SCRIPT, "sh=dash", "/=base-files")
    assert (done.returncode, done.stdout, stubs.called("apt-get")) == (0, "", [])


def test_without_root_one_error_names_all_that_is_missing(stubs: Any) -> None:
    stubs.add("id", "echo 1000")
    stubs.add("apt-get")
    done = stubs.run(SCRIPT, *MISSING, "sh=dash")
    assert done.returncode == 1
    assert (
        "missing on this computer: theirs headers; install these packages (apt-get install theirs headers)"
        in done.stderr
    )
    assert stubs.called("apt-get") == []


def test_with_root_what_is_missing_is_installed_with_a_word(stubs: Any) -> None:
    stubs.add("id", "echo 0")
    stubs.add("apt-get")
    done = stubs.run(SCRIPT, *MISSING)
    assert (done.returncode, done.stdout) == (0, "installing system packages: theirs headers\n")
    assert stubs.called("apt-get")[-1] == "apt-get install --yes --no-install-recommends theirs headers"


def test_apts_last_words_are_shown_when_it_fails(stubs: Any) -> None:
    stubs.add("id", "echo 0")
    stubs.add("apt-get", "echo 'E: no space left'; exit 100")
    done = stubs.run(SCRIPT, *MISSING)
    assert done.returncode == 1
    assert "E: no space left\ninstalling theirs headers failed" in done.stderr
