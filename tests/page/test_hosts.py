"""Tests of the names that the page's server answers to, so that no page on the web reaches it by DNS rebinding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.errors import PolysemeError
from polyseme.ui.page.hosts import authority, host_name, known_hosts

LOCAL = known_hosts("127.0.0.1", (), local=True)
PROXIED = known_hosts("127.0.0.1", ["Corpus.Example.org."], local=True)
SERVED = known_hosts("0.0.0.0", (), local=False)


@pytest.mark.parametrize(
    "host", ["localhost:8501", "LOCALHOST", "localhost.:80", "127.0.0.1:9000", "127.1.2.3", "[::1]"]
)
def test_local_server_answers_to_names_of_this_machine(host: str) -> None:
    assert LOCAL.accept([host], [])
    assert LOCAL.accept([host], [f"http://{host}"])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8501",
        "evil.example.",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "user:word@127.0.0.1",
        "localhost:8501@evil.example",
        "localhost/evil",
        "localhost#evil",
        "localhost evil",
        "localhost,evil.example",
        "localhost:port",
        "localhost:0",
        "localhost:99999",
        "localhost..",
        "[::1",
        "[::2]",
        "::1",
        "[fe80::1%eth0]",
        "192.168.1.5",
        "127.0.0.1.evil.example",
        "2130706433",
        "lоcalhost",  # with a Cyrillic letter
        "localhost\n",
        "",
        ".",
    ],
)
def test_local_server_refuses_every_other_host(host: str) -> None:
    assert not LOCAL.accept([host], [])
    assert not LOCAL.accept([host], [f"http://{host}"])


def test_missing_and_repeated_headers_are_refused() -> None:
    assert not LOCAL.accept([], [])
    assert not LOCAL.accept(["localhost", "localhost"], [])
    assert not LOCAL.accept(["localhost"], ["http://localhost", "http://localhost"])


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://localhost:8501", True),
        ("HTTP://LOCALHOST:8501", True),
        ("http://localhost.:8501", True),
        ("http://localhost:8888", False),  # another program of this machine
        ("http://127.0.0.1:8501", False),
        ("http://localhost", False),
        ("http://evil.example:8501", False),
        ("null", False),
        ("", False),
        ("file://", False),
        ("ftp://localhost:8501", False),
        ("http://localhost:8501/", False),
        ("http://evil.example@localhost:8501", False),
    ],
)
def test_only_the_page_itself_is_a_good_origin(origin: str, own: bool) -> None:
    assert LOCAL.accept(["localhost:8501"], [origin]) is own


def test_usual_ports_are_the_same_with_and_without_their_number() -> None:
    assert LOCAL.accept(["localhost"], ["http://localhost:80"])
    assert LOCAL.accept(["localhost:443"], ["https://localhost"])
    assert not LOCAL.accept(["localhost:443"], ["http://localhost"])


def test_named_host_is_reached_through_a_proxy_that_may_replace_the_header() -> None:
    for host in ("corpus.example.org", "127.0.0.1:8501"):
        assert PROXIED.accept([host], ["https://corpus.example.org"])
        assert PROXIED.accept([host], [])
        assert not PROXIED.accept([host], ["https://evil.example"])
    assert not PROXIED.accept(["evil.example"], [])
    assert not PROXIED.accept(["x.corpus.example.org"], [])
    assert not LOCAL.accept(["127.0.0.1:8501"], ["https://corpus.example.org"])


def test_server_for_others_answers_to_addresses_and_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Library")
    served = known_hosts("shelf.example", (), local=False)
    for host in ("192.168.1.5:8501", "[2001:db8::1]:8501", "library", "library.local", "shelf.example"):
        assert served.accept([host], [f"http://{host}"])
    assert not served.accept(["evil.example"], ["http://evil.example"])
    assert not SERVED.accept(["shelf.example"], [])


@given(st.text(max_size=40))
def test_no_text_is_both_foreign_and_accepted(text: str) -> None:
    found = authority(text)
    if LOCAL.accept([text], []):
        assert found is not None
        assert found[0] == "localhost" or found[0].startswith("127.") or ":" in found[0]


@pytest.mark.parametrize(
    "text", ["https://a.example", "a.example:8501", "a b", "", "*", "[::1]", "a/b", "a@b", "ü" * 99]
)
def test_named_host_must_be_a_plain_name(text: str) -> None:
    with pytest.raises(PolysemeError, match=r"not the name of a host; give it without https://"):
        host_name(text)


def test_named_host_is_kept_as_browsers_send_it() -> None:
    assert host_name(" Bücher.Example. ") == "xn--bcher-kva.example"
