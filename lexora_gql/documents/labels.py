"""What a document is called: its file's name, its title, its tags."""

from collections.abc import Sequence

from lexora_gql.errors import InvalidInput, require_length

FILENAME_CHARACTERS = 255
TAGS_MAX = 32
TAG_CHARACTERS = 64
TITLE_CHARACTERS = 300


def checked_labels(filename: str, title: str | None, tags: Sequence[str]) -> dict[str, object]:
    """Return what is kept of a file's name, title and tags.

    Raises:
        InvalidInput: Title or tags are outside their bounds.
    """
    cleaned = cleaned_filename(filename)
    given = stem(cleaned) if title is None else title
    return {
        "filename": cleaned,
        "title": require_length("title", given.strip(), low=1, high=TITLE_CHARACTERS),
        "tags": check_tags(tags),
    }


def stem(filename: str) -> str:
    """Return a file's name without its extension."""
    base, dot, _ = filename.rpartition(".")
    return (base if dot and base.strip() else filename)[:TITLE_CHARACTERS]


def cleaned_filename(filename: str) -> str:
    """Return a file's name as metadata: no folders, no control characters, at most 255 characters."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in base if c.isprintable()).strip()
    return printable[-FILENAME_CHARACTERS:] or "unnamed"


def check_tags(tags: Sequence[str]) -> list[str]:
    """Return tags without the white space around them and without repetition, in their order.

    Raises:
        InvalidInput: There are more than 32, or one is blank or longer than 64 characters.
    """
    checked = list(dict.fromkeys(require_length("tags", tag.strip(), low=1, high=TAG_CHARACTERS) for tag in tags))
    if len(checked) > TAGS_MAX:
        message = f"`tags` has {len(checked)} entries; at most {TAGS_MAX} are allowed."
        raise InvalidInput(message, path=("tags",))
    return checked
