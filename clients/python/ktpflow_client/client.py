"""Calls of ktpflow's own routes. Chats, responses and their batches are called by OpenAI's SDK."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from .types import Batch, BatchItem, BatchRequest, Extraction, ExtractionOptions, NewBatchItem

FINAL = ("succeeded", "failed", "cancelled", "needs_review")
WAIT_SECONDS = 60
# Longer than the server waits.
TIMEOUT_SECONDS = 90


class KtpflowError(Exception):
    """What the server has refused or failed to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Client:
    """One server, and the key that it is asked with; it needs none where the server has no keys."""

    def __init__(self, base_url: str = "http://127.0.0.1:3000", api_key: str | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}

    def read_card(
        self, image: bytes, options: ExtractionOptions | None = None, *, idempotency_key: str | None = None
    ) -> Extraction:
        """Has one card read, however long that takes: a job that is not done within a minute is asked for again.

        A picture that could not be read is a job with an `error`.
        """
        body = {"image_base64": base64.b64encode(image).decode(), "options": options}
        headers = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        job: Extraction = self.call("POST", "/v1/ktp/extractions", body, {"wait": WAIT_SECONDS}, headers)
        while job["status"] not in FINAL:
            job = self.extraction(job["id"], wait=WAIT_SECONDS)
        return job

    def extraction(self, extraction_id: str, *, wait: int = 0) -> Extraction:
        return cast(Extraction, self.call("GET", f"/v1/ktp/extractions/{extraction_id}", query={"wait": wait}))

    def create_batch(self, items: list[NewBatchItem], *, idempotency_key: str | None = None) -> Batch:
        body: BatchRequest = {"items": items}
        headers = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        return cast(Batch, self.call("POST", "/v1/ktp/batches", body, headers=headers))

    def batch(self, batch_id: str, *, wait: int = 0) -> Batch:
        return cast(Batch, self.call("GET", f"/v1/ktp/batches/{batch_id}", query={"wait": wait}))

    def batch_items(self, batch_id: str) -> Iterator[BatchItem]:
        """All items in their order, page by page."""
        query: dict[str, Any] = {"limit": 100}
        while True:
            page = self.call("GET", f"/v1/ktp/batches/{batch_id}/items", query=query)
            yield from page["data"]
            if not page["has_more"]:
                return
            query["cursor"] = page["next_cursor"]

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Any other route that answers JSON. Raises KtpflowError."""
        url = self._base_url + path + ("?" + urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        sent = {**self._headers, **(headers or {}), **({} if data is None else {"content-type": "application/json"})}
        try:
            with urlopen(Request(url, data, sent, method=method), timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except HTTPError as refused:
            raise _error(refused) from None


def _error(refused: HTTPError) -> KtpflowError:
    try:
        error = json.loads(refused.read())["error"]
        return KtpflowError(refused.code, error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return KtpflowError(refused.code, "unknown", refused.reason)
