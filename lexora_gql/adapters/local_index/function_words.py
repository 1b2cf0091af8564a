"""The words that questions are built with, and that say little of what a text is about, as terms.

How rare a term is tells them apart in large collections. In a small one "what" may stand once, and count as much as a
name. Left out are words that mean something in another language, such as the German "die" and "war".
"""

from functools import cache

from lexora_gql.adapters.local_index.analysis import terms_of

_WORDS = """
a an the of to in on at by for from with as is are was were be been being do does did has have had what which whom
whose
when where why how that this these those its their there and or if than then into about can could would should who
der das dem den des ein eine einem einen einer eines und oder ist sind wird werden wurde wurden wer wen wem wessen
welche
welcher welches welchem welchen wann warum wie wo von vom zu zum zur mit auf für durch im am bei nach aus dass sich
wieviel
le la les un une du de et est sont dans par pour que qui quel quelle quels quelles quand où comment pourquoi au aux
ce
cette ces il elle ils elles avec combien
el los las una unos unas y es fue era eran qué quien quién quiénes cual cuál cuales cuáles cuando cuándo donde dónde
como
cómo por para con del al en se su sus cuánto cuántos cuánta cuántas
o os um uma e do da dos das em na nos nas quem qual quais quando onde com foi foram é são ao à
il lo gli è di della dei delle nel nella che chi quale quali dove come perché per si
het een van wat wanneer waar hoe welke waarom voor op te
w z jest są kto kiedy gdzie jak jaki jaka jakie który która które dlaczego ile czy przez
ne kim nerede nasıl hangi kaç neden ve bir bu için ile mi mı mu mü
là gì ai nào khi đâu như thế tại sao bao nhiêu và của các những được có một trong cho với
yang apa siapa kapan mana bagaimana mengapa dan dari untuk dengan adalah berapa
και η το οι τα του της των σε με για από είναι ήταν που τι ποιος ποια ποιο ποιοι πότε πού πώς γιατί πόσο
и в во на не что это как кто когда где с со по к из от для о был была было были какой какая какое какие каким почему
сколько чем кем
і у та що це як хто коли де з до від для який яка яке які чому скільки
ما من في على إلى الى عن ماذا متى أين اين كيف هو هي هذا هذه التي الذي الذين كان كانت أن ان أو او هل كم أي اي مع لماذا
تم
چه چیست کدام کجا چرا چگونه و در به از که را با این است
क्या कौन कब कहाँ कहां कैसे क्यों कितने कितना कितनी किस है हैं था थे थी का की के को में से ने और पर
什么 怎么 哪里 哪个 哪些 多少 如何 何时 为什 么时 谁的 是什
무엇 무슨 어떤 언제 어디 누구 어떻 떻게 얼마 디입 입니 니까 습니 니다
อะไร
"""


def is_function_word(term: str) -> bool:
    """Return whether a term is that of such a word."""
    return term in _terms()


@cache
def _terms() -> frozenset[str]:
    return frozenset(terms_of(_WORDS))
