"""Finding conversations by their words, in any script."""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, Uuid, cast, column, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from lexora_gql.conversations.models import Conversation, Message, MessageStatus
from lexora_gql.errors import InvalidInput, require_length

SEARCH_CHARACTERS_MAX = 200
WORDS_MAX = 20
# From here on two characters in a row are in the index; below, three.
UNSPACED = "\u0e00"

Text = ColumnElement[str] | InstrumentedAttribute[str]


def words_of(search: str) -> list[str]:
    """Return the words of a search, each once.

    Raises:
        InvalidInput: It has more than 200 characters or 20 words.
    """
    require_length("search", search, low=0, high=SEARCH_CHARACTERS_MAX)
    words = list(dict.fromkeys(search.split()))
    if len(words) > WORDS_MAX:
        message = f"`search` has {len(words)} words; at most {WORDS_MAX} are allowed."
        raise InvalidInput(message, path=("search",))
    return words


def holding(words: list[str]) -> Select[Conversation]:
    """Return the query for the conversations whose title or messages hold all of the words, wherever in a word."""
    return select(Conversation).where(*(_holds(word) for word in words))


def _holds(word: str) -> ColumnElement[bool]:
    said: Select[Any]
    if len(word) > 2 or (len(word) == 2 and min(word) >= UNSPACED):
        named = func.lexora_conversations_holding(word).table_valued(column("id", Uuid()))
        said = select(named.render_derived(name="holding").c.id)
    else:
        # Too short for the index; only the viewer's own messages are read.
        is_said = _is_in(Message.content, word) & (Message.status != MessageStatus.GENERATING)
        said = select(Message.conversation_id).where(is_said)
    return or_(_is_in(Conversation.title, word), Conversation.id.in_(said))


def _is_in(text: Text, word: str) -> ColumnElement[bool]:
    # No pattern: what a wildcard would be elsewhere is a character here.
    return func.strpos(_folded(text), _folded(cast(word, String))) > 0


def _folded(text: Text) -> ColumnElement[str]:
    # The form is a keyword of SQL's grammar, which no parameter can be.
    return func.lower(func.normalize(text, literal_column("NFKC")))
