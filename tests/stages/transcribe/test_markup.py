"""The marks of each transcription scheme, rule by rule, and laws that hold for any text."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.transcribe.formats.markup import words

CHAT = [
    ("&-um I &+wa want &wa- want", "um I wa- want wa- want"),
    ("&=clears:throat yes &=laughs .", "yes."),
    ("&~gaga &*INV:mhm &{l=sings la &}l=sings la", "gaga la la"),
    ("0is xxx here www yyy", "here"),
    ("well xxx.", "well."),
    ("(be)cause tol(d) him (a)bout it", "because told him about it"),
    ("so (.) what (..) (1.5) (1:02.5) now", "so what now"),
    ("<I want> [/] I want [*] it [?]", "I want I want it"),
    ("<<the the> [/] the cat> [//] a <dog> [///] bird <and> [/-] x", "the the the cat a dog bird and x"),
    ("I goed [: went] home [= the house] [=! laughing] <now> [!!] [x 3]", "I goed home now"),
    ("<yeah> [>] <right> [<1] [+ bch] [- spa]", "yeah right"),
    ("b@l c@l gumma@c hola@s:spa no@s, abc@k.", "b c gumma hola no, abc."),
    ('yes +... no +/. so +//? who +"/. +< what +, and ++ then +..?', "yes no so who what and then"),
    ("no:o so::o ice^cream Hong_Kong ↑up↓ ⌈both⌉ end ‡", "noo soo icecream Hong Kong up both end"),
]
CALLHOME = [
    ("{laugh} yeah {breath} (( )) [distortion] {clears throat}", "yeah"),
    ("[static/] one [/static] [[long pause]] two [background]", "one two"),
    ("&Lydia ^Van @NATO ~FBI %um *schlump **two words**, &张三", "Lydia Van NATO FBI um schlump two words, 张三"),
    ("+probably+ +maybe, an A+ in C+ now", "probably maybe, an A+ in C+ now"),
    ("//hey stop// I #yeah right# said <Spanish hola amigo> <?foo bar>", "hey stop I yeah right said hola amigo foo bar"),
    ("week- -- and", "week--- and"),
]
SWITCHBOARD = [
    ("uh [laughter-yes] [laughter-tele[vision]-] [laughter]", "uh yes tele-"),
    ("i [cha[pe]-/shape] [evalu/evaluate] see", "i shape evaluate see"),
    ("a[round]- th[at]- i[t's]- f[rom] -[un]til", "a- th- i- f- -til"),
    ("a {chowpherd} about_1 them_1's <b_aside> so <e_aside>", "a chowpherd about them's so"),
    ("[silence] [noise] [vocalized-noise] twenty[noise] one", "twenty one"),
]
FISHER = [
    ("(( oh yeah )) ((i think)) (( )) so", "oh yeah i think so"),
    ("[laughter] [noise] [sigh] [mn] an- [lipsmack] so", "an- so"),
    ("m._c._i.'s on u._s. t._v.", "m. c. i.'s on u. s. t. v."),
]
PLAIN = [
    ("write to joe@x.com or a_b@example.org, R&B at AT&T", "write to joe@x.com or a_b@example.org, R&B at AT&T"),
    ("the year 05, 0.5 or (1991) at 10:30", "the year 05, 0.5 or (1991) at 10:30"),
    ("5% of C# is #1", "5% of C# is #1"),
    ("a & b", "a& b"),
]


@pytest.mark.parametrize(("text", "said"), CHAT + CALLHOME + SWITCHBOARD + FISHER + PLAIN)
def test_a_mark_is_taken_out_and_the_words_stay(text: str, said: str) -> None:
    assert " ".join(words(text)) == said
    assert words(text, keep=True) == tuple(text.split())


@given(st.lists(st.from_regex(r"[a-z]{1,8}('[a-z]{1,2})?-?[.,?]?", fullmatch=True), max_size=9))
def test_text_without_marks_stays_as_it_is(said: list[str]) -> None:
    plain = [word for word in said if not re.fullmatch(r"(?:xxx|yyy|www)\W*", word)]
    assert words(" ".join(plain)) == tuple(plain)


@given(st.text(alphabet="ab1 .,'-<>[](){}&+/@_:#*%^~=0\x15", max_size=40))
def test_no_letter_or_digit_is_made_up_and_no_word_is_empty(text: str) -> None:
    found = words(text)
    assert all(re.search(r"\w", word) for word in found)
    made = iter(text)
    assert all(letter in made for letter in re.sub(r"[^a-z0-9]", "", "".join(found)))


NESTED = "<a " * 20_000 + "> [/]" * 20_000
UNENDED = "{laugh " * 20_000 + "[a/" * 20_000


@pytest.mark.parametrize(
    "text", [NESTED, UNENDED, *(mark * 50_000 for mark in ("<", "[", "(", "&", "a[", "+", "#a ", "[a/b", "a_", "a:", "(a"))]
)
def test_endless_marks_take_no_time(text: str) -> None:
    begun = time.process_time()
    words(text)
    assert time.process_time() - begun < 5
