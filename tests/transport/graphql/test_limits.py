"""What a document may hold."""

import pytest
from graphql import GraphQLError, OperationDefinitionNode, get_introspection_query, parse

from lexora_gql.terminal.operations import FOLDER, operation, operation_names
from lexora_gql.transport.graphql.execution.counts import Counter
from lexora_gql.transport.graphql.execution.limits import Limits, exceeded, parsed

LIMITS = Limits(depth=4, aliases=2, root_fields=3, fragments=2, directives=2, operations=3, literals=2)
SHORT = Limits(tokens=10, source_characters=60, source_lines=4, comments=2)


def message(source: str, limits: Limits = LIMITS) -> str | None:
    """Return what is said of a document."""
    error = exceeded(parse(source), limits)
    if error is not None:
        assert error.extensions == {"code": "TOO_COSTLY"}
    return error.message if error is not None else None


class TestWithinTheLimits:
    @pytest.mark.parametrize(
        ("_case", "source"),
        [
            ("as deep as allowed", "{ a { b { c { d } } } }"),
            ("deep by a fragment", "{ a { ...F } } fragment F on T { b { c { d } } }"),
            ("as many aliases", "{ x: a y: a }"),
            ("as many root fields", "{ a b c }"),
            ("as many fragments", "{ ...F } fragment F on T { ...G } fragment G on T { a }"),
            ("as many directives", "query @a { b @c }"),
            ("introspection, however deep", "{ __schema { a { b { c { d { e { f { g } } } } } } } }"),
            ("two operations, each by itself", "query A { a b } query B { a b }"),
            ("a fragment that spreads itself", "{ ...F } fragment F on T { a ...F }"),
            ("a fragment that is not there", "{ ...F }"),
            ("as many operations", "query A { a } query B { a } query C { a }"),
            ("lists as deep", "query ($v: T = [{ a: 1 }]) { b(c: [[1], [2]]) @d(e: { f: [] }) }"),
            (
                "types of types as GraphiQL asks for them",
                "{ __schema { types { fields { type { fields { name } } } } } }",
            ),
        ],
    )
    def test_nothing_is_said(self, _case: str, source: str) -> None:
        assert message(source) is None


class TestBeyondTheLimits:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{ a { b { c { d { e } } } } }", "The document has a depth of 5; at most 4 are allowed."),
            (
                "{ a { ...F } } fragment F on T { b { c { d { e } } } }",
                "The document has a depth of 5; at most 4 are allowed.",
            ),
            ("{ a { ... on T { b { c { d { e } } } } } }", "The document has a depth of 5; at most 4 are allowed."),
            ("{ x: a y: a z: a }", "The document has aliases: 3; at most 2 are allowed."),
            ("{ a { x: b } c { y: b z: b } }", "The document has aliases: 3; at most 2 are allowed."),
            (
                "{ a { ...F } b { ...F } } fragment F on T { x: c y: c }",
                "The document has aliases: 4; at most 2 are allowed.",
            ),
            ("{ a b c d }", "The document has root fields: 4; at most 3 are allowed."),
            ("{ ...F ...F } fragment F on T { a b }", "The document has root fields: 4; at most 3 are allowed."),
            (
                "{ ...F } fragment F on T { a } fragment G on T { a } fragment H on T { a }",
                "The document has fragments: 3; at most 2 are allowed.",
            ),
            ("query @a { b @c @d }", "The document has directives: 3; at most 2 are allowed."),
            ("{ a } mutation { a { b { c { d { e } } } } }", "The document has a depth of 5; at most 4 are allowed."),
            ("query A { a } " * 4, "The document has operations: 4; at most 3 are allowed."),
            ("query ($v: T @a @b @c) { d }", "The document has directives: 3; at most 2 are allowed."),
            ("{ ...F } fragment F on T @a @b @c { d }", "The document has directives: 3; at most 2 are allowed."),
            (
                "{ a(b: [{ c: [1] }]) }",
                "The document has lists and objects within each other: 3; at most 2 are allowed.",
            ),
            (
                "query ($v: T = [[[]]]) { a }",
                "The document has lists and objects within each other: 3; at most 2 are allowed.",
            ),
            (
                "{ a @b(c: { d: { e: {} } }) }",
                "The document has lists and objects within each other: 3; at most 2 are allowed.",
            ),
        ],
    )
    def test_the_limit_is_named(self, source: str, expected: str) -> None:
        assert message(source) == expected


