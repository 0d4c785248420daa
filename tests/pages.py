"""Run the page without a browser, with Streamlit's AppTest, and read what it shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import pytest
from polyseme.search.hits import SentenceHit
from polyseme.ui.page.server import COLLECTION_VARIABLE, MODEL_VARIABLE
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[1] / "ui" / "page" / "entry" / "run_page.py"

RIVER = (
    "She sat on the bank of the river and fished. The bank was steep and green. "
    "They walked along the bank until it grew dark. Reeds hid the far bank. A heron stood on the muddy bank."
)
MONEY = (
    "The bank refused a loan to the farmer. His bank charged him for it. "
    "Every bank in town closed early. She went to the bank with a cheque. The bank lends money."
)


def app(collection: Path | None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setattr("polyseme.ui.page.login.is_served_beyond", lambda: False)
    if collection is None:
        monkeypatch.delenv(COLLECTION_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(COLLECTION_VARIABLE, str(collection))
    return AppTest.from_file(str(APP), default_timeout=180)


def html(page: AppTest) -> str:
    """Return the page's own HTML without its styles."""
    assert not page.exception
    return re.sub(r"<style>.*?</style>", "", "\n".join(each.proto.body for each in page.get("html")), flags=re.DOTALL)


def lines(page: AppTest) -> list[tuple[str, str]]:
    """Return (text, document) of the hits on the page, in order."""
    found = re.findall(r'<p class="pol-text".*?>(.*?)</p>.*?<bdi>(.*?)</bdi></button>', html(page))
    return [(unescape(re.sub("<[^>]*>", "", text)), unescape(document)) for text, document in found]


def expected(hits: Sequence[SentenceHit]) -> list[tuple[str, str]]:
    return [(re.sub(r"\s+", " ", hit.sentence).strip(), hit.document) for hit in hits]


def ask(page: AppTest, text: str) -> AppTest:
    return page.run().text_input(key="text").set_value(text).run()


def address(page: AppTest) -> dict[str, list[str]]:
    found = page.query_params
    return {key: list(value) if isinstance(value, list) else [value] for key, value in found.items()}


def navigate_history(page: AppTest, monkeypatch: pytest.MonkeyPatch, /, **parameters: str | list[str]) -> None:
    """Open another address as the browser's back or forward button does."""
    for name, value in parameters.items():
        page.query_params[name] = value
    with monkeypatch.context() as patch:
        patch.setattr("polyseme.ui.page.session._is_history_navigation", lambda: True)
        page.run()
