import openai
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from common import BASE_URL, IMAGE, KEY, MODEL, NAME, WORDS, run
from pydantic import BaseModel

set_tracing_disabled(True)


class Person(BaseModel):
    nama: str
    umur: int


def agent(name=MODEL, **options):
    # A client for each event loop.
    client = openai.AsyncOpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
    return Agent(name="a", model=OpenAIChatCompletionsModel(name, openai_client=client), **options)


def prompt(text):
    return f"{text}:{NAME}"


async def deltas(answer):
    async for event in answer.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            yield event.data.delta


async def text(asked, **options):
    return "".join([part async for part in deltas(Runner.run_streamed(agent(**options), prompt(asked)))])


async def plain():
    assert (await Runner.run(agent(), prompt("plain"))).final_output == WORDS


async def stream():
    assert await text("plain") == WORDS


async def silence():
    assert await text("silence") == WORDS


async def tools():
    asked = []

    @function_tool
    def find(q: str) -> str:
        """Finds something."""
        asked.append(q)
        return "1"

    assert (await Runner.run(agent(tools=[find]), prompt("tools"))).final_output == WORDS
    assert await text("tools", tools=[find]) == WORDS
    assert asked == ["a", "a"], asked


async def structured():
    answer = await Runner.run(agent(output_type=Person), prompt("structured"))
    assert answer.final_output == Person(nama="BUDI", umur=30), answer.final_output


async def image():
    parts = [{"type": "input_text", "text": "image"}, {"type": "input_image", "image_url": IMAGE, "detail": "auto"}]
    assert (await Runner.run(agent(), [{"role": "user", "content": parts}])).final_output == "picture"


async def abort():
    answer = Runner.run_streamed(agent(), prompt("slow"))
    seen = 0
    async for _ in deltas(answer):
        seen += 1
        if seen == 3:
            answer.cancel()
            break


async def resume():
    session = f"resume-{NAME}"
    body = {"extra_body": {"session_id": session}}
    await text("plain", model_settings=ModelSettings(**body))
    headers = {"Last-Event-ID": f"{session}:3"}
    rest = await text("plain", model_settings=ModelSettings(**body, extra_headers=headers))
    assert rest == WORDS.removeprefix("w0 w1 w2 "), rest


async def errors():
    for name, settings, wanted in [
        ("nobody", {}, openai.NotFoundError),
        (MODEL, {"temperature": 9}, openai.BadRequestError),
    ]:
        try:
            await Runner.run(agent(name, model_settings=ModelSettings(**settings)), prompt("plain"))
        except wanted:
            continue
        raise AssertionError("it did not fail")


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