class TestRepeats:
    @pytest.mark.parametrize(
        ("source", "selections"),
        [
            ("{ a b { c } }", 3),
            ("{ ... { a } ... on T { b } }", 4),
            ("{ ...F ...F } fragment F on T { a }", 4),
            ("{ ...F } fragment F on T { ...G ...G } fragment G on T { a b }", 7),
        ],
    )
    def test_selections_count_wherever_they_are_made(self, source: str, selections: int) -> None:
        assert message(source, Limits(selections=selections)) is None
        assert message(source, Limits(selections=selections - 1)) == (
            f"The document has selections: {selections}; at most {selections - 1} are allowed."
        )

    def test_fragments_that_double_at_each_step_are_counted_once(self) -> None:
        chain = "".join(f"fragment F{at} on T {{ ...F{at + 1} ...F{at + 1} }} " for at in range(49))
        document = parse(f"{{ ...F0 }} {chain} fragment F49 on T {{ x: a }}")
        counter = Counter.of(document)
        [spreading] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]

        count = counter.operation(spreading)

        assert (count.aliases, count.fields, count.selections) == (2**49, 2**49, 3 * 2**49 - 1)
        assert len(counter.known) == 50
        assert exceeded(document, Limits()) is not None

    def test_fragments_that_go_as_deep_as_the_parser_allows_are_too_deep_together(self) -> None:
        deep = "".join(f"fragment F{at} on T {{ {'...{' * 150} ...F{at + 1} {'}' * 150} }} " for at in range(49))

        assert message(f"{{ ...F0 }} {deep} fragment F49 on T {{ a }}", Limits()) is not None


class TestIntrospection:
    @pytest.mark.parametrize("name", ["fields", "inputFields", "interfaces", "possibleTypes"])
    def test_types_within_types_within_types_are_too_many(self, name: str) -> None:
        inner = f"{{ {name} {{ type {{ {name} {{ name }} }} }} }}"

        assert message(f'{{ __type(name: "T") {inner} }}', Limits()) is None
        assert message(f'{{ __type(name: "T") {{ {name} {inner} }} }}', Limits()) == (
            "The document has types of types within each other: 3; at most 2 are allowed."
        )

    def test_fragments_do_not_hide_them(self) -> None:
        source = """{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...U } } }
            fragment U on __Type { fields { type { interfaces { name } } } }"""

        assert message(source, Limits()) == (
            "The document has types of types within each other: 3; at most 2 are allowed."
        )

    def test_fields_of_ours_may_have_such_names(self) -> None:
        assert message("{ fields { fields { interfaces { a } } } }") is None

    def test_it_may_be_deeper_than_other_fields_but_not_without_end(self) -> None:
        wrapped = "{ __schema { types " + "{ ofType " * 18 + "{ name }" + " }" * 19 + " }"

        assert message(wrapped, Limits(introspection_depth=21)) is None
        assert message(wrapped, Limits()) == "The document has levels of introspection: 21; at most 20 are allowed."


class TestReading:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{ a b c d e f g h i }", "Document contains more than 10 tokens."),
            ("#\n#\n#\n{ a }", "Document contains more than 2 comments."),
            ("{ a }" + " " * 60, "The document has characters: 65; at most 60 are allowed."),
            ("{\na\r\nb\rc\n}", "The document has lines: 5; at most 4 are allowed."),
        ],
    )
    def test_what_is_too_long_is_too_costly(self, source: str, expected: str) -> None:
        with pytest.raises(GraphQLError) as raised:
            parsed(source, SHORT)

        assert (raised.value.message, raised.value.extensions) == (expected, {"code": "TOO_COSTLY"})

    def test_what_is_nested_as_no_one_nests_is_too_costly(self) -> None:
        with pytest.raises(GraphQLError) as raised:
            parsed("{ a " * 300 + "{ a }" + " }" * 300, Limits())

        assert raised.value.message == "Document is nested too deeply."
        assert raised.value.extensions == {"code": "TOO_COSTLY"}

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{ a ", "Syntax Error: Expected Name, found <EOF>."),
            ("{ a(b: c } Parsing aborted.", "Syntax Error: Expected Name, found '}'."),
            ('{ " Parsing aborted." }', "Syntax Error: Expected Name, found String ' Parsing aborted.'."),
        ],
    )
    def test_what_is_no_document_is_a_bad_request(self, source: str, expected: str) -> None:
        with pytest.raises(GraphQLError) as raised:
            parsed(source, Limits())

        assert (raised.value.message, raised.value.extensions) == (expected, {"code": "BAD_REQUEST"})
        assert raised.value.locations is not None

    def test_what_is_as_long_as_it_may_be_is_read(self) -> None:
        assert len(parsed("#\n#\n\n{ a b c d e f g h }", SHORT).definitions) == 1


class TestWhatClientsSend:
    @pytest.mark.parametrize("name", operation_names())
    def test_no_operation_of_ours_takes_half_of_any_limit(self, name: str) -> None:
        half = Limits(tokens=500, depth=7, aliases=7, root_fields=10, fragments=25, selections=1_000)

        assert exceeded(operation(name), half) is None

    def test_every_file_of_operations_may_be_sent_as_it_is(self) -> None:
        fragments = (FOLDER / "fragments.graphql").read_text()
        for file in sorted(FOLDER.glob("*.graphql")):
            if file.name != "fragments.graphql":
                assert exceeded(parsed(file.read_text() + fragments, Limits()), Limits()) is None

    def test_playgrounds_may_ask_for_the_whole_schema(self) -> None:
        source = get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )

        assert exceeded(parsed(source, Limits()), Limits()) is None
