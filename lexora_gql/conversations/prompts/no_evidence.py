"""What is answered where nothing was found."""

from lexora_gql.conversations.language.vocabulary import ENGLISH_WORDS, FRENCH_WORDS, GERMAN_WORDS, SPANISH_WORDS
from lexora_gql.conversations.language.wording import folded
from lexora_gql.conversations.language.words import WORD
from lexora_gql.conversations.prompts.prompting import NO_EVIDENCE

_BY_SCRIPT = (
    ("\u3040", "\u30ff", "文書にはこの質問への答えがありません。関連する記述は見つかりませんでした。"),
    ("\uac00", "\ud7af", "문서에서 이 질문에 대한 답을 찾지 못했습니다."),
    ("\u4e00", "\u9fff", "文档没有回答这个问题：其中没有找到相关内容。"),
    ("\u0600", "\u06ff", "لا تجيب المستندات عن هذا السؤال: لم يُعثر فيها على ما يتعلق به."),
    ("\u0400", "\u04ff", "В документах нет ответа на этот вопрос: ничего относящегося к нему не найдено."),
)
_WORDS = (
    (ENGLISH_WORDS | {"what", "who", "when", "where", "how", "why", "which", "do", "does"}, NO_EVIDENCE),
    (
        GERMAN_WORDS | {"was", "wer", "wann", "wo", "wie", "warum", "welche", "welcher", "wieviel"},
        "Die Dokumente beantworten diese Frage nicht: Es wurde nichts gefunden, was sich auf sie bezieht.",
    ),
    (
        FRENCH_WORDS,
        "Les documents ne répondent pas à cette question : rien de pertinent n'y a été trouvé.",
    ),
    (
        SPANISH_WORDS,
        "Los documentos no responden a esta pregunta: no se encontró nada relacionado con ella.",
    ),
)


def no_evidence(question: str) -> str:
    """Return a sentence that says that nothing was found, in the question's language where that is one of a few."""
    for first, last, text in _BY_SCRIPT:
        if any(first <= character <= last for character in question):
            return text
    words = {match[0] for match in WORD.finditer(folded(question))}
    counts = [(len(words & known), -place) for place, (known, _) in enumerate(_WORDS)]
    return _WORDS[-max(counts)[1]][1]
