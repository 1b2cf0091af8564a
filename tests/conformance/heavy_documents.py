"""Documents that bring servers down: small to send, and a great deal of work to read, to validate or to execute."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import get_introspection_query

BAD_REQUEST = "BAD_REQUEST"
TOO_COSTLY = "TOO_COSTLY"
KINDS = ("Document", "User", "Message", "Chunk", "Collection", "Conversation")


@dataclass(frozen=True, slots=True)
class Heavy:
    """A document.

    Attributes:
        code: What it is refused with; empty where it is allowed.
        said: Part of what is said of it.
    """

    name: str
    source: str
    said: str
    code: str = TOO_COSTLY


def chain(count: int, step: str, last: str, *, kind: str = "User") -> str:
    """Return fragments of which each makes a step to the next, `...` in `step` being the spread of it."""
    fragments = [f"fragment F{at} on {kind} {{ {step.replace('...', f'...F{at + 1}')} }}" for at in range(count - 1)]
    return " ".join([*fragments, f"fragment F{count - 1} on {kind} {{ {last} }}"])


def nested(opening: str, closing: str, count: int, inner: str = "") -> str:
    """Return so many of something within each other."""
    return opening * count + inner + closing * count


def numbered(text: str, count: int) -> str:
    """Return a text so many times, with a number for each `#`."""
    return " ".join(text.replace("#", str(at)) for at in range(count))


def by_fragments() -> Iterator[Heavy]:
    """Yield what fragments make large."""
    yield Heavy("a chain that doubles 30 times", f"{{ me {{ ...F0 }} }} {chain(31, '... ...', 'id')}", "selections")
    yield Heavy(
        "a chain that doubles with an object at each step",
        '{ message(id: "a") { ...F0 } } ' + chain(31, "parent { ... } siblings { ... }", "id", kind="Message"),
        "a depth of 32",
    )
    yield Heavy(
        "a chain that multiplies by ten",
        f"{{ me {{ ...F0 }} }} {chain(25, '... ' * 10, 'id')}",
        "selections: 1000000000",
    )
    yield Heavy("a chain of 330", f"{{ me {{ ...F0 }} }} {chain(330, '...', 'id')}", "1000 tokens")
    yield Heavy("400 fragments", "{ me { id } } " + numbered("fragment F# on User { id }", 400), "1000 tokens")
    yield Heavy("140 fragments", "{ me { id } } " + numbered("fragment F# on User { id }", 140), "fragments: 140")
    everywhere = numbered("...F#", 49)
    yield Heavy(
        "49 fragments that select the same lists",
        f"{{ me {{ {everywhere} }} }} " + numbered("fragment F# on User { documents { edges { node { id } } } }", 49),
        "the same fields so often",
    )
    yield Heavy(
        "a fragment that spreads itself",
        "{ me { ...F } } fragment F on User { ...F }",
        "Cannot spread fragment 'F' within itself",
        BAD_REQUEST,
    )
    yield Heavy(
        "fragments that all spread each other",
        "{ me { ...F0 } } " + numbered("fragment F# on User { " + numbered("...F#", 20).replace("#", "%") + " }", 20),
        "selections",
    )


def by_repeats() -> Iterator[Heavy]:
    """Yield the same again and again."""
    yield Heavy("a field 1,000 times", "{ me { " + "id " * 1_000 + "} }", "1000 tokens")
    yield Heavy("a field 900 times", "{ me { " + "id " * 900 + "} }", "the same fields so often")
    yield Heavy("a list 200 times", "{ me { " + "documents { totalCount } " * 200 + "} }", "the same fields so often")
    yield Heavy("an alias 1,000 times", "{ " + numbered("a#: me { id }", 1_000) + " }", "1000 tokens")
    yield Heavy("an alias 160 times", "{ " + numbered("a#: me { id }", 160) + " }", "aliases: 160")
    yield Heavy("a root field 240 times", "{ " + "me { id } " * 240 + "}", "root fields: 240")
    yield Heavy("a directive 1,000 times", "{ me { id " + "@skip(if: true) " * 1_000 + "} }", "1000 tokens")
    yield Heavy("a directive 120 times", "{ me { id " + "@skip(if: true) " * 120 + "} }", "directives: 120")
    yield Heavy("490 directives that there are not", "{ me { id " + numbered("@a#", 490) + " } }", "directives: 490")
    yield Heavy("1,000 operations", numbered("query Q# { me { id } }", 1_000), "1000 tokens")
    yield Heavy("120 operations", numbered("query Q# { me { id } }", 120), "operations: 120")
    yield Heavy("300 operations without a name", "{ a } " * 300, "operations: 300")


def by_depth() -> Iterator[Heavy]:
    """Yield what stands within each other."""
    yield Heavy("fields 300 deep", nested("{ me ", "}", 300, "{ id }"), "nested too deeply")
    yield Heavy("fields 100 deep", nested("{ me ", "}", 100, "{ id }"), "a depth of 101")
    literal = nested("[", "]", 190)
    yield Heavy("a list 190 deep", f"{{ nodes(ids: {literal}) {{ id }} }}", "within each other: 190")
    yield Heavy("a list 450 deep", f"{{ nodes(ids: {nested('[', ']', 450)}) {{ id }} }}", "nested too deeply")
    fields = nested("{ a: ", "}", 150, "1")
    yield Heavy("an object 150 deep", f"{{ documents(filter: {fields}) {{ totalCount }} }}", "within each other: 150")
    yield Heavy(
        "a variable's default 190 deep",
        f"query ($ids: [ID!]! = {literal}) {{ nodes(ids: $ids) {{ id }} }}",
        "within each other: 190",
    )
    yield Heavy(
        "types of fields of types",
        "{ __schema { types { " + nested("fields { type { ", "} }", 90, "name") + " } } }",
        "levels of introspection",
    )
    yield Heavy(
        "types of fields of types, by fragments",
        "{ __schema { types { ...F0 } } } " + chain(5, "fields { type { ... } }", "name", kind="__Type"),
        "types of types within each other: 4",
    )
    page = "(first: 100) { edges { node { "
    pages = f"{{ collections{page} documents{page} chunks{page} id {'} } }' * 3} }}"
    yield Heavy("pages within pages within pages", pages, "may cost 1,060,610 points")


def by_length() -> Iterator[Heavy]:
    """Yield what is long."""
    yield Heavy("100,000 blank lines", "\n" * 100_000 + "{ me { id } }", "characters")
    yield Heavy("40,000 blank lines and an error at their end", "{" + "\n" * 40_000 + "!", "lines: 40001")
    yield Heavy("10,000 comments", "#\n" * 10_000 + "{ me { id } }", "lines")
    yield Heavy("1,500 comments", "#\n" * 1_500 + "{ me { id } }", "1000 comments")
    yield Heavy("a name of 100,000 letters", "{ " + "a" * 100_000 + " }", "characters")
    escapes = "\\u00e9" * 16_000
    yield Heavy("a text of 16,000 escapes", f'{{ search(query: "{escapes}") {{ candidates }} }}', "characters")


def by_errors() -> Iterator[Heavy]:
    """Yield what is wrong in many places, or takes long to be found wrong."""
    yield Heavy(
        "300 unknown arguments", "{ documents(" + numbered("a#: 1", 300) + ") { totalCount } }", "", BAD_REQUEST
    )
    wrong = numbered("a#: 1", 320)
    yield Heavy("320 unknown inputs", f"{{ documents(filter: {{ {wrong} }}) {{ totalCount }} }}", "", BAD_REQUEST)
    yield Heavy("480 unknown variables", "{ nodes(ids: [" + numbered("$v#", 480) + "]) { id } }", "", BAD_REQUEST)
    yield Heavy("240 unused variables", "query (" + numbered("$v#: Int", 240) + ") { me { id } }", "", BAD_REQUEST)
    yield Heavy("480 unknown fragments", "{ me { " + numbered("...F#", 480) + " } }", "", BAD_REQUEST)
    yield Heavy("an argument 320 times", "{ documents(" + "first: 1 " * 320 + ") { totalCount } }", "", BAD_REQUEST)
    names = " ".join("docum" + "e" * 4_000 + f"nts{at}" for at in range(10))
    yield Heavy("10 unknown fields of 4,000 letters", f"{{ {names} }}", "", BAD_REQUEST)
    spreads = " ".join(f"... on {KINDS[at % 6]} {{ id }}" for at in range(130))
    yield Heavy("130 fragments of six types", f'{{ node(id: "a") {{ {spreads} }} }}', "the same fields so often")
    text = '"' + "a" * 40_000 + '"'
    yield Heavy("40,000 letters for a number", f"{{ documents(first: {text}) {{ totalCount }} }}", "", BAD_REQUEST)
    yield Heavy(
        "a number of 40,000 digits", f"{{ documents(first: {'1' * 40_000}) {{ totalCount }} }}", "", BAD_REQUEST
    )


def by_size() -> Iterator[Heavy]:
    """Yield what is as large as it may be, and allowed."""
    yield Heavy("960 texts in a list", "{ documents(filter: { tags: [" + '"" ' * 960 + "] }) { totalCount } }", "", "")
    yield Heavy("a text of 49,000 letters", '{ search(query: "' + "a" * 49_000 + '") { candidates } }', "", "")
    yield Heavy("8,000 escapes", '{ search(query: "' + "\\u00e9" * 8_000 + '") { candidates } }', "", "")
    yield Heavy("1,900 lines", '{ search(query: """' + "\n  a" * 1_900 + '""") { candidates } }', "", "")
    yield Heavy("190 conditions in each other", "{ " + nested("... on Query { ", "} ", 190, "me { id } ") + "}", "", "")
    fields = "id email fullName role"
    components = numbered(f"fragment C# on User {{ {fields} }}", 25)
    yield Heavy("25 components of one page", f"{{ me {{ {numbered('...C#', 25)} }} }} {components}", "", "")
    variables = numbered("$v#: String!", 25)
    used = f"fragment F9 on Query {{ documents(filter: {{ tags: [{numbered('$v#', 25)}] }}) {{ totalCount }} }}"
    operations = " ".join(f"query Q{at}({variables}) {{ ...F0 }}" for at in range(6))
    shared = " ".join(f"fragment F{at} on Query {{ ...F{at + 1} }}" for at in range(9))
    yield Heavy("6 operations of 25 variables and 10 fragments", f"{operations} {shared} {used}", "", "")
    yield Heavy("the whole schema", get_introspection_query(), "", "")


HEAVY = [*by_fragments(), *by_repeats(), *by_depth(), *by_length(), *by_errors()]
LARGE = list(by_size())
