"""What must hold after a campaign of faults on ingestion, whatever they were; each check returns what violates it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tests.campaigns.ingestion.ledger import Ledger
from tests.campaigns.ingestion.people import Seen
from tests.campaigns.ingestion.stock import ENDS, Stock, Stored

Views = Mapping[str, Sequence[Seen]]


def lost(ledger: Ledger, stock: Stock) -> list[str]:
    """What was accepted, and not deleted, is there with the bytes that were sent."""
    found = []
    for document_id, sha256 in ledger.kept.items():
        stored = stock.documents.get(document_id)
        if stored is None:
            found.append(f"{document_id} was accepted and is not there")
        elif stored.sha256 != sha256:
            found.append(f"{document_id} has another file than the one that was sent")
    return found


def unended(stock: Stock) -> list[str]:
    """Every document has ended, with a reason where it FAILED."""
    found = [f"{one.id} is {one.status} ({one.stage})" for one in stock.documents.values() if one.status not in ENDS]
    silent = [one for one in stock.documents.values() if one.status == "FAILED" and one.failure_code is None]
    return found + [f"{one.id} is FAILED without a code" for one in silent]


def doubled(ledger: Ledger, stock: Stock) -> list[str]:
    """Each file is one document, and each READY document has one set of chunks, made once."""
    files = Counter((stored.blob_key.partition("/")[0], stored.sha256) for stored in stock.documents.values())
    found = [f"a file of {owner} is {count} documents" for (owner, _), count in files.items() if count > 1]
    found += [f"{one.id}: {flaw}" for one in stock.documents.values() for flaw in one.flaws]
    if len(embedders := {name for one in stock.documents.values() for name in one.embedders}) > 1:
        found.append(f"vectors of several embedders: {', '.join(sorted(embedders))}")
    # Files that were never accepted are none that a client knows of, and would be looked for in vain.
    known = set(ledger.accepted.values()) | set(ledger.unknown)
    found += [f"{one.id} is of a file that nobody sent" for one in stock.documents.values() if one.sha256 not in known]
    return found + _published_twice(stock)


def _published_twice(stock: Stock) -> list[str]:
    found, published = [], set[str]()
    for turn in stock.history:
        if turn.was in ENDS and turn.became == "PENDING":
            published.discard(turn.document_id)
        elif turn.was in ENDS and turn.became not in ENDS:
            found.append(f"{turn.document_id} became {turn.became} by {turn.by} when it was {turn.was}")
        if turn.became == "READY" and turn.is_ready_again:
            if turn.document_id in published:
                found.append(f"{turn.document_id} was published twice, the second time by {turn.by}")
            published.add(turn.document_id)
    return found


def orphans(stock: Stock) -> list[str]:
    """Every file has its row, every row its file and its document, and nothing is half done."""
    named = {stored.blob_key for stored in stock.documents.values()}
    found = [f"{key} is a file without a document" for key in sorted(stock.files - named)]
    found += [f"{key} is the file of a document, and is not there" for key in sorted(named - stock.files)]
    found += [f"{name} was left half written" for name in sorted(stock.unfinished_files)]
    found += [f"{key} is still to be removed" for key in sorted(stock.purges)]
    found += [f"{count} rows of {table} are of no document" for table, count in stock.strays.items() if count]
    return found


def undeleted(ledger: Ledger, stock: Stock) -> list[str]:
    """Of what was deleted there is nothing but a tombstone."""
    there = ledger.deleted & stock.documents.keys()
    found = [f"{document_id} was deleted and is there" for document_id in sorted(there)]
    unmarked = ledger.deleted - stock.tombstones - there
    found += [f"{document_id} was deleted without a tombstone" for document_id in sorted(unmarked)]
    kept = {key for key in stock.files if key.partition("/")[2] in ledger.deleted}
    return found + [f"{key} is the file of a deleted document" for key in sorted(kept)]


def overcharged(stock: Stock, *, losses_max: int) -> list[str]:
    """A document has had an attempt for each worker that it lost, one for each crash of its reader, and one more.

    So what was given back, by an orderly stop or while PostgreSQL was away, has cost nothing.

    Args:
        stock: With documents that were not started again by hand.
        losses_max: As many workers as may have been lost.
    """
    found = []
    for stored in stock.documents.values():
        if stored.status == "READY" and stored.attempt != stored.losses + stored.crashes + 1:
            found.append(f"{stored.id}: {stored.attempt} attempts, {stored.losses} lost, {stored.crashes} crashed")
        found += [f"{stored.id}: its reader crashed {stored.crashes} times"] if stored.crashes else []
    if (total := sum(stored.losses for stored in stock.documents.values())) > losses_max:
        found.append(f"{total} workers were lost, but at most {losses_max} can have been")
    return found


def unforeseen(stock: Stock) -> list[str]:
    """What FAILED did so because its workers were killed, and may be started again."""
    return [
        f"{one.id} FAILED with {one.failure_code}"
        for one in stock.documents.values()
        if one.status == "FAILED" and not (one.failure_code == "WORKER_LOST" and one.is_retryable)
    ]


def unseen(ledger: Ledger, stock: Stock, views: Views) -> list[str]:
    """A subscriber that always came back was told last what became of each document."""
    found = []
    for document_id in sorted(ledger.accepted):
        states = views.get(document_id, ())
        last = states[-1].status if states else "nothing"
        stored = stock.documents.get(document_id)
        truth = stored.status if stored is not None else "DELETED"
        if last != truth:
            found.append(f"{document_id} is {truth}, the last that its subscriber heard was {last}")
    return found


def fallen(views: Views) -> list[str]:
    """The share of the work that is done never falls within an attempt."""
    return [
        f"{document_id} fell from {before.fraction:.2f} to {after.fraction:.2f} in attempt {after.attempt}"
        for document_id, states in views.items()
        for before, after in pairwise(_at_work(states))
        if before.attempt == after.attempt and after.fraction < before.fraction
    ]


def _at_work(states: Sequence[Seen]) -> list[Seen]:
    """Return the states while it was read, or had been; waiting after a loss, a document stands at the beginning."""
    return [state for state in states if state.status in {"PROCESSING", "READY"}]


def uncounted(processes: int, places: int) -> list[str]:
    """There is one process in each place: a kill that missed would leave one beside the one that came for it."""
    return [f"{processes} processes are in {places} places"] if processes != places else []


def with_reasons(documents: Mapping[str, Stored]) -> Counter[str]:
    """Count documents by status, and by code where they FAILED."""
    return Counter(
        f"{one.status} {one.failure_code}" if one.status == "FAILED" else one.status for one in documents.values()
    )
