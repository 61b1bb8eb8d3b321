"""Which of our addresses a far end is to use."""

from __future__ import annotations

import pytest

from pbx.sip.address import Destination
from pbx.transport.base import ListenAddress, ListenError, parse_listen
from pbx.transport.local import LocalAddresses


def listening(*texts, advertise=""):
    local = LocalAddresses(advertise)
    for text in texts:
        local.add(parse_listen(text))
    return local


def test_a_fixed_address_is_named_with_its_port():
    local = listening("udp:127.14.1.1:5060", "tcp:127.14.1.1:5070")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("127.14.1.1", 5060)
    assert local.towards(Destination("tcp", "127.0.0.1", 5060)) == ("127.14.1.1", 5070)


def test_a_wildcard_is_named_by_the_route():
    local = listening("udp:0.0.0.0:5080")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("127.0.0.1", 5080)


def test_what_is_advertised_stands_in_for_all():
    local = listening("udp:0.0.0.0:5080", advertise="203.0.113.9")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("203.0.113.9", 5080)


def test_one_of_several_sockets_is_chosen():
    local = listening("udp:127.14.1.1:5060", "tcp:127.14.1.1:5060", "udp:0.0.0.0:5070", "udp:[::1]:5060")
    assert local.socket_towards("127.14.1.1") in (0, 1)
    assert local.socket_towards("::1") == 2
    assert listening("udp:127.14.1.1:5060").socket_towards("::1") is None


@pytest.mark.parametrize("text", ["udp:0.0.0.0:5060", "tcp:[::1]:5060"])
def test_listen_lines(text):
    assert str(parse_listen(text)) == text
    assert isinstance(parse_listen(text), ListenAddress)


def test_a_wrong_listen_line_names_itself():
    with pytest.raises(ListenError, match=r"5060.*ADDRESS:PORT"):
        parse_listen("5060")
