"""How much a run of letters reads like words: a small model of letter pairs.

The table was counted by us over the identifiers and words of the Python standard library: row = letter before (first row: start of a word),
column = letter; a character's code less 48 is four times the bits of surprise.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SURPRISE = (
    r"@C>@ABDF@PLCACE?O@=AEIEMPP",
    r"XC?ARNDTDYJ<@>WBY<?:HJKKHW",
    r"<GDH>QNM>CR:JK?GTA@I=WZTBO",
    r"<XGK=OR>CZ@@HO9MUBG<DQTXKZ",
    r"?IID7HPQ9QSELJ?KUDAGBLPQKZ",
    r"AM@=EEIQLZPBC=LEL:<?PHJBLX",
    r"@QIH?=LS8ZW@LM<LS>DD@SUZHZ",
    r"BMIM6NFB>ZXBG?CHZ??HAMQZRM",
    r"9TMI8MTP<ZPHGJ:QZCGAFTWZJT",
    r"EF@DDEDZUXR@B8>EWD?>YEZJZF",
    r"<VJK8KVPAVALPN<DVGDL8VNVIV",
    r"AQGE6IFN<YU?MCFHOG=FEMBZOZ",
    r"<OJD8LRT:ZQ>PL=JZPBBDNTZ@T",
    r":COG8QYT>ZOHDL><ZNCGDZWZLZ",
    r">P@==D;OAXHIOGAJWP?;FGRYNZ",
    r"JGA@OHIUIXHA@9E@Z:BB@GCMVT",
    r";PJJ:IQI@ZO>RM=AS;D?DSNZDZ",
    r"NXQHXNXQLNXHQEKXIBFJ1XMXXX",
    r"=OEE8KFV=ZJJCF=IZA?AGLNYFZ",
    r"DRBL9LKB=WJFIKCBTL>9@OLUFZ",
    r">OFI9JT?:ZTFIM@GZ>@DEQMSDS",
    r"DADHAFGZCZY>?:J@Z=>=UUZTZW",
    r"9ORZ4OMR;ZUZHLBNWLONUKMRVS",
    r":OHD<HS@;WWGPA>MP<?IQQIIZQ",
    r"BH=H=DOI=ZUEFTF;ZIF8ONNDEO",
    r"HFDG?DLLAZYCA=E9TE==OIFVHI",
    r"?PJQ3QTP:ZZJEK@NZKJKQZZTKP",
)
_WORDLIKE_BITS = 4.9
_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@lru_cache(maxsize=8192)
def surprise(word: str) -> float:
    """Mean bits a letter of a lower-case word: about 3.7 for English, 4.8 to 7 for random letters."""
    row, total = 0, 0
    for letter in word:
        column = ord(letter) - 97
        total += ord(_SURPRISE[row][column]) - 48
        row = column + 1
    return total / 4 / max(1, len(word))


def letter_runs(text: str) -> list[str]:
    """The runs of letters as camel case divides them, lower case."""
    return [run.lower() for run in _RUN.findall(text)]


def word_share(text: str) -> float:
    """The share of characters, 0 to 1, that stand in runs of four or more letters that read like a word."""
    if not text:
        return 0.0
    return sum(
        len(run) for run in letter_runs(text) if len(run) >= 4 and surprise(run) < _WORDLIKE_BITS
    ) / len(text)
