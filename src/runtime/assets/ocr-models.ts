import { join } from 'node:path';
import type { Asset } from './asset.ts';

const RELEASE = '3.10.0';

/** PP-OCRv6 small (Apache-2.0), as RapidOCR publishes it. */
export const DETECTION_MODEL = ocrModel('det', {
  sha256: '090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f',
  bytes: 9_929_594,
});

export const RECOGNITION_MODEL = ocrModel('rec', {
  sha256: '6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884',
  bytes: 21_234_383,
});

function ocrModel(part: 'det' | 'rec', pin: { sha256: string; bytes: number }): Asset {
  const file = `PP-OCRv6_${part}_small.onnx`;
  return {
    title: `OCR model ${file}`,
    path: join('models', file),
    ...pin,
    executable: false,
    sources: [
      {
        kind: 'http',
        url: `https://www.modelscope.cn/models/RapidAI/RapidOCR/resolve/v${RELEASE}/onnx/PP-OCRv6/${part}/${file}`,
      },
      { kind: 'wheel', requirement: `rapidocr==${RELEASE}`, member: `/models/${file}` },
    ],
  };
}
