"""Decide by the headers Host and Origin whether a request was meant for this server.

A page on the web can let its own name lead to this machine (DNS rebinding). Its requests then carry that name, so a
server that answers to its own names only is out of reach. This module does not import Streamlit.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...indexer.errors import PolysemeError

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_.-]{1,253}))(?::([0-9]{1,5}))?", re.IGNORECASE)
_ORIGIN = re.compile(r"(https?)://([^/?#@\s]+)", re.IGNORECASE)
_USUAL_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which the server is reached.

    Args:
        names: Names in lower case, without a final dot.
        any_ip: Whether every IP address is one of them. If not, only those of the loopback interface are. An IP
            address cannot be rebound, because the browser connects to that very address.
        proxied: The names under which a proxy is reached. It may send another Host than the browser did.
    """

    names: frozenset[str]
    any_ip: bool = False
    proxied: frozenset[str] = frozenset()

    def knows(self, name: str) -> bool:
        """Return whether a name, or an IP address, is this server's."""
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self.names
        return self.any_ip or address.is_loopback or name in self.names

    def accept(self, hosts: Sequence[str], origins: Sequence[str]) -> bool:
        """Return whether a request with these headers Host and Origin was meant for this server.

        The port in Host is free, because tunnels change it. An origin must be the page itself, with its port.
        """
        host = authority(hosts[0]) if len(hosts) == 1 else None
        if host is None or not self.knows(host[0]) or len(origins) > 1:
            return False
        if not origins:
            return True
        return self._is_own_origin(origins[0], host)

    def _is_own_origin(self, origin: str, host: tuple[str, int | None]) -> bool:
        found = _ORIGIN.fullmatch(origin)
        given = authority(found[2]) if found else None
        if found is None or given is None:
            return False
        usual = _USUAL_PORT[found[1].lower()]
        same = given[0] == host[0] and (given[1] or usual) == (host[1] or usual)
        return same or given[0] in self.proxied


def authority(text: str) -> tuple[str, int | None] | None:
    """Return the name and port of `name:port` as a browser writes it. Return None for anything else."""
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        return None
    name = (found[1] or found[2].removesuffix(".")).lower()
    port = int(found[3]) if found[3] else None
    if not name or (port is not None and not 0 < port < 2**16):
        return None
    return name, port


def host_name(text: str) -> str:
    """Return a name that a user gave, as browsers send it.

    Raises:
        PolysemeError: It is not the plain name of a host.
    """
    try:
        found = authority(text.strip().removesuffix(".").encode("idna").decode())
    except UnicodeError:
        found = None
    if found is None or found[1] is not None or text.strip().startswith("["):
        raise PolysemeError(f"{text[:80]!r} is not the name of a host; give it without https://, port and path")
    return found[0]


def known_hosts(address: str, given: Iterable[str], local: bool) -> Hosts:
    """Return the names of a server.

    Args:
        address: What it listens on.
        given: Further names, as the user gave them.
        local: Whether only this machine can reach the address.
    """
    named = frozenset(map(host_name, given))
    names = {"localhost", *named}
    if not local:
        own = socket.gethostname().lower()
        names |= {own, f"{own.partition('.')[0]}.local"}
        found = authority(address)
        names |= {found[0]} if found else set()
    return Hosts(frozenset(names), any_ip=not local, proxied=named)
