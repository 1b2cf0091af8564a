"""What broken or hostile clients send over a WebSocket: valid conversations, changed somewhere."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.frames import Frame, Opcode

Json = Any
Message = dict[str, Json]

STRANGE: tuple[Json, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**400, "", " ", "x", "\0", "\ud800", "é" * 300, "x" * 70_000),
    *([], {}, [None], {"": None}, [[]], {"__proto__": {}}, "Bearer x", "{", "subscription { documentEvents }", "1"),
)
TYPES = (
    *("connection_init", "connection_ack", "ping", "pong", "subscribe", "next", "error", "complete"),
    *("start", "stop", "connection_terminate", "data", "ka", "SUBSCRIBE", ""),
)
KEYS = ("type", "id", "payload", "query", "variables", "operationName", "extensions", "documentId", "Authorization", "")
CLOSES = (b"", b"\x03", b"\x03\xe8", b"\x03\xe7", b"\x03\xed", b"\x13\x88", b"\x03\xe8\xff", b"\x0f\xa0" + b"x" * 123)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is written to a socket, frame by frame.

    Attributes:
        what: Was done to it, for whoever has to find out why it failed.
        is_framed: Whether frames begin and end where they say.
    """

    what: str
    frames: list[bytes]
    is_framed: bool = True


def conversation(messages: list[Message], chance: random.Random) -> Conversation:
    """Return a valid conversation with something wrong in it."""
    kind = chance.choices(("value", "order", "text", "wire"), weights=(5, 1, 2, 2))[0]
    at = chance.randrange(len(messages))
    if kind == "order":
        changed = chance.choice(
            ([messages[at], *messages], [*messages, messages[at]], messages[:at] + messages[at + 1 :])
        )
        return Conversation(f"order {at}", [framed(to_text(message).encode()) for message in changed])
    if kind == "value":
        texts = [to_text(message) for message in messages]
        change = chance.choice(VALUES)
        texts[at] = change(messages[at], chance)
        return Conversation(f"{change.__name__} {at}", [framed(text.encode(errors="surrogatepass")) for text in texts])
    raw = [to_text(message).encode() for message in messages]
    if kind == "text":
        alter = chance.choice(TEXTS)
        raw[at] = alter(raw[at], chance)
        return Conversation(f"{alter.__name__} {at}", [framed(each) for each in raw])
    frames = [framed(each) for each in raw]
    spoil = chance.choice(WIRES)
    frames[at] = spoil(raw[at], chance)
    return Conversation(f"{spoil.__name__} {at}", frames, is_framed=False)


def to_text(value: Json) -> str:
    """Return JSON, in which a list of pairs that is called so is an object whose keys may come twice."""
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{to_text(each)}" for key, each in value.pairs) + "}"
    return json.dumps(value)


def framed(text: bytes) -> bytes:
    """Return a frame as a client sends it."""
    return Frame(Opcode.TEXT, text).serialize(mask=True)


@dataclass(frozen=True, slots=True)
class _Pairs:
    pairs: list[tuple[str, Json]]


def _inside(message: Message, chance: random.Random, change: Callable[[Message, str], None]) -> str:
    """Change one key of a message, or of an object somewhere in it."""
    copy: Message = json.loads(json.dumps(message))
    place = copy
    while chance.random() < 0.5 and (inner := [each for each in place.values() if isinstance(each, dict) and each]):
        place = chance.choice(inner)
    change(place, chance.choice(list(place)))
    return to_text(copy)


def another_value(message: Message, chance: random.Random) -> str:
    """Put something strange in the place of a value."""
    return _inside(message, chance, lambda place, key: place.update({key: chance.choice(STRANGE)}))


def dropped_key(message: Message, chance: random.Random) -> str:
    """Leave a key out."""
    return _inside(message, chance, lambda place, key: place.pop(key))


def renamed_key(message: Message, chance: random.Random) -> str:
    """Give a value another name."""
    return _inside(message, chance, lambda place, key: place.update({chance.choice(KEYS): place.pop(key)}))


