"""Every setting, typed, its unit in its name or description; the only reader of the environment."""

import secrets
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MEBIBYTE = 1024 * 1024
SECRET_BYTES_MIN = 32
COST_MAX = 1_000_000_000
EXTENSIONS = (".pdf", ".docx", ".md", ".markdown", ".txt", ".text", ".csv", ".tsv", ".html", ".htm", ".xhtml", ".pptx")


class WrongSettings(Exception):
    """One clear line per wrong setting.

    Attributes:
        lines: Such as "PORT: 99999 is more than 65535".
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseSettings):
    """What a process is configured with; names are those of the environment, in lower case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    public_url: str | None = Field(None, description="Where browsers reach the server; http://HOST:PORT when not set.")
    data_dir: Path = Path(".lexora")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()

    database_url: SecretStr | None = Field(None, description="postgresql://…; `lexora up` starts its own when not set.")
    database_pool_size: Annotated[int, Field(ge=1, le=500)] = 10
    database_max_overflow: Annotated[int, Field(ge=0, le=500)] = 10
    database_echo: bool = False
    redis_url: SecretStr | None = Field(None, description="redis://… or unix://…; `lexora up` starts its own.")

    secret_key: SecretStr | None = Field(None, description="At least 32 bytes; signs tokens, cursors and links.")
    secret_key_previous: SecretStr | None = Field(None, description="Still accepted, while keys are rotated.")
    access_token_expire_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    refresh_token_expire_days: Annotated[int, Field(ge=1, le=365)] = 7
    registration: Literal["open", "invitation", "closed"] = "open"
    password_characters_min: Annotated[int, Field(ge=8, le=128)] = 15

    upload_dir: Path | None = Field(None, description="Folder of the original files; DATA_DIR/blobs when not set.")
    bucket_url: SecretStr | None = Field(None, description="s3://…, gs://… or az://…; instead of UPLOAD_DIR.")
    max_file_size: Annotated[int, Field(ge=1, le=1024 * MEBIBYTE, description="In bytes.")] = 50 * MEBIBYTE
    allowed_extensions: Annotated[tuple[str, ...], NoDecode] = EXTENSIONS

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str | None = Field(None, description="One or more names, the default first, parted by commas.")
    openai_max_tokens: Annotated[int, Field(ge=1, le=200_000)] = 1_024
    openai_temperature: Annotated[float, Field(ge=0, le=2)] = 0.1
    openai_context_tokens: Annotated[int, Field(ge=1_000, le=2_000_000)] = 16_000
    openai_connect_seconds: Annotated[float, Field(gt=0, le=60, description="For a connection.")] = 5.0
    openai_first_token_seconds: Annotated[float, Field(gt=0, le=600, description="From a request to the first.")] = 60.0
    openai_next_token_seconds: Annotated[float, Field(gt=0, le=600, description="From each token to the next.")] = 30.0
    openai_fallback_model: str | None = Field(None, description="Asked where the model that was asked is down.")
    openai_fallback_base_url: str | None = Field(None, description="OPENAI_BASE_URL, with its key, when not set.")
    openai_fallback_api_key: SecretStr | None = Field(None, description="Of OPENAI_FALLBACK_BASE_URL.")
    openai_embedding_model: str | None = Field(None, description="WordLlama is used when not set.")
    openai_embedding_dimensions: Annotated[int, Field(ge=8, le=8_192)] | None = None
    embedding_model: str | None = Field(
        None, description="Name or folder of a model of sentence-transformers; needs the extra `semantic`."
    )
    embedding_batch_size: Annotated[int, Field(ge=1, le=2_048)] = 128

    rerank_url: str | None = Field(None, description="The whole address, such as http://127.0.0.1:8080/rerank.")
    rerank_api_key: SecretStr | None = None
    rerank_model: str | None = Field(None, description="For services that offer more than one.")
    rerank_candidates: Annotated[int, Field(ge=1, le=100, description="Passages it is asked about.")] = 30
    rerank_timeout_seconds: Annotated[float, Field(gt=0, le=60, description="Then the fused order stands.")] = 2.0

    faiss_index_path: Path | None = Field(None, description="Folder of index snapshots; DATA_DIR/index when not set.")
    index_memory_mib: Annotated[int, Field(ge=16, le=1_000_000)] = 1_024
    search_cache_seconds: Annotated[
        int, Field(ge=0, le=86_400, description="How long the same search is answered from memory; 0: never.")
    ] = 600
    retrieval_k: Annotated[int, Field(ge=1, le=50, description="Sources of an answer.")] = 8

    chunk_characters: Annotated[int, Field(ge=200, le=8_000)] = 1_000
    chunk_overlap_characters: Annotated[int, Field(ge=0, le=1_000)] = 150
    ocr: Annotated[
        Literal["auto", "off"], Field(description="Of pages without text; auto: where the extra `ocr` is installed.")
    ] = "auto"
    ocr_pages_max: Annotated[int, Field(ge=1, le=5_000, description="Pages of a file that are recognised.")] = 200
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 2
    worker_niceness: Annotated[int, Field(ge=0, le=19, description="How far workers give way to others; 0: not.")] = 10
    lease_seconds: Annotated[float, Field(ge=1, le=600)] = 20.0
    lease_renewal_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    reconcile_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    shutdown_grace_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0

    rate_limit_per_minute: Annotated[int, Field(ge=1, le=1_000_000, description="Questions a minute and user.")] = 60
    questions_per_day: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Of a user, from midnight to midnight in UTC; no limit when not set."
    )
    tokens_per_month: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Of a user, read and written by models, in a month of UTC; no limit when not set."
    )
    login_attempts_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    query_limit_per_minute: Annotated[int, Field(ge=1, le=1_000_000, description="Operations a minute and user.")] = (
        1_200
    )
    upload_limit_per_minute: Annotated[int, Field(ge=1, le=1_000_000, description="Files a minute and user.")] = 600
    query_cost_max: Annotated[int, Field(ge=1, le=COST_MAX, description="Points of one operation.")] = 20_000
    query_cost_burst: Annotated[int, Field(ge=1, le=COST_MAX, description="Points of a user who rested.")] = 40_000
    query_cost_per_minute: Annotated[int, Field(ge=1, le=COST_MAX, description="Points that flow back.")] = 120_000

    playground: bool | None = Field(None, description="Not in production when not set.")
    introspection: bool | None = Field(None, description="And suggestions; not in production when not set.")
    graphql_status_codes: Annotated[
        Literal["stable", "draft"],
        Field(description="Of GraphQL over HTTP: draft has 422 for invalid documents, 294 for partial data."),
    ] = "stable"
    trusted_documents: Annotated[
        Literal["off", "prefer", "only"], Field(description="What the documents of the manifest are to the server.")
    ] = "off"
    trusted_documents_manifest: Path | None = Field(None, description="Such as schema/operations/manifest.json.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @field_validator("cors_origins", "trusted_proxies", "allowed_extensions", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_extensions")
    @classmethod
    def _known_extensions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        extensions = tuple(("." + part.lstrip(".")).lower() for part in value)
        if unknown := [part for part in extensions if part not in EXTENSIONS]:
            message = f"{', '.join(unknown)} cannot be read; known are {', '.join(EXTENSIONS)}"
            raise ValueError(message)
        return extensions

    @field_validator("secret_key", "secret_key_previous")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < SECRET_BYTES_MIN:
            message = f"has {len(value.get_secret_value().encode())} bytes; at least {SECRET_BYTES_MIN} are needed"
            raise ValueError(message)
        return value

    @field_validator("rerank_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = "must be a whole address, such as http://127.0.0.1:8080/rerank"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.chunk_overlap_characters * 2 > self.chunk_characters:
            message = "CHUNK_OVERLAP_CHARACTERS: must be at most half of CHUNK_CHARACTERS"
            raise ValueError(message)
        if self.embedding_model is not None and self.openai_embedding_model is not None:
            message = "EMBEDDING_MODEL: not with OPENAI_EMBEDDING_MODEL; one of the two embeds"
            raise ValueError(message)
        if self.openai_fallback_model is not None and not self.chat_models:
            message = "OPENAI_FALLBACK_MODEL: needs an OPENAI_MODEL that it stands in for"
            raise ValueError(message)
        if self.openai_fallback_base_url is not None and self.openai_fallback_model is None:
            message = "OPENAI_FALLBACK_BASE_URL: needs an OPENAI_FALLBACK_MODEL that is asked there"
            raise ValueError(message)
        if self.openai_fallback_api_key is not None and self.openai_fallback_base_url is None:
            message = "OPENAI_FALLBACK_API_KEY: needs the OPENAI_FALLBACK_BASE_URL that it is for"
            raise ValueError(message)
        if self.lease_renewal_seconds * 2 > self.lease_seconds:
            message = "LEASE_RENEWAL_SECONDS: must be at most half of LEASE_SECONDS"
            raise ValueError(message)
        if self.query_cost_max > self.query_cost_burst:
            message = "QUERY_COST_BURST: must be at least QUERY_COST_MAX"
            raise ValueError(message)
        return self

    @property
    def chat_models(self) -> tuple[str, ...]:
        """Names of the models that may be asked, the default first; empty: answers are extractive."""
        names = [name.strip() for name in (self.openai_model or "").split(",") if name.strip()]
        if not names and self.openai_api_key is not None and self.openai_base_url is None:
            names = ["gpt-4o-mini"]
        return tuple(names)

    @property
    def is_production(self) -> bool:
        """Whether strangers can reach the server."""
        return self.environment == "production"

    @property
    def has_playground(self) -> bool:
        """Whether browsers get the playground."""
        return not self.is_production if self.playground is None else self.playground

    @property
    def tells_schema(self) -> bool:
        """Whether introspection is answered, and mistakes are answered with suggestions."""
        return not self.is_production if self.introspection is None else self.introspection

    @property
    def address(self) -> str:
        """Where browsers reach the server, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104  # turns it into an address to visit
        return f"http://{host}:{self.port}"

    @property
    def blobs_folder(self) -> Path:
        """Where original files are kept when no bucket is set."""
        return (self.upload_dir or self.data_dir / "blobs").absolute()

    @property
    def index_folder(self) -> Path:
        """Where snapshots of index shards are kept."""
        return (self.faiss_index_path or self.data_dir / "index").absolute()

    def require_secret_key(self) -> str:
        """Return SECRET_KEY.

        Raises:
            WrongSettings: It is not set.
        """
        if self.secret_key is None:
            raise WrongSettings([f"SECRET_KEY: is not set; at least {SECRET_BYTES_MIN} bytes are needed"])
        return self.secret_key.get_secret_value()

    def require_database_url(self) -> str:
        """Return DATABASE_URL for SQLAlchemy's asyncpg driver.

        Raises:
            WrongSettings: It is not set.
        """
        if self.database_url is None:
            raise WrongSettings(["DATABASE_URL: is not set (`lexora up` starts a PostgreSQL of its own)"])
        address = self.database_url.get_secret_value()
        scheme, separator, rest = address.partition("://")
        if not separator or scheme.split("+")[0] not in {"postgres", "postgresql"}:
            raise WrongSettings(["DATABASE_URL: must begin with postgresql://"])
        return f"postgresql+asyncpg://{rest}"

    def require_redis_url(self) -> str:
        """Return REDIS_URL.

        Raises:
            WrongSettings: It is not set.
        """
        if self.redis_url is None:
            raise WrongSettings(["REDIS_URL: is not set (`lexora up` starts a Redis of its own)"])
        address = self.redis_url.get_secret_value()
        if not address.startswith(("redis://", "rediss://", "unix://")):
            raise WrongSettings(["REDIS_URL: must begin with redis://, rediss:// or unix://"])
        return address


def load_settings(**given: object) -> Settings:
    """Read the environment; what is given wins.

    Raises:
        WrongSettings: With one line per setting that is wrong.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        raise WrongSettings([_line(detail["loc"], detail["msg"]) for detail in error.errors()]) from None


def _line(location: tuple[int | str, ...], message: str) -> str:
    reason = message.removeprefix("Value error, ")
    return f"{str(location[0]).upper()}: {reason}" if location else reason


def generate_secret() -> str:
    """Return a new secret key of 48 random bytes, as 64 characters."""
    return secrets.token_urlsafe(48)
