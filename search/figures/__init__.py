"""Draw figures for papers with matplotlib: lines over time, bars, points of a map, and strips of documents.

`style.py` has the house style, and writes files. The drawing functions take plain values, so that every record of
`search/` can use them. matplotlib is imported when a figure is drawn.
"""
