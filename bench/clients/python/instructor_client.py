import instructor
import openai
from common import BASE_URL, IMAGE_PARTS, KEY, MODEL, NAME, WORDS, ask, raises, run
from pydantic import BaseModel

raw = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)


class Person(BaseModel):
    nama: str
    umur: int


BUDI = {"nama": "BUDI", "umur": 30}


def client(mode=instructor.Mode.TOOLS):
    return instructor.from_openai(raw, mode=mode)


def create(messages, mode=instructor.Mode.TOOLS, **options):
    body = {"model": MODEL, "messages": messages, "response_model": Person, "max_retries": 0, **options}
    return client(mode).chat.completions.create(**body)


def plain():
    answer = client().chat.completions.create(model=MODEL, messages=ask("plain"), response_model=None)
    assert answer.choices[0].message.content == WORDS


def stream():
    *_, last = client().chat.completions.create_partial(
        model=MODEL, messages=ask("structured"), response_model=Person, max_retries=0
    )
    assert (last.nama, last.umur) == ("BUDI", 30), last


def silence():
    parts = client().chat.completions.create(model=MODEL, messages=ask("silence"), response_model=None, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in parts) == WORDS


def tools():
    for mode in [instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT]:
        assert create(ask("structured"), mode).model_dump() == BUDI


def structured():
    for mode in [instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA, instructor.Mode.MD_JSON]:
        assert create(ask("structured"), mode).model_dump() == BUDI, mode


def image():
    answer = client().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": IMAGE_PARTS}], response_model=None
    )
    assert answer.choices[0].message.content == "picture"


def abort():
    parts = client().chat.completions.create(model=MODEL, messages=ask("slow"), response_model=None, stream=True)
    for index, _ in enumerate(parts):
        if index == 3:
            break
    parts.close()


def resume():
    session = f"resume-{NAME}"
    body = {"model": MODEL, "messages": ask("plain"), "response_model": None, "stream": True}
    body["extra_body"] = {"session_id": session}
    seen = []
    parts = client().chat.completions.create(**body)
    for chunk in parts:
        seen.append(chunk.choices[0].delta.content or "")
        if len(seen) == 4:
            break
    parts.close()
    headers = {"Last-Event-ID": f"{session}:{len(seen) - 1}"}
    for chunk in client().chat.completions.create(**body, extra_headers=headers):
        seen.append(chunk.choices[0].delta.content or "")
    assert "".join(seen) == WORDS, seen


def errors():
    # It wraps what it has tried again; the text names the SDK's error.
    error = raises(Exception, lambda: create(ask("structured"), model="nobody"))
    assert "404" in str(error) or isinstance(error, openai.NotFoundError), error
    error = raises(Exception, lambda: create(ask("structured"), temperature=9))
    assert "400" in str(error) or isinstance(error, openai.BadRequestError), error


features = [plain, stream, silence, tools, structured, image, abort, resume, errors]
run({feature.__name__: feature for feature in features})
