"""Count words with the measures of corpus linguistics: frequencies, dispersion, keywords and collocates.

`measures.py` has the formulas, `places.py` finds what is counted, and `parts.py` divides the documents. The other
modules each answer one question.
"""
