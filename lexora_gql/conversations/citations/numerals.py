"""Numbers as languages write them; words are folded, as those are that they are compared with."""

from lexora_gql.conversations.language.wording import folded

_MAGNITUDES = {
    "hundred": 100, "thousand": 1_000, "million": 10**6, "millions": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 1_000, "m": 10**6, "mn": 10**6, "bn": 10**9, "tsd": 1_000, "tausend": 1_000, "mio": 10**6, "millionen": 10**6,
    "mrd": 10**9, "milliarde": 10**9, "milliarden": 10**9, "billionen": 10**12, "mille": 1_000, "millones": 10**6,
    "milliard": 10**9, "milliards": 10**9, "mil": 1_000, "тысяч": 1_000, "тыс": 1_000, "млн": 10**6, "млрд": 10**9,
    "миллионов": 10**6, "миллиардов": 10**9, "الف": 1_000, "الاف": 1_000, "مليون": 10**6, "ملايين": 10**6,
    "مليار": 10**9, "百": 100, "千": 1_000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8,
}  # fmt: skip

_NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "twice": 2,
    "null": 0, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
    "zehn": 10, "elf": 11, "zwolf": 12, "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "funfzig": 50,
    "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "huit": 8, "neuf": 9, "dix": 10, "quinze": 15, "vingt": 20,
    "trente": 30, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9,
    "diez": 10, "quince": 15, "veinte": 20, "treinta": 30,
    "два": 2, "две": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6, "семь": 7, "восемь": 8, "девять": 9, "десять": 10,
    "ثلاثه": 3, "ثلاث": 3, "اربعه": 4, "اربع": 4, "خمسه": 5, "خمس": 5, "سته": 6, "ست": 6, "سبعه": 7, "سبع": 7,
    "ثمانيه": 8, "تسعه": 9, "تسع": 9, "عشره": 10, "عشرون": 20, "عشرين": 20, "ثلاثون": 30, "ثلاثين": 30,
}  # fmt: skip

MAGNITUDES = {folded(word): value for word, value in _MAGNITUDES.items()}
NUMBER_WORDS = {folded(word): value for word, value in _NUMBER_WORDS.items()}
CHINESE_DIGITS = dict(zip("零一二三四五六七八九〇两兩", (*range(10), 0, 2, 2), strict=True))
CHINESE_SCALES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "萬": 10_000, "亿": 10**8, "億": 10**8}

_UNIT_WORDS = {
    "second": "second seconds sekunde sekunden 秒 ثانيه",
    "minute": "minute minutes min minuten 分钟 分鐘 دقيقه دقائق минут",
    "hour": "hour hours h stunde stunden std heure heures hora horas 小时 小時 ساعه ساعات часов часа",
    "day": "day days tag tage tagen jour jours dia dias 天 日 يوم يوما ايام дней дня день",
    "week": "week weeks woche wochen semaine semaines semana semanas 周 星期 اسبوع اسابيع недель недели",
    "month": "month months monat monate monaten mois mes meses 个月 個月 شهر شهرا اشهر месяцев месяца",
    "year": "year years jahr jahre jahren ans annee annees ano anos 年 岁 سنه سنوات عام عاما اعوام лет года год",
    "euro": "euro euros eur € 欧元 يورو евро",
    "dollar": "dollar dollars usd $ us$ 美元 دولار долларов",
    "pound": "pounds gbp £ 英镑 جنيه",
    "yuan": "yuan rmb cny 元 人民币",
    "kilogram": "kg kilogram kilograms kilogramm 公斤 千克",
    "kilometre": "km kilometer kilometers kilometre kilometres 公里 كيلومتر",
    "metre": "meter meters metre metres 米",
}
UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in folded(words).split()}

_MONTH_WORDS = (
    "january jan januar janner janvier enero gennaio janeiro januari يناير января январь",
    "february feb februar fevrier febrero febbraio fevereiro februari فبراير февраля февраль",
    "march mar marz mars marzo marco maart مارس марта март",
    "april apr avril abril aprile ابريل апреля апрель",
    "may mai mayo maggio maio mei مايو мая май",
    "june jun juni juin junio giugno junho يونيو июня июнь",
    "july jul juli juillet julio luglio julho يوليو июля июль",
    "august aug aout agosto augustus اغسطس августа август",
    "september sep sept septembre septiembre settembre setembro سبتمبر сентября сентябрь",
    "october oct oktober okt octobre octubre ottobre outubro اكتوبر октября октябрь",
    "november nov novembre noviembre novembro نوفمبر ноября ноябрь",
    "december dec dezember dez decembre diciembre dicembre dezembro ديسمبر декабря декабрь",
)
MONTHS = {word: number for number, words in enumerate(_MONTH_WORDS, start=1) for word in folded(words).split()}


def chinese_number(numeral: str) -> int:
    """Return the value of a run of Chinese numerals, such as 25 for 二十五."""
    if all(character in CHINESE_DIGITS for character in numeral):
        return int("".join(str(CHINESE_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in CHINESE_DIGITS:
            digit = CHINESE_DIGITS[character]
            continue
        scale = CHINESE_SCALES[character]
        if scale < 10_000:
            section, digit = section + (digit or 1) * scale, 0
        else:
            total, section, digit = (total + section + digit or 1) * scale, 0, 0
    return total + section + digit
