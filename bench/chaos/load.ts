import { setTimeout as sleep } from 'node:timers/promises';
import { batch } from './batches.ts';
import { handIn, type KnownCard, type Outcome, readNow } from './cards.ts';
import { chat } from './chats.ts';
import type { Client } from './client.ts';

export type Work = 'chats' | 'cards handed in' | 'cards at once' | 'batches of 6';
export type Tally = Record<Outcome, number>;

export interface Load {
  readonly tallies: ReadonlyMap<Work, Tally>;
  /** Pieces of work that are begun and not ended. */
  readonly open: () => number;
  /** Begins nothing more, and waits for what was begun. */
  finish(): Promise<void>;
}

/** A mixed load: callers that each do one thing after another, until they are told to finish. */
export function startLoad(client: Client, cards: readonly KnownCard[]): Load {
  const tallies = new Map<Work, Tally>();
  let stopping = false;
  let open = 0;
  const caller = async (work: Work, name: string, pauseMs: number, act: (index: number) => Promise<Outcome>) => {
    const tally = tallies.get(work) ?? { right: 0, wrong: 0, lost: 0, doubled: 0 };
    tallies.set(work, tally);
    for (let index = 1; !stopping; index++) {
      open++;
      const outcome = await act(index);
      open--;
      tally[outcome]++;
      if (outcome !== 'right') client.surprises.push(`${work}: ${name}-${index} is ${outcome}`);
      await sleep(pauseMs);
    }
  };
  const cardOf = (index: number) => cards[index % cards.length] as KnownCard;
  const callers = [
    ...[1, 2].map((caller_) => {
      const name = `chaos-chat-${caller_}`;
      return caller('chats', name, 300, (index) => chat(client, `${name}-${index}`));
    }),
    caller('cards handed in', 'chaos-card', 3_000, (index) => handIn(client, cardOf(index), `chaos-card-${index}`)),
    caller('cards at once', 'chaos-now', 6_000, (index) => readNow(client, cardOf(index), index)),
    caller('batches of 6', 'chaos-batch', 15_000, (index) => batch(client, cards, `chaos-batch-${index}`)),
  ];
  return {
    tallies,
    open: () => open,
    async finish() {
      stopping = true;
      await Promise.all(callers);
    },
  };
}
