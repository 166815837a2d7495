import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { readForm } from '../../../src/api/http/multipart.ts';
import { KtpflowError } from '../../../src/errors.ts';

const head = (parameters: string) => `content-disposition: form-data; ${parameters}\r\n\r\n`;

describe('a form that is given up', () => {
  it('takes no file that had come already: nobody would ever end it', async () => {
    const body = new PassThrough({ highWaterMark: 1 << 20 });
    const request = Object.assign(body, {
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
      complete: false,
    }) as unknown as Request;
    const taken: Readable[] = [];
    const form = readForm(request, {
      maxBodyBytes: 1 << 20,
      maxFileBytes: 1 << 20,
      maxFieldBytes: 10,
      textFields: [],
      tooLarge: () => new KtpflowError('payload_too_large', 'too large'),
      onFile: (_name, file) => {
        taken.push(file);
        return new Promise((_resolve, reject) => file.once('close', () => reject(new Error('closed'))));
      },
      // The sender is ahead of the parser.
      ready: () => turn(),
    });
    // The field ends with the boundary behind it.
    body.write(`--edge\r\n${head('name="note"')}${'x'.repeat(100)}\r\n--edge\r\n`);
    body.write(`${head('name="image"; filename="card.jpg"')}half of a`);
    await expect(form).rejects.toMatchObject({ code: 'payload_too_large' });
    for (let times = 0; times < 20; times++) await turn();
    expect(taken.filter((file) => !file.destroyed)).toEqual([]);
  });
});

describe('the name of a file', () => {
  const QUOTE = 0x22;
  const namesOf = async (...names: Buffer[]): Promise<(string | undefined)[]> => {
    const part = (name: Buffer) => [
      Buffer.from('--edge\r\ncontent-disposition: form-data; name="image"; filename='),
      ...(name[0] === QUOTE ? [name] : [Buffer.from('"'), name, Buffer.from('"')]),
      Buffer.from('\r\ncontent-type: image/jpeg\r\n\r\nbytes\r\n'),
    ];
    const body = Readable.from([Buffer.concat([...names.flatMap(part), Buffer.from('--edge--\r\n')])]);
    const request = Object.assign(body, {
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
      complete: true,
    }) as unknown as Request;
    const found: (string | undefined)[] = [];
    await readForm(request, {
      maxBodyBytes: 1 << 20,
      maxFileBytes: 1 << 20,
      textFields: [],
      tooLarge: () => new KtpflowError('payload_too_large', 'too large'),
      onFile: (_name, file, fileName) => {
        found.push(fileName);
        file.resume();
        return undefined;
      },
    });
    return found;
  };

  it('is read in the code page of Windows where it is no UTF-8, as curl sends it there', async () => {
    const names = ['KTP José.jpg', 'KTP José – Désa.jpg', '卡.jpg', 'plain.jpg'];
    const bytes = [Buffer.from('KTP José.jpg', 'latin1'), ...names.slice(1).map((name) => Buffer.from(name))];
    expect(await namesOf(...bytes)).toEqual(names);
  });

  it('is read as .NET writes it: in base64, with and without its other form behind it', async () => {
    const word = '"=?utf-8?B?a3RwIMOpLmpwZw==?="';
    const both = `${word}; filename*=utf-8''ktp%20%C3%A9.jpg`;
    expect(await namesOf(Buffer.from(both), Buffer.from(word))).toEqual(['ktp é.jpg', 'ktp é.jpg']);
  });
});
