"""The domains' enums as GraphQL enums; the descriptions are the schema's documentation."""

from enum import StrEnum

import strawberry
from strawberry.types.base import has_strawberry_definition
from strawberry.types.enum import StrawberryEnumDefinition

from lexora_gql.accounts.models import QuotaKind, Role
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.exporting import ExportFormat
from lexora_gql.conversations.models import AnswerFailureCode, AnswerMode, MessageRole, MessageStatus, Rating
from lexora_gql.documents.models import CollectionAccess, DocumentStatus, IngestionFailureCode, IngestionStage
from lexora_gql.documents.repository import DocumentOrder

__all__ = [
    "AnswerFailureCode",
    "AnswerMode",
    "CitationVerification",
    "CollectionAccess",
    "DocumentOrder",
    "DocumentStatus",
    "ErrorCode",
    "ExportFormat",
    "IngestionFailureCode",
    "IngestionStage",
    "MessageRole",
    "MessageStatus",
    "QuotaKind",
    "Rating",
    "RegistrationMode",
    "Role",
]


def describe(kind: type[StrEnum], description: str, **values: str) -> None:
    """Make an enum of a domain known to GraphQL, with a description for each of its values.

    Raises:
        TypeError: A value is without a description, or a description without a value.
    """
    strawberry.enum(kind, description=description)
    definition = kind.__strawberry_definition__ if has_strawberry_definition(kind) else None
    if not isinstance(definition, StrawberryEnumDefinition) or {value.name for value in definition.values} != {*values}:
        message = f"{kind.__name__} has {[member.name for member in kind]}, described are {[*values]}"
        raise TypeError(message)
    for value in definition.values:
        value.description = values[value.name]


class ErrorCode(StrEnum):
    """Codes of expected failures."""

    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    REGISTRATION_CLOSED = "REGISTRATION_CLOSED"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    INVALID_TOKEN = "INVALID_TOKEN"  # noqa: S105  # a code, no secret
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    UNSUPPORTED_FILE_TYPE = "UNSUPPORTED_FILE_TYPE"
    EMPTY_FILE = "EMPTY_FILE"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    ALREADY_RUNNING = "ALREADY_RUNNING"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    MODEL_NOT_ALLOWED = "MODEL_NOT_ALLOWED"


class RegistrationMode(StrEnum):
    """Who may register."""

    OPEN = "OPEN"
    INVITATION = "INVITATION"
    CLOSED = "CLOSED"


