"""Mail addresses, and the network addresses that clients come from."""

import re
import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

from lexora_gql.errors import InvalidInput

# RFC 5321: a path of 256 with its angle brackets.
EMAIL_CHARACTERS_MAX = 254
LOCAL_PART_CHARACTERS_MAX = 64
# Dots apart, what RFC 5322 lets stand unquoted, and letters beyond ASCII (RFC 6531).
LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\\\].]+(?:\.[^\s@\"(),:;<>\[\\\].]+)*")
# Labels of letters and digits, hyphens within; beyond ASCII anything visible, as registries differ.
LABEL = r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\u0080-\U0010ffff-]{0,61}[A-Za-z0-9\u0080-\U0010ffff])?"
DOMAIN = re.compile(rf"(?=.{{1,253}}$){LABEL}(?:\.{LABEL})*")
IPV6_SUBSCRIBER_BITS = 64


def clean_email(email: str) -> str:
    """Return a mail address as it is shown and written to.

    Raises:
        InvalidInput: It is longer than 254 characters or has not the shape of an address.
    """
    # Checked before the rest: normalising costs time that grows with the length.
    if len(email) > EMAIL_CHARACTERS_MAX:
        raise _refused(f"has {len(email)} characters; 3 to {EMAIL_CHARACTERS_MAX} are allowed")
    cleaned = unicodedata.normalize("NFKC", email).strip()
    local, _, domain = cleaned.rpartition("@")
    # Invisible and control characters would make two addresses look the same.
    is_visible = all(unicodedata.category(character)[0] not in "CZ" for character in cleaned)
    is_shaped = LOCAL_PART.fullmatch(local) and DOMAIN.fullmatch(domain)
    if not (is_visible and is_shaped):
        raise _refused("does not look like a mail address, such as name@example.org")
    if len(local) > LOCAL_PART_CHARACTERS_MAX or len(cleaned) > EMAIL_CHARACTERS_MAX:
        raise _refused("is too long for a mail address")
    return cleaned


def email_key(email: str) -> str:
    """Return what two spellings of one address have in common.

    The local part is folded, too: mail systems that tell `Ann@` from `ann@` are rarer than people who mistype.
    """
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    return unicodedata.normalize("NFKC", folded)


def network_key(address: str) -> str:
    """Return what attempts from one client are counted by: the address, or the /64 that one IPv6 subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed.packed, IPV6_SUBSCRIBER_BITS), strict=False))
    return str(parsed)


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"`email` {why}.", path=("email",))
