"""What an operation may ask for."""

import time

import pytest
from graphql import parse

from lexora_gql.transport.graphql.limits import Limits, exceeded

LIMITS = Limits(depth=4, aliases=2, root_fields=3, fragments=2, directives=2)


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
        ],
    )
    def test_the_limit_is_named(self, source: str, expected: str) -> None:
        assert message(source) == expected


class TestChainsOfFragments:
    def test_fragments_that_double_at_each_step_cost_nothing_to_count(self) -> None:
        chain = "".join(f"fragment F{at} on T {{ ...F{at + 1} ...F{at + 1} }} " for at in range(49))
        source = f"{{ ...F0 }} {chain} fragment F49 on T {{ x: a }}"

        began = time.perf_counter()
        said = message(source, Limits())
        seconds = time.perf_counter() - began

        assert said == "The document has aliases: 1000000000; at most 15 are allowed."
        assert seconds < 0.5
