"""A labelled set of files with and without secrets, made up from what formats and languages prescribe; the same for the same seed.

Every case is one file. A planted secret is named by its line; everything else in the file, and every file of traps, must stay silent.
Nothing here knows a detector's pattern: tokens come from their published formats, passwords and code from lists of how people write.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from assay.secrets.checks.registry import mint_named
from assay.secrets.specimen import expand

ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Case:
    """One file: `secret_lines` are the lines (from 1) that hold a secret, once for each secret; `kind` names the family for the table."""

    kind: str
    uri: str
    text: str
    secret_lines: tuple[int, ...] = ()


def chars(random: Random, alphabet: str, length: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(length))


def hexed(random: Random, length: int) -> str:
    return chars(random, "0123456789abcdef", length)


CHECKED = [
    ("github-crc32", "ghp_"), ("github-crc32", "gho_"), ("github-crc32", "ghu_"), ("github-crc32", "ghs_"), ("github-crc32", "ghr_"),
    ("npm-crc32", ""), ("vercel-crc32", "vcp_"), ("cloudflare-crc32", "cfut_"), ("cloudflare-crc32", "cfat_"), ("grafana-crc32", ""),
    ("atlassian-crc32", "ATATT"), ("atlassian-crc32", "ATBB"), ("gitlab-routable", "glpat-"), ("azure-key", "ACDb"), ("azure-cask", "AZDO"),
    ("nats-nkey", "U"), ("age-bech32", ""),
]  # fmt: skip
STRUCTURED = ["pypi-macaroon", "slack", "stripe", "anthropic", "openai", "huggingface", "sendgrid", "docker-hub", "vault", "sentry", "grafana-cloud", "discord", "onepassword", "jfrog-reference"]  # fmt: skip
PREFIXED: list[tuple[str, str, int]] = [
    ("dop_v1_", "0123456789abcdef", 64), ("hf_", string.ascii_letters, 34), ("AIza", ALNUM, 35), ("GOCSPX-", ALNUM, 28), ("dapi", "0123456789abcdef", 32),
    ("lin_api_", ALNUM, 40), ("shpat_", "0123456789abcdef", 32), ("rubygems_", "0123456789abcdef", 48), ("gsk_", ALNUM, 52), ("xai-", ALNUM, 80),
    ("r8_", ALNUM, 37), ("sk-or-v1-", "0123456789abcdef", 64), ("pplx-", ALNUM, 48), ("sbp_", "0123456789abcdef", 40), ("figd_", ALNUM, 40),
    ("NRAK-", string.ascii_uppercase + string.digits, 27), ("glpat-", ALNUM, 20), ("sk_live_", ALNUM, 24),
]  # fmt: skip

TOKEN_PLACES: list[tuple[str, str]] = [
    ("src/client.py", 'import httpx\n\nTOKEN = "{}"\n'),
    ("src/client.ts", "export const client = new Client({{ auth: '{}' }});\n"),
    ("cmd/main.go", 'package main\n\nvar apiToken = "{}"\n'),
    ("src/Main.java", 'class Main {{\n    private static final String TOKEN = "{}";\n}}\n'),
    ("app/config.rb", 'Client.configure {{ |c| c.access_token = "{}" }}\n'),
    ("config.php", "<?php\n$config = ['token' => '{}'];\n"),
    ("deploy.sh", "#!/bin/sh\nexport SERVICE_TOKEN={}\ncurl -s $URL\n"),
    (".env", "DEBUG=1\nSERVICE_TOKEN={}\n"),
    ("values.yaml", "service:\n  token: {}\n  replicas: 2\n"),
    ("settings.json", '{{\n  "endpoint": "https://api.internal",\n  "token": "{}"\n}}\n'),
    ("notes.md", "Use the token `{}` for the staging system.\n"),
    ("ci.log", "2026-01-03 10:00:01 INFO header X-Token: {} accepted\n"),
    ("Dockerfile", "FROM alpine\nENV SERVICE_TOKEN={}\n"),
    ("main.tf", 'provider "x" {{\n  token = "{}"\n}}\n'),
    ("app.ini", "[service]\ntoken = {}\n"),
    ("tests/test_client.py", 'def test_login():\n    assert login("{}")\n'),
]
PASSWORD_PLACES: list[tuple[str, str]] = [
    ("app/db.py", 'conn = psycopg.connect(host="db1", user="app", password="{}")\n'),
    ("app/settings.py", 'DATABASES = {{\n    "default": {{"NAME": "app", "PASSWORD": "{}"}},\n}}\n'),
    ("src/db.js", "const pool = new Pool({{ user: 'app', password: '{}' }});\n"),
    ("src/mail.ts", "const transport = createTransport({{ auth: {{ user: 'bot', pass: '{}' }} }});\n"),
    ("cmd/db.go", 'package main\n\nfunc main() {{\n\tdbPassword := "{}"\n\tconnect(dbPassword)\n}}\n'),
    ("src/Db.java", 'class Db {{\n    String password = "{}";\n}}\n'),
    ("src/Db2.java", 'class Db2 {{ void c() {{ dataSource.setPassword("{}"); }} }}\n'),
    ("Db.cs", 'var cs = "Server=db1;Database=app;User Id=app;Password={};";\n'),
    ("db.php", "<?php\n$db = ['user' => 'app', 'password' => '{}'];\n"),
    ("config/database.rb", "config = {{ adapter: 'pg', password: '{}' }}\n"),
    ("src/db.rs", 'let password = "{}";\n'),
    (".env", "DB_HOST=db1\nDB_PASSWORD={}\n"),
    ("docker-compose.yml", "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={}\n"),
    ("compose.yaml", "services:\n  db:\n    environment:\n      MYSQL_ROOT_PASSWORD: {}\n"),
    ("application.properties", "spring.datasource.username=app\nspring.datasource.password={}\n"),
    ("application.yml", "spring:\n  datasource:\n    password: {}\n"),
    ("config.toml", '[db]\npassword = "{}"\n'),
    ("config.json", '{{"db": {{"password": "{}"}}}}\n'),
    ("settings.xml", "<server>\n  <id>repo</id>\n  <password>{}</password>\n</server>\n"),
    ("context.xml", '<Resource name="jdbc/app" username="app" password="{}"/>\n'),
    ("web.config", '<appSettings>\n  <add key="DbPassword" value="{}" />\n</appSettings>\n'),
    ("init.sql", "CREATE USER 'app'@'%' IDENTIFIED BY '{}';\n"),
    ("roles.sql", "ALTER ROLE app WITH LOGIN PASSWORD '{}';\n"),
    ("run.sh", "#!/bin/bash\nexport PGPASSWORD='{}'\npsql app\n"),
    ("start.sh", "myapp --user app --password {}\n"),
    ("Dockerfile", "FROM postgres\nENV POSTGRES_PASSWORD={}\n"),
    ("terraform.tfvars", 'db_password = "{}"\n'),
    ("deployment.yaml", "env:\n  - name: DB_PASSWORD\n    value: {}\n"),
    (".netrc", "machine files.internal login app password {}\n"),
    ("app.ini", "[db]\nuser = app\npassword = {}\n"),
    ("config.kt", 'val dbPassword: String = "{}"\n'),
    ("info.plist", "<dict>\n  <key>Password</key>\n  <string>{}</string>\n</dict>\n"),
]
URL_PLACES: list[tuple[str, str]] = [
    (".env", "DATABASE_URL=postgres://app:{}@db.internal:5432/app\n"),
    ("settings.py", 'CELERY_BROKER_URL = "amqp://worker:{}@mq.internal:5672//"\n'),
    ("store.js", 'mongoose.connect("mongodb+srv://svc:{}@cluster0.mongodb.net/app");\n'),
    ("values.yaml", "redis:\n  url: redis://:{}@redis.internal:6379/0\n"),
    ("pip.conf", "[global]\nextra-index-url = https://ci:{}@packages.internal/simple\n"),
    (".git/config", '[remote "origin"]\n\turl = https://deploy:{}@git.internal/acme/site.git\n'),
]
KEY_PLACES: list[tuple[str, str]] = [
    ("app/client.py", 'client = Client(api_key="{}")\n'),
    ("src/auth.ts", 'const jwtSecret = "{}";\n'),
    ("settings.py", 'SECRET_KEY = "{}"\n'),
    ("config/secrets.yml", "production:\n  secret_key_base: {}\n"),
    (".env", "PAYMENT_API_KEY={}\n"),
    ("cmd/sign.go", 'package main\n\nconst signingKey = "{}"\n'),
    ("application.properties", "app.encryption-key={}\n"),
    ("app.json", '{{"client_id": "web", "client_secret": "{}"}}\n'),
    ("getenv.py", 'key = os.environ.get("SESSION_SECRET", "{}")\n'),
    ("req.py", 'headers = {{"Authorization": "Bearer {}"}}\n'),
    ("tests/conftest.py", 'API_SECRET = "{}"\n'),
]

FIRST = [
    "river",
    "stone",
    "blue",
    "tiger",
    "mango",
    "winter",
    "rocket",
    "silver",
    "coffee",
    "garden",
    "purple",
    "eagle",
    "summer",
    "dragon",
    "falcon",
    "maple",
    "orbit",
    "pixel",
]
SIGNS = "!#%*_-+?"


def typed_password(random: Random) -> str:
    """As people make them: words with digits and signs, or mixed keys."""
    one, two = random.choice(FIRST), random.choice(FIRST)
    forms: list[Callable[[], str]] = [
        lambda: one.capitalize() + str(random.randrange(10, 9999)) + random.choice(SIGNS),
        lambda: f"{one}{random.choice(SIGNS)}{two}{random.randrange(10, 99)}",
        lambda: (
            one.replace("e", "3").replace("i", "1").replace("o", "0").capitalize()
            + two
            + str(random.randrange(1, 99))
        ),
        lambda: (
            chars(random, ALNUM + SIGNS, random.randrange(10, 20))
            + str(random.randrange(10))
            + random.choice("xkz")
        ),
        lambda: one + str(random.randrange(1970, 2026)),
    ]
    return random.choice(forms)()


def random_key(random: Random) -> str:
    forms: list[Callable[[], str]] = [
        lambda: hexed(random, random.choice((32, 40, 48, 64))),
        lambda: chars(random, ALNUM, random.randrange(20, 48)),
        lambda: base64.b64encode(random.randbytes(random.choice((24, 32, 48)))).decode(),
        lambda: chars(random, ALNUM + "-_", random.randrange(24, 50)),
        lambda: chars(random, string.ascii_lowercase + string.digits, random.randrange(24, 40)),
    ]
    return random.choice(forms)()


def planted(kind: str, random: Random, places: list[tuple[str, str]], value: str) -> Case:
    uri, template = random.choice(places)
    text = template.format(value)
    line = next(
        number for number, content in enumerate(text.split("\n"), 1) if value.split("\n")[0] in content
    )
    return Case(kind, uri, text, (line,))


def secrets(random: Random, rounds: int) -> Iterator[Case]:
    """Files that hold a secret."""
    for _ in range(rounds):
        name, variant = random.choice(CHECKED)
        yield planted("token with a checksum", random, TOKEN_PLACES, mint_named(name)(random, variant))
        yield planted(
            "token with a structure", random, TOKEN_PLACES, mint_named(random.choice(STRUCTURED))(random, "")
        )
        prefix, alphabet, length = random.choice(PREFIXED)
        yield planted("token with a prefix", random, TOKEN_PLACES, prefix + chars(random, alphabet, length))
        yield planted("password", random, PASSWORD_PLACES, typed_password(random))
        yield planted("password", random, PASSWORD_PLACES, typed_password(random))
        yield planted("password in a URL", random, URL_PLACES, chars(random, ALNUM, random.randrange(12, 24)))
        yield planted("key or secret", random, KEY_PLACES, random_key(random))
        yield planted("key or secret", random, KEY_PLACES, random_key(random))
        yield from shaped(random)


def shaped(random: Random) -> Iterator[Case]:
    """Secrets that a whole file format carries."""
    password = typed_password(random)
    coded = base64.b64encode(password.encode()).decode()
    yield Case("Kubernetes Secret", "k8s/secret.yaml", f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  password: {coded}\n", (7,))  # fmt: skip
    key_id, secret = mint_named("aws-key-id")(random, ""), mint_named("aws-secret")(random, "")
    yield Case(
        "AWS pair",
        ".aws/credentials",
        f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n",
        (3,),
    )
    login = base64.b64encode(f"deploy:{chars(random, ALNUM, 20)}".encode()).decode()
    yield Case(
        "registry login",
        ".docker/config.json",
        f'{{\n  "auths": {{\n    "registry.internal": {{ "auth": "{login}" }}\n  }}\n}}\n',
        (3,),
    )
    pem = mint_named("private-key")(random, random.choice(("", "ec", "openssh")))
    yield Case("private key", "deploy/id_key", pem + "\n", (1,))
    yield Case("private key", "src/keys.js", "const key = `" + pem + "`;\n", (1,))
    escaped = pem.replace("\n", "\\n")
    yield Case("private key", "key.json", f'{{"type": "key",\n "private_key": "{escaped}"}}\n', (2,))
    token = mint_named("github-crc32")(random, "")
    inner = base64.b64encode(f"[remote]\nurl = https://x:{token}@github.com/a/b\n".encode()).decode()
    yield Case("encoded", "cloud-init.yaml", f"write_files:\n  - encoding: b64\n    content: {inner}\n", (3,))
    two = f'pair = ("{token}", "{mint_named("npm-crc32")(random, "")}")\n'
    yield Case("two on a line", "two.py", two, (1, 1))


WORDS = [
    "password",
    "secret",
    "token",
    "key",
    "username",
    "email",
    "account",
    "settings",
    "profile",
    "invalid",
    "forgot",
    "reset",
    "confirm",
    "required",
    "field",
    "value",
]


def traps(random: Random, rounds: int) -> Iterator[Case]:
    """Files that hold no secret, though they look like it."""
    for number in range(rounds):
        name, variant = random.choice(CHECKED)
        yield_text = expand(f"<<!{name}:{variant}>>" if variant else f"<<!{name}>>", f"{random.random()}")
        uri, template = random.choice(
            [place for place in TOKEN_PLACES if "oken" not in place[1].replace("{}", "")]
        )
        yield Case("wrong checksum", uri, template.format(yield_text))
        yield from placeholder_traps(random)
        yield from code_traps(random)
        yield from data_traps(random, number)


def placeholder_traps(random: Random) -> Iterator[Case]:
    stand_ins = [
        "changeme", "your-password-here", "<password>", "${DB_PASSWORD}", "{{ db_password }}", "xxxxxxxxxxxx", "********", "REDACTED", "example",
        "your_api_key_here", "$(cat /run/secrets/db)", "%DB_PASSWORD%", "placeholder", "TODO", "REPLACE_ME", "dummy-value", "<%= ENV['X'] %>",
        "vault:secret/data/app#password", "!vault |", "insert-your-key", "0000000000000000", "1234567890abcdef", "********************",
        "my-secret-key-example", "enter_your_token", "[hidden]", "@@PASSWORD@@", "$PASSWORD", "null", "None", "...", "sample-token-value",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db", "/run/secrets/db_password", "ENC[AES256_GCM,data:abc=,iv:def=,tag:ghi=]",
    ]  # fmt: skip
    for places in (PASSWORD_PLACES, KEY_PLACES):
        uri, template = random.choice(places)
        yield Case("placeholder", uri, template.format(random.choice(stand_ins)))
    yield Case("documented sample", "README.md", "aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n")  # fmt: skip
    yield Case(
        "placeholder",
        "README.md",
        f"git clone https://user:{random.choice(('password', 'token', 'pass'))}@example.com/repo.git\n",
    )


def code_traps(random: Random) -> Iterator[Case]:
    word = random.choice(FIRST)
    texts = [
        ("a.py", 'password = os.environ["DB_PASSWORD"]\n'),
        ("a.py", f"token = settings.{word.upper()}_TOKEN\n"),
        ("a.py", 'secret = get_secret("prod/db")\n'),
        ("a.py", f"def login(password: str, token: str | None = None) -> {word.title()}Session: ...\n"),
        ("a.py", 'parser.add_argument("--password", help="the password", default=None)\n'),
        ("a.py", 'PASSWORD_FIELD = "password_confirmation"\n'),
        ("a.js", "const token = req.headers['x-auth-token'];\n"),
        ("a.js", "const password = document.getElementById('password').value;\n"),
        ("a.ts", "interface Login { password: string; accessToken?: string; apiKey: string }\n"),
        ("a.ts", 'form = { password: ["", Validators.required], passwordConfirm: [""] };\n'),
        (
            "a.go",
            'package a\n\nfunc f() { token := os.Getenv("TOKEN"); password, err := readPassword(reader) }\n',
        ),
        (
            "A.java",
            'class A { @Value("${app.secret}") private String secret; String p = env.getProperty("db.password"); }\n',
        ),
        ("a.rb", "password = ENV.fetch('DB_PASSWORD')\ntoken = params[:token]\n"),
        (
            "a.php",
            "<?php $password = $_POST['password']; $token = csrf_token(); $key = config('app.api_key');\n",
        ),
        ("a.cs", 'var token = await GetTokenAsync(); public string Password { get; set; } = "";\n'),
        ("a.tf", 'password = var.db_password\ntoken    = data.vault_generic_secret.x.data["token"]\n'),
        ("a.yaml", "secretName: frontend-tls\npasswordSecretRef:\n  name: db-credentials\n  key: password\n"),
        ("a.yml", "password: ${{ secrets.DB_PASSWORD }}\ntoken: ${{ github.token }}\n"),
        ("a.css", ".password-input { content: 'password-icon'; }\n#token { color: #a1b2c3; }\n"),
        (
            "a.html",
            '<input type="password" name="password" placeholder="Your password" autocomplete="new-password">\n',
        ),
        (
            "i18n/en.json",
            '{"password": "Enter your password", "token": "Security token", "forgot_password": "Forgot it?"}\n',
        ),
        ("locales/de.yml", "de:\n  password: Passwort eingeben\n  api_key: Schlüssel\n"),
        ("a.sql", "SELECT password, token FROM users WHERE password_hash = crypt($1, password_hash);\n"),
        ("a.proto", "message Login { string password = 1; string access_token = 2; }\n"),
        ("a.graphql", "type Mutation { login(password: String!, token: String): Session }\n"),
        (
            "a.py",
            f'raise ValueError("token: {word} is not valid"); LABELS = {{"password": "Password", "token": "Token"}}\n',
        ),
        ("a.py", 'TOKEN_URL = "https://auth.internal/oauth/token"\nSECRET_NAME = "prod/app/db"\n'),
        ("a.sh", 'read -s PASSWORD\nTOKEN="$(vault read -field=token secret/x)"\nPASSWORD=$1\n'),
        ("a.py", 'assert response.json()["access_token"] == token\nnext_page_token = "eyJwYWdlIjoyfQ"\n'),
        ("a.kt", 'val password = BuildConfig.DB_PASSWORD\nval tokenType = "Bearer"\n'),
    ]
    for uri, text in random.sample(texts, 4):
        yield Case("code", "src/" + uri if "/" not in uri else uri, text)


def data_traps(random: Random, number: int) -> Iterator[Case]:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    sri = base64.b64encode(random.randbytes(64)).decode()
    image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + random.randbytes(400)).decode()
    uuid = expand("<<uuid>>", str(number))
    texts = [
        (
            "package-lock.json",
            f'{{"node_modules/x": {{"version": "1.0.0", "integrity": "sha512-{sri}"}}}}\n',
            "hash",
        ),
        (
            "poetry.lock",
            f'[[package]]\nname = "token"\nfiles = [{{file = "x.whl", hash = "sha256:{digest}"}}]\n',
            "hash",
        ),
        (
            "go.sum",
            f"github.com/a/token v1.0.0 h1:{base64.b64encode(random.randbytes(32)).decode()}\n",
            "hash",
        ),
        ("a.yaml", f"image: registry.internal/app@sha256:{digest}\ncommit: {digest[:40]}\n", "hash"),
        ("a.py", f'REQUEST_ID = "{uuid}"\nSESSION_ID = "{uuid}"\nETAG = "{digest[:32]}"\n', "identifier"),
        ("a.css", f"@font-face {{ src: url(data:font/woff2;base64,{image}); }}\n", "media"),
        ("a.html", f'<img alt="token" src="data:image/png;base64,{image}">\n', "media"),
        (
            "a.min.js",
            "".join(
                f"function {chars(random, ALNUM, 3)}(e,t){{return e.token=t.password,e}}" for _ in range(60)
            )
            + "\n",
            "minified",
        ),
        ("users.csv", f"id,password_hash\n1,$2b$12${chars(random, ALNUM + './', 53)}\n", "password hash"),
        ("shop.js", f"const stripe = Stripe('pk_live_{chars(random, ALNUM, 24)}');\n", "publishable key"),
        ("id.pub", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{chars(random, ALNUM, 48)} me@host\n", "public key"),
        (
            "cert.pem",
            f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(random.randbytes(300)).decode()}-----END CERTIFICATE-----\n",
            "public key",
        ),
        (
            "pub.pem",
            f"-----BEGIN PUBLIC KEY-----\n{base64.encodebytes(random.randbytes(90)).decode()}-----END PUBLIC KEY-----\n",
            "public key",
        ),
        (
            "vars.yml",
            f"db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {hexed(random, 80)}\n",
            "sealed",
        ),
        (
            "values.enc.yaml",
            f"password: ENC[AES256_GCM,data:{chars(random, ALNUM, 12)}=,iv:{chars(random, ALNUM, 43)}=,type:str]\n",
            "sealed",
        ),
        (
            "docs/auth.md",
            "Set `password` to your password, and `api_key` to the key from the console. password: hunter\n",
            "prose",
        ),
        (
            "CHANGELOG.md",
            f"- token: fix refresh ({digest[:7]}, {digest[:40]})\n- password: show strength\n",
            "prose",
        ),
        (
            "k8s/role.yaml",
            'kind: Secret\nmetadata:\n  name: x\nstringData:\n  password: "{{ .Values.password }}"\n',
            "placeholder",
        ),
        (
            "lookalike.py",
            f'A = "AKIA{chars(random, "0189", 16)}"\nB = "ghp_{chars(random, ALNUM, 12)}"\nC = "hf_{chars(random, string.digits, 34)}"\n',
            "look-alike",
        ),
        (
            "lookalike.js",
            f"const a = 'xoxb-{chars(random, string.digits, 4)}-abc'; const b = 'sk_live_xxxxxxxxxxxxxxxxxxxxxxxx';\n",
            "look-alike",
        ),
        (
            "jwt.md",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
            + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\n",
            "documented sample",
        ),
    ]
    for uri, text, kind in random.sample(texts, 4):
        yield Case(kind, uri, text)


def corpus(seed: int = 20261121, rounds: int = 120) -> list[Case]:
    """The whole set, the same for the same seed."""
    random = Random(seed)
    return [*secrets(random, rounds), *traps(random, rounds)]
