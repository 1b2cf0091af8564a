"""How buckets are kept in Redis, and what is asked about them.

One string a bucket, `<prefix>:allowance:<name>:<owner>`: the level and Redis's own time of it as little-endian
doubles, then the owner. It expires when the bucket is full again, which is what a missing one counts as.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lexora_gql.adapters.token_buckets import ROUNDING
from lexora_gql.ports.allowances import Allowance, Charge

EASE = 0.25
"""A portion is lent only while this part of the capacity is left without it."""

# Many asks at once, one after the other: each is granted as a whole or not at all. What comes back of a portion counts
# even then. A clock that jumps back costs and gives nothing: time goes on from where it says it is.
SCRIPT = f"""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local replies, key, at = {{}}, 0, 1
while at <= #ARGV do
    local owner, charges, granted, levels = ARGV[at], tonumber(ARGV[at + 1]), 1, {{}}
    at = at + 2
    for i = 1, charges do
        local first = at + (i - 1) * 5
        local capacity, per_second = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
        local amount, returned = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3])
        local level, kept = capacity, redis.pcall('GET', KEYS[key + i])
        if type(kept) == 'string' and string.sub(kept, 17) == owner then
            local known, since = struct.unpack('<dd', kept)
            level = known + math.max(0, now - since) * per_second
        end
        levels[i] = math.min(capacity, level + returned)
        if amount > levels[i] + {ROUNDING} then granted = 0 end
    end
    replies[#replies + 1] = granted
    for i = 1, charges do
        local capacity, per_second = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
        local amount, portion, level, lent = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 4]), levels[i], 0
        at = at + 5
        if granted == 1 then
            level = math.max(0, level - amount)
            if level - portion >= capacity * {EASE} then lent = portion end
            level = level - lent
        end
        local full_ms = math.ceil((capacity - level) / per_second * 1000) + 1
        redis.call('SET', KEYS[key + i], struct.pack('<dd', level, now) .. owner, 'PX', string.format('%.0f', full_ms))
        replies[#replies + 1] = math.floor(level * 1000)
        replies[#replies + 1] = lent
    end
    key = key + charges
end
return replies
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A charge, what comes back of an earlier portion, and the portion that is asked for."""

    charge: Charge
    returned: int = 0
    portion: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Redis says to an ask.

    Attributes:
        levels: What is left in Redis, in the order of the lines.
        portions: What was lent, in the same order.
    """

    is_granted: bool
    levels: tuple[float, ...]
    portions: tuple[int, ...]


def key_of(prefix: str, owner: str, allowance: Allowance) -> str:
    """Return where a bucket is kept."""
    return f"{prefix}:allowance:{allowance.name}:{owner}"


def arguments(owner: str, lines: Sequence[Line]) -> list[str | int | float]:
    """Return what SCRIPT wants to know of an ask."""
    told: list[str | int | float] = [owner, len(lines)]
    for line in lines:
        allowance = line.charge.allowance
        told += (allowance.capacity, allowance.per_second, line.charge.amount, line.returned, line.portion)
    return told


def outcomes(replies: Sequence[int], counts: Iterable[int]) -> list[Outcome]:
    """Return what SCRIPT has replied to asks with so many lines each."""
    read, at = [], 0
    for count in counts:
        end = at + 1 + 2 * count
        levels = tuple(level / 1_000 for level in replies[at + 1 : end : 2])
        read.append(Outcome(bool(replies[at]), levels, tuple(replies[at + 2 : end : 2])))
        at = end
    return read
