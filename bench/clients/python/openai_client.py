import openai
from common import BASE_URL, IMAGE_PARTS, KEY, MODEL, NAME, TOOL, WORDS, ask, raises, run
from pydantic import BaseModel

client = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)


class Person(BaseModel):
    nama: str
    umur: int


def text(messages, **options):
    parts = []
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True, **options):
        parts += [choice.delta.content or "" for choice in chunk.choices]
    return "".join(parts)


def plain():
    answer = client.chat.completions.create(model=MODEL, messages=ask("plain"))
    assert answer.choices[0].message.content == WORDS, answer
    assert MODEL in [model.id for model in client.models.list()]


def stream():
    assert text(ask("plain"), stream_options={"include_usage": True}) == WORDS


def silence():
    assert text(ask("silence")) == WORDS


def tools():
    messages = ask("tools")
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL], tool_choice="required")
    message = answer.choices[0].message
    assert message.tool_calls[0].function.arguments == '{"q":"a"}', message
    # The answer goes back as the SDK dumps it.
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "1"}
    messages = [*messages, message.model_dump(), result]
    assert text(messages, tools=[TOOL]) == WORDS


def structured():
    parse = getattr(client.chat.completions, "parse", None) or client.beta.chat.completions.parse
    answer = parse(model=MODEL, messages=ask("structured"), response_format=Person)
    assert answer.choices[0].message.parsed == Person(nama="BUDI", umur=30), answer


def image():
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": IMAGE_PARTS}])
    assert answer.choices[0].message.content == "picture", answer


def abort():
    answer = client.chat.completions.create(model=MODEL, messages=ask("slow"), stream=True)
    for index, _ in enumerate(answer):
        if index == 3:
            break
    answer.close()


def resume():
    session = f"resume-{NAME}".replace(" ", "-")
    body = {"model": MODEL, "messages": ask("plain"), "stream": True, "extra_body": {"session_id": session}}
    answer = client.chat.completions.create(**body)
    seen = []
    for chunk in answer:
        seen.append(chunk.choices[0].delta.content or "")
        if len(seen) == 4:
            break
    answer.close()
    headers = {"Last-Event-ID": f"{session}:{len(seen) - 1}"}
    for chunk in client.chat.completions.create(**body, extra_headers=headers):
        seen.append(chunk.choices[0].delta.content or "")
    assert "".join(seen) == WORDS, seen


def errors():
    def create(**options):
        return lambda: client.chat.completions.create(**{"model": MODEL, "messages": ask("plain"), **options})

    raises(openai.NotFoundError, create(model="nobody"))
    raises(openai.BadRequestError, create(temperature=9))
    raises(openai.UnprocessableEntityError, create(model="ktp-ocr"))
    error = raises(openai.APIError, lambda: text(ask("fail")))
    assert "model server" in str(error), error


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
