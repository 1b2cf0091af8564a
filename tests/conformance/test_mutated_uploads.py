"""A thousand forms, each damaged in some way: every one is answered, and the server is as it was."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from lexora_gql.storage.database import Database
from tests.conformance.answers import faults_of
from tests.conformance.descriptors import kinds
from tests.conformance.forms import BOUNDARY, MANY, TYPE, Part, file, sent, upload
from tests.database import empty
from tests.transport.api import MAX_FILE_BYTES, PASSWORD, Api, Client

SEED = 20_261_122
COUNT = 1_000
AT_ONCE = 8
SECONDS = 20
TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"--", b'"', b"'", b";", b":", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\", b"=", b"%00"),
    *(b"null", b"[]", b"{}", b"[" * 500, b'{"0":["variables.file"]}', b"variables.__proto__", b".0", b"1e999", b"NaN"),
    *(f"\r\n--{BOUNDARY}".encode(), f"--{BOUNDARY}--".encode(), f"\r\n--{BOUNDARY}\r\n\r\n".encode()),
    *(b"Content-Disposition: form-data; ", b'name="map"', b'name="operations"', b"filename*=UTF-8''x", b'filename=""'),
    *(b"Content-Transfer-Encoding: base64\r\n", b"X: " + b"y" * 5_000 + b"\r\n", b"\xf0\x9f\xa6\x98", b"\\u0000"),
)
TYPES = (
    *(TYPE, f'multipart/form-data; boundary="{BOUNDARY}"', f"multipart/form-data; BOUNDARY={BOUNDARY}; charset=utf-8"),
    *("multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={BOUNDARY[:-1]}"),
    *(
        f"multipart/form-data; boundary={BOUNDARY}-",
        f"multipart/form-data; boundary={'x' * 1_000}",
        "multipart/form-data;;=",
    ),
    *(f"multipart/mixed; boundary={BOUNDARY}", "application/json", f"multipart/form-data; boundary*=utf-8''{BOUNDARY}"),
)


def whole(rng: random.Random) -> bytes:
    """Return a form that is right, of one of several kinds."""
    content = rng.randbytes(rng.choice([0, 1, 100, 5_000]))
    two = {"query": MANY, "variables": {"inputs": [{"file": None}, {"file": None, "title": "B", "tags": ["a"]}]}}
    places = {"a": ["variables.inputs.0.file"], "b": ["variables.inputs.1.file"]}
    kinds = (
        lambda: upload(file("0", content)),
        lambda: upload(file("0", b"Invoices are paid. %d" % rng.getrandbits(64), "März 🦘.txt")),
        lambda: upload(file("b", content, "b.pdf"), file("a", b"%PDF-1.7 " + content), operations=two, places=places),
        lambda: upload(file("0", b"x" * (MAX_FILE_BYTES + 1), "large.txt")),
        lambda: upload(Part('name="0"; filename="a.md"', b"# A", ("Content-Type: text/markdown", "X-Y: z"))),
    )
    return rng.choice(kinds)()


def damaged(rng: random.Random, body: bytes) -> bytes:
    """Return a form with one to three damages, half of them where its headers and fields are."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(min(len(body), 900) + 1) if rng.random() < 0.5 else rng.randrange(len(body) + 1)
        until = min(len(body), at + rng.choice([1, 1, 2, 8, 40, 200]))
        match rng.randrange(7):
            case 0:
                body = body[:at] + body[until:]
            case 1:
                body = body[:at] + rng.choice(TOKENS) + body[at:]
            case 2:
                body = body[:at] + rng.choice(TOKENS) + body[until:]
            case 3:
                body = body[:at] + rng.randbytes(until - at) + body[until:]
            case 4:
                body = body[:until] + body[at:]
            case 5:
                body = body[:at]
            case _:
                parts = body.split(f"--{BOUNDARY}".encode())
                rng.shuffle(parts)
                body = f"--{BOUNDARY}".encode().join(parts)
    return body


@pytest.fixture(scope="module")
async def reader(shared_api: Api, session_database: Database) -> AsyncIterator[Client]:
    """Somebody who uploads."""
    await empty(session_database)
    account = {"email": "mutations@example.org", "password": PASSWORD}
    yield Client(shared_api.http, (await shared_api.nobody().run("Register", input=account))["accessToken"])
    await empty(session_database)


class TestAThousandForms:
    async def test_each_is_answered_and_none_leaves_a_trace(self, reader: Client) -> None:
        print(f"seed {SEED}")
        rng = random.Random(SEED)
        forms = [(damaged(rng, whole(rng)), rng.choice(TYPES) if rng.random() < 0.1 else TYPE) for _ in range(COUNT)]
        gate, statuses = asyncio.Semaphore(AT_ONCE), Counter[int]()
        faults: list[str] = []
        assert (await sent(reader, upload())).status_code == 200
        before = kinds()

        async def send(number: int) -> None:
            async with gate, asyncio.timeout(SECONDS):
                response = await sent(reader, *forms[number])
            statuses[response.status_code] += 1
            faults.extend(f"form {number}: {fault}" for fault in faults_of(response))

        await asyncio.gather(*(send(number) for number in range(COUNT)))
        print(f"statuses {sorted(statuses.items())}")

        assert faults == []
        assert statuses.keys() <= {200, 400, 413, 415}
        # Damage that all forms shared would try one refusal a thousand times.
        assert min(statuses[200], statuses[400]) > COUNT // 10
        assert (await sent(reader, upload(file("0", b"Still here.")))).json()["data"]["uploadDocument"]["document"]
        assert kinds()["file"] == before["file"]
        # Connections that are kept for later: those of clients have two ends here, those to PostgreSQL one.
        assert kinds()["socket"] <= before["socket"] + 3 * AT_ONCE
