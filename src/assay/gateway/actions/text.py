"""Texts that an agent reads: instructions meant for it, hidden characters, terminal tricks; descriptions of tools that steer it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import re2

_MAX_TEXT = 200_000
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061\u2062\u2063\u2064"
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_HIDDEN = re2.compile(
    f"[\U000e0020-\U000e007f]{{3,}}|[{_BIDI}]|[A-Za-z][{_ZERO_WIDTH}][A-Za-z]|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{4,}}"
)
# Escape sequences that move the cursor, erase, set titles, links or the clipboard. Colours (ending in m) are ordinary.
_TERMINAL = re2.compile(
    r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\[(?:[0-9]+;)*8m|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x9b[0-9;?]*[A-Za-ln-z]"
)
_AI = r"(?:ai(?: coding)? (?:agents?|assistants?|models?|systems?|tools?)|ais\b|llms?|language models?|(?:coding |virtual )?assistants?|chatbots?|claude|gpt|copilot|gemini|cursor|codex|agents?)"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of an instruction for the agent: a name, its pattern, and its weight; 2 in sum is an instruction."""

    name: str
    pattern: object
    weight: int


def _sign(name: str, pattern: str, weight: int) -> Sign:
    return Sign(name, re2.compile(f"(?is:{pattern})"), weight)


