"""Who writes an answer: the model that was asked, and where it is down another one, or nobody but the sources."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from lexora_gql.conversations.models import AnswerMode
from lexora_gql.ports.chat_model import ChatModel, ChatModelError, ChatRequest, TextPiece, Usage


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes an answer.

    Attributes:
        name: Of the model, as its provider knows it.
    """

    model: ChatModel
    name: str

    @property
    def mode(self) -> AnswerMode:
        """What is written by them."""
        return AnswerMode.EXTRACTIVE if self.model.is_extractive else AnswerMode.GENERATED


@dataclass(frozen=True, slots=True)
class Writers:
    """All who may write.

    Attributes:
        main: Whom people ask.
        fallback: Stands in first; None where none is set.
        quotes: Stands in last: extractive, so that it needs nobody.
    """

    main: ChatModel
    fallback: Writer | None
    quotes: ChatModel

    async def write(self, request: ChatRequest) -> AsyncGenerator[Writer | TextPiece | Usage, None]:
        """Yield who writes, then the answer as it comes, and usage last; nothing at all where no sentence fits.

        Somebody else takes over only from who is down, and only before the first text. A refusal of the model that was
        asked stands: it is about the question or the settings, and to ask elsewhere what was refused, or to hide wrong
        settings behind quotes, would be wrong. Of who stands in, whatever they fail with, the next takes over: they
        were not asked for, and quotes are better than nothing.

        Raises:
            ChatModelError: Of the model that was asked, where no other had a word to say; or in the middle of the text.
        """
        first_failure: ChatModelError | None = None
        for writer in self._in_turn(request.model):
            has_text = False
            try:
                async with aclosing(writer.model.stream(replace(request, model=writer.name))) as parts:
                    async for part in parts:
                        if not has_text:
                            has_text = True
                            yield writer
                        yield part
            except ChatModelError as error:
                if has_text or not (error.is_down or first_failure):
                    raise
                first_failure = first_failure or error
            else:
                if has_text or first_failure is None:
                    return
        if first_failure is not None:
            # That no sentence can be quoted does not mean that the documents say nothing.
            raise first_failure

    def _in_turn(self, model: str) -> Iterator[Writer]:
        asked = Writer(self.main, model)
        yield asked
        if self.main.is_extractive:
            return
        if self.fallback is not None and self.fallback != asked:
            yield self.fallback
        yield Writer(self.quotes, self.quotes.models[0])
