"""How the text of an answer is kept in Redis while it is written.

One string a lease, `<prefix>:answer:<owner>:<answer>:<lease>`: 16 bytes of the owner's id, 4 bytes that are 1 once the
producer has finished, then the text in UTF-32 (little-endian). So an offset in code points is a place in bytes, the
length is STRLEN, adding is APPEND and reading on from any cursor is one GETRANGE, however long the text is. Four bytes
a character is no waste: an answer is a few thousand characters and gone after minutes.
"""

from uuid import UUID

from lexora_gql.ports.event_bus import LiveText

HEADER_BYTES = 20
CHARACTER_BYTES = 4
OWNER_BYTES = 16
WRITING = b"\x00\x00\x00\x00"
FINISHED = b"\x01\x00\x00\x00"

KEPT_WHILE_WRITING_SECONDS = 600
KEPT_WHEN_FINISHED_SECONDS = 120

KEPT = 1
"""What APPEND_SCRIPT returns when all of the text is in place."""

# Whoever repeats an append after a lost reply finds its text there already: only what lies beyond the end is added.
# A gap means that Redis has forgotten something, and an ended text never grows.
APPEND_SCRIPT = """
local key, owner, offset, text = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local length = redis.call('STRLEN', key)
if length == 0 then
    if offset > 0 then return 0 end
    redis.call('SET', key, owner .. '\\0\\0\\0\\0')
    length = 20
end
local header = redis.call('GETRANGE', key, 0, 19)
if string.sub(header, 1, 16) ~= owner then return 0 end
local known = (length - 20) / 4 - offset
if known < 0 then return 0 end
if known * 4 < #text then
    if string.byte(header, 17) ~= 0 then return 0 end
    redis.call('APPEND', key, string.sub(text, known * 4 + 1))
    redis.call('PUBLISH', ARGV[4], '')
end
redis.call('PEXPIRE', key, ARGV[5])
return 1
"""

FINISH_SCRIPT = """
if redis.call('GETRANGE', KEYS[1], 0, 15) == ARGV[1] then
    redis.call('SETRANGE', KEYS[1], 16, '\\1')
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('PUBLISH', ARGV[2], '')
return 1
"""


def key_of(prefix: str, owner_id: UUID, answer_id: UUID, lease: UUID) -> str:
    """Return where a lease's text is kept."""
    return f"{prefix}:answer:{owner_id}:{answer_id}:{lease}"


def encode(text: str) -> bytes:
    """Return four bytes for each code point."""
    return text.encode("utf-32-le", "surrogatepass")


def first_byte(offset: int) -> int:
    """Return where the character at `offset` begins in the stored string."""
    return HEADER_BYTES + CHARACTER_BYTES * offset


def decode(owner_id: UUID, offset: int, header: bytes, rest: bytes) -> LiveText | None:
    """Return what was read; None where nothing is kept, or not for this owner."""
    if len(header) != HEADER_BYTES or header[:OWNER_BYTES] != owner_id.bytes:
        return None
    return LiveText(offset, rest.decode("utf-32-le", "surrogatepass"), is_finished=header[OWNER_BYTES:] == FINISHED)
