"""Whom we may ask, and where those may be: no way of writing an address leads into our own network."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from pbx.addresses import is_public
from pbx.web.hosts import HostError, Hosts, split_entry

OWN = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
    *("255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fec0::1"),
    *("2001:db8::1", "fd00:ec2::254", "2001::1"),
)


@pytest.mark.parametrize("text", OWN)
def test_addresses_that_are_not_of_the_open_internet(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(HostError, match="no public address"):
        Hosts(["crm.example"]).choose("crm.example", [text])


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_that_are(text: str) -> None:
    assert Hosts([]).choose("x", [text]) == [text]


def test_networks_of_ours_are_allowed_by_name_only() -> None:
    hosts = Hosts(["crm.local"], ["10.0.0.0/8", "fc00::/7"])
    assert hosts.choose("crm.local", ["10.9.9.9", "192.168.0.1", "fc00::5"]) == ["10.9.9.9", "fc00::5"]
    assert hosts.choose("crm.local", ["::ffff:10.9.9.9"]) == ["::ffff:10.9.9.9"]
    with pytest.raises(HostError, match=r"127\.0\.0\.1"):
        hosts.choose("crm.local", ["127.0.0.1"])


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://crm.example/x?y=1", True),
        ("http://crm.example/", True),
        ("https://CRM.example./", True),
        ("https://crm.example:8443/", False),
        ("https://a.shop.example/", True),
        ("https://shop.example/", False),
        ("https://evilshop.example/", False),
        ("https://inner:8080/", True),
        ("https://inner/", False),
        ("https://crm.example@evil.example/", False),
        ("https://user:pass@crm.example/", False),
        ("https://evil.example/#crm.example", False),
        ("https://[::1]/", False),
        ("file:///etc/passwd", False),
        ("gopher://crm.example/", False),
        ("https://crm.example\n.evil.example/", False),
        ("https://", False),
        ("https://crm.example:99999/", False),
    ],
)
def test_hosts_by_name_and_port(url: str, good: bool) -> None:
    hosts = Hosts(["crm.example", "*.shop.example", "inner:8080"])
    if good:
        assert hosts.check(url)[2]
    else:
        with pytest.raises(HostError):
            hosts.check(url)


@pytest.mark.parametrize("entry", ["*", "a/b", "*.*.example", "x:port", "", "cr*m.example", "x:0"])
def test_entries_that_are_none(entry: str) -> None:
    with pytest.raises(ValueError, match=r"host|port"):
        split_entry(entry)
