"""What makes a line worth judging: patterns that already demand a telling name, an assignment and the beginning of a value.

Hyperscan reports where these match; without it google-re2 finds the same lines. A trigger never spans lines, but for those in
`SPANNING`, which end on the line that holds the value.
"""

from __future__ import annotations

# A name that may hold a credential. Everything else about the name is judged later, word by word.
WORDS = (
    r"pass(?:w(?:or)?d|wrd|phrase|code)?s?|pwd|secret|token|cred(?:ential)?s?|auth|"
    r"(?:api|access|account|private|encryption|encrypt|signing|sign|master|shared|session|service|license|admin|hmac|aes|"
    r"crypto|cipher|jwt|client|app|application|subscription|storage|deploy|webhook|secret|consumer|integration|management)[_.-]?key"
)
_NAME = rf"(?i:{WORDS})(?:[A-Z_.-][\w.-]*|[0-9]{{1,3}}|s)?"
_CLOSE = r"\\?[\"'`]?\]?[ \t]*"
_TYPE = r"(?::[ \t]{0,3}[\w<>?|\[\]., ]{1,30}[ \t]{0,3})?"
_PLAIN = r"[^\s\"'`$<>{}()\[\],;&|*]"

ASSIGNED = (
    # name = "value", "name": "value", name => 'value', setName("value"), "--name", "value"
    rf"{_NAME}{_CLOSE}{_TYPE}(?:=>|:=|\|\|=|\?\?=|={{1,3}}|!==?|:|,|\(|\|\||\?\?|[ \t]or)[ \t]*(?:[A-Za-z@$]{{0,2}}|new [A-Za-z]{{1,16}}\()\\?[\"'`][^\s\"'`]{{3}}",
    # name=value, name: value
    rf"{_NAME}{_CLOSE}(?:=|:)[ \t]*{_PLAIN}[^\s\"'`<>(){{}}\[\],;]{{3}}",
    # <name>value</name>
    rf"{_NAME}>[^\s<>]{{3}}",
    # name="..." value="..."
    rf"{_NAME}[\"'][ \t]{{0,4}},?[ \t]{{0,4}}[\"']?(?i:value)[\"']?[ \t]{{0,4}}[=:][ \t]{{0,4}}[\"'][^\s\"']{{3}}",
    # --name value, PASSWORD 'value', IDENTIFIED BY 'value', netrc
    rf"(?:--[\w-]*(?i:{WORDS})[ \t]{{1,4}}|(?i:identified[ \t]{{1,4}}by|password)[ \t]{{1,4}})[\"']?[^\s\"'$<>{{}}()\[\]-][^\s\"']{{3}}",
)
URL_END = r"://[^\s/:@\"'`<>]*:[^\s/@\"'`<>]{2,}@[\w.\[{$%-]"
URL = r"[A-Za-z][\w+.-]{1,20}" + URL_END
HEADER = r"(?i:(?:basic|bearer|[\"' ]token)[ \t]{1,4}[\w+/.~-]{12})"
CURL = r"(?i:curl|wget)[^\n]*[ \t](?:-u|--user)[ \t=]{0,2}[\"']?[^\s:\"'$]{1,64}:[^\s\"'$]{4}"
# What stands before a password that has no name. A call whose last text but the closing bracket is one: f("user", "password").
_QUOTED = r"(?:\"[^\"\n]{0,100}\"|'[^'\n]{0,100}'|[\w.()$\[\]]{1,60})"
CALL_HEAD = (
    r"(?i:basic_?auth|basicauthentication|passwordcredentials?|networkcredential|passwordauthentication|getconnection|mysqli?_connect|"
    r"new mysqli|new pdo|pymysql\.connect|\.login|\.authenticate|[^\w]auth[ \t]{0,2}=[ \t]{0,2})"
    rf"\([ \t]{{0,4}}(?:{_QUOTED},[ \t]{{0,4}}){{1,2}}"
)
OPTION_DEFAULT_HEAD = rf"[\"']--(?P<name>[\w-]*(?i:{WORDS})[\w-]*)[\"'][^\n]{{1,100}}[^\w](?i:default)(?:=|:|[\"']?[ \t]{{0,4}}(?:=>?|:))[ \t]{{0,4}}"
PLACEHOLDER_DEFAULT_HEAD = rf"\$\{{(?P<name>[\w.-]*(?i:{WORDS})[\w.-]*):-?"
COMMAND_HEADS = (
    r"\bsshpass[ \t]{1,4}-p[ \t]{0,4}",
    r"\bmysql(?:dump|admin|import)?[ \t][^\n|;]{0,100}?[ \t]?-p",
    r"\b(?:docker|podman|helm registry|oras|crane|buildah|skopeo)[ \t]{1,4}(?:auth[ \t]{1,4})?login[ \t][^\n|;]{0,100}?(?:-p|--password)[ \t=]{1,4}",
    r"\bredis-cli[ \t][^\n|;]{0,100}?-a[ \t]{1,4}",
    r"\bopenssl[ \t][^\n|;]{0,200}?(?:-k[ \t]{1,4}|-pass(?:in|out)?[ \t]{1,4}pass:)",
    r"\bkeytool[ \t][^\n|;]{0,200}?-(?:store|key|srcstore|deststore)pass[ \t]{1,4}",
    r"\bldap(?:search|modify|add|delete|passwd)[ \t][^\n|;]{0,200}?-w[ \t]{1,4}",
    r"\b(?:sqlcmd|bcp)[ \t][^\n|;]{0,100}?-P[ \t]{0,4}",
    r"\bmongo(?:sh|dump|restore|export|import)?[ \t][^\n|;]{0,100}?(?:-p|--password)[ \t=]{1,4}",
    r"\b(?:7z|7za|zip|unzip)[ \t][^\n|;]{0,60}?-[pP][ \t]{0,1}",
    r"\bhtpasswd[ \t][^\n|;]{0,60}?-\w{0,4}b\w{0,4}[ \t]{1,4}[^\s|;]{1,100}[ \t]{1,4}[^\s|;]{1,60}[ \t]{1,4}",
)
CHPASSWD = r"\becho[ \t]{1,4}[\"']?[\w-]{1,32}:(?P<un>[^\s\"'|$`]{4,100})[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1,4})?chpasswd"
LOGINS = tuple(
    expression.replace("?P<name>", "?:").replace("?P<un>", "?:")
    for expression in (
        CALL_HEAD + r"[\"'][^\"'\n]{4}",
        OPTION_DEFAULT_HEAD + r"[\"'][^\"'\n]{4}",
        PLACEHOLDER_DEFAULT_HEAD + r"[^\s{}\"'$<>]{4}",
        *COMMAND_HEADS,
        CHPASSWD,
    )
)
# A manifest whose values are read decoded, whatever their names.
KUBERNETES = r"kind:[ \t]*Secret"
SINGLE_LINE = (*ASSIGNED, URL, HEADER, CURL, *LOGINS, KUBERNETES)

