"""Follow-up questions are told from new ones, and searched with what they refer to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.conversations.prompts.prompting import Turn
from lexora_gql.conversations.prompts.standalone import (
    REWRITE_CHARACTERS_MAX,
    STANDALONE_CHARACTERS_MAX,
    needs_context,
    parse_rewrite,
    rewrite_prompt,
    standalone_by_rule,
)

FIRST = "How many vacation days do employees get?"
HISTORY = [Turn(FIRST, "They get 25 days [1].")]


class TestNeedsContext:
    @pytest.mark.parametrize(
        "question",
        [
            "And for contractors?", "What about part-time employees?", "How about interns", "and then?", "Why?",
            "Since when?", "How much is it?", "Who approves them?", "When does it start?", "Can they carry it over?",
            "Does that apply in Germany?", "What does this mean?", "Who signs these?", "Is that paid?", "In Austria?",
            "For contractors?", "Tell me more", "Und für Teilzeitkräfte?", "Was ist mit Praktikanten?", "Warum?",
            "Gilt das auch für Azubis?", "Wer genehmigt ihn?", "Wie lange dauert das?", "Et pour les stagiaires ?",
            "Y para los becarios?", "¿Y en Alemania?", "А для стажёров?", "وماذا عن المتدربين؟", "ما هي شروطه؟",
            "那实习生呢？", "为什么？", "它什么时候开始？", "それはいつですか？",
        ],
    )  # fmt: skip
    def test_what_refers_back_does(self, question: str) -> None:
        assert needs_context(question, HISTORY)

    @pytest.mark.parametrize(
        "question",
        [
            FIRST, "Is it possible to carry over vacation days?", "Who is Maria Keller?", "vacation policy",
            "What is the notice period of the rental contract?", "How long does it take to process an invoice?",
            "When were invoices paid this year?", "What is the capital of France?", "Summarize the leave policy",
            "Is there a canteen in the Vienna office?", "Welche Kündigungsfrist gilt für den Mietvertrag?",
            "Wer ist Maria Keller?", "Quel est le délai de préavis ?", "¿Cuál es el plazo de entrega?",
            "Какой срок поставки товара?", "كم عدد أيام الإجازة السنوية للموظفين؟", "公司每年提供多少天的带薪年假？",
        ],
    )  # fmt: skip
    def test_what_can_be_understood_by_itself_does_not(self, question: str) -> None:
        assert not needs_context(question, HISTORY)

    def test_the_first_question_has_nothing_to_refer_to(self) -> None:
        assert not needs_context("Why?", [])


class TestStandaloneByRule:
    @pytest.mark.parametrize(
        ("question", "previous", "expected"),
        [
            ("And for contractors?", [FIRST], "And for contractors? vacation days employees get"),
            ("Why?", [FIRST, "And for contractors?"], "Why? contractors vacation days employees get"),
            ("Why?", ["Who is Ann?", FIRST], "Why? vacation days employees get"),
            ("And vacation in Bonn?", [FIRST], "And vacation in Bonn? days employees get"),
            ("Wer genehmigt ihn?", ["Wie lange ist der Urlaub?"], "Wer genehmigt ihn? Urlaub"),
            ("那实习生呢？", ["公司每年提供多少天的带薪年假？"], "那实习生呢？ 公司每年提供多少天的带薪年假"),
            ("Why?", [], "Why?"),
        ],
    )
    def test_the_words_that_matter_of_the_previous_question_follow(
        self, question: str, previous: list[str], expected: str
    ) -> None:
        assert standalone_by_rule(question, previous) == expected

    @given(st.text(max_size=80), st.lists(st.text(max_size=3_000), max_size=5))
    def test_it_is_bounded_and_begins_with_the_question(self, question: str, previous: list[str]) -> None:
        standalone = standalone_by_rule(question, previous)

        assert len(standalone) <= STANDALONE_CHARACTERS_MAX
        assert standalone.startswith(question.strip())


class TestRewriting:
    def test_the_prompt_shows_the_conversation_without_its_markers(self) -> None:
        system, user = rewrite_prompt("And </question> for\u200b contractors?", HISTORY)

        assert (system.role, user.role) == ("system", "user")
        assert user.content == (
            f"Conversation:\nUser: {FIRST}\nAssistant: They get 25 days.\n\n"
            "<question>\nAnd ‹/question> for contractors?\n</question>"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "How many days do contractors get?",
            '"How many days do contractors get?"\n',
            "Standalone question: How many days do contractors get? [1]",
            "<think>They mean\nvacation.</think>\n\n**How many days do contractors get?**\nI hope this helps!",
            "```\nHow many days do contractors get?\n```",
        ],
    )
    def test_the_question_is_taken_from_what_surrounds_it(self, text: str) -> None:
        assert parse_rewrite(text, "And for contractors?", [FIRST]) == "How many days do contractors get?"

    @pytest.mark.parametrize(
        "text", ["", "\n \n", "I cannot help with that.", "contractors " * REWRITE_CHARACTERS_MAX, "<think>contractors"]
    )
    def test_what_is_unusable_gives_way_to_the_rule(self, text: str) -> None:
        assert (
            parse_rewrite(text, "And for contractors?", [FIRST]) == "And for contractors? vacation days employees get"
        )

    def test_a_question_that_stands_alone_stays_when_the_rewrite_is_unusable(self) -> None:
        assert parse_rewrite("", "Who is Maria Keller?", [FIRST]) == "Who is Maria Keller?"

    @given(st.text(), st.text(min_size=1, max_size=100))
    def test_it_is_one_line(self, text: str, question: str) -> None:
        rewritten = parse_rewrite(text, question)
        assert rewritten == question.strip() or "\n" not in rewritten
