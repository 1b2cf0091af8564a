"""The little words of questions: what they ask for, and which say nothing of what a text is about."""

import re

_NUMBER = re.compile(
    r"\b(?:when|how (?:many|much|long|old|far|often|big|large|tall|high)|what (?:year|date|percent\w*|number|age|time)"
    r"|which year|wann|wie ?viele?|wie (?:lange|oft|alt|hoch|groß|weit)|welche[sm]? jahr|quand|combien|cuándo"
    r"|cuánt[oa]s?|quando|quant[oi]|wanneer|hoeveel|когда|сколько|متى|كم)\b"
    r"|何时|什么时候|哪一?年|多少|几[个年岁次天]|いつ|何年|何人|いくつ|いくら|どのくらい|몇|언제|얼마",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:who|whom|whose|where|wer|wen|wem|wessen|wo|qui|où|quién|dónde|chi|dove|quem|onde|wie)\b", re.IGNORECASE
)

_WORDS = """
    a about all also am an and any are as at be because been being but by can could did do does doing done for from get
    had has have having he her his how i if in into is it its just like may me might more most much must my no not of
    on or other our shall she should so some such than that the their them then there these they this those to under up
    upon us was we were what when where which while who whom whose why will with would you your many long
    aber als am an auch auf aus bei bin bis da damit das dass dem den denn der des die dies diese diesem diesen dieser
    doch du durch ein eine einem einen einer eines er es fur hat hatte hatten ihr im ist kann konnen mit nach nicht
    noch oder sich sie sind so soll und uber um unter vom von vor war waren warum was wann wegen welche welchem welchen
    welcher welches wenn wer wen wem werden wie wieso wird wo wofur wurde wurden zu zum zur viele haben man
    au aux avec ce ces dans de du elle en est et il ils je la le les leur lui mais ne nous ou par pas pour que quel
    quelle quels quelles qui sa se ses son sont sur un une vous quand comment pourquoi combien
    al como con cual cuales cuando cuanto cuantos del donde el ella en es esta este fue ha han los las lo mas no para
    pero por que quien se si sin sobre son su sus un una y
    che chi cosa da dei della delle di dove e gli i nel nella non per quale quali quando quanti sono
    o os as do da dos das em foi na nas no nos onde para quem qual quais uma um
    de een en het hoe in is van voor waar wanneer wat wie zijn
    в во и на не что это как кто когда где с со по к из за от для о у был была было были
    من في على الى عن ما ماذا متى اين كيف هو هي هذا هذه التي الذي كان كانت ان او لم هل كم اي مع
    什么 怎么 哪里 哪个 哪些 谁的 多少 的是 是什 么时 时候 如何 为什 何时 一个
"""
_STOP_WORDS = frozenset(_WORDS.split())


def asks_for_number(question: str) -> bool:
    """Return whether an answer most likely holds a number or a date."""
    return _NUMBER.search(question) is not None


def asks_for_name(question: str) -> bool:
    """Return whether an answer most likely holds a name."""
    return _NAME.search(question) is not None


def is_stop_word(word: str) -> bool:
    """Return whether a folded word says nothing of what a text is about."""
    return word in _STOP_WORDS or (len(word) == 1 and word.isascii() and word.isalpha())