_OVERRIDE = r"(?:ignore|disregard|forget|override|bypass|discard|do not follow|stop following)\b[^.\n]*\b(?:previous|prior|above|earlier|preceding|original|system|existing|all|any|your|other|safety)\b[^.\n]*\b(?:instructions?|prompts?|rules?|guidelines?|directions?|commands?|messages?|context|tasks?|constraints?|polic(?:y|ies))"
_ACTS = (
    r"(?:send|forward|e-?mail|post|upload|transfer|wire|pay|buy|purchase|order|book|reserve|invite|share|publish|delete|remove|visit|open|navigate|browse|click|download|install|execute|run|grant|give|reveal"
    r"|exfiltrate|leak|copy|read|print|output|reply|respond|write|change|update|reset|set|add|create|say|tell|recommend|mention|include|append|make|get|call|use|list|search|find|retrieve|fetch|access|disable|schedule)"
)
_OUTWARD = r"(?:send|forward|e-?mail|transfer|wire|pay|buy|purchase|book|reserve|invite|visit|browse|navigate|say|tell|recommend|claim|reply|respond|grant|reveal|leak|exfiltrate|schedule|make a (?:reservation|booking|payment|purchase|transfer)|refer)"
_STAKES = (
    r"(?:https?://|www\.|e-?mails?|messages?|passwords?|credentials?|tokens?|api.?keys?|secrets?|iban\b|transactions?|bank|money|\$\s?\d|usd|accounts?|slack|channels?|calendar|events?|appointments?|hotels?|restaurants?|flights?|reservations?"
    r"|files?|contacts?|address(?:es)?|phone|links?|webpages?|websites?|users?|invoices?|payments?|private|confidential|personal|history|environment variables?|\.env|\.ssh|ssh keys?|curl|wget|bash|sudo|rm -rf|git push|shell|devices?|locks?|doors?|records?|data|bookings?|security codes?|verification codes?|balances?|reviews?|participants?|subject|profile)"
)
_SIGNS = (
    _sign("override", _OVERRIDE, 2),
    _sign("new-instructions", r"\b(?:new|updated|real|actual|important|urgent|critical|hidden|secret|special) (?:system )?instructions?\b\s*(?:[:!\-]|for|from|are|follow)", 2),
    _sign("forged-role", r"<\|?(?:im_start|system|assistant|user|endoftext)\|?>|\[/?(?:inst|system)\]|</?(?:system|instructions?|important|hidden|admin|secret|assistant)>|(?:^|\n)\s*#{0,3}\s*(?:system|assistant)\s*(?:message|prompt|override)?\s*:", 2),
    _sign("to-the-agent", rf"\b(?:note|message|instructions?|attention|notice|reminder|hint|hey|dear|hello|important|warning|request|task|todo)\b[^.\n]{{0,20}}\b(?:to|for|:)?\s*(?:all |any |the |you,? |my )*{_AI}\b\s*(?:[:,!.\-]|reading|who|that|working|processing|should|must|please)", 2),
    _sign("if-you-are-an-agent", rf"\b(?:if|when|since|as) you(?:'re| are) (?:an? |the )?(?:\w+ )?{_AI}\b|\byou are now (?:an? |the |in )?(?:\w+ ){{0,2}}(?:{_AI}|\w+ mode)|\byou are (?:an? |the |in )?(?:\w+ ){{0,2}}(?:dan\b|developer mode|jailbroken|unrestricted|god mode)", 2),
    _sign("secrecy", r"\b(?:do not|don'?t|never|without|should not|shouldn'?t|must not|mustn'?t)\b[^.\n]*\b(?:mention|tell(?:ing)?|inform(?:ing)?|reveal|notify(?:ing)?|alert(?:ing)?|disclose|show|ask(?:ing)?|warn(?:ing)?)\b[^.\n]*\b(?:users?|humans?|anyone|anybody|owner|developer|operator|them|this|it)\b", 2),
    _sign("first-do", r"\bbefore (?:you )?(?:can |could |may )?(?:solv|complet|continu|finish|answer|proceed|do)\w*\b[^\n]*\b(?:do the following|follow(?:ing)? (?:steps|instructions)|please (?:do|first)|you must)\b", 2),
    _sign("message-to-you", rf"\b(?:message|instructions?|note|request) from (?:me|the (?:user|owner|developer|system|admin\w*))\b[^\n]*\bto you\b|\bto you, (?:the |my |an )?{_AI}", 2),
    _sign("on-behalf", r"\b(?:before (?:you|continuing|proceeding|answering|you can)|first|in order to|to (?:complete|finish|solve|continue))\b[^.\n]*\b(?:you (?:must|have to|need to|should)|please)\b[^.\n]*\b" + _STAKES, 1),
    # At the very start of a text, without a comment's mark: a task handed over, not a note among code.
    _sign("todo", rf"^\s*[\"'“]*(?:todo|tasks?|action required|action item|next step|instructions?)\s*[:!\-]\s*[\"'“ ]*(?:please )?(?:{_OUTWARD}\b|{_ACTS}\b[^\n]*{_STAKES})", 2),
    _sign("direct", rf"^\s*[\"'“]*(?:please |kindly )?{_OUTWARD}\b(?: (?:that|a|an|the|my|all|me|to)\b|\s*[\"']| \$?\d)[^\n]*(?:{_STAKES}|should|must)", 2),
    _sign("please-act", rf"(?:^|[.!?\n>\"'“(]\s*)(?:please |kindly |now |then |also |and |immediately |you (?:must|should|have to|need to) (?:now |first |also )?)+{_ACTS}\b[^\n]*{_STAKES}", 1),
    _sign("bare-act", rf"^\s*[\"'“]*(?:please |can you |could you )?{_ACTS}\b[^\n]*\b(?:my|the user'?s?|your|their|all|amy|an? attacker|for me|to me)\b[^\n]*{_STAKES}", 1),
    _sign("to-address", r"\b(?:send|forward|e-?mail|share|transfer|post|upload|pay|wire)\b[^.\n]*\b(?:to|with|at|via)\b[^.\n]*(?:[\w.+-]+@[\w-]+\.\w|https?://|www\.|\b[A-Z]{2}\d{2}[A-Z0-9]{8,}|account|attacker)", 1),
    _sign("pipe-to-shell", r"(?:curl|wget|env|cat)\b[^\n|]*\|\s*(?:sudo )?(?:ba|z)?(?:sh\b|curl|nc\b|python|tee)|base64 -d[^\n]*\|", 1),
    _sign("tell-to-run", r"\b(?:run|execute|type|paste)\b[^\n]{0,12}[`'\":]+[^\n]*(?:curl|wget|rm -rf|env\b|sudo|base64|/etc/|\.ssh|\.env|nc )", 1),
    _sign("exfiltration-image", r"!\[[^\]]*\]\(https?://[^)\s]+[?&][^)\s]*(?:\{|data=|q=|secret|token|env|key)", 2),
    _sign("addressed", rf"\bto (?:the |any |all |every )(?:\w+ )?{_AI}\b[^.\n]{{0,40}}:|\b(?:todo|note|fixme|instructions?)\s*\((?:an? )?{_AI}\)|\bas an? (?:\w+ )?{_AI}\b[^.\n]*\byou (?:should|must|need|have|are to|will)\b", 2),
    _sign("start-over", r"\b(?:ignore|disregard|forget)\s+(?:all |everything )?(?:of )?(?:the |that |this )?(?:you (?:were|have been) told )?(?:above|before|so far)\b|\b(?:your|the) (?:real|actual|true|new|only) (?:task|goal|objective|mission|purpose|job) (?:is|now)\b", 2),
    _sign("while-reading", r"\b(?:when|while|whenever|if|before|after) (?:you (?:are )?)?(?:summari[sz]|process|read|analy[sz]|translat|answer|review|index)\w* (?:this|the)\b[^\n]*\b(?:also|you must|include|append|send|add|make sure|first)\b[^\n]*" + _STAKES, 2),
    _sign("whoever", rf"\bwho(?:m)?ever (?:processes|reads|handles|reviews)\b|\b(?:human|humans) or {_AI}|{_AI} or humans?\b", 1),
    _sign("owner-act", rf"^\s*[\"'“]*(?:please |can you |could you )?(?:{_ACTS}|export|unlock|turn off|modify)\b[^\n]{{0,200}}\b(?:my|the user'?s|of the user|for me|to me|amy|an? attacker)\b[^\n]{{0,200}}{_STAKES}", 1),
    _sign("tell-nobody", r"\b(?:tell|inform|notify|alert) (?:nobody|no ?one|none)\b", 2),
    _sign("comment", rf"<!--[^>]*\b(?:{_AI}|instructions?|ignore|must|secretly)\b[^>]*\b{_ACTS}\b", 2),
)  # fmt: skip
_POISON = (
    _sign("marked", r"<\s*/?\s*(?:important|hidden|system|secret|instructions?|critical|internal|admin|note_to_(?:ai|assistant|model)|must|sidenote)\s*>", 2),
    _sign("secrecy", r"\b(?:do not|don'?t|never|without|should not|shouldn'?t|must not|mustn'?t)\b[^.\n]*\b(?:mention|tell(?:ing)?|inform(?:ing)?|reveal|notify(?:ing)?|disclose|show|explain|display|reference|ask(?:ing)?)\b", 2),
    _sign("before-use", r"\b(?:before|prior to|whenever|when|after|each time|every time|always)\b[^.\n]*\b(?:us(?:ing|e)|call(?:ing)?|invok(?:ing|e)|provid(?:ing|e)|access(?:ing)?|perform(?:ing)?|return(?:ing)?|this tool|answering|respond(?:ing)?)\b[^.\n]*\b(?:you )?(?:must|should|need to|have to|first|always)\b", 1),
    _sign("you-must", r"\byou (?:must|should|have to|need to|are required to|shall)\b", 1),
    _sign("secret-file", r"~/\.|\.ssh\b|id_rsa|\.aws\b|\.env\b|mcp\.json|/etc/passwd|/etc/shadow|credentials?\b[^.\n]*\b(?:file|from|in)\b|private keys?|api keys?|environment variables?|system://|internal://|conversation history|system prompt|previous messages", 1),
    _sign("asks-for-secret", r"\bcontents? of\b[^.\n]{0,40}(?:~/\.|\.ssh\b|\.aws\b|\.env\b|mcp\.json|/etc/(?:passwd|shadow))", 2),
    _sign("other-tool", r"\b(?:instead of|rather than|do not use|don'?t use|replaces?|supersedes?|always use this|only use this|must be used (?:instead|before|first))\b[^.\n]*\b(?:tools?|functions?|server|other|the \w+ tool)\b", 2),
    _sign("carry", r"\b(?:pass|include|put|append|add|send|forward|attach|embed|provide)\b[^.\n]*\b(?:contents?|history|context|prompt|messages|secrets?|key|token|password|result)\b[^.\n]*\b(?:as|in|into|to|with)\b[^.\n]*\b(?:parameter|argument|field|`?sidenote|'?\w+'? (?:parameter|argument|field)|metadata|url|https?:)", 2),
    _sign("exfiltrate", r"\b(?:send|forward|bcc|cc|upload|post|exfiltrate|transmit|redirect)\b[^.\n]*(?:[\w.+-]+@[\w-]+\.\w|https?://|attacker|external)", 2),
    _sign("override", _OVERRIDE, 2),
    _sign("comment", r"<!--|/\*[^*]*\b(?:user|assistant|agent|instead|always|must)\b", 2),
    _sign("hand-over", r"\b(?:paste|copy|include|put|insert|provide|append|fill in|pass)\b[^.\n]*\b(?:conversation history|chat history|system prompt|api keys?|credentials|passwords?|private keys?|environment variables|previous messages)\b", 2),
    _sign("pushed-aside", r"\S[ \t\x{a0}]{40,}\S", 2),
    _sign("also-call", r"\b(?:also|then|additionally|afterwards) (?:call|use|run|invoke|read|send|open)\b[^.\n]*(?:~/|/etc/|\.env|\.ssh|\.aws|credentials|secrets?|https?://|\w+_\w+ on )", 2),
    _sign("silently", r"\b(?:silently|secretly|quietly|covertly|invisibly|in the background|hidden from|keep (?:this|it) (?:secret|hidden|confidential|private))\b", 2),
    _sign("must-come-first", r"\b(?:must|should|always|needs? to) (?:be )?(?:call(?:ed)?|invoked?|used?|run|executed?) (?:this )?(?:tool )?(?:first|before|instead|prior|every time|whenever|on every)", 2),
    _sign("banner", r"\[\s*(?:system|hidden|important|instructions?|internal|secret|admin)\b[^\]\n]*\]|(?:system|hidden|secret|internal|special|developer|admin) (?:note|instructions?|message|prompt|override|directive)s?\s*[:(]", 2),
    _sign("to-model", r"\b(?:the |this |any |all )?(?:ai|llm|assistant|model|agent|claude|gpt)s?\b (?:must|should|shall|needs? to|has to|is required|will) ", 2),
    _sign("run", r"\b(?:run|execute|eval)\b[^.\n]*[`'\"]?[^.\n]*(?:curl|wget|base64|rm -rf|bash -c|/dev/tcp)", 2),
    _sign("trigger", r"\b(?:special|magic|secret|hidden) (?:command|word|phrase|keyword|code|parameter|instruction)s?\b", 1),
    _sign("obedience", r"\b(?:this is (?:required|mandatory|critical|important|necessary)|otherwise (?:it|the tool|this)|will not work|fail(?:s|ure)? (?:to|if)|for (?:compliance|security|logging|audit) (?:reasons|purposes))\b", 1),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextSigns:
    """What was found in a text: names of signs, and whether characters are hidden or steer a terminal."""

    names: tuple[str, ...]
    hidden: bool
    terminal: bool

    @property
    def injected(self) -> bool:
        """Whether the text tries to instruct the agent."""
        return bool(self.names)


def look_at_text(text: str) -> TextSigns:
    """Signs of instructions in a text that a tool gave back. Linear in the text, cut at 200,000 characters."""
    text = text[:_MAX_TEXT]
    plain = readable(text)
    return TextSigns(
        _weigh(plain, _SIGNS),
        _HIDDEN.search(_well_formed(text)) is not None,
        "\x1b" in text and _TERMINAL.search(_well_formed(text)) is not None,
    )


def look_at_description(text: str) -> TextSigns:
    """Signs of steering in a tool's description: it should say what the tool does, not what the agent must do besides."""
    text = text[:_MAX_TEXT]
    return TextSigns(
        _weigh(readable(text), _POISON),
        _HIDDEN.search(_well_formed(text)) is not None,
        _TERMINAL.search(_well_formed(text)) is not None,
    )


def readable(text: str) -> str:
    """The text a model would understand: hidden characters made visible, compatibility forms and zero-width joints undone."""
    text = _well_formed(text)
    if text.isascii():
        return text
    shown = "".join(chr(ord(char) - 0xE0000) if 0xE0020 <= ord(char) <= 0xE007E else char for char in text)
    return unicodedata.normalize("NFKC", shown.translate(dict.fromkeys(map(ord, _ZERO_WIDTH + _BIDI))))


def _well_formed(text: str) -> str:
    """Pairs of surrogates, as some JSON writers leave them, joined; lone ones replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# How documentation tells people to use a program.
_MANUAL = re2.compile(
    r"(?is)^\s*(?:send|make|issue|perform) an? (?:\w+ ){0,2}(?:request|query|call|pr|pull request|ping|email notification)\b"
)
_SPEECH = frozenset({"direct", "bare-act", "owner-act"})


def _weigh(text: str, signs: tuple[Sign, ...]) -> tuple[str, ...]:
    if signs is _SIGNS and _MANUAL.search(text) is not None:
        signs = tuple(sign for sign in signs if sign.name not in _SPEECH)
    found = [sign for sign in signs if sign.pattern.search(text) is not None]  # type: ignore[attr-defined]
    return tuple(sign.name for sign in found) if sum(sign.weight for sign in found) >= 2 else ()


def without_tricks(text: str) -> str:
    """The text without hidden characters and terminal sequences."""
    text = _TERMINAL.sub("", _well_formed(text))
    dropped = dict.fromkeys(
        [
            *map(ord, _ZERO_WIDTH + _BIDI),
            *range(0xE0000, 0xE0080),
            *range(0xFE00, 0xFE0F),
            *range(0xE0100, 0xE01F0),
        ]
    )
    return text.translate(dropped)


def without_instructions(text: str) -> tuple[str, int]:
    """The text with every line that carries a sign of an instruction replaced; how many were."""
    lines = without_tricks(text).split("\n")
    count = 0
    for index, line in enumerate(lines):
        if any(sign.pattern.search(readable(line)) is not None for sign in _SIGNS):  # type: ignore[attr-defined]
            lines[index] = "[an instruction to the agent was removed here]"
            count += 1
    return (
        ("\n".join(lines), count)
        if count
        else ("[a text that carried instructions to the agent was removed]", 1)
    )
