"""Pairs of a source and an answer's sentence, written by hand, and what is to be said of them."""

from lexora_gql.conversations.citations import CitationVerification as V

LEAVE = (
    "The policy was adopted on 3 March 2021. Full-time employees receive 25 days of paid annual leave per year. "
    "Unused days may be carried over until 31 March of the following year. Requests go to Maria Keller in Vienna. "
    "Employees may not sell their leave."
)
PAYMENT = (
    "Invoices are paid within 30 days after receipt. A discount of 2.5 percent is granted for payment within 10 days. "
    "The maximum amount is 1,000,000 euros. Siemens and Bosch\nare exempt from this “well-known” rule."
)
URLAUB = (
    "Die Richtlinie gilt seit dem 1. Januar 2020. Vollzeitbeschäftigte erhalten 28 Tage Urlaub im Jahr. "
    "Der Antrag ist bei Frau Müller in Hamburg zu stellen. Die Kosten betragen höchstens 3.500 Euro. "
    "Überstunden werden nicht ausbezahlt."
)
MIETE = (
    "Der Mietvertrag wurde am 15. Juni 2018 zwischen Herrn Schmidt und der Firma Bauhaus geschlossen. "
    "Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals. Die Miete ist um 4,5 Prozent gestiegen."
)
JIAQI = (
    "本制度自2021年3月1日起施行。全职员工每年享有25天带薪年假。未使用的假期可以顺延至次年三月底。"
    "申请应提交给北京总部的人力资源部。公司不提供午餐补贴。报销金额最高为五万元。"
)
IJAZA = (
    "صدرت هذه السياسة في 3 مارس 2021. يحصل الموظفون بدوام كامل على ٢٥ يوما من الإجازة السنوية المدفوعة. "
    "تقدم الطلبات إلى إدارة الموارد البشرية في القاهرة. لا يجوز بيع أيام الإجازة."
)

VERBATIM = [
    (LEAVE, "Full-time employees receive 25 days of paid annual leave per year.", V.EXACT),
    (LEAVE, "- Unused days may be carried over until 31 March of the following year", V.EXACT),
    (PAYMENT, "Invoices are paid within 30 days.", V.EXACT),
    (PAYMENT, "Siemens and Bosch are exempt from this “well-known” rule.", V.EXACT),
    (URLAUB, "Der Antrag ist bei Frau Müller in Hamburg zu stellen.", V.EXACT),
    (MIETE, "Die Kündigungsfrist beträgt drei Monate zum Ende eines Quartals.", V.EXACT),
    (JIAQI, "全职员工每年享有25天带薪年假。", V.EXACT),
    (JIAQI, "申请应提交给北京总部的人力资源部", V.EXACT),
    (IJAZA, "تقدم الطلبات إلى إدارة الموارد البشرية في القاهرة.", V.EXACT),
    (LEAVE, "full-time employees receive 25 days of paid annual leave per year.", V.NORMALIZED),
    (LEAVE, "Full‑time Employees receive 25 days of paid annual leave", V.NORMALIZED),
    (PAYMENT, 'Siemens and Bosch are exempt from this "well known" rule.', V.NORMALIZED),
    (PAYMENT, "siemens and Bosch are exempt from this 'well-known' rule", V.NORMALIZED),
    (URLAUB, "ÜBERSTUNDEN WERDEN NICHT AUSBEZAHLT.", V.NORMALIZED),
    (JIAQI, "全职员工每年享有２５天带薪年假。", V.NORMALIZED),
    (IJAZA, "يحصل الموظفون بدوام كامل على 25 يوما من الإجازة السنوية المدفوعة.", V.NORMALIZED),
]

