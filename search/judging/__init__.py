"""Judge lines: annotations, senses edited by hand, agreement, good examples, entries, and what to judge next."""
