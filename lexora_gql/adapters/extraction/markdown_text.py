"""Markdown as people read it: without comments, tags and the targets of links, but with its structure."""

import html
import re
from collections.abc import Iterator

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^\n]*)")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^`\n]+\1(?!`)")
_TARGET = r"\((?:<[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*){0,8})(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
_LINK = re.compile(
    rf"!?(?<!\\)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\]){{0,600}})\](?:(?P<target>{_TARGET})|\[(?P<label>[^\[\]]*)\])?",
    re.DOTALL,
)
# A definition's target is an address; "[note]: see there" is a sentence.
_DEFINITION = re.compile(
    r" {0,3}\[(?!\^)(?P<label>[^\[\]\n]+)\]:[ \t]*(?:<[^<>\n]*>|[^\s<>]*[/.#:@][^\s<>]*)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*"
)
_IMAGE_TAG = re.compile(r"<img\b[^<>]*?\balt\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')[^<>]*>", re.IGNORECASE)
# Tags of HTML as they are used in Markdown; "<your name>" is none, but a place to fill in.
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|font|h[1-6]|hr|i|img"
    r"|ins|kbd|li|mark|ol|p|picture|pre|s|samp|section|small|source|span|strike|strong|sub|summary|sup|table|tbody|td"
    r"|tfoot|th|thead|tr|tt|u|ul|var|video)"
    r"(?:\s+(?:open|hidden|[\w:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+)))*\s*/?>",
    re.IGNORECASE,
)
_COMMENT_START, _COMMENT_END = "<!--", "-->"
# Noncharacters stand for code spans meanwhile: no cleaned text holds them.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_HELD = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


def readable(text: str) -> str:
    """Return a cleaned text without its comments, HTML tags, definitions of links, and targets of links and pictures.

    What is code stays to the letter, as do headings, lists, tables, emphasis and foot notes.
    """
    labels = {_label(match["label"]) for line in text.split("\n") if (match := _DEFINITION.fullmatch(line))}
    return "".join(_paragraph(lines, labels) if is_prose else "".join(lines) for lines, is_prose in _parts(text))


def _parts(text: str) -> Iterator[tuple[list[str], bool]]:
    """Yield runs of lines, and whether they are prose: empty lines and the lines of code are not. Comments are gone."""
    prose: list[str] = []
    fence = ""
    is_comment = False
    left = text.count(_COMMENT_END)
    for line in text.splitlines(keepends=True):
        if fence:
            closing = _FENCE.fullmatch(line.rstrip("\n"))
            yield [line], False
            if closing and closing[1].startswith(fence) and not closing[2].strip():
                fence = ""
            left -= line.count(_COMMENT_END)
            continue
        before = left
        left -= line.count(_COMMENT_END)
        kept, is_comment = _without_comments(line, before, is_comment=is_comment)
        opening = None if is_comment else _FENCE.fullmatch(kept.rstrip("\n"))
        if opening is None and kept.strip():
            prose.append(kept)
            continue
        yield prose, True
        prose = []
        if opening is not None:
            fence = opening[1]
        if kept == line or opening is not None:
            yield [kept], False
    yield prose, True


def _without_comments(line: str, ends: int, *, is_comment: bool) -> tuple[str, bool]:
    """Return what of a line is no comment, and whether a comment goes on after it.

    Args:
        line: With its line end.
        ends: How many ends of comments there are from here on: where there is none, no comment begins.
        is_comment: Whether the line begins within a comment.
    """
    kept: list[str] = []
    place = searched = ticks = 0
    while True:
        if is_comment:
            end = line.find(_COMMENT_END, place)
            if end < 0:
                return "".join(kept), True
            place = searched = end + len(_COMMENT_END)
            ends, is_comment = ends - 1, False
        start = line.find(_COMMENT_START, searched)
        if start < 0 or ends <= 0:
            kept.append(line[place:])
            return "".join(kept), False
        ticks += line.count("`", searched, start)
        searched = start + len(_COMMENT_START)
        # Within a code span, a comment is an example of one.
        if ticks % 2 == 0:
            kept.append(line[place:start])
            place, is_comment = searched, True


def _paragraph(lines: list[str], labels: set[str]) -> str:
    """Return the lines of a paragraph, a heading, a list or a table as they read."""
    text = "".join(line for line in lines if not _DEFINITION.fullmatch(line.rstrip("\n")))
    if "[" not in text and "<" not in text:
        return text
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"{_OPEN}{len(held) - 1}{_CLOSE}"

    def plain(match: re.Match[str]) -> str:
        label = _label(match["label"] or match[1])
        if match["target"] is None and label not in labels:
            return match[0]
        return _LINK.sub(plain, match[1])

    text = _LINK.sub(plain, _CODE_SPAN.sub(hold, text))
    text = _IMAGE_TAG.sub(lambda match: html.unescape(match[1] or match[2] or ""), text)
    text = _TAG.sub(lambda match: " " if match[0][1:3].lower() == "br" else "", text)
    return _HELD.sub(lambda match: held[int(match[1])], text)


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()
