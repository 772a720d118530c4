"""Marks of transcribers that are no words, taken out; all else stays as written.

What was said stays, also what was said twice, broken off, doubtful, foreign or coined; a word that was said otherwise than meant stays as
meant in Switchboard and as said in CHAT. Punctuation and letter case stay. The rules, in the order in which they are used:

CHAT (the CHAT manual, part 1, chapters 8 and 9)
    `&=laughs`, `&{l=sings … &}l=sings`, `&*INV:mhm` (another's word), `0is` (not said), `xxx` `yyy` `www` (not understood): nothing
    `&-um` is um, `&~gaga` is gaga, `&+wa` and (before 2014) `&wa` are a word broken off, wa-
    `(.)` `(..)` `(1.5)` pauses, `+...` `+/.` `+"/.` `+<` and other marks of how an utterance ends or begins: nothing
    `<I want> [/] I want`, `[//]` `[///]` `[/-]` retracings, `[= comment]` `[: meant]` `[*]` `[?]` `[!]` `[>]` `[<]` `[x 4]`: the words
    `gumma@c`, `b@l`, `hola@s:spa`: the word; `(be)cause`: because; `Hong_Kong`: two words; `no:o`, `^`, `≠`, `⌈` and arrows: no marks
The LDC's CALLHOME (LDC97T14 and its like; catalog.ldc.upenn.edu/docs/LDC2001T14/transcript_spec.html)
    `{laugh}` `{cough}` `{breath}` … sounds of the speaker, `[static]` `[background/]` `[/background]` others, `[[long pause]]` comments
    `&Lydia` and `^Lydia` are names, `%um` no word of the lexicon, `**schlump**` and `*schlump` coined, `+probably+` and `+probably` said
    wrongly, `@NATO` and `~FBI` acronyms, `//aside//`, `#both at once#`, `<Spanish hola>` and `<?hola>` foreign: the words
Switchboard (the ISIP's rules, as Kaldi's swbd1_map_words.pl has them, but for the word meant)
    `[laughter-yes]` is yes, `[splace/space]` is space, `th[at]-` is th- and `-[un]til` is -til, `{chowpherd}` a word, `them_1` is them
    `[silence]` `[noise]` `[vocalized-noise]` `[laughter]` `<b_aside>` `<e_aside>`: nothing
Fisher (the readme of LDC2004T19)
    `((i think))` is doubtful: the words; `(( ))` nothing; `[laughter]` `[noise]` `[sigh]` `[mn]`: nothing; `m._c._i.'s` is m. c. i.'s
PriMock57, and whatever else stands in square or angle brackets
    `<UNSURE>word</UNSURE>` is word, `<UNIN/>` nothing
"""

from __future__ import annotations

import re

SOUNDS = (
    *("laugh", "laughs", "laughing", "laughter", "cough", "coughs", "coughing", "sneeze", "sneezes", "breath", "breaths", "breathing"),
    *("inhale", "inhales", "exhale", "exhales", "lipsmack", "lip", "sigh", "sighs", "sniff", "sniffs", "sniffle", "gasp", "gasps"),
    *("yawn", "yawns", "cry", "crying", "click", "clicks", "swallow", "throat", "whistle", "whistles", "hum", "humming", "burp"),
    *("hiccup", "scream", "groan", "noise"),
)
"""What the LDC's transcribers write in braces for sounds of the speaker; in Switchboard braces stand around a coined word."""
MOST_NESTED = 4
"""Retracings inside of retracings that are looked into."""

_START, _END, _LETTER = r"(?<!\S)", r"(?!\S)", r"[^\W\d_]"
_CODE = r"\s*\[(?:[/=!?*<>:%^+\"#]|x \d|e\]|-)"
_RETRACED = re.compile(rf"<([^<>/][^<>]*)>(?={_CODE})")

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (rf"{_START}&(?:=|[{{}}][ln]=|\*\w+:)\S+", " "),
        (rf"{_START}&[-~](?=\w)", ""),
        (rf"{_START}&(?:\+|(?=[a-zà-öø-ÿ]))({_LETTER}[\w']*)-?", r"\1-"),
        (rf"{_START}[&^~%@*](?={_LETTER})", ""),
        (rf"{_START}0{_LETTER}\S*", " "),
        (rf"{_START}(?:xxx|yyy|www)(?![^\s.,?!])", " "),
        (r"\((?:\.+|(?:\d+:)?\d+\.\d*)\)", " "),
        (rf"{_START}\+(?:[^\s\w]+|\.\.\.?\S?){_END}", " "),
        (rf"(?<=\w)@[a-z]{{1,2}}(?:[:$][\w&+]+)?(?=[.,?!;]*{_END})", ""),
        (rf"(?<={_LETTER})\(([a-zà-öø-ÿ']+)\)|(?<![\w)])\(([a-zà-öø-ÿ']+)\)(?={_LETTER})", r"\1\2"),
        (r"[‡„↑↓≈≋⌈⌉⌊⌋∆∇⁎◉≠∾⁑]", ""),
        (rf"(?<={_LETTER})(?::+(?={_LETTER}{{1,3}}\b)|\^+(?={_LETTER}))", ""),
        # CALLHOME. A broken off word of Switchboard may hold brackets: its rules come before the one for comments.
        (rf"\*\*|{_START}//|//(?=[.,?!]*{_END})", ""),
        (rf"{_START}#([^#\n]+)#{_END}", r"\1"),
        (rf"{_START}\+({_LETTER}[^\s+]*)\+?(?=[.,?!]*{_END})", r"\1"),
        (r"<\?\s*([^<>]*)>|<[A-Z][a-z]+\s+([^<>]*)>", r"\1\2"),
        (r"(?<=[\w'])\[(?!noise|laughter|silence|vocalized)[^\[\]\s/*]*\]-?(?=[\s\]/]|$)", "-"),
        (rf"(?<=-)\[[^\[\]\s]*\](?={_LETTER})", ""),
        (r"\[laughter-([^\[\]]+)\]", r"\1"),
        (r"\[[^\[\]/][^\[\]]{0,60}/([^\[\]/]+)\]", r"\1"),
        (r"\[\[[^\[\]]*\]\]", " "),
        (r"\(\(|\)\)", " "),
        (rf"\{{[^{{}}]{{0,30}}\b(?:{'|'.join(SOUNDS)})\b[^{{}}]{{0,30}}\}}", " "),
        (r"\{([^{}]*)\}", r"\1"),
        (r"<[^<>]*>", " "),
        (r"\[[^\[\]]*\]", " "),
        (r"_\d\b", ""),
        (rf"(?<={_LETTER}\.)_(?={_LETTER}\.)|(?<={_LETTER})_(?={_LETTER})(?!\S{{0,60}}@)", " "),
    )
)
_SPOKEN = re.compile(r"\w")


def words(text: str, keep: bool = False) -> tuple[str, ...]:
    """The words of an utterance. `keep` leaves every mark where it is.

    A word without a letter or digit belongs to the word before it, as punctuation; ahead of all words it is dropped.
    """
    if not keep:
        text = _said(text)
    found: list[str] = []
    for part in text.split():
        if keep or _SPOKEN.search(part):
            found.append(part)
        elif found:
            found[-1] += part
    return tuple(found)


def _said(text: str) -> str:
    for _ in range(MOST_NESTED):
        text = _RETRACED.sub(r"\1", text)
    for pattern, by in _RULES:
        text = pattern.sub(by, text)
    return text
