import { readFileSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Gives a folder of random weights that has no tokenizer that of the tests' tiny model, its control tokens moved to where
 * the real model has them.
 */
export async function addStandInTokenizer(folder: string): Promise<void> {
  if (await readFile(join(folder, 'tokenizer.json')).catch(() => null)) return;
  const tiny = new URL('../test/fixtures/qwen3vl-tiny/model/', import.meta.url);
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { image_token_id: number };
  const tokenizer = JSON.parse(readFileSync(new URL('tokenizer.json', tiny), 'utf8')) as {
    added_tokens: { id: number; content: string }[];
  };
  const image = tokenizer.added_tokens.find(({ content }) => content === '<|image_pad|>');
  const shift = config.image_token_id - (image?.id ?? 0);
  for (const token of tokenizer.added_tokens) token.id += shift;
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  for (const name of ['tokenizer_config.json', 'chat_template.jinja'])
    await copyFile(new URL(name, tiny), join(folder, name));
}