SPANNING = (
    # - name: DB_PASSWORD <newline> value: x;  <key>Password</key> <newline> <string>x</string>;  "name": "X_TOKEN", <newline> "value": "x"
    rf"(?:name|key|Name|Key)[\"']?[:>=][ \t]{{0,4}}[\"']?[\w.-]*(?i:{WORDS})[\w.-]*[\"']?,?(?:</\w{{1,10}}>)?[ \t]{{0,4}}\r?\n"
    rf"[ \t]*(?:[\"']?(?i:value)[\"']?[ \t]{{0,4}}[:=]|<(?:string|value)>)[ \t]{{0,4}}[\"']?[^\s\"']{{3}}",
)
# Runs that may be encoded text are told by what text can become: each of three bytes has its top bit clear and is no control character.
TEXT = (0x09, 0x0A, 0x0D, *range(0x20, 0x7F))
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _one_of(digits: set[int]) -> str:
    return "[" + "".join(BASE64[digit] for digit in sorted(digits)) + "]"


_THREE_BYTES = (
    _one_of({byte >> 2 for byte in TEXT})
    + _one_of({low << 4 | byte >> 4 for low in range(4) for byte in TEXT})
    + _one_of({low << 2 | byte >> 6 for low in range(16) for byte in TEXT})
    + "[A-Za-z0-9+/]"
)
_HEX_BYTE = r"(?:[2-7][0-9A-Fa-f]|0[9AaDd])"
_BEHIND = r"(?:^|[^A-Za-z0-9+/])"
ENCODED = (rf"{_BEHIND}(?:{_THREE_BYTES}){{8}}", rf"{_BEHIND}{_HEX_BYTE}{{16}}")
EXPRESSIONS = (*SINGLE_LINE, *SPANNING, *ENCODED)
FIRST_ENCODED = len(EXPRESSIONS) - len(ENCODED)
