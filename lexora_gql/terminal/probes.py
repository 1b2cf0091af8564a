"""What the doctor looks at, each with a limit on its time."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from lexora_gql.settings import MEBIBYTE, Settings, WrongSettings
from lexora_gql.terminal.findings import Finding, Probe, State
from lexora_gql.terminal.plain_text import file_size, one_line

PROBE_SECONDS = 15.0
CONNECT_SECONDS = 5.0
FREE_BYTES_MIN = 500 * MEBIBYTE
OPENAI = "https://api.openai.com/v1"
DEGRADED = 299


async def bounded(subject: str, probe: Probe) -> Sequence[Finding]:
    """Run a probe; one that takes too long is broken."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await probe()
    except TimeoutError:
        return [Finding(subject, State.BROKEN, f"no answer within {PROBE_SECONDS:.0f} s")]


async def redis(settings: Settings) -> Sequence[Finding]:
    """Look whether Redis answers."""
    subject = "Redis"
    try:
        client = Redis.from_url(
            settings.require_redis_url(), socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS
        )
    except WrongSettings as error:
        return [Finding(subject, State.BROKEN, error.lines[0])]
    except ValueError as error:
        return [Finding(subject, State.BROKEN, f"REDIS_URL: {one_line(str(error))}")]
    try:
        facts = await client.info("server")
    except (RedisError, OSError) as error:
        return [Finding(subject, State.BROKEN, f"does not answer: {one_line(str(error)) or type(error).__name__}")]
    finally:
        await client.aclose()
    return [Finding(subject, State.GOOD, f"{facts['redis_version']} answers")]


async def folder(subject: str, path: Path) -> Sequence[Finding]:
    """Look whether a folder, or the one that it will be made in, can be written to, and has room."""
    return [await asyncio.to_thread(_folder, subject, path)]


def _folder(subject: str, path: Path) -> Finding:
    present = next(each for each in (path, *path.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=present):
            free_bytes = shutil.disk_usage(present).free
    except OSError as error:
        return Finding(subject, State.BROKEN, f"{path} cannot be written to: {error.strerror}")
    state = State.GOOD if free_bytes >= FREE_BYTES_MIN else State.DEGRADED
    return Finding(subject, state, f"{path}, {file_size(free_bytes)} free")


async def chat_model(settings: Settings) -> Sequence[Finding]:
    """Look whether the chat models' servers answer, and offer the models that are set."""
    subject = "Chat model"
    if not settings.chat_models:
        return [Finding(subject, State.UNUSED, "none is set; answers are quoted from the documents")]
    fallback, elsewhere = settings.openai_fallback_model, settings.openai_fallback_base_url
    models = [*settings.chat_models, *([fallback] if fallback and not elsewhere else [])]
    found = [await _server_of(subject, models, settings.openai_base_url, settings.openai_api_key)]
    if fallback and elsewhere:
        found.append(await _server_of("Fallback model", [fallback], elsewhere, settings.openai_fallback_api_key))
    return found


async def _server_of(subject: str, models: Sequence[str], address: str | None, key: SecretStr | None) -> Finding:
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    try:
        async with httpx.AsyncClient(timeout=CONNECT_SECONDS, headers=headers) as client:
            response = await client.get(f"{(address or OPENAI).rstrip('/')}/models")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Finding(subject, State.BROKEN, f"does not answer: {_without(key, error)}")
    if response.status_code > DEGRADED:
        return Finding(subject, State.BROKEN, f"answers with HTTP {response.status_code} to GET models")
    offered = _offered(response)
    missing = [name for name in models if offered and name not in offered]
    if missing:
        return Finding(subject, State.DEGRADED, f"answers, but does not list {', '.join(missing)}")
    return Finding(subject, State.GOOD, f"{', '.join(models)}: its server answers")


def _without(secret: SecretStr | None, error: Exception) -> str:
    reason = one_line(str(error)) or type(error).__name__
    return reason.replace(secret.get_secret_value(), "***") if secret else reason


def _offered(response: httpx.Response) -> set[str]:
    try:
        return {str(model["id"]) for model in response.json()["data"]}
    except (ValueError, KeyError, TypeError):
        return set()


async def server(settings: Settings) -> Sequence[Finding]:
    """Look whether the API runs, and is ready."""
    address = settings.model_copy(update={"public_url": None}).address
    try:
        async with httpx.AsyncClient(timeout=CONNECT_SECONDS, trust_env=False) as client:
            response = await client.get(f"{address}/ready")
    except httpx.ConnectError:
        return [Finding("API", State.UNUSED, f"does not run at {address}")]
    except httpx.HTTPError as error:
        return [Finding("API", State.BROKEN, f"{address}/ready: {type(error).__name__}")]
    state = State.GOOD if response.status_code <= DEGRADED else State.BROKEN
    return [Finding("API", state, f"{address}/ready: HTTP {response.status_code}, {one_line(response.text[:200])}")]
