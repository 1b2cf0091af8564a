"""`lexora doctor`: what is configured, what answers and what does not."""

import asyncio
from collections.abc import Mapping
from functools import partial

from lexora_gql.settings import Settings
from lexora_gql.terminal import probes
from lexora_gql.terminal.findings import Finding, Probe, State, exit_code, show
from lexora_gql.terminal.probes_of_postgres import Expected, postgres
from lexora_gql.terminal.settings_shown import shown_settings


async def examine(settings: Settings, expected: Expected, others: Mapping[str, Probe]) -> list[Finding]:
    """Look at everything at once.

    Args:
        settings: What the server would run with.
        expected: Of the database.
        others: Probes of what only the server's own code can look at, by subject.
    """
    wanted: dict[str, Probe] = {
        "PostgreSQL": partial(postgres, settings, expected),
        "Redis": partial(probes.redis, settings),
        "Index": partial(probes.folder, "Index", settings.index_folder),
        "Chat model": partial(probes.chat_model, settings),
        "API": partial(probes.server, settings),
        **others,
    }
    if settings.bucket_url is None:
        wanted["Files"] = partial(probes.folder, "Files", settings.blobs_folder)
    found = await asyncio.gather(*(probes.bounded(subject, probe) for subject, probe in wanted.items()))
    findings = [finding for some in found for finding in some]
    if settings.secret_key is None:
        findings.append(_missing_secret(settings))
    return findings


def _missing_secret(settings: Settings) -> Finding:
    if settings.is_production:
        return Finding("SECRET_KEY", State.BROKEN, "is not set; ENVIRONMENT=production takes no generated one")
    return Finding("SECRET_KEY", State.DEGRADED, "is not set; `lexora up` generates one, `lexora serve` needs one")


async def run_doctor(settings: Settings, expected: Expected, others: Mapping[str, Probe]) -> int:
    """Examine and show; return the exit code: 1 when something that is needed is broken."""
    findings = await examine(settings, expected, others)
    show(findings, shown_settings(settings))
    return exit_code(findings)