def another_type(message: Message, chance: random.Random) -> str:
    """Say that the message is another."""
    return to_text(message | {"type": chance.choice(TYPES)})


def doubled_key(message: Message, chance: random.Random) -> str:
    """Say a key twice, the second time with something strange."""
    pairs = list(message.items())
    return to_text(_Pairs([*pairs, (chance.choice(list(message)), chance.choice(STRANGE))]))


def nested(message: Message, chance: random.Random) -> str:
    """Put a value into very many lists or objects."""
    depth = chance.choice((5, 100, 900, 5_000, 12_000))
    left, right = chance.choice((("[", "]"), ('{"a":', "}")))
    key = chance.choice(list(message))
    rest = to_text({name: value for name, value in message.items() if name != key})[1:-1]
    return "{" + ",".join(filter(None, (rest, f'"{key}":{left * depth}1{right * depth}'))) + "}"


def number(message: Message, chance: random.Random) -> str:
    """Put a number into it that is too long or none."""
    text = chance.choice(("9" * 5_000, "-0", "1e999", "-1e999", "1" + "0" * 400, "NaN", "-Infinity", "0x1F", "1."))
    return _inside(message, chance, lambda place, key: place.update({key: "@@"})).replace('"@@"', text, 1)


def _bytes(count: int, chance: random.Random) -> bytes:
    return bytes(chance.randrange(256) for _ in range(count))


def flipped_text(text: bytes, chance: random.Random) -> bytes:
    """Change some bits."""
    changed = bytearray(text)
    for _ in range(chance.choice((1, 2, 5, 30))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_text(text: bytes, chance: random.Random) -> bytes:
    """Lose its end, or its beginning."""
    at = chance.randrange(len(text))
    return chance.choice((text[:at], text[at:]))


def stuffed_text(text: bytes, chance: random.Random) -> bytes:
    """Add bytes anywhere."""
    at = chance.randrange(len(text))
    added = chance.choice((_bytes(9, chance), b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\u0000", b"\xef\xbb\xbf", text))
    return text[:at] + added + text[at:]


def flipped_frame(text: bytes, chance: random.Random) -> bytes:
    """Change bits of the frame's head."""
    changed = bytearray(framed(text))
    for _ in range(chance.choice((1, 2, 3))):
        changed[chance.randrange(8)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def in_parts(text: bytes, chance: random.Random) -> bytes:
    """Send the message in parts, with or without something between them that does not belong there."""
    at = chance.randrange(len(text))
    parts = [Frame(Opcode.TEXT, text[:at], fin=False), Frame(Opcode.CONT, text[at:], fin=chance.random() < 0.8)]
    between = chance.choice(
        (Frame(Opcode.PING, b"x"), Frame(Opcode.TEXT, text), Frame(Opcode.CONT, b"", fin=False), None)
    )
    frames = [parts[0], *([between] if between else []), parts[1]]
    return b"".join(frame.serialize(mask=True) for frame in frames)


def other_frame(text: bytes, chance: random.Random) -> bytes:
    """Send it as another kind of frame."""
    opcode = chance.choice((Opcode.BINARY, Opcode.CONT))
    return Frame(opcode, text).serialize(mask=chance.random() < 0.8)


def closing(_text: bytes, chance: random.Random) -> bytes:
    """Say that it is over, and go on."""
    head = bytes([0x88, 0x80 | len(content := chance.choice(CLOSES)), 0, 0, 0, 0])
    return head + content


def noise(_text: bytes, chance: random.Random) -> bytes:
    """Send what is no frame at all."""
    return _bytes(chance.choice((1, 2, 14, 200)), chance)


VALUES = (another_value, dropped_key, renamed_key, another_type, doubled_key, nested, number)
TEXTS = (flipped_text, cut_text, stuffed_text)
WIRES = (flipped_frame, in_parts, other_frame, closing, noise)
