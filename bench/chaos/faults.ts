import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from '../../deploy/local-cluster/cluster.ts';
import type { Service } from '../../deploy/local-cluster/service.ts';
import { startUpstream, type Upstream } from '../../test/support/upstream.ts';
import type { Random } from '../../tools/make-cards/random.ts';
import { answerTo, MODEL } from './chats.ts';

export const TOKENS_PER_SECOND = 20;

const PAIRS = ['api', 'worker', 'inference'] as const;
const SINGLES = ['temporal', 'postgres', 's3'] as const;

/** What the faults work on. */
export interface Scene {
  readonly cluster: LocalCluster;
  upstream: Upstream;
}

/** Something that goes wrong, and is over when it resolves. */
export interface Fault {
  readonly kind: string;
  readonly target: string;
  readonly seconds: number;
  happen(scene: Scene): Promise<void>;
}

type Recipe = (random: Random) => Fault;

/** Every kind of fault on every part that the cluster allows; the same seed gives the same order, targets and lengths. */
export function drawFaults(
  count: number,
  random: Random,
  { disks, clocks }: LocalCluster,
  isWanted: (fault: Fault) => boolean,
): Fault[] {
  const recipes = [
    ...RECIPES,
    ...[...disks.keys()].map(fullDisk),
    ...(clocks.size > 0 ? (['worker', 'inference'] as const).map(jumpOfClock) : []),
  ];
  const faults: Fault[] = [];
  while (faults.length < count) {
    const round = shuffled(recipes, random).map((recipe) => recipe(random));
    const wanted = round.filter(isWanted);
    if (wanted.length === 0) throw new Error('no fault of that kind');
    faults.push(...wanted);
  }
  return faults.slice(0, count);
}

const onServices = (
  kind: string,
  names: (random: Random) => string[],
  [least, most]: readonly [number, number],
  act: (services: readonly Service[], ms: number) => Promise<void>,
): Recipe => {
  return (random) => {
    const targets = names(random);
    const seconds = Math.round(random.between(least, most) * 10) / 10;
    return {
      kind,
      target: targets.join(' and '),
      seconds,
      async happen({ cluster }) {
        await act(
          targets.map((name) => cluster.service(name)),
          seconds * 1000,
        );
      },
    };
  };
};

const one = (kind: string) => (random: Random) => [`${kind}-${random.integer(1, 2)}`];
const both = (kind: string) => () => [`${kind}-1`, `${kind}-2`];
const each = <Value>(services: readonly Value[], act: (service: Value) => Promise<void>) =>
  Promise.all(services.map(act)).then(() => undefined);

async function kill(services: readonly Service[], ms: number): Promise<void> {
  await each(services, (service) => service.kill());
  await sleep(ms);
  await each(services, (service) => service.start());
}

async function freeze(services: readonly Service[], ms: number): Promise<void> {
  for (const service of services) service.freeze();
  await sleep(ms);
  for (const service of services) service.thaw();
}

async function restart(services: readonly Service[], ms: number): Promise<void> {
  await each(services, (service) => service.stop());
  await sleep(ms);
  await each(services, (service) => service.start());
}

function fullDisk(name: string): Recipe {
  return (random) => ({
    kind: 'disk full',
    target: name,
    seconds: Math.round(random.between(5, 20)),
    async happen({ cluster }) {
      const disk = cluster.disks.get(name);
      disk?.fill();
      await sleep(this.seconds * 1000);
      disk?.makeRoom();
    },
  });
}

/** By up to two hours, ahead or back, and then back to the true time. */
function jumpOfClock(role: 'worker' | 'inference'): Recipe {
  return (random) => {
    const [target = ''] = one(role)(random);
    const shift = Math.round(random.between(60, 7_200)) * (random.next() < 0.5 ? -1 : 1);
    return {
      kind: shift < 0 ? 'clock set back' : 'clock set ahead',
      target,
      seconds: Math.round(random.between(5, 20)),
      async happen({ cluster }) {
        cluster.clocks.get(target)?.shift(shift);
        await sleep(this.seconds * 1000);
        cluster.clocks.get(target)?.shift(0);
      },
    };
  };
}

const upstreamFault = (kind: string, act: (scene: Scene, ms: number) => Promise<void>): Recipe => {
  return (random) => {
    const seconds = Math.round(random.between(3, 8) * 10) / 10;
    return { kind, target: 'model server', seconds, happen: (scene) => act(scene, seconds * 1000) };
  };
};

/** A behaviour for a while. */
const behaving =
  (changes: Parameters<Upstream['behave']>[0], usual: Parameters<Upstream['behave']>[0]) =>
  async ({ upstream }: Scene, ms: number): Promise<void> => {
    upstream.behave(changes);
    await sleep(ms);
    upstream.behave(usual);
  };

async function upstreamAway(scene: Scene, ms: number): Promise<void> {
  const { port } = scene.upstream;
  await scene.upstream.close();
  await sleep(ms);
  scene.upstream = await startScriptedUpstream(port);
}

/** The model server of the trials: its answers follow from the question. */
export function startScriptedUpstream(port?: number): Promise<Upstream> {
  const behaviour = { tokens: answerTo, tokensPerSecond: TOKENS_PER_SECOND, model: MODEL };
  return startUpstream(behaviour, port === undefined ? {} : { port });
}

const RECIPES: readonly Recipe[] = [
  ...PAIRS.flatMap((role) => [
    onServices('kill -9', one(role), [0, 3], kill),
    onServices('kill -9', one(role), [5, 12], kill),
    onServices('kill -9 of both', both(role), [0, 3], kill),
    onServices('freeze', one(role), [2, 15], freeze),
    onServices('restart', one(role), [0, 2], restart),
  ]),
  ...SINGLES.flatMap((name) => [
    onServices('kill -9', () => [name], [0, 2], kill),
    onServices('absence', () => [name], [8, 20], kill),
    onServices('freeze', () => [name], [2, 10], freeze),
    onServices('restart', () => [name], [0, 2], restart),
  ]),
  onServices('kill -9', () => ['nginx'], [0, 1], kill),
  onServices('restart', () => ['nginx'], [0, 1], restart),
  upstreamFault('away', upstreamAway),
  upstreamFault('slow', behaving({ tokensPerSecond: 2 }, { tokensPerSecond: TOKENS_PER_SECOND })),
  upstreamFault('hangs', behaving({ hangAfter: 20 }, { hangAfter: null })),
  upstreamFault('cuts', behaving({ cutAfter: 15 }, { cutAfter: null })),
  upstreamFault('503s', behaving({ fail: { status: 503, times: 1_000 } }, { fail: null })),
];

function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const keyed = values.map((value) => ({ value, place: random.next() }));
  return keyed.sort((a, b) => a.place - b.place).map(({ value }) => value);
}
