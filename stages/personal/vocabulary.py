"""English words that the rules for personal data know."""

from __future__ import annotations

DIGITS = dict.fromkeys(("oh", "o", "zero", "nought", "naught", "nil"), "0") | {
    word: str(value) for value, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], 1)
}
TEENS = {
    word: str(value)
    for value, word in enumerate(
        ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"), 10
    )
}
TENS = {
    word: str(value) for value, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
} | {"fourty": "4"}
REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
MAGNITUDES = frozenset(("thousand", "million", "billion", "thousands", "millions", "grand"))
"""After these a number counts something."""
NATO = {
    word: word[0]
    for word in (
        *("alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "juliett", "kilo", "lima"),
        *("mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky"),
        *("x-ray", "xray", "yankee", "zulu"),
    )
}
INSIDE = frozenset(
    ("uh", "um", "er", "erm", "dash", "hyphen", "space", "slash", "stroke", "then", "and", "comma", "capital", "upper", "lower")
)
"""Words that may stand between the digits and letters of one number."""
JOINING = INSIDE | frozenset(
    ("that's", "yeah", "yes", "right", "okay", "ok", "so", "it's", "followed", "by", "next", "is", "mhm", "mm-hmm")
)
"""Words that may stand between two parts of one number that are said one after the other."""
UNITS = frozenset(
    (
        *("dollar", "dollars", "pound", "pounds", "euro", "euros", "cent", "cents", "pence", "quid", "bucks", "percent", "per"),
        *("mile", "miles", "kilometers", "kilometres", "feet", "foot", "inch", "inches", "metres", "meters", "degrees", "times"),
        *("second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years"),
        *("people", "kids", "children", "acres", "gallons", "grams", "milligrams", "mg", "am", "pm", "a.m", "p.m", "o'clock"),
    )
)
"""After these words a number counts or measures something, or is a time."""
NO_LETTERS = frozenset(
    ("mm", "hmm", "hm", "mhm", "shh", "mr", "mrs", "ms", "dr", "st", "rd", "tv", "pc", "vs", "pm", "ph", "phd", "nd", "th")
)
"""Without a vowel, and not spelled letters."""

CUES: dict[str, frozenset[str]] = {
    "phone": frozenset(
        ("phone", "telephone", "mobile", "cell", "cellphone", "call", "ring", "text", "whatsapp", "landline", "fax", "dial")
    ),
    "card": frozenset(("card", "visa", "mastercard", "amex", "credit", "debit")),
    "identifier": frozenset(
        (
            *("account", "sort", "reference", "ref", "booking", "confirmation", "order", "policy", "passport", "licence", "license"),
            *("plate", "registration", "reg", "pin", "passcode", "password", "code", "id", "member", "membership", "invoice", "ticket"),
            *("tracking", "security", "insurance", "nhs", "iban", "serial", "customer", "case", "claim", "ending", "vin", "car"),
        )
    ),
    "expiry": frozenset(("expiry", "expires", "expiration", "cvv")),
    "number": frozenset(("number", "digits", "digit", "numbers")),
    "postcode": frozenset(("postcode", "postal", "zip", "zipcode")),
    "name": frozenset(("name", "surname", "names", "spell", "spelled", "spelt", "spelling", "spells", "called")),
    "email": frozenset(("email", "e-mail", "mail", "emails", "inbox")),
    "birth": frozenset(("birth", "birthday", "born", "dob", "birthdate")),
    "address": frozenset(
        ("address", "live", "lives", "living", "street", "located", "location", "postcode", "deliver", "delivered", "ship")
    ),
}
"""Words that say what a number, a spelling or a date near them is."""

STREETS = frozenset(
    ("street", "road", "avenue", "lane", "boulevard", "crescent", "terrace", "gardens", "highway", "mews", "rd", "ave", "blvd")
)
"""End the name of a street, and are seldom anything else after a number and a word."""
SOFT_STREETS = frozenset(
    ("drive", "close", "court", "way", "place", "square", "hill", "row", "park", "grove", "circle", "walk", "green", "st")
)
"""End the name of a street where what stands before them looks like one."""
UNITS_OF_A_HOUSE = frozenset(("flat", "apartment", "apt", "unit", "suite"))
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *(("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"), ("july", "jul")),
            *(("august", "aug"), ("september", "sep", "sept"), ("october", "oct"), ("november", "nov"), ("december", "dec")),
        ),
        1,
    )
    for name in names
}
ORDINALS = {
    word: day
    for day, word in enumerate(
        (
            *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
            *("thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"),
        ),
        1,
    )
} | {"thirtieth": 30}
TOP_LEVEL = frozenset(
    ("com", "net", "org", "edu", "gov", "co", "uk", "io", "ac", "eu", "de", "fr", "es", "it", "nl", "ie", "au", "ca", "info", "me", "us")
)
PROVIDERS = frozenset(
    ("gmail", "hotmail", "yahoo", "outlook", "icloud", "aol", "btinternet", "protonmail", "googlemail", "msn", "comcast", "verizon", "gmx")
)
SIGNS = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+", "period": "."}
TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "doctor", "mister", "prof", "professor", "madam", "sir", "missus", "president", "senator")
)

FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their", "i", "you", "he", "she"),
        *("it", "we", "they", "me", "him", "us", "them", "who", "what", "which", "when", "where", "why", "how", "whose", "one", "ones"),
        *("am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "do", "does", "did", "will", "would", "can"),
        *("could", "should", "shall", "may", "might", "must", "ought", "not", "no", "yes", "yeah", "yep", "nope", "okay", "ok", "right"),
        *("of", "in", "on", "at", "to", "from", "by", "with", "for", "about", "as", "into", "over", "after", "before", "under", "up"),
        *("down", "out", "off", "through", "and", "or", "but", "if", "because", "so", "than", "then", "there", "here", "just", "only"),
        *("also", "too", "very", "really", "well", "now", "still", "again", "ever", "never", "always", "all", "any", "some", "both"),
        *("each", "every", "other", "another", "such", "same", "own", "more", "most", "much", "many", "few", "lot", "like", "actually"),
        *("uh", "um", "er", "erm", "hm", "hmm", "mm", "mhm", "ah", "oh", "mmhmm", "mm-hmm", "uh-huh", "please", "thanks", "thank", "sorry"),
        *("hello", "hi", "hey", "bye", "goodbye", "good", "great", "fine", "sure", "perfect", "alright", "cool", "nice", "it's", "i'm"),
        *("that's", "what's", "he's", "she's", "there's", "don't", "didn't", "isn't", "can't", "won't", "i've", "i'll", "i'd", "you're"),
        *("we're", "they're", "let's", "you've", "we've", "name", "email", "address", "number", "called", "calling", "speaking", "spelled"),
        *("first", "last", "middle", "second", "surname", "got", "get", "go", "going", "gonna", "want", "need", "know", "think", "mean"),
        *("say", "said", "see", "look", "looking", "take", "make", "come", "give", "put", "let", "ask", "tell", "call", "help", "work"),
        *("working", "trying", "doing", "having", "being", "getting", "thing", "things", "something", "anything", "nothing", "everything"),
        *("someone", "somebody", "anyone", "anybody", "everyone", "everybody", "people", "person", "man", "woman", "guy", "guys", "time"),
        *("day", "today", "tomorrow", "yesterday", "year", "years", "week", "back", "way", "kind", "sort", "bit", "customer", "service"),
        *("ready", "done", "happy", "glad", "afraid", "not", "just", "quite", "pretty", "though", "since", "while", "until", "unless"),
        *("maybe", "perhaps", "probably", "available", "interested", "waiting", "wondering", "thinking", "spell", "correct", "wrong"),
        *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "zero", "double", "hundred", "thousand", "that'll"),
        *("office", "school", "shop", "store", "patient", "nurse", "who's", "whatever", "wait", "hang", "hold", "mine", "yours", "does"),
    )
)
"""Never a name, a part of an e-mail address or of a street by themselves."""
NOT_NAMES = frozenset(
    (
        *("alpha", "alto", "art", "autumn", "basil", "beau", "belle", "berry", "bo", "brain", "bud", "buddy", "candy", "chance", "chang"),
        *("charity", "chase", "cherry", "chi", "chuck", "clay", "cliff", "crystal", "dale", "dawn", "dean", "dell", "destiny", "don"),
        *("drew", "dusty", "earnest", "ed", "eve", "faith", "forest", "frank", "gay", "gene", "german", "ginger", "grace", "grant", "guy"),
        *("hope", "hung", "hunter", "ivory", "jack", "jan", "jewel", "joy", "junior", "lance", "lane", "lee", "les", "ma", "mac", "mae"),
        *("mai", "major", "mar", "marc", "mark", "mat", "max", "may", "melody", "merry", "mi", "miles", "mina", "mini", "noble", "nell"),
        *("olive", "ona", "ora", "pa", "pat", "pearl", "penny", "precious", "prince", "princess", "queen", "ray", "rich", "rico", "rob"),
        *("rocky", "rod", "roman", "rose", "royal", "rusty", "sal", "sandy", "sang", "sol", "son", "stan", "star", "sue", "summer", "sun"),
        *("sung", "sunny", "tad", "terra", "tim's", "ty", "van", "vern", "vida", "violet", "ward", "will", "young", "victor", "king"),
        *("love", "see", "so", "an", "do", "my", "le", "man", "many", "long", "un", "en", "su", "in", "be", "see", "so", "ha", "hai"),
        *("bill", "nick", "rocky", "sherry", "tawny", "april", "june", "august", "july", "summer", "christian", "angel", "amber", "iris"),
        *("daisy", "lily", "ivy", "heather", "holly", "hazel", "jade", "ruby", "robin", "jay", "dick", "bob", "wade", "trinity", "genie"),
        *("kitty", "honey", "star", "harmony", "constance", "patience", "prudence", "mercy", "patsy", "jean", "jewell", "reed", "brook"),
        *(
            "brooks",
            "glen",
            "heath",
            "cruz",
            "carol",
            "page",
            "paige",
            "sharp",
            "bonnie",
            "dolly",
            "lane",
            "marine",
            "pierce",
            "josh",
            "dan",
        ),
        *("kip", "chip", "clint", "gale", "gail", "kay", "dee", "bee", "jo", "em", "ali", "al", "lan", "lin", "lu", "mo", "era", "maple"),
        *(
            "echo",
            "temple",
            "salina",
            "signe",
            "gaylord",
            "bishop",
            "duke",
            "earl",
            "freed",
            "hobert",
            "cash",
            "jarred",
            "lucky",
            "scottie",
        ),
        *("blaine", "stormy", "tea", "tiny", "toya", "valentine", "valentin", "velvet", "wonder", "delta", "romeo", "oscar", "charlie"),
        *(
            "juliet",
            "mike",
            "india",
            "florida",
            "america",
            "africa",
            "china",
            "asia",
            "kenya",
            "israel",
            "jordan",
            "chad",
            "cuba",
            "france",
        ),
        *("paris", "london", "sydney", "melbourne", "milan", "florence", "geneva", "vienna", "odessa", "verona", "siena", "savannah"),
        *("dallas", "austin", "houston", "denver", "phoenix", "cheyenne", "dakota", "montana", "nevada", "georgia", "carolina", "virginia"),
        *("tennessee", "indiana", "arizona", "alaska", "orlando", "memphis", "raleigh", "charlotte", "aurora", "lincoln", "jackson"),
        *("madison", "cleveland", "washington", "clinton", "columbus", "kingston", "chester", "lancaster", "stafford", "lima", "santiago"),
        *("santa", "san", "los", "santos", "jesus", "mohammed", "jerusalem", "troy", "carmel", "marion", "tyler", "irving", "garland"),
        *("norman", "wayne", "delaware", "devon", "kent", "cambridge", "leicester", "orient", "east", "west", "north", "south", "midland"),
        *("english", "french", "spanish", "christmas", "sunday", "monday", "friday", "saturday", "noel", "nova", "mercedes", "lexus"),
        *(
            "ima",
            "easter",
            "numbers",
            "porsche",
            "portia",
            "chanel",
            "tiffany",
            "armani",
            "ray-ban",
            "loan",
            "leisure",
            "buster",
            "boy",
            "babe",
            "art's",
            "bart's",
        ),
    )
)
"""First names of the census list that are as often a word, a place or a month: a name only where something else says so."""
