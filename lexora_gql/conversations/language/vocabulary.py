"""Small words of many languages: those without a meaning of their own, those that deny, and opposites.

They are folded, as the words are that they are compared with.
"""

from lexora_gql.conversations.language.wording import folded


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(text).split())


STOP_WORDS = _words(
    """
    a an and are as at be been being but by can could did do does for from had has have he her his how i if in
    into is it its may me might must my no not of on or our she should so such than that the their them then
    there these they this those to under up upon us was we were what when where which who whom whose why will
    with would you your also any each every about after before between during over per while both only other within
    some more most very own same just via

    aber alle als also am an auch auf aus bei beim bin bis da das dass dem den der des die dies diese dieser
    dieses doch du durch ein eine einem einen einer eines er es fur gegen haben hat hatte hier ich ihr ihre
    ihrem ihren im in ist ja jede jeden jeder jedes kann konnen man mehr mit muss mussen nach nicht noch nur ob
    oder ohne pro sehr sein seine sich sie sind so soll sollen sowie uber um und uns unter vom von vor war waren
    was wenn wer werden wie wird wir wo wurde wurden zu zum zur zwischen

    au aux avec ce ces cette comme dans de des du elle en est et etait il ils je la le les leur lui mais ne nous
    on ou par pas pour plus qu que qui sa se ses son sont sur un une vous al como con del el ella ellos era es
    esta este fue ha han hay la las lo los mas muy o para pero por que se ser si sin sobre son su sus un una y
    ya ai alla che chi ci col da dal dei del della di e gli il io le lo nel nella non piu quando sono su tra un
    una ao aos as com da das do dos e em foi mais na nas no nos num o os ou para pela pelo por sao seu sua um
    uma aan bij dat de die deze een en er het hij hun ik je kan maar met naar niet nog of om ons ook op te tot
    uit van voor wat we wel werd wordt ze zich zijn zo

    а без был была были было быть в во вы где да для до его ее если же за и из или им их к как ко когда который
    мы на над не него нет ни но о об он она они от по под при с со так также то только ты у уже чем что эта это
    этот я

    في من على الى إلى عن ان أن إن هو هي هم هذا هذه ذلك تلك التي الذي الذين كان كانت يكون تكون قد لقد كل بعد قبل
    بين مع او أو ثم ما لا لم لن كما عند منذ حتى خلال ايضا أيضا
    """
)

NEGATIONS = _words(
    """
    no not never none neither nor cannot cant dont doesnt didnt isnt arent wasnt werent wont shouldnt mustnt
    nicht kein keine keinen keinem keiner keines nie niemals niemand nichts weder ne pas aucun aucune jamais
    nunca ningun ninguna ninguno jamas tampoco non nessun nessuna nao nem nenhum nenhuma niet geen nooit
    не нет никогда нельзя لا لم لن ليس ليست
    """
)
NEGATION_CHARACTERS = frozenset("不没沒無无未非勿")

OPPOSITES = tuple(
    (_words(left), _words(right))
    for left, right in (
        ("increase increases rise rises grow grows", "decrease decreases fall falls decline declines"),
        ("increased rose grew higher", "decreased fell shrank lower declined dropped"),
        ("before", "after"),
        ("minimum least", "maximum most"),
        ("allowed permitted", "forbidden prohibited banned disallowed"),
        ("mandatory required compulsory", "optional voluntary"),
        ("open opened opens", "closed closes shut"),
        ("accepted approved", "rejected refused denied"),
        ("always", "never"),
        ("above", "below"),
        ("gestiegen stieg erhoht wuchs", "gesunken sank gefallen verringert"),
        ("mindestens", "hochstens maximal"),
        ("erlaubt gestattet zulassig", "verboten untersagt unzulassig"),
        ("verpflichtend pflicht", "freiwillig optional"),
        ("geoffnet offen", "geschlossen"),
        ("autorise autorisee autorises autorisees permis permise", "interdit interdite interdits interdites"),
        ("augmente hausse", "baisse diminue"),
        ("ouvert ouverte ouverts", "ferme fermee fermes"),
        ("obligatoire obligatoires", "facultatif facultative"),
        ("permitido permitida permitidos permitidas", "prohibido prohibida prohibidos prohibidas"),
        ("abierto abierta abiertos", "cerrado cerrada cerrados"),
        ("consentito consentita permesso", "vietato vietata proibito"),
        ("obrigatorio obrigatoria", "opcional facultativo"),
        ("разрешено разрешен разрешена", "запрещено запрещен запрещена"),
        ("مسموح", "ممنوع محظور"),
    )
)
"""Pairs of sets: who says a word of one side and reads only the other has not read what they say."""

WEEKDAYS = tuple(
    _words(names)
    for names in (
        "monday montag lundi lunes lunedi maandag понедельник الاثنين الإثنين",
        "tuesday dienstag mardi martes martedi dinsdag вторник الثلاثاء",
        "wednesday mittwoch mercredi miercoles mercoledi woensdag среда среду الاربعاء الأربعاء",
        "thursday donnerstag jeudi jueves giovedi donderdag четверг الخميس",
        "friday freitag vendredi viernes venerdi vrijdag пятница пятницу الجمعة",
        "saturday samstag sonnabend samedi sabado sabato zaterdag суббота субботу السبت",
        "sunday sonntag dimanche domingo domenica zondag воскресенье الاحد الأحد",
    )
)
CHINESE_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林罗羅高郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖田董袁潘于蒋蔣蔡余杜叶葉"
    "程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范石廖贾賈夏韦韋傅方白邹鄒孟熊秦邱江尹薛闫段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万錢钱严嚴"
)
"""One of them for another is another person."""

GERMAN_WORDS = _words(
    """
    der die das den dem des und ist sind nicht wird werden wurde wurden mit fur von ein eine einen einem einer
    eines im zum zur auf bei beim nach sich haben hat auch als uber durch kein keine
    """
)
ENGLISH_WORDS = _words("the of and is are was were to with for by on that this it has have not an")
FRENCH_WORDS = _words("quel quelle quels quelles qui quand comment pourquoi combien est les des le la et une dans pour")
SPANISH_WORDS = _words("que cual cuales quien cuando donde como cuanto cuantos es el los las del y para por una")
TITLES = _words("mr mrs ms miss dr prof sir herr frau herrn mme mlle sr sra")
GERMAN_TITLES = _words("herr frau herrn dr prof professor firma stadt prasident kanzler kanzlerin minister")
GERMAN_PLACE_PHRASES = _words(
    "kraft form hohe anspruch bezug richtung frage zukunft anbetracht grunden angriff absprache folge rechnung"
)
