"""Links in a model's text: those that its sources or the question name pass on, others and images never do.

A document may tell a model to write an address that carries away what the model has read, as a link to be clicked or as
an image that is fetched without anybody's doing. So an address stays only where somebody wrote it before.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable

ADDRESS_CHARACTERS_MAX = 2_000
TAG_CHARACTERS_MAX = 500
REMOVED = "…"
"""What stands where an address was."""

_STARTS = ("http://", "https://", "ftp://", "www.", "mailto:")
_TAGS = (
    *(
        "a",
        "area",
        "audio",
        "base",
        "body",
        "button",
        "embed",
        "form",
        "frame",
        "iframe",
        "image",
        "img",
        "input",
        "link",
    ),
    *("math", "meta", "object", "picture", "portal", "script", "source", "style", "svg", "track", "video"),
)
_FIRSTS = frozenset(start[0] for start in _STARTS)
_BEGINNINGS = (*_STARTS, *(f"<{tag}" for tag in _TAGS))
# What no address holds, as programs find them in plain text.
_ENDS = frozenset('<>"`{}|\\^[]（）「」『』【】，。、；：！？')
_TRAILING = ".,;:!?)'*_~"
_DESTINATION = re.compile(r"\(\s*(<[^<>\n]*>|[^\s<>]*)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)")
# Without one of these it leads to nowhere else: as in `rows[0](name)`.
_LEADS = re.compile(r"[:/.\\#?&%@]")
_WITHIN_ADDRESS = re.compile(r"[\w/?=&%#~+@-]")
_SCHEME = re.compile(r"^(?:[a-z]+://|mailto:)", re.IGNORECASE)


class KnownAddresses:
    """The addresses that somebody wrote: in the sources, or in the question."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take note of all that was written."""
        self._text = "\n".join(texts).lower()

    def holds(self, address: str) -> bool:
        """Whether an address stands there as it is, however it begins."""
        key = _SCHEME.sub("", address).rstrip("/").lower()
        if not key:
            return False
        place = self._text.find(key)
        while place >= 0:
            before = self._text[place - 1 : place]
            behind = self._text[place + len(key) :].removeprefix("/")[:1]
            if not _WITHIN_ADDRESS.match(behind) and (before in {"", "/"} or not _WITHIN_ADDRESS.match(before)):
                return True
            place = self._text.find(key, place + 1)
        return False


class LinkFilter:
    """Takes text piece by piece and gives what may be shown; how it was cut makes no difference.

    An address that nobody wrote becomes "…", a link to it loses what is in its parentheses, an image becomes text, and
    the tags of HTML that fetch or lead somewhere go. Its state is the method that takes the next character.
    """

    def __init__(self, known: KnownAddresses) -> None:
        """Begin a text."""
        self._known = known
        self._out: list[str] = []
        # Of each character shown, which of those taken it was.
        self._origins: list[int] = []
        self._last = ""
        self._at = -1
        self._held = ""
        self._held_from = 0
        self._depth = 0
        self._step: Callable[[str], None] = self._in_text

    def feed(self, piece: str) -> str:
        """Return what may be shown now that this piece has come."""
        for character in piece:
            self._at += 1
            self._step(character)
        return self._take()

    def flush(self) -> str:
        """Return the rest once the text has ended."""
        end = self._at
        while self._held:
            if self._step == self._in_tag:
                self._held = f"‹{self._held[1:]}"
            if self._step == self._in_address:
                self._end_address()
            else:
                self._again()
        self._at = end
        return self._take()

    def place(self, taken: int) -> int:
        """Return where the text shown goes on from a character of the text taken."""
        return bisect_left(self._origins, taken)

    def _take(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _emit(self, text: str, origins: Iterable[int]) -> None:
        self._out.append(text)
        self._origins += origins
        self._last = text[-1:] or self._last

    def _hold(self, character: str, step: Callable[[str], None]) -> None:
        self._held, self._held_from, self._step = character, self._at, step

    def _in_text(self, character: str) -> None:
        if character == "<" or character.lower() in _FIRSTS:
            self._hold(character, self._in_start)
        elif character == "(" and self._last == "]":
            self._depth = 1
            self._hold(character, self._in_destination)
        elif character == "[" and self._last == "!":
            # Set apart, it is no image.
            self._emit(" [", (self._at, self._at))
        else:
            self._emit(character, (self._at,))

    def _in_start(self, character: str) -> None:
        """Take a character of what may be the beginning of an address or of a tag."""
        held = (self._held + character).lower()
        if self._held[0] == "<" and held[1:-1].lstrip("/") in _TAGS and not character.isalnum():
            self._step = self._in_tag
            self._in_tag(character)
            return
        self._held += character
        if held in _STARTS:
            self._step = self._in_address
        elif not any(start.startswith(held.replace("/", "", held[0] == "<")) for start in _BEGINNINGS):
            self._again()

    def _in_tag(self, character: str) -> None:
        """Take a character of a tag that fetches or leads somewhere; what has no end was none."""
        self._held += character
        if character == ">":
            self._held, self._step = "", self._in_text
        elif len(self._held) > TAG_CHARACTERS_MAX:
            self._held = f"‹{self._held[1:]}"
            self._again()

    def _in_address(self, character: str) -> None:
        if character.isspace() or character in _ENDS:
            at = self._at
            self._end_address()
            self._at = at
            self._step(character)
        elif len(self._held) < ADDRESS_CHARACTERS_MAX:
            # Of a longer one, which nobody has written, the rest is not even kept.
            self._held += character

    def _end_address(self) -> None:
        held, self._held, self._step = self._held, "", self._in_text
        bare = held.rstrip(_TRAILING)
        if self._known.holds(held) or self._known.holds(bare):
            self._emit(held, range(self._held_from, self._held_from + len(held)))
        else:
            trailing = held[len(bare) :]
            self._emit(REMOVED, (self._held_from,))
            self._emit(trailing, range(self._held_from + len(bare), self._held_from + len(held)))

    def _in_destination(self, character: str) -> None:
        """Take a character between the parentheses behind a bracket."""
        self._held += character
        self._depth += (character == "(") - (character == ")")
        if self._depth == 0:
            match = _DESTINATION.fullmatch(self._held)
            if match is None or not _LEADS.search(match[1]):
                self._again()
            elif self._known.holds(match[1].strip("<>")):
                held, self._held, self._step = self._held, "", self._in_text
                self._emit(held, range(self._held_from, self._held_from + len(held)))
            else:
                self._held, self._step = "", self._in_text
        elif character in "\n]" or len(self._held) > ADDRESS_CHARACTERS_MAX:
            self._again()

    def _again(self) -> None:
        """Show the first character held back as the text that it turned out to be, and take the others anew."""
        held, begin = self._held, self._held_from
        self._held, self._step = "", self._in_text
        self._emit(held[0], (begin,))
        for self._at, character in enumerate(held[1:], begin + 1):
            self._step(character)
