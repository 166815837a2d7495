"""Files and batches of 500 lines by OpenAI's Python SDK, as its users write it; prints what it met as JSON."""

import json
import os
import sys
import time

import openai

client = openai.OpenAI(base_url=os.environ["BASE_URL"], api_key="none")
MODEL = os.environ["MODEL"]
LINES = int(sys.argv[1])
FILES = int(sys.argv[2])
BAD = {"without messages": {"messages": []}, "unknown model": {"model": "gpt-99"}}


def line(custom_id, **body):
    messages = [{"role": "user", "content": f"soal {custom_id}"}]
    request = {"model": MODEL, "messages": messages, **body}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": request}


def hand_in(lines):
    text = "\n".join(json.dumps(each) for each in lines)
    file = client.files.create(file=("requests.jsonl", text.encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"job": "night"}
    )


def ended(batch):
    while batch.status in ("validating", "in_progress", "finalizing", "cancelling"):
        time.sleep(0.2)
        batch = client.batches.retrieve(batch.id)
    return batch


def rows(file_id):
    return [json.loads(row) for row in client.files.content(file_id).text.splitlines()] if file_id else []


def whole():
    batch = ended(hand_in([*(line(f"n{number}") for number in range(LINES)), *(line(id, **b) for id, b in BAD.items())]))
    said = [row["response"]["body"]["choices"][0]["message"]["content"] for row in rows(batch.output_file_id)]
    return {
        "status": batch.status,
        "counts": batch.request_counts.model_dump(),
        "metadata": batch.metadata,
        "each its own": said == [f'Jawaban "soal n{number}"' for number in range(LINES)],
        "errors": {row["custom_id"]: row["response"]["status_code"] for row in rows(batch.error_file_id)},
    }


def cancelled():
    batch = hand_in([line(f"c{number}") for number in range(LINES)])
    while batch.request_counts.completed < LINES / 20:
        time.sleep(0.2)
        batch = client.batches.retrieve(batch.id)
    client.batches.cancel(batch.id)
    batch = ended(batch)
    lines = len(rows(batch.output_file_id)) + len(rows(batch.error_file_id))
    return {"status": batch.status, "lines": lines, "completed": batch.request_counts.completed < LINES}


def paged():
    made = {client.files.create(file=("a.txt", b"a"), purpose="user_data").id for _ in range(FILES)}
    found = [file.id for file in client.files.list(limit=20, purpose="user_data")]
    for id in made:
        client.files.delete(id)
    return {"each once": len(found) == len(set(found)) and set(found) == made}


print(json.dumps({"whole": whole(), "cancelled": cancelled(), "paged": paged()}))
