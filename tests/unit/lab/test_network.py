"""A lab's network keeps away from every route and network that is there."""

import ipaddress
import json

import pytest

from bareplane_lab import network
from bareplane_lab.errors import NetworkError

Net = ipaddress.IPv4Network


def test_same_lab_gets_the_same_subnet() -> None:
    assert network.free_subnet("9289fc5d", []) == network.free_subnet("9289fc5d", [])


def test_taken_subnet_is_passed_over() -> None:
    first = network.free_subnet("9289fc5d", [])
    second = network.free_subnet("9289fc5d", [first])
    assert not first.overlaps(second)
    assert second.subnet_of(network.POOL)


def test_search_goes_round_the_end_of_the_pool() -> None:
    *_, last = network.POOL.subnets(new_prefix=24)
    assert network.free_subnet("7ff", []) == last
    assert network.free_subnet("7ff", [last]) == next(network.POOL.subnets(new_prefix=24))


def test_full_pool_is_an_error() -> None:
    with pytest.raises(NetworkError, match="no free /24"):
        network.free_subnet("0", [Net("10.0.0.0/8")])


def test_default_route_blocks_nothing() -> None:
    routes = json.dumps([{"dst": "default"}, {"dst": "10.1.2.0/24"}, {"dst": "127.0.0.1"}])
    assert list(network.route_networks(routes)) == [Net("10.1.2.0/24"), Net("127.0.0.1/32")]


def test_no_routes_at_all() -> None:
    assert list(network.route_networks("")) == []


@pytest.mark.parametrize(("number", "address"), [(1, "10.200.7.11"), (10, "10.200.7.20"), (244, "10.200.7.254")])
def test_address_follows_the_number(number: int, address: str) -> None:
    assert network.address(Net("10.200.7.0/24"), number) == address


@pytest.mark.parametrize("number", [0, 245])
def test_numbers_without_an_address_are_refused(number: int) -> None:
    with pytest.raises(NetworkError, match="no address"):
        network.address(Net("10.200.7.0/24"), number)
