import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, jsonOf, jsonRequest, specimen, startLonelyApi, type TestApi } from '../../support/api.ts';
import { type RefusingTemporal, startRefusingTemporal } from '../../support/refusing-temporal.ts';
import { makeZip } from '../../support/zip.ts';

/** What clients and libraries make of a form. Temporal refuses all: what is accepted as a whole is 503. */
const ACCEPTED = { status: 503, code: 'temporal_unavailable' };
const EXTRACTIONS = '/v1/ktp/extractions';
const BATCHES = '/v1/ktp/batches';

let temporal: RefusingTemporal;
let api: TestApi;
let image: Buffer;
beforeAll(async () => {
  temporal = await startRefusingTemporal();
  api = await startLonelyApi({ TEMPORAL_ADDRESS: temporal.address });
  image = await specimen();
});
afterAll(async () => {
  await api?.close();
  await temporal.close();
});

const post = (path: string, body: FormData) => api.request(path, { method: 'POST', body });
const card = () => new Blob([new Uint8Array(image)], { type: 'image/jpeg' });
const json = (value: unknown, type = 'application/json') => new Blob([JSON.stringify(value)], { type });
const form = (...parts: [name: string, value: string | Blob, fileName?: string][]): FormData => {
  const data = new FormData();
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, fileName ?? 'blob');
  }
  return data;
};
const messageOf = async (response: Response) =>
  (await jsonOf<{ error: { message: string } }>(response.clone())).error.message;

/** The parts as they are, since fetch writes no empty file name. */
const raw = (path: string, ...parts: string[]) =>
  api.request(path, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(`${parts.map((part) => `--edge\r\n${part}\r\n`).join('')}--edge--\r\n`, 'latin1')),
    headers: { 'content-type': 'multipart/form-data; boundary=edge' },
  });
const rawFile = (name: string, fileName: string, content: string) =>
  `content-disposition: form-data; name="${name}"; filename="${fileName}"\r\ncontent-type: application/octet-stream\r\n\r\n${content}`;
