"""Any address gives a query of the page, and one short line for each part that is not understood."""

from __future__ import annotations

from faults.amounts import FUZZ
from faults.commands import LONGEST_LINE
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.ui.page.address import MAX_IDS, MAX_K, K, read_address, write_address

NAMES = (
    *("q", "match", "k", "hybrid", "by", "order", "group", "where", "layer", "sort", "page", "sense", "list"),
    *("lines", "like", "unlike", "selection"),
)
LONG = ("9" * 400, "a" * 5000, "1-" * 3000 + "1", "[" * 999)
ODD = (*LONG, "", "0", "-1", "1e9", "none", "١٢", "½", "\x1b[31m\n\r\x00", "\udcff")
given_values = st.one_of(st.sampled_from(ODD), st.text(max_size=60), st.from_regex(r"[0-9-]{1,40}"))
given_names = st.one_of(st.sampled_from((*NAMES, "collection")), st.text(max_size=10))
addresses = st.dictionaries(given_names, st.lists(given_values, max_size=3), max_size=16)


@settings(max_examples=FUZZ)
@given(addresses)
def test_every_address_gives_a_query_and_one_line_for_each_problem(address: dict[str, list[str]]) -> None:
    query, problems = read_address(address)
    assert 1 <= query.k <= MAX_K
    assert query.page >= 1
    assert query.sense is None or query.sense >= 0
    assert all(len(ids) <= MAX_IDS for ids in (query.picked, query.like, query.unlike))
    assert len(problems) <= len(NAMES) + 1
    for problem in problems:
        assert len(problem.splitlines()) == 1
        assert len(problem) <= LONGEST_LINE
    if not any("k=" in problem for problem in problems) and not address.get("k"):
        assert query.k == K
    written = write_address(query)
    again = {name: value if isinstance(value, list) else [value] for name, value in written.items()}
    assert read_address(again) == (query, ())