REWORDED = [
    (LEAVE, "Employees who work full-time get 25 days of paid leave every year.", V.SUPPORTED),
    (LEAVE, "Annual leave for full-time employees is 25 days.", V.SUPPORTED),
    (LEAVE, "The policy was adopted in March 2021.", V.SUPPORTED),
    (LEAVE, "The adoption date of the policy is 2021-03-03.", V.SUPPORTED),
    (LEAVE, "Leave requests go to Ms Keller.", V.SUPPORTED),
    (LEAVE, "It is not possible for employees to sell leave.", V.SUPPORTED),
    (PAYMENT, "An invoice is paid thirty days after its receipt at the latest.", V.SUPPORTED),
    (PAYMENT, "For payment within 10 days there is a discount of 2.5 %.", V.SUPPORTED),
    (PAYMENT, "The amount is 1 million euros at the maximum.", V.SUPPORTED),
    (URLAUB, "Wer in Vollzeit beschäftigt ist, erhält pro Jahr 28 Tage Urlaub.", V.SUPPORTED),
    (URLAUB, "Seit dem 01.01.2020 gilt die Richtlinie.", V.SUPPORTED),
    (URLAUB, "Anträge sind in Hamburg bei Frau Müller zu stellen.", V.SUPPORTED),
    (URLAUB, "Höchstens 3500 € betragen die Kosten.", V.SUPPORTED),
    (MIETE, "Zum Quartalsende beträgt die Kündigungsfrist 3 Monate.", V.SUPPORTED),
    (MIETE, "Um 4,5 % ist die Miete gestiegen.", V.SUPPORTED),
    (JIAQI, "每年全职员工都有25天的带薪年假。", V.SUPPORTED),
    (JIAQI, "该制度从2021年3月1日起开始施行。", V.SUPPORTED),
    (JIAQI, "最高报销金额为50,000元。", V.SUPPORTED),
    (IJAZA, "للموظفين بدوام كامل 25 يوما من الإجازة المدفوعة.", V.SUPPORTED),
    (IJAZA, "صدرت السياسة في مارس 2021.", V.SUPPORTED),
]

CONTRADICTED = [
    (LEAVE, "Full-time employees receive 30 days of paid annual leave per year.", V.UNSUPPORTED),
    (LEAVE, "The policy was adopted on 4 March 2021.", V.UNSUPPORTED),
    (LEAVE, "The policy was adopted in May 2021.", V.UNSUPPORTED),
    (LEAVE, "Requests go to Peter Keller in Vienna.", V.UNSUPPORTED),
    (LEAVE, "Requests go to Maria Keller in Graz.", V.UNSUPPORTED),
    (LEAVE, "Employees may sell their leave.", V.UNSUPPORTED),
    (LEAVE, "Full-time employees receive 25 weeks of paid annual leave per year.", V.UNSUPPORTED),
    (PAYMENT, "Philips and Bosch are exempt from this rule.", V.UNSUPPORTED),
    (PAYMENT, "The minimum amount is 1,000,000 euros.", V.UNSUPPORTED),
    (PAYMENT, "A discount of 25 percent is granted for payment within 10 days.", V.UNSUPPORTED),
    (PAYMENT, "The maximum amount is 1 billion euros.", V.UNSUPPORTED),
    (URLAUB, "Vollzeitbeschäftigte erhalten 30 Tage Urlaub im Jahr.", V.UNSUPPORTED),
    (URLAUB, "Der Antrag ist bei Frau Weber in Hamburg zu stellen.", V.UNSUPPORTED),
    (URLAUB, "Der Antrag ist bei Frau Müller in Berlin zu stellen.", V.UNSUPPORTED),
    (URLAUB, "Überstunden werden ausbezahlt und zwar immer.", V.UNSUPPORTED),
    (
        MIETE,
        "Der Mietvertrag wurde am 16. Juni 2018 zwischen Herrn Schmidt und der Firma Bauhaus geschlossen.",
        V.UNSUPPORTED,
    ),
    (MIETE, "Die Miete ist um 4,5 Prozent gesunken.", V.UNSUPPORTED),
    (JIAQI, "全职员工每年享有30天带薪年假。", V.UNSUPPORTED),
    (JIAQI, "本制度自2021年5月1日起施行。", V.UNSUPPORTED),
    (JIAQI, "申请应提交给上海总部的人力资源部。", V.UNSUPPORTED),
    (IJAZA, "صدرت هذه السياسة في 3 مايو 2021.", V.UNSUPPORTED),
    (IJAZA, "يحصل الموظفون بدوام كامل على 30 يوما من الإجازة السنوية المدفوعة.", V.UNSUPPORTED),
    (IJAZA, "تقدم الطلبات إلى إدارة الموارد البشرية في بغداد.", V.UNSUPPORTED),
]

UNRELATED = [
    (LEAVE, "The canteen opens at noon.", V.UNSUPPORTED),
    (LEAVE, "Invoices are paid within 25 days.", V.UNSUPPORTED),
    (PAYMENT, "Photosynthesis turns light into chemical energy.", V.UNSUPPORTED),
    (URLAUB, "Die Kantine öffnet um zwölf Uhr.", V.UNSUPPORTED),
    (MIETE, "Der Vertrag über die Lieferung endet automatisch.", V.UNSUPPORTED),
    (JIAQI, "食堂中午十二点开门。", V.UNSUPPORTED),
    (IJAZA, "يفتح المطعم أبوابه عند الظهر.", V.UNSUPPORTED),
    (IJAZA, "The canteen opens at noon.", V.UNSUPPORTED),
]

TABLE = VERBATIM + REWORDED + CONTRADICTED + UNRELATED
