import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activityTextsEn, activityTextsId } from '../../../console/src/activity/texts.ts';
import { ACCESS_ACTIONS, type AccessAction } from '../../../src/api/access/access-log.ts';
import { createApp } from '../../../src/api/app.ts';
import { startLonelyApi, type TestApi } from '../../support/api.ts';
import { declaredRoutes } from '../../support/declared-routes.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startLonelyApi();
});
afterAll(() => api?.close());

/** What the access log says of each route that takes in, gives out, changes or erases personal data. */
const LOGGED: Readonly<Record<string, readonly AccessAction[]>> = {
  'post /ktp-ocr': ['extraction.create', 'extraction.read'],
  'post /v1/ktp/extractions': ['extraction.create', 'extraction.read', 'file.read'],
  'get /v1/ktp/extractions/{id}': ['extraction.read', 'extraction.read_masked'],
  'delete /v1/ktp/extractions/{id}': ['extraction.delete'],
  'post /v1/ktp/extractions/{id}/cancel': ['extraction.cancel', 'extraction.read'],
  'post /v1/ktp/batches': ['batch.create', 'file.read'],
  'delete /v1/ktp/batches/{id}': ['batch.delete'],
  'get /v1/ktp/batches/{id}/items': ['batch.read'],
  'post /v1/ktp/batches/{id}/items': ['batch.add', 'file.read'],
  'get /v1/ktp/batches/{id}/results': ['batch.read'],
  'post /v1/ktp/batches/{id}/results/link': ['batch.link'],
  'post /v1/ktp/batches/{id}/cancel': ['batch.cancel'],
  'post /v1/ktp/batches/{id}/pause': ['batch.pause'],
  'post /v1/ktp/batches/{id}/resume': ['batch.resume'],
  'post /v1/ktp/batches/{id}/seal': ['batch.seal'],
  'post /v1/ktp/batches/{id}/retry': ['batch.retry'],
  'get /v1/ktp/reviews/export': ['review.export'],
  'get /v1/ktp/reviews/{id}': ['review.read'],
  'get /v1/ktp/reviews/{id}/picture': ['review.read'],
  'post /v1/ktp/reviews/{id}/claim': ['review.claim'],
  'post /v1/ktp/reviews/{id}/release': ['review.release'],
  'post /v1/ktp/reviews/{id}/decide': ['review.decide', 'review.claim'],
  'post /v1/chat/completions': ['chat.create', 'chat.read', 'file.read'],
  'get /v1/chat/completions/{session}/stream': ['chat.read'],
  'post /v1/cancel/{session}': ['chat.cancel'],
  'post /v1/responses': ['chat.create', 'chat.read', 'file.read'],
  'get /v1/responses/{id}': ['chat.read'],
  'delete /v1/responses/{id}': ['chat.delete', 'chat.cancel'],
  'post /v1/responses/{id}/cancel': ['chat.cancel', 'chat.read'],
  'get /v1/responses/{id}/input_items': ['chat.read'],
  'post /v1/files': ['file.create'],
  'delete /v1/files/{id}': ['file.delete'],
  'get /v1/files/{id}/content': ['file.read'],
  'post /v1/batches': ['chat_batch.create'],
  'post /v1/batches/{id}/cancel': ['chat_batch.cancel'],
  ...Object.fromEntries(
    ['ktp/extractions', 'ktp/batches', 'chat/completions', 'responses'].map((what) => [
      `post /v1/${what}/{id}/deliveries/{delivery}/redeliver`,
      ['webhook.redeliver'] as const,
    ]),
  ),
  'post /v1/admin/keys': ['key.create'],
  'delete /v1/admin/keys/{id}': ['key.delete'],
  'post /v1/admin/keys/{id}/rotate': ['key.rotate'],
  'post /v1/admin/subjects/search': ['subject.search'],
};

const STATES = 'ids, states, counts, times, and what the caller itself wrote beside the cards';
const OPERATION = 'how the server is';
const PAGES = 'the same for everybody';

