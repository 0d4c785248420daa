"""The map in a real browser: zoom, lasso, keys and colours.

It needs playwright, and Chromium or Chrome on this machine, and is skipped without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from browsers import settled
from polyseme.search.searcher import Searcher

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)
BANK = "She sat on the river [bank] and fished."
PLACES = """
() => [...document.querySelectorAll(".pol-dot")].map((dot) => {
  const at = dot.getBoundingClientRect();
  return [Number(dot.dataset.pick), at.left + at.width / 2, at.top + at.height / 2];
})
"""
NAMES = "() => [...document.querySelectorAll('.pol-dot')].map((dot) => [Number(dot.dataset.pick), dot.ariaLabel])"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    found = browser.new_page(viewport={"width": 1300, "height": 1500})
    found.goto(f"{address}/?q={quote(BANK)}&tab=map")
    expect(found.locator(".pol-dot").first).to_be_visible()
    settled(found)
    found.wait_for_timeout(500)  # the page scrolls to the answer, and then stays
    yield found
    found.close()


def _places(page: Page) -> dict[int, tuple[float, float]]:
    return {int(key): (x, y) for key, x, y in page.evaluate(PLACES)}


def _box(page: Page) -> tuple[float, float, float, float]:
    found = page.locator(".pol-map").bounding_box()
    assert found is not None
    return found["x"], found["y"], found["width"], found["height"]


def _draw(page: Page, line: list[tuple[float, float]]) -> None:
    page.mouse.move(*line[0])
    page.mouse.down()
    for place in line[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def _picked(page: Page) -> set[int]:
    settled(page)
    expect(page).to_have_url(re.compile("lines="))
    return {int(key) for key in parse_qs(urlsplit(page.url).query).get("lines", [""])[0].split("-") if key}


def test_a_lasso_picks_the_points_inside_its_shape(page: Page) -> None:
    page.get_by_role("button", name="Lasso").click()
    x, y, width, height = _box(page)
    middle, half = x + width / 2, y + height / 2
    # The shape of an L: the left half, and the lower half of the right one.
    corners = [(x + 1, y + 1), (middle, y + 1), (middle, half), (x + width - 1, half), (x + width - 1, y + height - 1)]
    _draw(page, [*corners, (x + 1, y + height - 1), (x + 1, y + 2)])
    inside = {key for key, (left, top) in _places(page).items() if left < middle or top > half}
    assert 1 < len(inside) < len(_places(page))
    expect(page.locator(".pol-dot[data-in]")).to_have_count(len(inside))
    assert _picked(page) == inside
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")


def test_zoom_keeps_the_place_under_the_pointer_and_frames_pick_what_is_seen(page: Page) -> None:
    key, (x, y) = min(_places(page).items(), key=lambda item: item[1][0])
    before = x - _box(page)[0]
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_timeout(300)
    after = _places(page)
    left, top, width, height = _box(page)
    assert abs(after[key][0] - x) < max(40.0, width * 0.05)  # the map does not move beyond its edge
    seen = {k for k, (a, b) in after.items() if left < a < left + width and top < b < top + height}
    assert key in seen
    assert len(seen) < len(after)
    _draw(page, [(left + 1, top + 1), (left + width - 2, top + height - 2)])
    expect(page.locator(".pol-dot[data-in]")).to_have_count(len(seen))
    assert _picked(page) == seen
    (x, y), box = _places(page)[key], _box(page)
    assert (x - box[0], y - box[1]) == pytest.approx((after[key][0] - left, after[key][1] - top), abs=2)
    page.get_by_role("button", name="Show the whole map").click()
    assert _places(page)[key][0] - _box(page)[0] == pytest.approx(before, abs=2)


def test_keys_reach_points_outside_the_zoomed_map(page: Page) -> None:
    for _ in range(5):
        page.get_by_role("button", name="Zoom in").click()
    left, top, width, height = _box(page)
    page.locator(".pol-dot").first.focus()
    for _ in range(len(_places(page))):
        page.keyboard.press("ArrowRight")
        x, y = page.evaluate(
            "() => { const at = document.activeElement.getBoundingClientRect(); return [at.left + 6, at.top + 6]; }"
        )
        assert left <= x <= left + width
        assert top <= y <= top + height


def test_tab_reaches_a_point_of_the_zoomed_map(page: Page) -> None:
    x, y = max(_places(page).values())
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("Shift+Tab")
    page.wait_for_timeout(200)
    focused, left, top = page.evaluate(
        "() => { const dot = document.activeElement, map = dot.closest('.pol-map');"
        " return [Number(dot.dataset.pick), map.scrollLeft, map.scrollTop]; }"
    )
    assert (left, top) == (0, 0)
    x, y = _places(page)[focused]
    box = _box(page)
    assert box[0] <= x <= box[0] + box[2]
    assert box[1] <= y <= box[1] + box[3]


def test_colours_follow_a_field_and_the_address_keeps_them(page: Page, library: Path) -> None:
    page.get_by_role("combobox", name="Colour").click()
    page.get_by_role("option", name="genre").click()
    expect(page.locator(".pol-legend")).to_contain_text("money")
    settled(page)
    expect(page).to_have_url(re.compile(r"colour=field%3Agenre"))
    with Searcher.open(library / "banks.pol") as searcher:
        genres = {hit.occurrence_id: hit.metadata["genre"] for hit in searcher.occurrences(BANK, 1000)}
    assert {key: name.split(":")[0] for key, name in page.evaluate(NAMES)} == genres
    page.reload()
    expect(page.locator(".pol-legend")).to_contain_text("money")
