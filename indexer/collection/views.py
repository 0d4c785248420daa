"""Define the views of a collection's database, for people who read it with Datasette or SQLite.

Polyseme itself reads no view. `schema_check.py` refuses every view whose name and text are not here, so a changed text
also needs the text of before there.
"""

from __future__ import annotations

_LIVE = "d.state = 1"  # `State.LIVE` of `schema.py`, which imports this module
_NODE = 'substr(d.text, s.start + o.start + 1, o."end" - o.start)'

VIEWS = {
    "hits": (
        "CREATE VIEW hits AS SELECT d.title AS document,"
        " substr(d.text, s.start + 1, o.start) AS left_context,"
        f" {_NODE} AS node,"
        ' substr(d.text, s.start + o."end" + 1, s."end" - s.start - o."end") AS right_context,'
        " t.form AS form, t.lemma AS lemma,"
        " (SELECT group_concat(DISTINCT w.pos) FROM words AS w"
        f" WHERE w.form = {_NODE} AND w.lemma = t.lemma AND w.pos != '') AS possible_parts_of_speech,"
        ' substr(d.text, s.start + 1, s."end" - s.start) AS sentence,'
        " d.document_id AS document_id, s.position + 1 AS sentence_number,"
        " s.id AS sentence_id, o.id AS occurrence_id"
        " FROM types AS t JOIN occurrences AS o ON o.type = t.id JOIN sentences AS s ON s.id = o.sentence"
        f" JOIN documents AS d ON d.id = s.document WHERE {_LIVE}"
    ),
    "document_list": (
        "CREATE VIEW document_list AS SELECT d.document_id AS document_id, d.title AS title,"
        " (SELECT group_concat(m.field || ': ' || m.value, '; ') FROM metadata AS m WHERE m.document = d.id)"
        " AS metadata,"
        " (SELECT count(*) FROM sentences AS s WHERE s.document = d.id) AS sentences,"
        " length(d.text) AS characters, d.source AS file, d.root AS folder"
        f" FROM documents AS d WHERE {_LIVE}"
    ),
    "document_metadata": (
        "CREATE VIEW document_metadata AS SELECT m.field AS field, m.value AS value, d.title AS document,"
        " d.document_id AS document_id"
        f" FROM metadata AS m JOIN documents AS d ON d.id = m.document WHERE {_LIVE}"
    ),
}
"""The SQL of each view by its name, as SQLite stores it."""
