"""Take the pictures of the session in docs/guide/senses.md: the page on a large collection, in a headless browser.

    python docs/screenshots/session.py COLLECTION

The collection is that of the benchmarks with 2 million occurrences. Needs are those of `take.py`.

| picture | shows |
|---|---|
| session_charge.png | the senses of *charge*, by part of speech |
| session_season.png | four senses of *season*, and the lines of one |
| session_pattern.png | the places of a pattern |
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from take import BROWSERS, Picture, serving, take

PATTERN = '[lemma="charge" & pos="VERB"] []{0,2} [lemma="with"]'
PICTURES = (
    Picture("session_charge", "[charge]", size=(1300, 1100)),
    Picture("session_season", "[season]", size=(1300, 900), more="&senses=4&sense=2"),
    Picture("session_pattern", PATTERN, size=(1300, 700), has_senses=False),
)


def main() -> int:
    """Start the page on the collection, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"no browser found; install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright, serving(given.collection) as address:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for picture in PICTURES:
            take(browser, address, picture)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
