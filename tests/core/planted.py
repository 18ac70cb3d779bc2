"""Secrets of every listed kind, planted in every kind of place: what no sink and no export may let through."""

from base64 import b64encode

import orjson


def letters(count: int, seed: int = 0) -> str:
    """Letters and digits as keys have them: not random, never the same twice in a row."""
    alphabet = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0fD"
    return "".join(alphabet[(seed * 7 + place * 11 + place // 5) % len(alphabet)] for place in range(count))


def base64url(text: str) -> str:
    return b64encode(text.encode()).decode().rstrip("=").replace("+", "-").replace("/", "_")


def jwt(seed: int) -> str:
    claims = base64url(f'{{"sub":"{letters(12, seed)}","admin":true}}')
    header = base64url('{"alg":"HS256","typ":"JWT"}')
    return f"{header}.{claims}.{letters(43, seed)}"


def pem(seed: int, label: str = "RSA PRIVATE KEY") -> str:
    body = "\n".join(letters(64, seed + line) for line in range(12))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


PREFIXED = {
    "openai": lambda seed: f"sk-{letters(48, seed)}",
    "openai project": lambda seed: f"sk-proj-{letters(40, seed)}_{letters(40, seed + 1)}-{letters(40, seed + 2)}",
    "openai small letters": lambda seed: (
        "sk-" + letters(40, seed).lower().translate(str.maketrans("0123456789", "abcdefghij"))
    ),
    "anthropic": lambda seed: f"sk-ant-api03-{letters(60, seed)}-{letters(30, seed)}AA",
    "openrouter": lambda seed: f"sk-or-v1-{letters(64, seed).lower()}",
    "groq": lambda seed: f"gsk_{letters(52, seed)}",
    "stripe": lambda seed: f"sk_live_{letters(24, seed)}",
    "github personal": lambda seed: f"ghp_{letters(36, seed)}",
    "github oauth": lambda seed: f"gho_{letters(36, seed)}",
    "github user": lambda seed: f"ghu_{letters(36, seed)}",
    "github server": lambda seed: f"ghs_{letters(36, seed)}",
    "github refresh": lambda seed: f"ghr_{letters(76, seed)}",
    "github fine grained": lambda seed: f"github_pat_{letters(22, seed)}_{letters(59, seed)}",
    "gitlab": lambda seed: f"glpat-{letters(20, seed)}",
    "gitlab routable": lambda seed: f"glpat-{letters(27, seed)}.01.{letters(9, seed).lower()}",
    "hugging face": lambda seed: f"hf_{letters(34, seed)}",
    "aws": lambda seed: f"AKIA{letters(16, seed).upper()}",
    "aws temporary": lambda seed: f"ASIA{letters(16, seed).upper()}",
    "google": lambda seed: f"AIza{letters(35, seed)}",
    "slack bot": lambda seed: f"xoxb-{10**11 + seed}-{10**12 + seed}-{letters(24, seed)}",
    "slack user": lambda seed: f"xoxp-{10**11 + seed}-{10**11}-{10**12}-{letters(32, seed).lower()}",
    "slack app": lambda seed: f"xapp-1-A{letters(10, seed).upper()}-{10**12 + seed}-{letters(64, seed).lower()}",
    "xai": lambda seed: f"xai-{letters(80, seed)}",
    "perplexity": lambda seed: f"pplx-{letters(48, seed)}",
    "jwt": jwt,
    "pem": pem,
    "pem, openssh": lambda seed: pem(seed, "OPENSSH PRIVATE KEY"),
    "pem, plain": lambda seed: pem(seed, "PRIVATE KEY"),
    "pem, openpgp": lambda seed: pem(seed, "PGP PRIVATE KEY BLOCK"),
}
"""Secrets that are known by their own look."""

PLACES = {
    "alone": lambda secret: secret,
    "in a sentence": lambda secret: {"text": f"use {secret}, then go on"},
    "nested": lambda secret: {"a": [1, {"b": [[{"c": secret}]]}], "d": None},
    "in an exception": lambda secret: {"error": {"message": f"AuthError: key {secret!r} was refused (401)"}},
    "in a tool's result": lambda secret: {"output": orjson.dumps({"stdout": f"export K={secret}\n"}).decode()},
    "in JSON in JSON": lambda secret: {
        "output": orjson.dumps({"r": orjson.dumps({"v": f"line\n{secret}\n"}).decode()}).decode()
    },
    "as a key": lambda secret: {"cache": {secret: 1}},
    "after an equals sign": lambda secret: f"https://example.org/x?v={secret}#top",
}

UNDER_KEYS = [
    *(
        "authorization",
        "Authorization",
        "proxy-authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "setCookie",
    ),
    *("password", "PASSWORD", "dbPassword", "db_password", "dbpassword", "passwd", "pwd", "passphrase", "pass-word"),
    *("secret", "client_secret", "clientSecret", "CLIENT-SECRET", "secrets"),
    *(
        "api_key",
        "apikey",
        "apiKey",
        "API Key",
        "x-api-key",
        "X-API-Key",
        "OPENAI_API_KEY",
        "openai.api_key",
        "DD-API-KEY",
    ),
    *("access_key", "secret_access_key", "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "private_key", "privateKey"),
    *("token", "Token", "access_token", "accessToken", "refresh_token", "id_token", "auth_token", "session_token"),
    *("GITHUB_TOKEN", "X-Auth-Token", "csrfmiddlewaretoken", "bearer", "credential", "credentials", "aws_credentials"),
    *(
        "dsn",
        "SENTRY_DSN",
        "signing_key",
        "encryption-key",
        "password2",
        "api_key_1",
        "http.request.header.authorization",
    ),
]

IN_TEXTS = {
    "url": lambda secret: f"connect to postgresql://admin:{secret}@db.example.org:5432/app failed",
    "url, no user": lambda secret: f"redis://:{secret}@cache:6379/0",
    "url, at signs": lambda secret: f"amqp://u:p@{secret}@mq/vhost",
    "url, escaped slashes": lambda secret: f"https:\\/\\/u:{secret}@example.org\\/x",
    "bearer": lambda secret: f"curl -H 'Authorization: Bearer {secret}' https://example.org",
    "basic": lambda secret: f"> Authorization: Basic {b64encode(f'me:{secret}'.encode()).decode()}\n> Accept: */*",
    "bearer alone": lambda secret: f"sent Bearer {secret}{secret} and got 401",
    "cookie": lambda secret: f"GET / HTTP/1.1\nHost: example.org\nCookie: sid={secret}; a=b\n\n",
    "header": lambda secret: f"curl -H 'X-Api-Key: {secret}' https://example.org",
    "JSON": lambda secret: f'arguments: {{"user": "me", "password": "{secret}", "q": 1}}',
    "JSON in JSON": lambda secret: f'{{"arguments": "{{\\"api_key\\": \\"{secret}\\"}}"}}',
    "Python": lambda secret: f"call(**{{'user': 'me', 'client_secret': '{secret}'}})",
    "cut JSON": lambda secret: f'{{"access_token": "{secret}',
    "query": lambda secret: f"GET https://example.org/x?access_token={secret}&page=2",
    "env": lambda secret: f"HOME=/root\nDB_PASSWORD={secret}\nPATH=/bin\n",
    "quoted env": lambda secret: f'export STRIPE_SECRET="{secret} two words"\n',
    "connection string": lambda secret: f"Server=db;User Id=me;Password={secret};Encrypt=yes",
}


def planted() -> list[tuple[str, object, str]]:
    """Where a secret is, the value that holds it, and what must be gone from it."""
    cases: list[tuple[str, object, str]] = []
    for at, (kind, make) in enumerate(PREFIXED.items()):
        for name, place in PLACES.items():
            secret = make(at)
            part = secret.split("\n")[1] if "PRIVATE" in secret else secret[-16:]
            cases.append((f"{kind}, {name}", place(secret), part))
    for key in UNDER_KEYS:
        cases.append((f"under {key}", {"tool": {key: "hunter-two"}}, "hunter-two"))
        cases.append((f"list under {key}", [{key: ["hunter-two", {"x": "hunter-two"}]}], "hunter-two"))
        cases.append((f"pair with {key}", {"headers": [{"name": key, "value": "hunter-two"}]}, "hunter-two"))
    for kind, text in IN_TEXTS.items():
        cases.append((f"text, {kind}", {"output": text("Hunter2swordfish")}, "Hunter2swordfish"))
    return cases


PLANTED = planted()


HARMLESS = [
    "sk-learn and task-list and risk-free-investment-strategies-for-2026",
    "sk-toggleable sk-estimator-doc-link sk-toggleable__content-wrapper",
    "load hf_dataset with hf_transfer and hf_hub_download_from_the_hub",
    "AKIA is a prefix, so is ASIA; AIza too; MALASIAN_PENINSULA_RAILWAYS",
    "ghp_ tokens, gho_, glpat- and xoxb- are prefixes; xapp-store-release-notes",
    "eyJ begins JSON in base64; eyJhbGci.eyJ.",
    "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUabcdefghijkl\n-----END CERTIFICATE-----",
    'if "-----BEGIN PRIVATE KEY-----" in text and "-----END PRIVATE KEY-----" in text: pass',
    "git clone ssh://git@github.com/a/b and https://me@example.org/x@y, mail me@example.org",
    "postgresql://{user}:{password}@{host}/{db} or mysql://root:***@db or http://u:${PW}@h or http://u:$PW@h",
    "http://localhost:8080/@scope/package and file:///etc/passwd and data://x",
    "Authorization: Bearer <token>; send Authorization: Bearer ${TOKEN} or Authorization: Basic {credentials}",
    "bearer authentication and basic understanding; the bearer of-this-long-letter may enter",
    "password: str, api_key: str | None = None, token=token, secret = get_secret()",
    "PWD=/home/me OLDPWD=~/x MAX_TOKENS=512 TOKEN=$TOKEN TOKEN_COUNT=7",
    "the password is wrong; set a token; key: value; cookies are tasty",
    '{"key": "value", "public_key": "abc", "cache_key": "k1", "keys": ["a"], "pass": "yes", "author": "me"}',
    "capabilities: AUTH=CRAM-MD5 AUTH=PLAIN",
    "?page_token=abc&max_tokens=5&tokens=9&keyword=x",
]
"""Texts that look like secrets and hold none."""
