"""Which faults happen in which order: the same for the same numbers and seed."""

import random
from dataclasses import dataclass
from enum import StrEnum

from tests.campaigns.points import Point


class Fault(StrEnum):
    """What is done to the processes and servers."""

    KILL_AT = "a worker killed at a point"
    KILL = "a worker killed at any moment"
    KILL_API = "an API killed at a point"
    FREEZE_AT = "a worker frozen at a point"
    FREEZE = "a worker frozen at any moment"
    STOP = "a worker stopped in order"
    REDIS_EMPTIED = "Redis emptied"
    REDIS_KILLED = "Redis killed"
    POSTGRES = "PostgreSQL stopped with -m immediate"
    DELETE = "a document deleted"


# Those that the tests of single faults do not come to stand first: a short campaign gets no further.
KILLED_AT = [
    *(Point.CLAIMED, Point.PARSING, Point.INDEXING, Point.PUBLISHING, Point.COMMITTING, Point.COMMITTED, Point.PURGED),
    *(Point.TAKING_BACK, Point.CLAIMING, Point.CHUNKING, Point.EMBEDDING, Point.STORING, Point.PURGING),
]
API_KILLED_AT = [Point.ACCEPTING, Point.DELETING]
FROZEN_AT = [Point.CLAIMED, Point.EMBEDDING, Point.STORING, Point.PUBLISHING, Point.PURGED]
# These are met by deleting a document, the others by uploading one.
MET_BY_DELETING = {Point.PURGING, Point.PURGED, Point.DELETING}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are to be of each.

    Attributes:
        kills: SIGKILLs of workers.
        kills_at_points: Of them, each point in turn; the others come at any moment.
        freezes: SIGSTOPs of workers past their lease.
        freezes_at_points: Of them.
        redis: Emptied and killed in turn.
    """

    documents: int = 200
    kills: int = 200
    kills_at_points: int = 100
    freezes: int = 50
    freezes_at_points: int = 25
    redis: int = 20
    postgres: int = 20
    stops: int = 20
    api_kills: int = 10
    deletions: int = 20


# Enough for a campaign without the fence, or without the reconciler, to find what that does.
CONTROL = Counts(
    documents=6,
    kills=4,
    kills_at_points=2,
    freezes=6,
    freezes_at_points=3,
    redis=0,
    postgres=0,
    stops=0,
    api_kills=0,
    deletions=0,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A fault, where it happens, and how many documents are uploaded before it beside the one that meets it."""

    fault: Fault
    point: Point | None = None
    uploads: int = 0


def plan(counts: Counts, seed: int) -> list[Step]:
    """Return the steps in their order."""
    chance = random.Random(f"plan {seed}")
    steps = [Step(Fault.KILL_AT, KILLED_AT[n % len(KILLED_AT)]) for n in range(counts.kills_at_points)]
    steps += [Step(Fault.KILL)] * (counts.kills - counts.kills_at_points)
    steps += [Step(Fault.KILL_API, API_KILLED_AT[n % len(API_KILLED_AT)]) for n in range(counts.api_kills)]
    steps += [Step(Fault.FREEZE_AT, FROZEN_AT[n % len(FROZEN_AT)]) for n in range(counts.freezes_at_points)]
    steps += [Step(Fault.FREEZE)] * (counts.freezes - counts.freezes_at_points)
    steps += [Step(Fault.REDIS_EMPTIED)] * ((counts.redis + 1) // 2) + [Step(Fault.REDIS_KILLED)] * (counts.redis // 2)
    steps += [Step(Fault.POSTGRES)] * counts.postgres + [Step(Fault.STOP)] * counts.stops
    steps += [Step(Fault.DELETE)] * counts.deletions
    chance.shuffle(steps)
    spare = counts.documents - sum(is_met_by_upload(step.point) for step in steps)
    alone = [n for n, step in enumerate(steps) if step.point is None]
    for n in range(max(spare, 0)):
        at = alone[n * len(alone) // spare]
        steps[at] = Step(steps[at].fault, steps[at].point, steps[at].uploads + 1)
    return steps


def is_met_by_upload(point: Point | None) -> bool:
    """Return whether somebody comes to a point when a document is uploaded."""
    return point is not None and point not in MET_BY_DELETING
