"""Branches as a client sees them: edits and regenerations over HTTP, followed over WebSocket."""

from tests.transport.api import Api

TEXT = b"The canteen opens at noon.\n"
SIBLINGS = "query($id: ID!) { message(id: $id) { siblings { id content } parent { id } } }"


async def heard(api: Api, token: str | None, answer_id: str) -> str:
    """Return the text of an answer, as its watcher puts it together."""
    text = ""
    async with api.socket() as socket:
        await socket.initialise(token)
        await socket.subscribe("1", "Answer", messageId=answer_id)
        while (message := await socket.hear())["type"] == "next":
            event = message["payload"]["data"]["answer"]
            text += event.get("text", "")
            if event["__typename"] == "AnswerFinished":
                assert event["message"]["content"] == text
    return text


class TestBranches:
    async def test_a_tree_grows_by_edits_and_regenerations(self, api: Api) -> None:
        reader = await api.somebody()
        await reader.upload(("canteen.txt", TEXT))
        await api.ingest()
        asked = await reader.run("SendMessage", input={"content": "When does the canteen open?", "waitSeconds": 20})
        edited = await reader.run(
            "EditMessage", input={"id": asked["question"]["id"], "content": "When is the canteen open?"}
        )
        again = await reader.run("RegenerateAnswer", id=asked["answer"]["id"], model="scripted", idempotencyKey="again")
        repeated = await reader.run(
            "RegenerateAnswer", id=asked["answer"]["id"], model="scripted", idempotencyKey="again"
        )

        assert [each["__typename"] for each in (edited, again, repeated)] == ["MessageSent"] * 3
        assert repeated["answer"]["id"] == again["answer"]["id"]
        assert again["question"]["id"] == asked["question"]["id"]
        for sent in (edited, again):
            assert await heard(api, reader.token, sent["answer"]["id"]) == "The canteen opens at noon. [1]"
        versions = (await reader.send(SIBLINGS, {"id": asked["question"]["id"]})).json()["data"]["message"]
        assert versions["siblings"] == [{"id": edited["question"]["id"], "content": "When is the canteen open?"}]
        answers = (await reader.send(SIBLINGS, {"id": asked["answer"]["id"]})).json()["data"]["message"]
        assert [each["id"] for each in answers["siblings"]] == [again["answer"]["id"]]
        assert answers["parent"] == {"id": asked["question"]["id"]}
        talk = asked["conversation"]["id"]
        for leaf, path in (
            (asked["answer"]["id"], [asked["question"]["id"], asked["answer"]["id"]]),
            (edited["answer"]["id"], [edited["question"]["id"], edited["answer"]["id"]]),
            (None, [asked["question"]["id"], again["answer"]["id"]]),
        ):
            read = await reader.run("Conversation", id=talk, leafId=leaf)
            assert [edge["node"]["id"] for edge in read["messages"]["edges"]] == path

    async def test_refusals_are_members_of_the_union(self, api: Api) -> None:
        reader = await api.somebody()
        asked = await reader.run("SendMessage", input={"content": "When?", "waitSeconds": 20})
        question, answer = asked["question"]["id"], asked["answer"]["id"]

        blank = await reader.run("EditMessage", input={"id": question, "content": " "})
        assert (blank["code"], blank["path"]) == ("INVALID_INPUT", ["content"])
        not_a_question = await reader.run("EditMessage", input={"id": answer, "content": "When?"})
        assert (not_a_question["code"], not_a_question["path"]) == ("INVALID_INPUT", ["id"])
        model = await reader.run("RegenerateAnswer", id=answer, model="gpt-99")
        assert (model["code"], model["allowed"]) == ("MODEL_NOT_ALLOWED", ["scripted"])
