"""Takes a picture of a KTP and answers with its fields.

pip install fastapi python-multipart uvicorn ../../clients/python
KTPFLOW_URL=http://127.0.0.1:3000 KTPFLOW_API_KEY=… uvicorn main:app --port 8080
"""

import os
from typing import Any

from fastapi import FastAPI, HTTPException, UploadFile

from ktpflow_client import Client, KtpflowError

app = FastAPI()
ktpflow = Client(os.environ.get("KTPFLOW_URL", "http://127.0.0.1:3000"), os.environ.get("KTPFLOW_API_KEY"))


# A plain function: FastAPI runs it in a thread, since it waits.
@app.post("/ktp")
def read_ktp(image: UploadFile) -> dict[str, Any]:
    try:
        job = ktpflow.read_card(image.file.read())
    except KtpflowError as refused:
        # 400 is the caller's picture; everything else is not for their eyes.
        raise HTTPException(400 if refused.status == 400 else 502, refused.code) from None
    result, error = job["result"], job["error"]
    if result is None:
        raise HTTPException(422, error["code"] if error else job["status"])
    doubtful = [name for name, field in result["fields"].items() if field["value"] and field["confidence"] < 0.9]
    return {"card": result["compat"], "please_check": doubtful}
