"""Pods' packets pass a machine whose firewall drops what it forwards; any other machine is left alone."""

import pytest

from bareplane_node.forwarding import CHAIN, missing

PODS = "10.244.0.0/16"
OURS = f"-N {CHAIN}\n-A {CHAIN} -s {PODS} -j ACCEPT\n-A {CHAIN} -d {PODS} -j ACCEPT\n-A FORWARD -j {CHAIN}\n"
DROPPING = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n"


def test_machine_that_forwards_is_left_alone() -> None:
    assert missing("-P INPUT DROP\n-P FORWARD ACCEPT\n", PODS) == []


def test_machine_that_drops_gets_a_chain_of_ours_first_in_line() -> None:
    todo = missing(DROPPING, PODS)
    assert todo[0] == ["-N", CHAIN]
    assert todo[-1] == ["-I", "FORWARD", "1", "-j", CHAIN]
    assert len(todo) == 4


def test_nothing_is_done_twice() -> None:
    assert missing(DROPPING + OURS, PODS) == []


@pytest.mark.parametrize("line", OURS.splitlines())
def test_what_is_lost_is_made_again(line: str) -> None:
    assert len(missing(DROPPING + OURS.replace(line + "\n", ""), PODS)) == 1
