from common import BASE_URL, IMAGE_BYTES, KEY, MODEL, NAME, WORDS, run
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, ModelHTTPError, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


class Person(BaseModel):
    nama: str
    umur: int


BUDI = Person(nama="BUDI", umur=30)


def model(name=MODEL):
    return OpenAIChatModel(name, provider=OpenAIProvider(base_url=BASE_URL, api_key=KEY))


def prompt(text):
    return f"{text}:{NAME}"


async def text(asked, **options):
    async with Agent(model()).run_stream(prompt(asked), **options) as answer:
        return await answer.get_output()


async def plain():
    assert (await Agent(model()).run(prompt("plain"))).output == WORDS


async def stream():
    assert await text("plain") == WORDS


async def silence():
    assert await text("silence") == WORDS


async def tools():
    agent = Agent(model())
    asked = []

    @agent.tool_plain
    def find(q: str) -> str:
        """Finds something."""
        asked.append(q)
        return "1"

    assert (await agent.run(prompt("tools"))).output == WORDS
    assert asked == ["a"], asked


async def structured():
    for output in [NativeOutput(Person), ToolOutput(Person)]:
        assert (await Agent(model(), output_type=output).run(prompt("structured"))).output == BUDI


async def image():
    answer = await Agent(model()).run([prompt("image"), BinaryContent(IMAGE_BYTES, media_type="image/png")])
    assert answer.output == "picture", answer.output


async def abort():
    async with Agent(model()).run_stream(prompt("slow")) as answer:
        seen = 0
        async for _ in answer.stream_text(delta=True, debounce_by=None):
            seen += 1
            if seen == 3:
                break


async def resume():
    session = f"resume-{NAME}"
    body = {"extra_body": {"session_id": session}}
    await text("plain", model_settings=body)
    # It has no place for what was read before: all that can be asked for is the rest.
    again = {**body, "extra_headers": {"Last-Event-ID": f"{session}:3"}}
    assert await text("plain", model_settings=again) == WORDS.removeprefix("w0 w1 w2 ")


async def errors():
    for name, settings, status in [("nobody", {}, 404), (MODEL, {"temperature": 9}, 400)]:
        try:
            await Agent(model(name)).run(prompt("plain"), model_settings=settings)
        except ModelHTTPError as error:
            assert error.status_code == status, error
            continue
        raise AssertionError("it did not fail")


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
