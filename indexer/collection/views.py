"""Define the views of a collection's database, for people who read it with Datasette or SQLite.

Polyseme itself reads no view. `schema_check.py` refuses every view whose name and text are not here. A changed text
moves to `EARLIER`, and a migration makes the view again.
"""

from __future__ import annotations

_LIVE = "d.state = 1"  # `State.LIVE` of `schema.py`, which imports this module
_NODE = 'substr(d.text, s.start + o.start + 1, o."end" - o.start)'


def _hits(extra: str, join: str) -> str:
    """Return the view of occurrences with a further column, and the join that it needs."""
    return (
        "CREATE VIEW hits AS SELECT d.title AS document,"
        " substr(d.text, s.start + 1, o.start) AS left_context,"
        f" {_NODE} AS node,"
        ' substr(d.text, s.start + o."end" + 1, s."end" - s.start - o."end") AS right_context,'
        f" t.form AS form, t.lemma AS lemma,{extra}"
        " (SELECT group_concat(DISTINCT w.pos) FROM words AS w"
        f" WHERE w.form = {_NODE} AND w.lemma = t.lemma AND w.pos != '') AS possible_parts_of_speech,"
        ' substr(d.text, s.start + 1, s."end" - s.start) AS sentence,'
        " d.document_id AS document_id, s.position + 1 AS sentence_number,"
        " s.id AS sentence_id, o.id AS occurrence_id"
        " FROM types AS t JOIN occurrences AS o ON o.type = t.id JOIN sentences AS s ON s.id = o.sentence"
        f" JOIN documents AS d ON d.id = s.document{join} WHERE {_LIVE}"
    )


_ANNOTATED_LINES = (
    # The last row of the log for each line, author and field. An undo has added the values of before.
    "CREATE VIEW annotated_lines AS WITH RECURSIVE last AS (SELECT j.line AS line, e.author AS author,"
    " j.field AS field, j.value AS value, e.time AS time, max(j.id) AS row FROM judgements AS j"
    " JOIN judgement_events AS e ON e.id = j.event WHERE j.line IS NOT NULL GROUP BY j.line, e.author, j.field),"
    " fields AS (SELECT sense, field, value, max(id) AS row FROM judgements WHERE sense IS NOT NULL"
    " GROUP BY sense, field),"
    # Merges may follow one another, and may form a circle. Its first sense then has the lines.
    " merges AS (SELECT sense, CAST(value AS INTEGER) AS other FROM fields WHERE field = 'merged'"
    " AND value IS NOT NULL),"
    " reached AS (SELECT sense, other FROM merges UNION SELECT r.sense, m.other FROM reached AS r"
    " JOIN merges AS m ON m.sense = r.other),"
    " ends AS (SELECT r.sense AS sense,"
    " coalesce(min(CASE WHEN r.other NOT IN (SELECT sense FROM merges) THEN r.other END),"
    " min(CASE WHEN EXISTS (SELECT 1 FROM reached AS c WHERE c.sense = r.other AND c.other = r.other)"
    " THEN r.other END)) AS other FROM reached AS r GROUP BY r.sense),"
    " said AS (SELECT l.line AS line, l.author AS author, max(l.time) AS time,"
    " max(CASE WHEN l.field = 'sense' THEN (SELECT f.value FROM fields AS f WHERE f.field = 'name' AND f.sense ="
    " coalesce((SELECT m.other FROM ends AS m WHERE m.sense = CAST(l.value AS INTEGER)),"
    " CAST(l.value AS INTEGER))) END) AS sense,"
    " max(CASE WHEN l.field = 'label' THEN l.value END) AS label,"
    " max(CASE WHEN l.field = 'mark' THEN l.value END) AS mark,"
    " max(CASE WHEN l.field = 'note' THEN l.value END) AS note FROM last AS l GROUP BY l.line, l.author),"
    " lines AS (SELECT id, document, lemma, occurrence,"
    " substr(context, 1, instr(context, char(31)) - 1) AS left_context,"
    " substr(context, instr(context, char(31)) + 1) AS rest FROM judged_lines)"
    " SELECT d.title AS document, i.left_context AS left_context,"
    " substr(i.rest, 1, instr(i.rest, char(31)) - 1) AS node,"
    " substr(i.rest, instr(i.rest, char(31)) + 1) AS right_context, i.lemma AS lemma, a.author AS author,"
    " a.time AS time, a.sense AS sense, a.label AS label, a.mark AS mark, a.note AS note,"
    " i.document AS document_id, o.id AS occurrence_id FROM said AS a JOIN lines AS i ON i.id = a.line"
    f" LEFT JOIN documents AS d ON d.document_id = i.document AND {_LIVE}"
    " LEFT JOIN occurrences AS o ON o.id = i.occurrence"
    " AND (SELECT s.document FROM sentences AS s WHERE s.id = o.sentence) = d.id"
    " WHERE coalesce(a.sense, a.label, a.mark, a.note) IS NOT NULL"
)
"""What people say about lines at present, one row for each line and author. `judgement_state.py` has the same rule."""
VIEWS = {
    "hits": _hits(" nullif(p.pos, '') AS part_of_speech,", " LEFT JOIN words AS p ON p.id = o.word"),
    "annotated_lines": _ANNOTATED_LINES,
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
EARLIER = {"hits": (_hits("", ""),)}
"""The SQL that views had in earlier versions."""