const rawText = (name: string, value: string) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`;

describe('JSON in a form', () => {
  // Accepted as text: a wrong value in it is seen. Taken for a file, it would be dropped in silence.
  it.each([
    ['a Blob, which has a file name', json({ strategy: 'guess' })],
    ['bytes without a type', json({ strategy: 'guess' }, 'application/octet-stream')],
  ])('is read where it comes as %s', async (_what, options) => {
    const refusal = { status: 400, code: 'invalid_value', param: 'options.strategy' };
    expect(await errorOf(await post(EXTRACTIONS, form(['image', card()], ['options', options])))).toEqual(refusal);
    expect(await errorOf(await post(BATCHES, form(['options', options], ['images', card()])))).toEqual(refusal);
  });

  it('labels the images of a batch also as a Blob, and without a file name', async () => {
    const labels = json([{ custom_id: '' }]);
    const refusal = { status: 400, code: 'invalid_value', param: 'items.0.custom_id' };
    expect(await errorOf(await post(BATCHES, form(['images', card()], ['items', labels])))).toEqual(refusal);
    const part =
      'content-disposition: form-data; name="metadata"\r\ncontent-type: application/octet-stream\r\n\r\n{"a":1}';
    const file = rawFile('images', 'a.jpg', image.toString('latin1'));
    expect(await errorOf(await raw(BATCHES, part, file))).toMatchObject({ status: 400, param: 'metadata.a' });
  });

  it('may begin with a byte order mark', async () => {
    const options = new Blob(['\ufeff{"strategy":"ocr"}'], { type: 'application/json' });
    expect(await errorOf(await post(EXTRACTIONS, form(['image', card()], ['options', options])))).toMatchObject(
      ACCEPTED,
    );
  });
});

describe('base64 in a JSON body', () => {
  it('is read as chat reads it: in quotes, in Python’s way of writing bytes, a data URL in another', async () => {
    const base64 = image.toString('base64');
    const url = `data:image/jpeg;base64,${base64}`;
    for (const text of [`"${base64}"`, `b'${base64}'`, `data:image/jpeg;base64,${url}`, base64]) {
      expect(await errorOf(await api.request(EXTRACTIONS, jsonRequest({ image_base64: text })))).toMatchObject(
        ACCEPTED,
      );
      const items = [{ image_base64: text }];
      expect(await errorOf(await api.request(BATCHES, jsonRequest({ items })))).toMatchObject(ACCEPTED);
    }
  });
});

describe('what cannot be what was meant', () => {
  const file = () => rawFile('images', 'a.jpg', image.toString('latin1'));
  it.each([
    ['a field that is sent twice', rawText('options', '{"strategy":"ocr"}'), 'options'],
    [
      'a part in base64',
      'content-disposition: form-data; name="metadata"\r\ncontent-transfer-encoding: base64\r\n\r\ne30=',
      'Content-Transfer-Encoding: base64',
    ],
    [
      'a file in quoted-printable',
      `content-transfer-encoding: quoted-printable\r\n${rawFile('images', 'b.jpg', '=FF')}`,
      'Content-Transfer-Encoding: quoted-printable',
    ],
  ])('is refused: %s', async (_what, part, named) => {
    const response = await raw(BATCHES, rawText('options', '{"strategy":"auto"}'), part, file());
    expect([400, 415]).toContain(response.status);
    expect(await response.text()).toContain(named);
  });

  it('is said: an image as text, a form without a boundary, an image as the whole body', async () => {
    expect(await messageOf(await raw(BATCHES, rawText('images', 'x')))).toContain('"images" came as text');
    expect(await messageOf(await raw(EXTRACTIONS, rawText('image', 'x')))).toContain('"image" came as text');
    const bare = (type: string) =>
      api.request(EXTRACTIONS, { method: 'POST', body: new Uint8Array(image), headers: { 'content-type': type } });
    expect(await messageOf(await bare('multipart/form-data'))).toContain('boundary');
    expect(await messageOf(await bare('image/jpeg'))).toContain('multipart/form-data');
  });
});

describe('an input in which nothing was chosen', () => {
  it('is no image of a batch', async () => {
    const chosen = rawFile('images', 'a.jpg', image.toString('latin1'));
    const nothing = rawFile('images', '', '');
    const labels = rawText('items', '[{"custom_id":"a"}]');
    for (const parts of [
      [chosen, nothing, labels],
      [nothing, chosen, labels],
      [rawFile('archive', '', ''), chosen, labels],
    ]) {
      expect(await errorOf(await raw(BATCHES, ...parts))).toMatchObject(ACCEPTED);
    }
    expect(await errorOf(await raw(BATCHES, nothing, rawFile('archive', '', '')))).toMatchObject({
      status: 422,
      code: 'missing_image',
    });
  });

  it('hides no archive', async () => {
    const archive = rawFile('archive', 'a.zip', makeZip([{ name: 'a.jpg', data: image }]).toString('latin1'));
    for (const parts of [
      [rawFile('images', '', ''), archive],
      [archive, rawFile('archive', '', '')],
    ]) {
      expect(await errorOf(await raw(BATCHES, ...parts))).toMatchObject(ACCEPTED);
    }
    const both = await raw(BATCHES, archive, rawFile('images', 'a.jpg', image.toString('latin1')));
    expect(await errorOf(both)).toMatchObject({ status: 400, code: 'invalid_value', param: 'archive' });
  });

  it('is no second image, and alone it is none', async () => {
    const chosen = rawFile('image', 'a.jpg', image.toString('latin1'));
    const nothing = rawFile('image', '', '');
    for (const path of [EXTRACTIONS, '/ktp-ocr/']) {
      expect(await errorOf(await raw(path, nothing, chosen))).toMatchObject(ACCEPTED);
      expect(await errorOf(await raw(path, chosen, nothing))).toMatchObject(ACCEPTED);
      expect(await errorOf(await raw(path, nothing))).toMatchObject({ status: 422, code: 'missing_image' });
    }
    // A file without a name that holds something is one.
    expect(await errorOf(await raw(EXTRACTIONS, rawFile('image', '', image.toString('latin1'))))).toMatchObject(
      ACCEPTED,
    );
    // One with a name that holds nothing is a broken one.
    expect(await errorOf(await raw(EXTRACTIONS, rawFile('image', 'a.jpg', '')))).toMatchObject({
      code: 'invalid_image',
    });
  });
});

describe('what is not understood', () => {
  it('is refused by its name, in forms', async () => {
    for (const [path, file] of [
      [EXTRACTIONS, 'image'],
      [BATCHES, 'images'],
    ] as const) {
      for (const [parts, param] of [
        [
          [
            [file, card()],
            ['options', '{"stratgy":"ocr"}'],
          ],
          'options.stratgy',
        ],
        [
          [
            [file, card()],
            ['strategy', 'ocr'],
          ],
          'strategy',
        ],
        [
          [
            [file, card()],
            ['custom_id', 'a'],
          ],
          'custom_id',
        ],
        [
          [
            [file, card()],
            ['photo', card()],
          ],
          'photo',
        ],
      ] as const) {
        const response = await post(path, form(...(parts as unknown as [string, string | Blob][])));
        expect(await errorOf(response), `${path} ${param}`).toEqual({ status: 400, code: 'invalid_value', param });
      }
    }
    const misplaced = await post(EXTRACTIONS, form(['image', card()], ['strategy', 'ocr']));
    expect(await messageOf(misplaced)).toContain('"options"');
    const label = await post(BATCHES, form(['images', card()], ['items', '[{"customid":"a"}]']));
    expect(await errorOf(label)).toMatchObject({ status: 400, param: 'items.0.customid' });
  });

  it('is refused by its name, in JSON', async () => {
    const image_base64 = image.toString('base64');
    for (const [path, body, param] of [
      [EXTRACTIONS, { image_base64, options: { stratgy: 'ocr' } }, 'options.stratgy'],
      [EXTRACTIONS, { image_base64, strategy: 'ocr' }, 'strategy'],
      [BATCHES, { items: [{ image_base64 }], options: { stratgy: 'ocr' } }, 'options.stratgy'],
      [BATCHES, { items: [{ image_base64, customid: 'a' }] }, 'items.0.customid'],
      [BATCHES, { items: [{ image_base64 }], meta: {} }, 'meta'],
    ] as const) {
      expect(await errorOf(await api.request(path, jsonRequest(body))), param).toEqual({
        status: 400,
        code: 'invalid_value',
        param,
      });
    }
  });

  it('is named where an image is missing', async () => {
    for (const [path, name] of [
      ['/ktp-ocr/', 'file'],
      [EXTRACTIONS, 'file'],
      [BATCHES, 'files'],
      [BATCHES, 'image'],
    ] as const) {
      const response = await post(path, form([name, card()]));
      expect(await messageOf(response), path).toMatch(new RegExp(`\\b${name}\\.$`));
      expect(await errorOf(response)).toMatchObject({ status: 422, code: 'missing_image' });
    }
    for (const path of [EXTRACTIONS, BATCHES]) {
      const response = await api.request(path, jsonRequest({ picture: 'AAAA' }));
      expect(await messageOf(response)).toMatch(/\bpicture\.$/);
      expect(await errorOf(response)).toMatchObject({ status: 422, code: 'missing_image' });
    }
  });

  it('is never said back where it is no plain name', async () => {
    const response = await post(EXTRACTIONS, form(['image', card()], ['<script>', 'x']));
    expect(await response.clone().text()).not.toContain('script');
    expect(await errorOf(response)).toEqual({ status: 400, code: 'invalid_value', param: null });
  });

  it('is left out at /ktp-ocr/, which other clients know with fields of their own', async () => {
    expect(await errorOf(await post('/ktp-ocr/', form(['image', card()], ['lang', 'id'])))).toMatchObject(ACCEPTED);
  });
});

describe('other habits', () => {
  it('yes and no are taken as programs write them', async () => {
    for (const sealed of ['True', 'false', '1', 'off', '"']) {
      const refused = await errorOf(await post(BATCHES, form(['images', card()], ['sealed', sealed])));
      expect(refused, sealed).toMatchObject(sealed === '"' ? { status: 400, param: 'sealed' } : ACCEPTED);
    }
  });

  it('a part without a name is refused: the picture in it would be lost in silence', async () => {
    const file = rawFile('images', 'a.jpg', image.toString('latin1'));
    for (const header of ['content-disposition: attachment; name="images"', 'content-disposition: form-data', 'a: b']) {
      const refused = await errorOf(await raw(BATCHES, file, `${header}; filename="b.jpg"\r\n\r\nbytes`));
      expect(refused, header).toMatchObject({ status: 400, code: 'malformed_request' });
    }
  });

  it('lists are taken as PHP and Rails name them', async () => {
    for (const name of ['images', 'images[]', 'images[0]', 'images[17]']) {
      expect(await errorOf(await post(BATCHES, form([name, card()]))), name).toMatchObject(ACCEPTED);
    }
  });

  it('the field in which a browser says its encoding is left out', async () => {
    expect(await errorOf(await post(EXTRACTIONS, form(['_charset_', 'utf-8'], ['image', card()])))).toMatchObject(
      ACCEPTED,
    );
  });

  it('a form in an encoding is 415, and is told which', async () => {
    const body = gzipSync('--edge--\r\n');
    for (const path of [EXTRACTIONS, BATCHES, '/ktp-ocr/']) {
      const headers = { 'content-type': 'multipart/form-data; boundary=edge', 'content-encoding': 'gzip' };
      const response = await api.request(path, { method: 'POST', body: new Uint8Array(body), headers });
      expect(response.headers.get('accept-encoding')).toBe('identity');
      expect(await messageOf(response)).toContain('gzip');
      expect(await errorOf(response)).toMatchObject({ status: 415, code: 'unsupported_content_encoding' });
    }
  });

  it('what is too large is told the limit, and what sets it', async () => {
    const large = jsonRequest({ image_base64: 'A'.repeat(27 * 1024 * 1024) });
    const json = await api.request(EXTRACTIONS, large);
    expect(json.status).toBe(413);
    expect(await messageOf(json)).toMatch(/25 MB \(MAX_JSON_MB\).*multipart/);
    const picture = await post(EXTRACTIONS, form(['image', new Blob([new Uint8Array(16 * 1024 * 1024)])]));
    expect(picture.status).toBe(413);
    expect(await messageOf(picture)).toBe('Images must not exceed 15 MB (MAX_IMAGE_MB).');
  });
});
