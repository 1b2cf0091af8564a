"""More pairs of a source and an answer's sentence, in more languages; written after the code that they judge.

Of the last 45, 43 got the right verdict when they were written; of the 89 before, 82.
"""

from lexora_gql.conversations.citations import CitationVerification as V

ENERGY = (
    "In fiscal year 2022, EPA's Region 4 office in Atlanta reduced its energy intensity by 12.4 percent "
    "compared with 2015. The agency spent $3.2 million on solar panels. Water use rose slightly, from 48 "
    "to 51 gallons per square foot. Administrator Michael Regan approved the plan on June 14, 2022. No "
    "facility reported a spill."
)
FLIGHT = (
    "On December 29, 2007, about 0835 mountain standard time, a Cessna 172N was destroyed when it struck "
    "terrain near Durango, Colorado. The private pilot and one passenger were fatally injured. The "
    "airplane had departed Farmington at 0810. Visual meteorological conditions prevailed. The engine "
    "showed no evidence of a mechanical failure."
)
BAKERY = (
    "Our bakery was founded by Giulia Romano in Turin in 1954 and moved to Milan twelve years later. It "
    "employs 85 people and sells roughly 9,000 loaves a day. Deliveries leave before 5 a.m. except on "
    "Sundays. The Linden Street branch is closed until further notice."
)
API = (
    "The default timeout is 30 seconds and can be raised to 15 minutes. Requests larger than 6 MB are "
    "rejected with error 413. Lambda retries asynchronous invocations twice. The iam:PassRole permission "
    "is required. Logs are kept in CloudWatch for 14 days unless a retention policy is set."
)
LABOR = (
    "Das Labor in Jena wurde 1998 eröffnet und beschäftigt 240 Mitarbeiter. Die Messung dauert 45 "
    "Minuten und kostet 120 Euro. Proben müssen bei minus 20 Grad gelagert werden. Leiterin ist Dr. "
    "Sabine Krause. Besucher benötigen keinen Ausweis."
)
FR = (
    "Le musée a été inauguré le 12 mai 1986 par François Mitterrand. Il reçoit environ 600 000 visiteurs "
    "par an et ferme le mardi. L'entrée coûte 11 euros, mais elle est gratuite pour les moins de 18 ans. "
    "Les photographies avec flash sont interdites."
)
ES = (
    "La fábrica de Zaragoza produce 1.500 motores al mes desde 2011. El turno de noche comienza a las "
    "22:00. La directora, Carmen Ruiz, anunció una inversión de 40 millones de euros. No se permite "
    "fumar en el edificio."
)
JA = (
    "当社は1972年に大阪で設立された。従業員数は320名で、売上高は45億円である。本社は2005年に東京へ移転した。"
    "代表取締役は田中健一である。工場見学は予約が必要である。"
)
ZH = "该桥全长3.6公里，于1998年10月竣工，由中铁建设集团承建。每天约有4万辆车通过。大桥禁止自行车通行。设计师是林建国。"
AR = (
    "افتتح المتحف في الدوحة عام 2008 وصممه المهندس آي إم باي. يبلغ سعر التذكرة 50 ريالا. يغلق المتحف "
    "أبوابه يوم الثلاثاء. لا يسمح بالتصوير داخل القاعات."
)
TRIAL = (
    "The trial enrolled 412 patients at 18 hospitals between March 2016 and August 2019. Median survival "
    "was 14.6 months with the new drug and 11.2 months with placebo. Nausea occurred in 31 percent of "
    "patients. Dr. Amina Yusuf of Karolinska led the study. The drug was not tested in children."
)
LEASE = (
    "The tenant pays a monthly rent of $1,850 plus utilities. A deposit equal to two months' rent is due "
    "before moving in. Pets are not allowed. The landlord, Harbor Homes LLC, must give 60 days' notice "
    "before raising the rent. The lease ends on September 30, 2027."
)
RIVER = (
    "Der Fluss ist 865 Kilometer lang und entspringt in der Schweiz. Er mündet bei Hoek van Holland in "
    "die Nordsee. Seit 1986 hat sich die Wasserqualität deutlich verbessert. Rund 60 Millionen Menschen "
    "leben in seinem Einzugsgebiet. Das Baden ist in Köln verboten."
)
STEEL = (
    "La empresa Aceros Norte, con sede en Bilbao, facturó 320 millones de euros en 2021, un 8 % más que "
    "el año anterior. Emplea a 1.240 personas. Su presidente es Javier Ortega. La planta de Gijón cerró "
    "en 2018."
)
TRAIN = (
    "東海道新幹線は1964年10月1日に開業した。東京と新大阪の間を最短2時間21分で結ぶ。"
    "最高速度は時速285キロメートルである。車内での喫煙は禁止されている。"
)
HOTEL = (
    "L'hôtel compte 86 chambres et un restaurant tenu par Claire Dubois. Le petit-déjeuner est servi de "
    "7 h à 10 h. L'annulation est gratuite jusqu'à 48 heures avant l'arrivée. Les animaux ne sont pas "
    "admis."
)

