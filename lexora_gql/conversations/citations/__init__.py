"""Markers in an answer, and whether their sources say what its sentences say: pure, without I/O.

verifying.py      `cite`: a citation for each marker
claims.py         the sentence that a marker backs
support.py        whether a quote says it in other words, by:
figures.py        numbers and dates
numerals.py       numbers in words and in other scripts
names.py          names
markers.py        markers as they stream in, invented ones taken out
marker_shapes.py  what counts as a marker
"""

from lexora_gql.conversations.citations.verifying import Citation, CitationVerification, SourceText, cite, page_at

__all__ = ["Citation", "CitationVerification", "SourceText", "cite", "page_at"]
