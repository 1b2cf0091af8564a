"""What administrators do from the command line, beside a server that may be running."""

import uvloop

from lexora_gql.assembly.process import open_process
from lexora_gql.settings import Settings


def create_admin(settings: Settings, email: str, password: str) -> str:
    """Make an administrator's account and return its address.

    Raises:
        DomainError: Address or password will not do.
        WrongSettings: Something that is needed is not set.
    """

    async def create() -> str:
        async with open_process(settings) as process:
            user = await process.services.accounts.create_admin(email, password)
            return user.email

    return uvloop.run(create())
