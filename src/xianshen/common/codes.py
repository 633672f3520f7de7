"""Verification codes that people read aloud and type: ``7KQ4-2MX9``."""

import secrets

# Crockford's base 32 without I, L, O, U: nothing that is misread, 5 bits a character.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_MISREAD = str.maketrans("ILO", "110")


def new_code() -> str:
    """Return a random code of 40 bits in two groups of four."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{code[:4]}-{code[4:]}"


def normalise_code(typed: str) -> str:
    """Return a typed code in its standard spelling, or "" where it cannot be a code."""
    code = "".join(char for char in typed.upper() if char.isalnum()).translate(_MISREAD)
    if len(code) != LENGTH or any(char not in ALPHABET for char in code):
        return ""
    return f"{code[:4]}-{code[4:]}"
