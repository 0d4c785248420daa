"""Build the list of documents as a table.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ....indexer.collection.records import StoredDocument
from ....indexer.values import text_of
from ..language import numeral, say, say_html
from .base import FACT, attribute, cut_left, cut_right, escape

TITLE = 120
"""Maximum length of a title, in characters."""


def document_table(documents: Sequence[StoredDocument], fields: Sequence[str], chosen: Collection[int]) -> str:
    """Return a table of documents with a button that chooses each.

    Args:
        fields: The metadata fields to show.
        chosen: `documents.id` of the chosen documents.
    """
    names = (say("title"), say("id"), say("sentences"), *fields)
    titles = (f'<th scope="col"><bdi>{escape(cut_right(name, FACT))}</bdi></th>' for name in names)
    heads = f'<th scope="col"><span class="pol-said">{say_html("choose")}</span></th>' + "".join(titles)
    rows = "".join(_row(document, fields, document.key in chosen) for document in documents)
    return (
        f'<div class="pol-scroll" tabindex="0" role="region" aria-label="{say_html("Documents")}">'
        f'<table class="pol-words pol-documents"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(document: StoredDocument, fields: Sequence[str], is_chosen: bool) -> str:
    title = cut_right(document.title, TITLE)
    name = say_html("Choose {title}", title=attribute(title))
    values = (cut_right(text_of(document.metadata.get(field, "")), FACT) for field in fields)
    cells = "".join(f"<td><bdi>{escape(value)}</bdi></td>" for value in values)
    return (
        f'<tr><td><button type="button" class="pol-choose" data-document="{document.key}"'
        f' aria-pressed="{str(is_chosen).lower()}" aria-label="{name}"></button></td>'
        f'<th scope="row"><bdi>{escape(title)}</bdi></th>'
        f"<td><bdi>{escape(cut_left(document.document_id, TITLE))}</bdi></td>"
        f"<td>{numeral(document.sentences)}</td>{cells}</tr>"
    )
