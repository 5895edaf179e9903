"""Addresses in log lines and labels: one address, a range ``from-to``, or a CIDR block, of IPv4 or IPv6."""

import ipaddress
import re
from collections.abc import Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CANDIDATE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|(?<![0-9a-fA-F])[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*")


def address_test(pattern: str) -> Callable[[str], bool]:
    """Whether a text is an address that ``pattern`` means; :class:`ValueError` if it means none."""
    low, high = _bounds(pattern)

    def test(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return address.version == low.version and int(low) <= int(address) <= int(high)

    return test


def found_address(pattern: str) -> Callable[[str], bool]:
    """Whether a line contains an address that ``pattern`` means."""
    test = address_test(pattern)
    return lambda line: any(test(found) or test(found.rstrip(".:")) for found in _CANDIDATE.findall(line))


def _bounds(pattern: str) -> tuple[Address, Address]:
    try:
        if "/" in pattern:
            network = ipaddress.ip_network(pattern, strict=False)
            return network[0], network[-1]
        low, _, high = pattern.partition("-")
        return ipaddress.ip_address(low), ipaddress.ip_address(high or low)
    except ValueError:
        raise ValueError(f'ip: "{pattern}" is no address, range or CIDR block') from None
