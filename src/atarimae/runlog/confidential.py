"""What must not be copied into a run: keys, tokens and passwords, by name and by content.

A run folder is sent to others. Better a file too many is left out than one too few; what is left
out is listed by its path and reason, never by its content.
"""

import re
from fnmatch import translate

NAMES = (
    ".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore",
    "*.kdbx", "*.gpg", "*.asc", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc",
    "_netrc", ".pypirc", ".npmrc", ".pgpass", ".htpasswd", ".git-credentials", "credentials",
    "credentials.*", "*credentials*.json", "secret.*", "secrets.*", "kaggle.json", "*token.txt",
    "*.token", "service-account*.json", "service_account*.json", "client_secret*.json",
)  # fmt: skip

_WORD = rb"(?:pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?key)?|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|token)"  # noqa: E501
# Not a value: what stands for one, or is looked up.
_REAL = rb"(?![<$%{*]|your|xxx|none\b|null\b|true\b|false\b|changeme|example)"
TOKENS = (
    ("an AWS key", rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("a GitLab token", rb"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Hugging Face token", rb"\bhf_[A-Za-z0-9]{30,}"),
    ("an API key", rb"\bsk-[A-Za-z0-9_-]{20,}|\bAIza[0-9A-Za-z_-]{35}"),
    ("a Slack token", rb"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a private key", rb"-----BEGIN [A-Z ]*PRIVATE KEY"),
    ("a JSON web token", rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("a password in an address", rb"://[^/\s:@'\"]+:" + _REAL + rb"[^/\s@'\"]+@"),
    (
        "a password or key",
        rb"(?i)" + _WORD + rb"[\"']?\s*[:=]\s*[rbuf]?[\"']" + _REAL + rb"[^\"'\s]{6,}[\"']",
    ),
)
# Small letters that a file with such a token has somewhere.
HINTS: dict[str, tuple[bytes, ...]] = {
    "an AWS key": (b"akia", b"asia"),
    "a GitHub token": (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
    "a GitLab token": (b"glpat-",),
    "a Hugging Face token": (b"hf_",),
    "an API key": (b"sk-", b"aiza"),
    "a Slack token": (b"xox",),
    "a private key": (b"private key",),
    "a JSON web token": (b"eyj",),
    "a password in an address": (b"://",),
    "a password or key": (b"pass", b"pwd", b"secret", b"key", b"token"),
}
# Where values stand without quotes; in a program that would be another variable.
_BARE = re.compile(
    rb"(?im)^[\s+-]*(?:export\s+)?[\w.-]*"
    + _WORD
    + rb"[ \t]*[:=][ \t]*"
    + _REAL
    + rb"[^\s\"'#]{6,}[ \t]*\r?$"
)
SETTINGS = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".sh", ".txt", ".csv", ".properties")
_NAMES = re.compile("|".join(map(translate, NAMES)))  # one by one they took seconds
_TOKENS = [(kind, re.compile(pattern)) for kind, pattern in TOKENS]


def why_name(path: str) -> str | None:
    """Why a file can't be copied by its name alone, None where it can."""
    name = path.rpartition("/")[2].lower()
    return "its name is that of a secret" if _NAMES.match(name) else None


def why_content(content: bytes, suffix: str = "") -> str | None:
    """Why these bytes can't be copied, with the line, None where they can."""
    small = content.lower()
    bare = [("a password or key", _BARE)] if suffix in SETTINGS else []
    for kind, pattern in (*_TOKENS, *bare):
        # Most files hold none of the words, and a plain search is a hundred times as fast.
        if any(word in small for word in HINTS[kind]) and (found := pattern.search(content)):
            line = content.count(b"\n", 0, found.end()) + 1
            return f"line {line} looks like {kind}"
    return None
