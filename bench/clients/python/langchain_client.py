import openai
from common import BASE_URL, IMAGE_PARTS, KEY, MODEL, NAME, WORDS, raises, run
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


def model(name=MODEL, **options):
    return ChatOpenAI(model=name, base_url=BASE_URL, api_key=KEY, max_retries=0, **options)


def ask(text):
    return [HumanMessage(f"{text}:{NAME}")]


class Person(BaseModel):
    """A person."""

    nama: str
    umur: int


@tool
def find(q: str) -> str:
    """Finds something."""
    return "1"


def text(messages, **options):
    return "".join(chunk.content for chunk in model(**options).stream(messages))


def plain():
    assert model().invoke(ask("plain")).content == WORDS


def stream():
    assert text(ask("plain"), stream_usage=True) == WORDS


def silence():
    assert text(ask("silence")) == WORDS


def tools():
    bound = model().bind_tools([find])
    answer = bound.invoke(ask("tools"))
    assert answer.tool_calls[0]["args"] == {"q": "a"}, answer
    result = ToolMessage("1", tool_call_id=answer.tool_calls[0]["id"])
    assert bound.invoke([*ask("tools"), answer, result]).content == WORDS


def structured():
    for method in ["json_schema", "function_calling", "json_mode"]:
        found = model().with_structured_output(Person, method=method).invoke(ask("structured"))
        assert found == Person(nama="BUDI", umur=30), (method, found)


def image():
    assert model().invoke([HumanMessage(IMAGE_PARTS)]).content == "picture"


def abort():
    answer = model().stream(ask("slow"))
    for index, _ in enumerate(answer):
        if index == 3:
            break
    answer.close()


def resume():
    session = f"resume-{NAME}"
    seen = []
    first = model(extra_body={"session_id": session}, stream_usage=False)
    answer = first.stream(ask("plain"))
    for chunk in answer:
        seen.append(chunk.content)
        if len(seen) == 4:
            break
    answer.close()
    again = model(
        extra_body={"session_id": session},
        stream_usage=False,
        default_headers={"Last-Event-ID": f"{session}:{len(seen) - 1}"},
    )
    seen += [chunk.content for chunk in again.stream(ask("plain"))]
    assert "".join(seen) == WORDS, seen


def errors():
    raises(openai.NotFoundError, lambda: model("nobody").invoke(ask("plain")))
    raises(openai.BadRequestError, lambda: model(temperature=9).invoke(ask("plain")))
    raises(openai.APIError, lambda: text(ask("fail")))


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