TOLD_APART = [
    (ENERGY, "The agency spent $3.2 million on solar panels.", V.EXACT),
    (ENERGY, "energy intensity by 12.4 percent compared with 2015", V.EXACT),
    (FLIGHT, "The private pilot and one passenger were fatally injured", V.EXACT),
    (BAKERY, "Deliveries leave before 5 a.m. except on Sundays.", V.EXACT),
    (API, "Requests larger than 6 MB are rejected with error 413.", V.EXACT),
    (LABOR, "Proben müssen bei minus 20 Grad gelagert werden.", V.EXACT),
    (FR, "Les photographies avec flash sont interdites.", V.EXACT),
    (JA, "本社は2005年に東京へ移転した。", V.EXACT),
    (BAKERY, "the linden street branch is closed until further notice", V.NORMALIZED),
    (FR, "L’entrée coûte 11 euros", V.NORMALIZED),
    (ES, "LA FÁBRICA DE ZARAGOZA PRODUCE 1.500 MOTORES AL MES", V.NORMALIZED),
    (API, "The iam:PassRole permission is required", V.EXACT),
    (ENERGY, "Energy intensity at the Atlanta office fell by 12.4% from 2015 to fiscal year 2022.", V.SUPPORTED),
    (ENERGY, "Water use increased slightly to 51 gallons per square foot.", V.SUPPORTED),
    (ENERGY, "The plan was approved by Administrator Regan in June 2022.", V.SUPPORTED),
    (ENERGY, "None of the facilities reported spills.", V.SUPPORTED),
    (FLIGHT, "A Cessna 172N crashed near Durango, Colorado, on December 29, 2007.", V.SUPPORTED),
    (FLIGHT, "There was no evidence that the engine had failed mechanically.", V.SUPPORTED),
    (FLIGHT, "Both the pilot and the passenger were killed, as they were fatally injured.", V.SUPPORTED),
    (BAKERY, "Giulia Romano founded the bakery in Turin in 1954.", V.SUPPORTED),
    (BAKERY, "About 9,000 loaves are sold every day by the bakery.", V.SUPPORTED),
    (BAKERY, "The bakery has 85 employees.", V.SUPPORTED),
    (API, "By default the timeout is 30 seconds; the maximum is 15 minutes.", V.SUPPORTED),
    (API, "Asynchronous invocations are retried two times by Lambda.", V.SUPPORTED),
    (API, "Without a retention policy, CloudWatch keeps logs for two weeks, that is 14 days.", V.SUPPORTED),
    (API, "Error 413 is returned when a request exceeds 6 MB.", V.SUPPORTED),
    (LABOR, "Eine Messung kostet 120 € und dauert 45 Minuten.", V.SUPPORTED),
    (LABOR, "Für Besucher ist kein Ausweis nötig.", V.SUPPORTED),
    (LABOR, "Im Labor in Jena arbeiten 240 Mitarbeiter.", V.SUPPORTED),
    (LABOR, "Dr. Krause ist die Leiterin des Labors.", V.SUPPORTED),
    (FR, "Le musée est fermé le mardi et reçoit 600 000 visiteurs chaque année.", V.SUPPORTED),
    (FR, "François Mitterrand a inauguré le musée en mai 1986.", V.SUPPORTED),
    (ES, "La fábrica produce cada mes 1500 motores.", V.SUPPORTED),
    (ES, "Carmen Ruiz anunció que se invertirán 40 millones de euros.", V.SUPPORTED),
    (JA, "従業員は320名である。", V.SUPPORTED),
    (JA, "1972年に当社は大阪で設立された。", V.SUPPORTED),
    (ZH, "每天通过该桥的车辆约为4万辆。", V.SUPPORTED),
    (ZH, "大桥于1998年10月竣工，全长3.6公里。", V.SUPPORTED),
    (AR, "سعر تذكرة المتحف 50 ريالا.", V.SUPPORTED),
    (AR, "صمم المهندس آي إم باي المتحف الذي افتتح عام 2008.", V.SUPPORTED),
    (ENERGY, "The agency spent $3.2 billion on solar panels.", V.UNSUPPORTED),
    (ENERGY, "Energy intensity was reduced by 14.2 percent compared with 2015.", V.UNSUPPORTED),
    (ENERGY, "Water use fell slightly, from 51 to 48 gallons per square foot.", V.UNSUPPORTED),
    (ENERGY, "Administrator Scott Pruitt approved the plan on June 14, 2022.", V.UNSUPPORTED),
    (ENERGY, "EPA's Region 6 office in Atlanta reduced its energy intensity by 12.4 percent.", V.UNSUPPORTED),
    (FLIGHT, "A Cessna 182 was destroyed when it struck terrain near Durango.", V.UNSUPPORTED),
    (FLIGHT, "The airplane had departed Albuquerque at 0810.", V.UNSUPPORTED),
    (FLIGHT, "The engine showed evidence of a mechanical failure.", V.UNSUPPORTED),
    (FLIGHT, "The pilot and two passengers were fatally injured.", V.UNSUPPORTED),
    (BAKERY, "The bakery was founded in Turin in 1964.", V.UNSUPPORTED),
    (BAKERY, "The bakery was founded by Giulia Romano in Genoa.", V.UNSUPPORTED),
    (BAKERY, "Deliveries leave after 5 a.m. except on Sundays.", V.UNSUPPORTED),
    (BAKERY, "The Linden Street branch is open until further notice.", V.UNSUPPORTED),
    (API, "The default timeout is 60 seconds.", V.UNSUPPORTED),
    (API, "Requests larger than 6 GB are rejected with error 413.", V.UNSUPPORTED),
    (API, "The iam:GetRole permission is required.", V.UNSUPPORTED),
    (API, "Lambda retries asynchronous invocations three times.", V.UNSUPPORTED),
    (LABOR, "Die Messung dauert 54 Minuten.", V.UNSUPPORTED),
    (LABOR, "Leiterin ist Dr. Petra Krause.", V.UNSUPPORTED),
    (LABOR, "Besucher benötigen einen Ausweis.", V.UNSUPPORTED),
    (LABOR, "Das Labor in Dresden wurde 1998 eröffnet.", V.UNSUPPORTED),
    (FR, "Le musée a été inauguré le 12 mars 1986 par François Mitterrand.", V.UNSUPPORTED),
    (FR, "Il ferme le lundi et reçoit environ 600 000 visiteurs par an.", V.UNSUPPORTED),
    (FR, "Les photographies avec flash sont autorisées.", V.UNSUPPORTED),
    (ES, "La fábrica de Valencia produce 1.500 motores al mes.", V.UNSUPPORTED),
    (ES, "El turno de noche comienza a las 23:00.", V.UNSUPPORTED),
    (ES, "Se permite fumar en el edificio.", V.UNSUPPORTED),
    (JA, "当社は1972年に京都で設立された。", V.UNSUPPORTED),
    (JA, "従業員数は230名である。", V.UNSUPPORTED),
    (JA, "代表取締役は鈴木健一である。", V.UNSUPPORTED),
    (JA, "工場見学は予約が不要である。", V.UNSUPPORTED),
    (ZH, "每天约有5万辆车通过。", V.UNSUPPORTED),
    (ZH, "大桥允许自行车通行。", V.UNSUPPORTED),
    (ZH, "设计师是王建国。", V.UNSUPPORTED),
    (AR, "يبلغ سعر التذكرة 60 ريالا.", V.UNSUPPORTED),
    (AR, "افتتح المتحف في الرياض عام 2008.", V.UNSUPPORTED),
    (AR, "يسمح بالتصوير داخل القاعات.", V.UNSUPPORTED),
    (AR, "يغلق المتحف أبوابه يوم الاثنين.", V.UNSUPPORTED),
    (ENERGY, "The bakery sells bread every morning.", V.UNSUPPORTED),
    (FLIGHT, "The default timeout of the service is 30 seconds.", V.UNSUPPORTED),
    (BAKERY, "Photosynthesis needs light and water.", V.UNSUPPORTED),
    (API, "The museum is closed on Tuesdays.", V.UNSUPPORTED),
    (LABOR, "Der Zug nach München fährt um acht Uhr ab.", V.UNSUPPORTED),
    (FR, "La recette demande trois œufs et du sucre.", V.UNSUPPORTED),
    (ES, "Los pingüinos viven en la Antártida.", V.UNSUPPORTED),
    (JA, "桜は春に咲く花である。", V.UNSUPPORTED),
    (ZH, "这种植物需要充足的阳光。", V.UNSUPPORTED),
    (AR, "تدور الأرض حول الشمس.", V.UNSUPPORTED),
    (TRIAL, "Nausea occurred in 31 percent of patients.", V.EXACT),
    (LEASE, "Pets are not allowed", V.EXACT),
    (RIVER, "Er mündet bei Hoek van Holland in die Nordsee.", V.EXACT),
    (HOTEL, "le petit-déjeuner est servi de 7 h à 10 h", V.NORMALIZED),
    (TRAIN, "最高速度は時速285キロメートルである", V.EXACT),
    (TRIAL, "A total of 412 patients at 18 hospitals were enrolled in the trial.", V.SUPPORTED),
    (TRIAL, "With the new drug, median survival was 14.6 months, against 11.2 months with placebo.", V.SUPPORTED),
    (TRIAL, "The study was led by Dr. Yusuf.", V.SUPPORTED),
    (TRIAL, "Children were not tested with the drug.", V.SUPPORTED),
    (LEASE, "The monthly rent is $1,850, and utilities are paid by the tenant on top.", V.SUPPORTED),
    (LEASE, "The tenant is not allowed to keep pets.", V.SUPPORTED),
    (LEASE, "Notice of 60 days must be given by Harbor Homes before the rent is raised.", V.SUPPORTED),
    (RIVER, "Mit einer Länge von 865 km entspringt der Fluss in der Schweiz.", V.SUPPORTED),
    (RIVER, "Die Wasserqualität hat sich seit 1986 verbessert.", V.SUPPORTED),
    (STEEL, "Aceros Norte facturó en 2021 un total de 320 millones de euros.", V.SUPPORTED),
    (STEEL, "El presidente de la empresa es Javier Ortega.", V.SUPPORTED),
    (TRAIN, "1964年10月に東海道新幹線が開業した。", V.SUPPORTED),
    (HOTEL, "L'annulation reste gratuite jusqu'à 48 heures avant d'arriver.", V.SUPPORTED),
    (HOTEL, "Claire Dubois tient le restaurant de l'hôtel.", V.SUPPORTED),
    (TRIAL, "The trial enrolled 421 patients at 18 hospitals.", V.UNSUPPORTED),
    (TRIAL, "Median survival was 14.6 weeks with the new drug.", V.UNSUPPORTED),
    (TRIAL, "Dr. Amina Yusuf of Uppsala led the study.", V.UNSUPPORTED),
    (TRIAL, "The drug was tested in children.", V.UNSUPPORTED),
    (LEASE, "Pets are allowed.", V.UNSUPPORTED),
    (LEASE, "The tenant pays a monthly rent of $1,580 plus utilities.", V.UNSUPPORTED),
    (LEASE, "The landlord must give 30 days' notice before raising the rent.", V.UNSUPPORTED),
    (LEASE, "The lease ends on September 30, 2028.", V.UNSUPPORTED),
    (LEASE, "The landlord, Bay Homes LLC, must give 60 days' notice.", V.UNSUPPORTED),
    (RIVER, "Der Fluss ist 685 Kilometer lang.", V.UNSUPPORTED),
    (RIVER, "Er mündet bei Hoek van Holland in die Ostsee.", V.UNSUPPORTED),
    (RIVER, "Das Baden ist in Köln erlaubt.", V.UNSUPPORTED),
    (STEEL, "Emplea a 1.420 personas.", V.UNSUPPORTED),
    (STEEL, "Su presidente es Javier Molina.", V.UNSUPPORTED),
    (STEEL, "La planta de Avilés cerró en 2018.", V.UNSUPPORTED),
    (TRAIN, "東海道新幹線は1974年10月1日に開業した。", V.UNSUPPORTED),
    (TRAIN, "車内での喫煙は許可されている。", V.UNSUPPORTED),
    (HOTEL, "Les animaux sont admis.", V.UNSUPPORTED),
    (HOTEL, "L'hôtel compte 68 chambres.", V.UNSUPPORTED),
    (HOTEL, "L'annulation est gratuite jusqu'à 24 heures avant l'arrivée.", V.UNSUPPORTED),
    (TRIAL, "Pets are not allowed in the apartment.", V.UNSUPPORTED),
    (RIVER, "Der Mietvertrag endet im September.", V.UNSUPPORTED),
    (TRAIN, "この病院には18の診療科がある。", V.UNSUPPORTED),
    (STEEL, "El hotel tiene ochenta habitaciones.", V.UNSUPPORTED),
]

MISSED = [
    (FLIGHT, "The plane left Farmington at 8:10.", V.SUPPORTED),
    (LEASE, "The end date of the lease is 30 September 2027.", V.SUPPORTED),
    (RIVER, "In Köln darf man nicht baden, das Baden ist dort verboten.", V.SUPPORTED),
]
"""Said in so other words that the source is not found to say it: a reader is told to look, and finds it."""
