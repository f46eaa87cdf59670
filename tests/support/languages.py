"""Lists of contacts in many languages, as old programs write them: in the language's code pages."""

import random
from dataclasses import dataclass

_NAMES = {
    # language: header, names, cities
    "Polish": (
        "Imię;Miasto",
        "Łukasz Wiśniewski|Małgorzata Wójcik|Paweł Dąbrowski|Żaneta Kowalczyk|"
        "Grzegorz Zieliński|Agnieszka Szymańska|Stanisław Woźniak|Jan Kozłowski|"
        "Anna Jankowska|Święcicki Michał",
        "Łódź|Kraków|Gdańsk|Wrocław|Poznań|Częstochowa|Warszawa",
    ),
    "Czech": (
        "Jméno;Město",
        "Jiří Dvořák|Tomáš Černý|Kateřina Procházková|Ondřej Kučera|Věra Veselá|"
        "Růžena Horáková|Petr Novák|Jan Svoboda|Zdeněk Říha|Šárka Němcová",
        "Praha|Plzeň|České Budějovice|Ústí nad Labem|Hradec Králové|Brno",
    ),
    "Hungarian": (
        "Név;Város",
        "Kovács Gergő|Szabó Erzsébet|Tóth László|Horváth Ágnes|Kiss Győző|Nagy Ödön|"
        "Varga Ildikó|Fekete Zsófia|Szűcs Péter|Mészáros Jenő",
        "Győr|Székesfehérvár|Pécs|Kecskemét|Budapest|Nyíregyháza",
    ),
    "Croatian": (
        "Ime;Grad",
        "Željko Horvat|Ivana Kovačević|Marko Babić|Ana Jurić|Šime Perković|"
        "Đorđe Petrović|Luka Novak",
        "Šibenik|Čakovec|Požega|Zagreb|Split",
    ),
    "Russian": (
        "Имя;Город",
        "Иван Петров|Елена Смирнова|Дмитрий Кузнецов|Ольга Соколова|Алексей Попов|"
        "Наталья Морозова|Сергей Волков|Юлия Щербакова|Анна Фёдорова",
        "Москва|Санкт-Петербург|Новосибирск|Екатеринбург|Казань|Омск",
    ),
    "Ukrainian": (
        "Ім'я;Місто",
        "Олександр Шевченко|Оксана Ковальчук|Андрій Бондаренко|Ірина Кравченко|"
        "Юрій Ткаченко|Наталія Поліщук|Євген Лисенко",
        "Київ|Харків|Львів|Одеса|Дніпро|Запоріжжя",
    ),
    "Bulgarian": (
        "Име;Град",
        "Георги Иванов|Мария Димитрова|Иван Георгиев|Елена Петрова|Николай Тодоров|Стоян Ангелов",
        "София|Пловдив|Варна|Бургас|Русе",
    ),
    "German": (
        "Vorname;Straße",
        "Jürgen Müller|Jörg Schäfer|Käthe Groß|Günter Weiß|Anna Schmidt|Hans Weber|"
        "Björn Köhler|Stefan König|Sören Böhm|Claudia Jäger",
        "München|Köln|Düsseldorf|Nürnberg|Berlin|Gießen|Würzburg",
    ),
    "French": (
        "Prénom;Ville",
        "François Lefèvre|Chloé Moreau|Hélène Dubois|Benoît Rivière|Céline Gauthier|"
        "Éric Besançon|Loïc Guérin|Paul Martin|Anaïs Pelletier",
        "Orléans|Besançon|Saint-Étienne|Nîmes|Paris|Lyon",
    ),
    "Spanish": (
        "Nombre;Población",
        "José García|María Fernández|Iñaki Muñoz|Begoña Ibáñez|Andrés Núñez|Lucía Gómez|"
        "Ana Ruiz|Ángel Pérez",
        "Málaga|Córdoba|A Coruña|Cádiz|Madrid|León",
    ),
    "Swedish": (
        "Förnamn;Ort",
        "Åsa Lindström|Göran Sjöberg|Märta Öberg|Anders Nilsson|Björn Håkansson|"
        "Jörgen Åkesson|Karin Holm",
        "Malmö|Göteborg|Örebro|Västerås|Stockholm",
    ),
    "Portuguese": (
        "Nome;Cidade",
        "João Gonçalves|Conceição Araújo|António Simões|Inês Magalhães|Luís Brandão|"
        "Rui Costa|Sebastião Leitão",
        "São Paulo|Brasília|Florianópolis|Évora|Porto",
    ),
    "Greek": (
        "Όνομα;Πόλη",
        "Γιώργος Παπαδόπουλος|Μαρία Νικολάου|Κώστας Οικονόμου|Ελένη Γεωργίου|"
        "Δημήτρης Αντωνίου|Νίκος Βλάχος|Άννα Χατζή",
        "Αθήνα|Θεσσαλονίκη|Πάτρα|Ηράκλειο|Λάρισα",
    ),
    "Turkish": (
        "Adı;Şehir",
        "Ayşe Yılmaz|Mehmet Öztürk|Özgür Çelik|Şükrü Doğan|Gülşen Aydın|Tuğba Şahin|"
        "Hüseyin Yıldırım|Ali Kaya|Işıl Güneş",
        "İstanbul|İzmir|Eskişehir|Muğla|Diyarbakır|Ankara",
    ),
    "Japanese": (
        "氏名;都市",
        "佐藤 健一|鈴木 花子|高橋 翔太|田中 美咲|伊藤 大輔|渡辺 さくら|"
        "山本 拓也|中村 陽子|ヤマダ タロウ",
        "東京|大阪市|横浜市|名古屋市|札幌市",
    ),
    "Chinese": (
        "姓名;城市",
        "张小明|李伟|王芳|刘洋|陈静|杨丽娟|赵强|黄志勇|周敏|吴秀英",
        "北京|上海|广州|深圳|成都|杭州",
    ),
    "Taiwanese": (
        "姓名;城市",
        "陳怡君|林志明|黃淑芬|張家豪|李雅婷|王建宏|吳美玲|劉俊傑|蔡宜蓁|楊承翰",
        "臺北市|高雄市|臺中市|新竹市|臺南市",
    ),
    "Korean": (
        "이름;도시",
        "김민수|이지은|박서준|최유진|정현우|강수빈|조성호|윤하늘|장미경",
        "서울|부산|대구|인천|광주|대전",
    ),
    "Hebrew": (
        "שם;עיר",
        "דוד כהן|שרה לוי|יוסף מזרחי|רחל פרץ|משה ביטון|נועה אברהם",
        "ירושלים|תל אביב|חיפה|באר שבע",
    ),
    "Arabic": (
        "الاسم;المدينة",
        "محمد أحمد|فاطمة علي|عبد الله حسن|خديجة إبراهيم|يوسف محمود|مريم صالح",
        "القاهرة|الرياض|دبي|بغداد|عمان",
    ),
    "Lithuanian": (
        "Vardas;Miestas",
        "Jonas Kazlauskas|Ona Petrauskienė|Žygimantas Jankauskas|Rūta Stankevičiūtė|"
        "Šarūnas Žukauskas|Giedrė Paulauskaitė",
        "Vilnius|Šiauliai|Klaipėda|Panevėžys",
    ),
}
ENCODINGS = {
    # What is asked for, and the languages that are written in it.
    "cp1250": ("Polish", "Czech", "Hungarian", "Croatian"),
    "cp1251": ("Russian", "Ukrainian", "Bulgarian"),
    "cp1252": ("German", "French", "Spanish", "Swedish", "Portuguese"),
    "cp1253": ("Greek",),
    "cp1254": ("Turkish",),
    "mac-roman": ("German", "French", "Spanish", "Swedish", "Portuguese"),
    "shift_jis": ("Japanese",),
    "gbk": ("Chinese",),
    "big5": ("Taiwanese",),
    "euc_kr": ("Korean",),
    "koi8-r": ("Russian",),
    "utf-32-le": ("German", "Russian", "Chinese"),
    "utf-16-le": ("German", "Russian", "Chinese", "Korean"),
    "utf-16-be": ("German", "Russian", "Japanese"),
    # And their kin.
    "cp1255": ("Hebrew",),
    "cp1256": ("Arabic",),
    "cp1257": ("Lithuanian",),
    "iso8859-2": ("Polish", "Czech", "Hungarian"),
    "cp850": ("German", "French"),
    "cp866": ("Russian",),
    "euc_jp": ("Japanese",),
    "iso2022_jp": ("Japanese",),
    "gb18030": ("Chinese",),
}


@dataclass(frozen=True)
class Sample:
    """A file, and what it says."""

    language: str
    text: str
    content: bytes


def samples(encoding: str, rows: int, seeds: int = 5) -> list[Sample]:
    """Lists of so many rows in every language of an encoding, with and without its header."""
    return [
        _sample(language, encoding, rows, seed)
        for language in ENCODINGS[encoding]
        for seed in range(seeds)
    ]


def _sample(language: str, encoding: str, rows: int, seed: int) -> Sample:
    chance = random.Random(seed)
    header, names, cities = _NAMES[language]
    order = names.split("|")
    chance.shuffle(order)
    lines = [f"email;{header}" if seed % 2 == 0 else "email;name;city"]
    lines += [
        f"reader{number}@example.org;{order[number % len(order)]};"
        f"{chance.choice(cities.split('|'))}"
        for number in range(rows)
    ]
    content = "".join(f"{line}\r\n" for line in lines).encode(encoding, "replace")
    return Sample(language, content.decode(encoding), content)
