"""Settings without their secrets."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from lexora_gql.settings import Settings

# Their secret is one part of them; the rest is what one wants to see.
ADDRESSES = frozenset({"database_url", "redis_url", "bucket_url"})


def shown_settings(settings: Settings) -> list[tuple[str, str]]:
    """Return what differs from the defaults, and every secret as set or not set, by the environment's names."""
    shown = []
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        is_secret = name.startswith("secret_key") or name.endswith("_api_key")
        if is_secret:
            shown.append((name.upper(), "not set" if value is None else "set"))
        elif name in settings.model_fields_set or name in ADDRESSES:
            shown.append((name.upper(), _shown(value)))
    return shown


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, SecretStr):
        return without_secret(value.get_secret_value())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return without_secret(str(value)) if "://" in str(value) else str(value)


def without_secret(address: str) -> str:
    """Return an address without password, query and fragment, any of which may hold a secret."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "set"
    if not parts.scheme:
        return "set"
    user, separator, host = parts.netloc.rpartition("@")
    name, has_password, _ = user.partition(":")
    shown = f"{name}{':***' if has_password else ''}{separator}{host}"
    return f"{parts.scheme}://{shown}{parts.path}{'?***' if parts.query else ''}"
