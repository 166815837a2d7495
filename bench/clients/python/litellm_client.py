import litellm
from common import BASE_URL, IMAGE_PARTS, KEY, MODEL, NAME, TOOL, WORDS, ask, raises, run
from pydantic import BaseModel

litellm.suppress_debug_info = True


class Person(BaseModel):
    nama: str
    umur: int


def create(messages, model=MODEL, **options):
    return litellm.completion(
        model=f"openai/{model}", api_base=BASE_URL, api_key=KEY, messages=messages, num_retries=0, **options
    )


def text(messages, **options):
    return "".join(chunk.choices[0].delta.content or "" for chunk in create(messages, stream=True, **options))


def plain():
    assert create(ask("plain")).choices[0].message.content == WORDS


def stream():
    assert text(ask("plain")) == WORDS


def silence():
    assert text(ask("silence")) == WORDS


def tools():
    messages = ask("tools")
    message = create(messages, tools=[TOOL], tool_choice="required").choices[0].message
    assert message.tool_calls[0].function.arguments == '{"q":"a"}', message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "1"}
    assert text([*messages, message.model_dump(), result], tools=[TOOL]) == WORDS


def structured():
    content = create(ask("structured"), response_format=Person).choices[0].message.content
    assert Person.model_validate_json(content) == Person(nama="BUDI", umur=30), content


def image():
    assert create([{"role": "user", "content": IMAGE_PARTS}]).choices[0].message.content == "picture"


def abort():
    answer = create(ask("slow"), stream=True)
    for index, _ in enumerate(answer):
        if index == 3:
            break
    answer.completion_stream.close()


def resume():
    session = f"resume-{NAME}"
    seen = []
    answer = create(ask("plain"), stream=True, extra_body={"session_id": session})
    # Not LiteLLM's own chunks, of which it makes and drops some: what the SDK below it has read.
    raw = answer.completion_stream
    for chunk in raw:
        seen.append(chunk.choices[0].delta.content or "")
        if len(seen) == 4:
            break
    raw.close()
    headers = {"Last-Event-ID": f"{session}:{len(seen) - 1}"}
    rest = create(ask("plain"), stream=True, extra_body={"session_id": session}, extra_headers=headers)
    seen += [chunk.choices[0].delta.content or "" for chunk in rest]
    assert "".join(seen) == WORDS, seen


def errors():
    raises(litellm.NotFoundError, lambda: create(ask("plain"), model="nobody"))
    raises(litellm.BadRequestError, lambda: create(ask("plain"), temperature=9))
    raises(Exception, lambda: text(ask("fail")))


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
