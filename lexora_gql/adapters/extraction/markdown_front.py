"""What stands before a Markdown text: front matter in YAML or TOML."""

import re
import tomllib
from dataclasses import dataclass

from lexora_gql.adapters.extraction.cleaning import one_line

_YAML = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
# Between two rules there may just as well be prose, whose lines are no keys, items, comments or continuations.
_VALUES = re.compile(r"""(?:[ \t]*(?:[-#\]}][^\n]*)?\n|[ \t]+[^\n]*\n|["']?[^\s:][^:\n]{0,80}:(?:[ \t][^\n]*)?\n)*""")
_LANGUAGE = re.compile(r"[a-z]{2}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What front matter says.

    Attributes:
        end: Where the text begins.
        title: Of the document, where it is named.
        language: ISO 639-1 code, where it is named.
    """

    end: int = 0
    title: str | None = None
    language: str | None = None


def front_matter(text: str) -> FrontMatter:
    """Return what stands before a text and where that ends; nothing where there is none."""
    if match := _YAML.match(text):
        if not _VALUES.fullmatch(match[1]):
            return FrontMatter()
        title, language = _yaml_value(match[1], "title"), _yaml_value(match[1], "lang(?:uage)?")
    elif match := _TOML.match(text):
        values = _toml_values(match[1])
        if values is None:
            return FrontMatter()
        title, language = values.get("title", ""), values.get("lang") or values.get("language") or ""
    else:
        return FrontMatter()
    code = _LANGUAGE.match(language)
    return FrontMatter(match.end(), one_line(title) or None, code[0].lower() if code else None)


def _yaml_value(values: str, key: str) -> str:
    """Return a value that stands on the line of its key, which titles and languages do; lists and the like are none."""
    match = re.search(rf"^{key}[ \t]*:([^\n]*)", values, re.MULTILINE)
    value = match[1].strip() if match else ""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return "" if value[:1] in {"|", ">", "[", "{", "&", "*"} else value.partition(" #")[0].rstrip()


def _toml_values(values: str) -> dict[str, str] | None:
    try:
        found = tomllib.loads(values)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    return {key: value for key, value in found.items() if isinstance(value, str)}
