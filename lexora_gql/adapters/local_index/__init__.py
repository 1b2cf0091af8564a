"""FAISS and tantivy side by side, one shard per collection and embedder, in this process.

index.py      LocalIndex, the port: thread pools, background writing
residents.py  shards in memory, under a limit
shard.py      one shard: change, fold, save, load
state.py      what a shard holds at a moment: a folded part and recent rows
searching.py  one search over one state
folded.py     tantivy beside the vectors, read only
flat.py       FAISS, read only
folding.py    how they are made, written and read
recent.py     rows that are searched by arithmetic
bm25.py       the arithmetic, as tantivy's
analysis.py   text to terms
bulk_analysis.py  texts by the thousand to the same terms
function_words.py  which of them say little
rows.py       rows and scores
snapshots.py  generations on disk
slots.py      a folder per process
"""

from lexora_gql.adapters.local_index.index import LocalIndex

__all__ = ["LocalIndex"]