/** What the other routes give: nothing of a card's holder. */
const HARMLESS: Readonly<Record<string, string>> = {
  'get /v1/ktp/extractions': STATES,
  'get /v1/ktp/extractions/{id}/events': STATES,
  'get /v1/ktp/batches': STATES,
  'get /v1/ktp/batches/{id}': STATES,
  'get /v1/ktp/batches/{id}/events': STATES,
  'get /v1/ktp/batches/{id}/failures': STATES,
  'get /v1/ktp/reviews': STATES,
  'get /v1/files': STATES,
  'get /v1/files/{id}': STATES,
  'get /v1/batches': STATES,
  'get /v1/batches/{id}': STATES,
  'get /v1/ktp/extractions/{id}/deliveries': STATES,
  'get /v1/ktp/batches/{id}/deliveries': STATES,
  'get /v1/chat/completions/{id}/deliveries': STATES,
  'get /v1/responses/{id}/deliveries': STATES,
  'get /v1/admin/keys': 'names and scopes of keys',
  'get /v1/admin/access-log': 'ids and times',
  'get /v1/erasures/{id}': 'ids, counts, times',
  'post /mcp': 'asks the other routes under the key of its caller',
  'get /v1/models': PAGES,
  'get /v1/models/{id}': PAGES,
  'get /health': OPERATION,
  'get /livez': OPERATION,
  'get /readyz': OPERATION,
  'get /metrics': OPERATION,
  'get /openapi.json': PAGES,
  'get /openapi.yaml': PAGES,
  'get /schemas/ktp.json': PAGES,
  'get /docs': PAGES,
  'get /docs/start.js': PAGES,
  'get /docs/swagger-ui.css': PAGES,
  'get /docs/swagger-ui-bundle.js': PAGES,
  'get /console': PAGES,
  'get /console/assets/{name}': PAGES,
  'get /console/session': 'scopes of the own key',
  'post /console/session': 'scopes of the own key',
  'delete /console/session': 'nothing',
};

/** Of nobody's request: a result goes to a webhook. */
const UNASKED: readonly AccessAction[] = ['webhook.send'];

/** All of src but the list of the actions. */
function sources(): string {
  const folder = join(import.meta.dirname, '../../../src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('access-log.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

// Answers were stopped, erased and shown again without an entry, and an action was named that nothing wrote.
describe('the access log', () => {
  it('knows what every route does with personal data, or that it does nothing: no new route is forgotten', () => {
    const known = [...Object.keys(LOGGED), ...Object.keys(HARMLESS)];
    expect(new Set(known).size).toBe(known.length);
    expect(known.toSorted()).toEqual(declaredRoutes(createApp(api.context)).toSorted());
  });

  it('has no action that no route does, and none that nothing writes', () => {
    const done = new Set([...Object.values(LOGGED).flat(), ...UNASKED]);
    expect([...done].toSorted()).toEqual([...ACCESS_ACTIONS].toSorted());
    const text = sources();
    expect(ACCESS_ACTIONS.filter((action) => !text.includes(`'${action}'`))).toEqual([]);
  });

  it('has words for every action in the console, in both languages', () => {
    for (const { log } of [activityTextsEn, activityTextsId]) {
      expect(Object.keys(log.actions).toSorted()).toEqual([...ACCESS_ACTIONS].toSorted());
    }
  });

  it('is told of in the record of processing with all its actions', () => {
    const record = readFileSync(new URL('../../../docs/compliance/processing-record.md', import.meta.url), 'utf8');
    const told = [...record.matchAll(/`([a-z_]+)\.([a-z_|]+)`/g)].flatMap(([, subject, done]) =>
      (done ?? '').split('|').map((each) => `${subject}.${each}`),
    );
    expect(told.toSorted()).toEqual([...ACCESS_ACTIONS].toSorted());
  });
});
