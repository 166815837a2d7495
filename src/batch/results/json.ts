import type { ResultRow } from './result-row.ts';

/** One JSON object a line. */
export async function* writeNdjson(rows: AsyncIterable<ResultRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** `{object:"list", data:[…]}`, written row by row. */
export async function* writeJson(rows: AsyncIterable<ResultRow>): AsyncGenerator<string> {
  yield '{"object":"list","data":[';
  let separator = '\n';
  for await (const row of rows) {
    yield `${separator}${JSON.stringify(row)}`;
    separator = ',\n';
  }
  yield '\n],"has_more":false,"next_cursor":null}\n';
}
