"""The panel "Files": choosing, naming and sending them."""

from playwright.async_api import FilePayload, expect

from tests.transport.api import MAX_FILE_BYTES, PASSWORD, Api
from tests.transport.graphiql.visit import Visit

EMAIL = "reader1@example.org"
UPLOAD = """mutation Several($inputs: [UploadDocumentInput!]!) {
    uploadDocuments(inputs: $inputs) {
        ... on DocumentAccepted { document { id filename title } }
        ... on UserError { code message }
    }
}"""
BYTES_A_SECOND = 100_000


def text(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


class TestFiles:
    async def test_each_is_sent_where_variables_have_its_name(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        panel = await visit.show("Files")
        await panel.get_by_label("Choose files").set_input_files([text("a.txt", b"Alpha."), text("b.txt", b"")])
        await visit.write_operation("Several", UPLOAD)
        await visit.write_variables({"inputs": [{"file": "$file2"}, {"file": "$file1", "title": "$100"}]})

        first, second = (await visit.run("uploadDocuments"))["data"]["uploadDocuments"]

        assert first["code"] == "EMPTY_FILE"
        assert (second["document"]["filename"], second["document"]["title"]) == ("a.txt", "$100")
        assert [each.headers["graphql-require-preflight"] for each in visit.uploads()] == ["1"]
        assert visit.complaints == []

    async def test_what_came_of_each_is_told_in_the_panel(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        panel = await visit.show("Files")
        large = text("large.txt", b"x" * (MAX_FILE_BYTES + 1))
        await panel.get_by_label("Choose files").set_input_files([text("a.txt", b"Alpha."), large])
        items = panel.get_by_role("listitem")
        await expect(items.nth(1).get_by_role("status")).to_have_text(
            "Larger than 293.0 KiB: the server will not take it"
        )
        await visit.write_operation("Several", UPLOAD)
        await visit.write_variables({"inputs": [{"file": "$file1"}, {"file": "$file2"}]})

        results = (await visit.run("uploadDocuments"))["data"]["uploadDocuments"]

        assert results[1]["code"] == "FILE_TOO_LARGE"
        await expect(items.nth(0).get_by_role("status")).to_have_text("Sent: see the response")
        await expect(items.nth(1).get_by_role("status")).to_have_text(results[1]["message"])

    async def test_progress_is_shown_and_stopping_ends_it(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        panel = await visit.show("Files")
        await panel.get_by_label("Choose files").set_input_files(text("a.txt", b"Alpha beta. " * 20_000))
        browser = await visit.page.context.new_cdp_session(visit.page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_A_SECOND}
        await browser.send("Network.emulateNetworkConditions", slow)
        await visit.go("Upload")
        await visit.start()

        await expect(panel.get_by_role("progressbar", name="a.txt is being sent")).to_be_visible()
        await visit.page.get_by_label("Stop query (Ctrl-Enter)").click()
        await expect(panel.get_by_role("listitem").get_by_role("status")).to_have_text("Stopped.")

    async def test_a_name_without_a_file_is_told_before_anything_is_sent(self, visit: Visit, api: Api) -> None:
        await visit.go("Upload")

        answer = await visit.run("Not sent")
        panel = await visit.show("Files")
        await panel.get_by_label("Choose files").set_input_files(text("a.txt", b"Alpha."))
        unsigned = await visit.run("sign in")

        assert answer == {"errors": [{"message": 'Not sent. There is no $file1: choose it in the panel "Files".'}]}
        assert unsigned["errors"] == [{"message": 'Files are taken from people only: sign in, in the panel "Account".'}]
        assert (visit.sent("Upload"), visit.uploads()) == ([], [])

    async def test_files_can_be_dropped_and_removed(self, visit: Visit) -> None:
        panel = await visit.show("Files")
        dropped = await visit.page.evaluate_handle(
            """() => {
                const data = new DataTransfer();
                for (const name of ["a.txt", "b.txt"]) data.items.add(new File(["x"], name));
                return data;
            }"""
        )
        zone = panel.get_by_text("Choose files")
        await zone.dispatch_event("drop", {"dataTransfer": dropped})
        await panel.get_by_role("button", name="Remove a.txt").click()
        await zone.dispatch_event("drop", {"dataTransfer": dropped})

        assert await panel.get_by_role("listitem").locator("code").all_inner_texts() == ["$file2", "$file1", "$file3"]
        assert visit.page.url == f"{visit.address}/graphql"
