"""How a word that stands in no dictionary is pronounced: from the words it is made of, or else letter by letter.

Phones are those of the CMU dictionary without stress (ARPAbet). Held out from that dictionary, the letter rules alone get the share of
phones wrong that `tests/stages/align/test_pronounce.py` holds them to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

Phones = tuple[str, ...]
Lookup = Callable[[str], str | None]
"""Phones of a word, with spaces between, or None when it is not known."""

RULES: dict[str, str] = {
    "a": (
        "ar(?=r)=EH R;^are$=AA R;(?<=w)a(?=r)=AO;(?<=qu)a(?=r)=AO;are$=EH R;(?<=[^aeiou])are(?=[sd]$)=EH R;air=EH R"
        ";ary$=EH R IY;ar$=AA R;ar=AA R;augh(?=t)=AO;au=AO;aw=AO;ay=EY;ai(?=n$)=EY;ai=EY;ah=AA;all$=AO L;al(?=[kmd])=AO L"
        ";a(?=tion)=EY;a(?=cial)=EY;age$=IH JH;a(?=ble$)=AH;able$=AH B AH L;al$=AH L;als$=AH L Z;ate$=EY T"
        ";(?<=[^aeiou])a(?=[^aeiouwxy]e$)=EY;(?<=[^aeiou])a(?=[^aeiouwxy]e[sd]$)=EY;a(?=[^aeiouwxyr]ing$)=EY;a(?=ste$)=EY"
        ";a(?=nge)=EY;(?<=w)a(?=[st])=AA;(?<=w)a(?=n)=AA;^a(?=[bcdfgl]{2})=AH;^a(?=[bglmrst][aeou])=AH;a$=AH;an$=AH N"
        ";ans$=AH N Z;a(?=[^aeiou][aiou])=AH;a=AE"
    ),
    "b": "bb=B;(?<=m)b$=;(?<=m)b(?=s$)=;b=B",
    "c": (
        "cc(?=[eiy])=K S;cc=K;ck=K;c(?=ia[ln])=SH;c(?=iou)=SH;c(?=ien)=SH;cqu=K W;^ch(?=r)=K;sch=SH;ch(?=[rl])=K;chs$=K S"
        ";tch=CH;ch=CH;c(?=[eiy])=S;c=K"
    ),
    "d": "dd=D;dge=JH;dj=JH;(?<=[pkfcsxh]e)d$=T;d=D",
    "e": (
        "(?<=[^aeiou])e$=;(?<=[aeiou])e$=;(?<=[dt])ed$=AH D;(?<=[aeiouylrnmbgvzwsckpfhx])ed$=D;(?<=[aeiou])es$=Z"
        ";(?<=s|x|z)es$=AH Z;(?<=[cg])es$=AH Z;(?<=[cs]h)es$=AH Z;(?<=[^aeiou])es$=Z;eer=IH R;ear(?=[dnlt][^s])=ER;ear=IH R"
        ";eau=OW;ea(?=d$)=EH;ea(?=[ds]th)=EH;ea(?=[lv]th)=EH;ea=IY;ee=IY;eigh=EY;ei(?=[nl])=AY;ei=IY;ey$=IY;ey=EY;eu=UW;ewe=UW"
        ";ew=UW;er$=ER;ers$=ER Z;er(?=[aeiou])=EH R;er=ER;el$=AH L;els$=AH L Z;en$=AH N;ens$=AH N Z;ent$=AH N T;ents$=AH N T S"
        ";ence$=AH N S;ement$=M AH N T;eness$=N AH S;ess$=AH S;et$=AH T;ets$=AH T S;^e(?=[mn][^aeiou])=IH;^ex(?=[aeiou])=IH G Z"
        ";^ex=IH K S;^re(?=[^aeiou])=R IY;e(?=ly$)=;e(?=ful)=;e(?=less)=;e(?=some)=;e(?=man$)=;(?<=^d)e(?=[^aeiou][aeiou])=IH"
        ";(?<=^r)e(?=[^aeiou][aeiou])=IH;(?<=^b)e(?=[^aeiou][aeiou])=IH;(?<=^pr)e(?=[^aeiou][aeiou])=IY;e(?=[^aeiou]e$)=IY"
        ";eo=IY OW;e(?=[^aeiou][io]a)=IY;(?<=[aeiouy][^aeiou])e(?=[^aeiou][aeiou])=AH"
        ";(?<=[aeiouy][^aeiou]{2})e(?=[^aeiou][aeiou])=AH;e=EH"
    ),
    "f": "ff=F;f=F",
    "g": (
        "gg=G;^gn=N;gn$=N;gns$=N Z;ght=T;^gh=G;gh$=;gh=G;gu(?=[ei])=G;gue$=G;^ge(?=t)=G EH;^gi(?=[rvfgl])=G IH;(?<=n)g(?=er$)=G"
        ";g(?=[eiy])=JH;g=G"
    ),
    "h": "(?<=[aeiou])h(?=[^aeiou]|$)=;(?<=r)h=;h=HH",
    "i": (
        "igh=AY;ign$=AY N;ier$=IY ER;iers$=IY ER Z;ied$=IY D;ies$=IY Z;ious$=IY AH S;(?<=[stc])ion$=AH N;ion$=Y AH N"
        ";ism$=IH Z AH M;ing$=IH NG;ings$=IH NG Z;ine$=IY N;ille$=IH L;ive$=IH V;ite$=AY T;ize$=AY Z;ise$=AY Z;ile$=AY L"
        ";ique$=IY K;ir(?=r)=IH R;ire$=AY R;ir=ER;ie$=IY;ie(?=[lfvcn])=IY;ial$=IY AH L;ia$=IY AH;ian$=IY AH N;ians$=IY AH N Z"
        ";io$=IY OW;ios$=IY OW Z;i(?=[aou])=IY;(?<=[^aeiou])i(?=[^aeiouwxr]e$)=AY;(?<=[^aeiou])i(?=[^aeiouwxr]e[srd]$)=AY"
        ";i(?=[ln]d$)=AY;i$=IY;is$=IH S;i=IH"
    ),
    "j": "j=JH",
    "k": "^kn=N;kk=K;k=K",
    "l": (
        "(?<=[aeiou][^aeiourlwyh])le$=AH L;(?<=[^aeiou]{2})le$=AH L;(?<=[aeiou][^aeiourlwyh])les$=AH L Z"
        ";(?<=[^aeiou]{2})les$=AH L Z;(?<=[^aeiourlwyh])led$=AH L D;ll=L;l=L"
    ),
    "m": "^mc(?=[ckqg])=M AH;^mc=M AH K;^mac(?=[^aeioukhehy])=M AH K;mm=M;(?<=s)m$=AH M;m=M",
    "n": "nn=N;ng$=NG;ngs$=NG Z;ng(?=[aeiou]r$)=NG;n(?=g[^aeiyj])=NG;n(?=[kx])=NG;nc(?=[tk])=NG K;n=N",
    "o": (
        "ough(?=t)=AO;ough$=OW;ould$=UH D;ous$=AH S;oust=AW S T;ou(?=p)=UW;our$=AO R;our=AO R;ouse$=AW S;ou(?=[nstdrlc])=AW"
        ";ou=UW;oor=AO R;oo(?=[kd])=UH;oo=UW;oa(?=r)=AO;oa=OW;oy=OY;oi=OY;oe$=OW;oes$=OW Z;oe=OW;own$=AW N;ow$=OW;ows$=OW Z"
        ";ow(?=[dl])=AW;ow=OW;or$=ER;ors$=ER Z;(?<=w)or(?=[dklmst])=ER;or=AO R;on$=AH N;ons$=AH N Z;ol(?=[dlt])=OW L"
        ";o(?=st$)=OW;o$=OW;os$=OW Z;o(?=ng)=AO;o(?=ff)=AO;o(?=ss)=AO;o(?=th$)=AO;(?<=[^aeiou])o(?=[^aeiouwxyr]e$)=OW"
        ";(?<=[^aeiou])o(?=[^aeiouwxyr]e[srd]$)=OW;^o(?=[^aeiou][aeiou])=OW;(?<=^[^aeiou])o(?=[^aeiou][aeiou])=OW"
        ";(?<=^[^aeiou][^aeiou])o(?=[^aeiou][aeiou])=OW;o(?=tion)=OW;^com(?=[bmp])=K AH M;o(?=mm)=AH"
        ";(?<=[aeiouy][^aeiou])o(?=[^aeiou][aeiou])=AH;o=AA"
    ),
    "p": "ph=F;pp=P;^ps(?=[yea])=S;^pn=N;^pt=T;p=P",
    "q": "que$=K;ques$=K S;qu(?=e[^aeiou])=K W;qu=K W;q=K",
    "r": "rrh=R;rh=R;rr=R;r=R",
    "s": (
        "sh=SH;ssion=SH AH N;(?<=[aeiou])sion=ZH AH N;sion=SH AH N;ssure=SH ER;(?<=[aeiou])sure=ZH ER;sc(?=[eiy])=S;sch=SH;ss=S"
        ";(?<=[aeiou])s(?=[aeiouy])=Z;(?<=^[aeioubcdfghklmnprst][aeiou])s(?=[aeiou])=S;^s=S;'s=Z;(?<=[bdgvlmnrwyz])s$=Z"
        ";(?<=[aeo])s$=Z;(?<=i)s$=S;s(?=m$)=Z;s=S"
    ),
    "t": (
        "tion$=SH AH N;tions$=SH AH N Z;tion=SH AH N;tia=SH AH;tious=SH AH S;tch=CH;th(?=m)=TH;the$=DH;ther=DH ER;th=TH;tt=T"
        ";ture$=CH ER;tures$=CH ER Z;tur(?=[aei])=CH ER;tu(?=a)=CH UW;tz$=T S;(?<=s)t(?=le)=;(?<=s)t(?=en)=;t=T"
    ),
    "u": (
        "uy=AY;ui(?=[st])=UW;ue$=UW;ues$=UW Z;ur(?=[aeiou])=Y UH R;ur=ER;ull$=UH L;ul$=AH L;um$=AH M;us$=AH S;u$=UW;^un=AH N"
        ";^u(?=[^aeiou][aeiou])=Y UW;(?<=[bcfhmpv])u(?=[^aeiou][aeiou])=Y UW;(?<=[aeiou][bcfghmpvl])u(?=[^aeiou][aeiou])=Y AH"
        ";u(?=[^aeiou][aeiou])=UW;ush=UH SH;u=AH"
    ),
    "v": "vv=V;v=V",
    "w": "^wh(?=o)=HH;wh=W;^wr=R;w$=;w=W",
    "x": "^x=Z;x=K S",
    "y": (
        "^y=Y;(?<=[aeiou])y(?=[aeiou])=Y;(?<=^[^aeiou])y$=AY;(?<=^[^aeiou]{2})y$=AY;y$=IY;ys$=IY Z;fy$=F AY"
        ";(?<=[^aeiou])y(?=[^aeiou]e$)=AY;(?<=[^aeiou])y(?=[^aeiou]{2})=IH;y(?=[^aeiou])=IH;y=IY"
    ),
    "z": "zz(?=[ai])=T S;zz=Z;^sz=SH;zh=ZH;z$=Z;z=Z",
}
"""For each letter, rules in order: a regular expression of what they match, then the phones it is said with; the first that fits wins."""

ENDINGS: tuple[tuple[str, str, str], ...] = (
    *(("'s", "", "S"), ("s'", "", "S"), ("s", "", "S"), ("es", "", "S"), ("ies", "y", "S"), ("ed", "", "D"), ("ed", "e", "D")),
    *(("d", "", "D"), ("ing", "", "IH NG"), ("ing", "e", "IH NG"), ("in'", "", "IH N"), ("er", "", "ER"), ("er", "e", "ER")),
    *(("ers", "", "ER Z"), ("ly", "", "L IY"), ("ness", "", "N AH S"), ("ment", "", "M AH N T"), ("less", "", "L AH S")),
    *(("ish", "", "IH SH"), ("able", "", "AH B AH L"), ("'ll", "", "AH L"), ("'d", "", "D"), ("'ve", "", "AH V"), ("'re", "", "ER")),
    *(("'m", "", "M"), ("y", "", "IY"), ("ist", "", "IH S T"), ("ism", "", "IH Z AH M"), ("ful", "", "F AH L"), ("wise", "", "W AY Z")),
)
"""Ending, what the stem is written with instead, and its phones; `S` and `D` stand for those endings after any sound."""
PREFIXES = {
    "un": "AH N",
    "re": "R IY",
    "pre": "P R IY",
    "non": "N AA N",
    "mis": "M IH S",
    "over": "OW V ER",
    "under": "AH N D ER",
    "out": "AW T",
    "super": "S UW P ER",
    "inter": "IH N T ER",
    "anti": "AE N T IY",
    "multi": "M AH L T IY",
    "semi": "S EH M IY",
    "micro": "M AY K R OW",
}
HISS = {"S", "Z", "SH", "ZH", "CH", "JH"}
VOICELESS = {"P", "T", "K", "F", "TH", *HISS - {"Z", "ZH", "JH"}}
SHORTEST = 3
"""Letters of the shortest word that is looked for inside another."""
VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


@cache
def _rules() -> dict[str, tuple[tuple[re.Pattern[str], Phones], ...]]:
    made = {}
    for letter, text in RULES.items():
        pairs = (rule.strip().rpartition("=") for rule in re.split(r";(?=\S)", text) if rule)
        made[letter] = tuple((re.compile(pattern), tuple(phones.split())) for pattern, _, phones in pairs)
    return made


def by_letters(word: str) -> Phones:
    """Phones of a word in lower-case letters and apostrophes, by the rules of English spelling alone; never empty."""
    rules, at = _rules(), 0
    found: list[str] = []
    while at < len(word):
        fits = ((match.end() - match.start(), phones) for pattern, phones in rules.get(word[at], ()) if (match := _fit(pattern, word, at)))
        size, phones = next(fits, (1, ()))
        found += phones
        at += max(1, size)
    doubled = [phone for i, phone in enumerate(found) if not i or phone != found[i - 1] or phone in VOWELS]
    return tuple(doubled) or ("AH",)


def _fit(pattern: re.Pattern[str], word: str, at: int) -> re.Match[str] | None:
    """The pattern at this place; one that starts with `^` fits at the start of the word only, whatever stands before its letter there."""
    match = pattern.match(word, at)
    return match if match and match.end() > at else None


def pronounce(word: str, lookup: Lookup) -> Phones:
    """Phones of a word that `lookup` does not know: from its stem and ending, from two words it is made of, or from its letters."""
    return _by_ending(word, lookup) or _by_parts(word, lookup) or by_letters(word)


def _by_ending(word: str, lookup: Lookup) -> Phones | None:
    for ending, instead, phones in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < SHORTEST:
            continue
        tries = [stem + instead]
        if not instead and len(stem) > SHORTEST and stem[-1] == stem[-2] and ending[0] in "aei":
            tries.append(stem[:-1])
        for each in tries:
            known = lookup(each)
            if known:
                return _with_ending(tuple(known.split()), phones)
    return None


def _with_ending(stem: Phones, ending: str) -> Phones:
    last = stem[-1]
    if ending == "S":
        return (*stem, *(("AH", "Z") if last in HISS else ("S",) if last in VOICELESS else ("Z",)))
    if ending == "D":
        return (*stem, *(("AH", "D") if last in ("T", "D") else ("T",) if last in VOICELESS else ("D",)))
    return (*stem, *ending.split())


def _by_parts(word: str, lookup: Lookup) -> Phones | None:
    for prefix, phones in PREFIXES.items():
        rest = word.removeprefix(prefix)
        if rest != word and len(rest) > SHORTEST and (known := lookup(rest)):
            return (*phones.split(), *known.split())
    middles = sorted(range(SHORTEST, len(word) - SHORTEST + 1), key=lambda i: abs(2 * i - len(word)))
    for i in middles:
        head, tail = lookup(word[:i]), lookup(word[i:])
        if head and tail:
            return (*head.split(), *tail.split())
    return None