describe(
    ErrorCode,
    "What went wrong, for programs; stable.",
    INVALID_INPUT="A value is outside its bounds; `path` names it.",
    NOT_FOUND="There is no such object, or it is not yours to see.",
    EMAIL_TAKEN="Somebody has registered with this address.",
    REGISTRATION_CLOSED="This server does not let people register.",
    INVALID_CREDENTIALS="Address and password do not belong together.",
    INVALID_TOKEN="The token is wrong, used or expired.",  # noqa: S106  # a description, no secret
    TOO_MANY_ATTEMPTS="Too many tries to sign in; wait.",
    FILE_TOO_LARGE="The file has more bytes than the server takes.",
    UNSUPPORTED_FILE_TYPE="The file's bytes are of a type that cannot be read.",
    EMPTY_FILE="The file has no bytes.",
    QUOTA_EXCEEDED="A limit of your account is reached.",
    ALREADY_RUNNING="This is being worked on already.",
    IDEMPOTENCY_KEY_REUSED="The key was used for another request.",
    MODEL_NOT_ALLOWED="The server does not offer this model.",
)
describe(
    RegistrationMode,
    "Who may register.",
    OPEN="Everybody.",
    INVITATION="Those who have been invited.",
    CLOSED="Nobody; an administrator makes accounts.",
)
describe(
    Role, "What someone may do on the whole server.", USER="Everything with what is theirs.", ADMIN="Also administer."
)
describe(
    CollectionAccess,
    "What someone may do in a collection.",
    OWNER="Everything, deletion and sharing included.",
    EDITOR="Read, upload, process again and delete documents.",
    VIEWER="Read, search and ask.",
)
describe(
    DocumentStatus,
    "Where a document stands; READY and FAILED are the ends.",
    PENDING="Accepted, waiting for a worker.",
    PROCESSING="Being read.",
    READY="Can be searched and asked about.",
    FAILED="Could not be read; see `failure`.",
)
describe(
    IngestionStage,
    "What is being done with a document.",
    QUEUED="Waiting for a worker.",
    PARSING="Its text is being extracted; units are pages.",
    CHUNKING="Its text is being split into passages.",
    EMBEDDING="Its passages are turned into vectors; units are chunks.",
    INDEXING="Its passages are being stored.",
    DONE="Nothing more is to be done.",
)
describe(
    IngestionFailureCode,
    "Why a document FAILED.",
    ENCRYPTED="It needs a password.",
    CORRUPT="Its bytes are damaged.",
    NO_TEXT="It holds no text, such as a scan without text recognition.",
    TOO_MANY_PAGES="It has more pages than the server reads.",
    TOO_LARGE_TO_PARSE="It unpacks to more text or memory than the server allows.",
    PARSER_TIMEOUT="Reading it took longer than the server allows.",
    PARSER_CRASHED="Reading it ended the reader three times.",
    EMBEDDER_UNAVAILABLE="The embedder did not answer.",
    EMBEDDER_REJECTED="The embedder refused its text.",
    WORKER_LOST="The workers that read it were lost again and again.",
    INTERNAL="Something else; the server's log has it.",
)
describe(
    DocumentOrder,
    "Orders of a list of documents.",
    CREATED_AT_DESC="Newest first.",
    CREATED_AT_ASC="Oldest first.",
    TITLE_ASC="By title.",
    BYTE_SIZE_DESC="Largest first.",
)
describe(
    QuotaKind,
    "What is counted against a limit.",
    STORED_BYTES="The size of all files.",
    DOCUMENTS="All that is stored, whatever its size.",
    QUESTIONS_PER_DAY="From midnight to midnight in UTC.",
    TOKENS_PER_MONTH="Read and written by models for answers, in a calendar month of UTC.",
)
describe(MessageRole, "Who speaks.", USER="A question.", ASSISTANT="An answer.")
describe(
    MessageStatus,
    "Where a message stands; all but GENERATING are ends.",
    GENERATING="The answer is being written.",
    COMPLETED="Written to its end. Questions always are.",
    STOPPED="Stopped by `stopAnswer`; the text so far is kept.",
    FAILED="It could not be written; see `failure`.",
    INTERRUPTED="The server that wrote it went away; the text so far is kept.",
)
describe(
    AnswerMode,
    "How an answer came about.",
    GENERATED="A model wrote it from the sources.",
    EXTRACTIVE="It quotes the sentences that answer best.",
    NO_EVIDENCE="The documents do not say.",
)
describe(
    AnswerFailureCode,
    "Why an answer FAILED or was INTERRUPTED.",
    MODEL_UNAVAILABLE="The model did not answer.",
    MODEL_REJECTED="The model refused the request.",
    CONTEXT_TOO_LONG="The conversation is longer than the model can read.",
    TIMEOUT="The model took too long.",
    INTERRUPTED="The server that wrote it went away.",
    INTERNAL="Something else; the server's log has it.",
)
describe(
    ExportFormat,
    "What a conversation is exported as.",
    MARKDOWN="For people: what was said in block quotes, what was cited in footnotes.",
    JSON="For programs: all that is known of each message. `version` says how it is laid out.",
)
describe(Rating, "What a reader thinks of an answer.", UP="It was good.", DOWN="It was not.")
describe(
    CitationVerification,
    "Whether the source says what the answer's sentence says.",
    EXACT="The words of the answer stand in the source to the letter.",
    NORMALIZED="The same but for white space, hyphens, quotes and case.",
    SUPPORTED="In other words: much in common, and every number, date and name of the sentence stands in the quote.",
    UNSUPPORTED="The source does not say so.",
)
