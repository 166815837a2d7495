import { describe, expect, it } from 'vitest';
import { SharedQuestion } from '../../../src/api/access/shared-question.ts';

/** A question whose answers are given by hand. */
function byHand() {
  const open: { give(answer: number): void; fail(error: Error): void }[] = [];
  const question = new SharedQuestion(() => new Promise<number>((give, fail) => open.push({ give, fail })));
  return { open, question };
}
const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('a question that many ask at once', () => {
  it('is not answered from before it was asked: a key that was made meanwhile would not count', async () => {
    const { open, question } = byHand();
    const first = question.ask();
    const late = [question.ask(), question.ask(), question.ask()];
    expect(open.length).toBe(1);
    open[0]?.give(1);
    expect(await first).toBe(1);
    await turns();
    expect(open.length).toBe(2);
    const latest = question.ask();
    open[1]?.give(2);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    await turns();
    open[2]?.give(3);
    expect(await latest).toBe(3);
    await turns();
    const alone = question.ask();
    open[3]?.give(4);
    expect(await alone).toBe(4);
  });

  it('that fails is asked again for those who came meanwhile', async () => {
    const { open, question } = byHand();
    const first = question.ask();
    const late = question.ask();
    open[0]?.fail(new Error('the database is away'));
    await expect(first).rejects.toThrow('the database is away');
    await turns();
    open[1]?.give(2);
    expect(await late).toBe(2);
  });
});
