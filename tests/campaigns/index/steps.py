"""What may happen next: changes on either process, and what befalls an index in between."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from lexora_gql.documents.models import Document
from tests.campaigns.index.damage import spoil
from tests.campaigns.index.house import TAGS, House, Person

DOCUMENTS_MAX = 14
COLLECTIONS_MAX = 4


async def add(house: House) -> None:
    """A document becomes READY; where there are many already, one goes."""
    person = house.person()
    place = house.chance.choice(list(person.documents))
    if len(person.documents[place]) >= DOCUMENTS_MAX:
        await _remove(house, person, place)
    tags = [tag for tag in TAGS if house.chance.random() < 0.5]
    desk = house.server().desk
    document = await desk.document(person.viewer, *house.paragraphs(), collection_id=place, tags=tags)
    person.documents[place].append(document)


async def remove(house: House) -> None:
    """A document is deleted."""
    if (found := _some(house)) is not None:
        await _remove(house, found[0], found[1])


async def replace(house: House) -> None:
    """A document is processed again and has another text."""
    if (found := _some(house)) is not None:
        _, _, document = found
        await house.server().desk.read_anew(await house.servers[0].desk.stored(document), *house.paragraphs())


async def collect(house: House) -> None:
    """Somebody makes a collection; where there are many, one is deleted with all that is in it."""
    person = house.person()
    services = house.server().desk.process.services
    if len(person.documents) >= COLLECTIONS_MAX:
        place = house.chance.choice(list(person.documents)[1:])
        await services.collections.delete(person.viewer, place)
        del person.documents[place]
        for other in house.people:
            other.shared.discard(place)
        return
    collection = await services.collections.create(person.viewer, f"Minutes {house.chance.random()}")
    person.documents[collection.id] = []


async def share(house: House) -> None:
    """A collection is shared, or not any more."""
    person = house.person()
    await house.share(person, house.person(), house.chance.choice(list(person.documents)))


async def shrink(house: House) -> None:
    """All shards of a process leave memory."""
    house.server().index.shrink()


async def settle(house: House) -> None:
    """A process has time to write what it has in mind."""
    await house.server().index.settled()


async def tidy(house: House) -> None:
    """What is deleted is taken out of the shards that nobody searches."""
    await house.server().desk.process.upkeep.housekeeping.tidy()


async def restart(house: House) -> None:
    """A process ends, in order or not, perhaps finds its snapshots damaged, and begins again."""
    server = house.server()
    await server.stop(is_killed=house.chance.random() < 0.5)
    if house.chance.random() < 0.5:
        spoil(server.folder, house.chance)
    server.start()


STEPS: dict[Callable[[House], Awaitable[None]], int] = {
    add: 30, remove: 12, replace: 12, collect: 4, share: 6, shrink: 4, settle: 4, tidy: 2, restart: 2,
}  # fmt: skip
"""How often each comes, beside searches."""


def _some(house: House) -> tuple[Person, UUID, Document] | None:
    found = [
        (person, place, document)
        for person in house.people
        for place, documents in person.documents.items()
        for document in documents
    ]
    return house.chance.choice(found) if found else None


async def _remove(house: House, person: Person, place: UUID) -> None:
    documents = person.documents[place]
    document = documents.pop(house.chance.randrange(len(documents)))
    await house.server().desk.process.services.documents.delete(person.viewer, document.id)
