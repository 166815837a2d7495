/** What the programs of all Node clients share: where the server is, and how a feature is told. */
export const { BASE_URL, MODEL, CLIENT_NAME: NAME } = process.env;
export const KEY = 'none';
export const WORDS = 'w0 w1 w2 w3 w4 w5';
export const PERSON = { nama: 'BUDI', umur: 30 };
/** A red pixel. */
export const IMAGE_BASE64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
export const IMAGE = `data:image/png;base64,${IMAGE_BASE64}`;
export const SESSION = `resume-${NAME.replaceAll(/\W/g, '-')}`;

export const prompt = (text) => `${text}:${NAME}`;

export function equal(actual, expected) {
  const [given, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (given !== wanted) throw new Error(`${given} is not ${wanted}`);
}

/** The error that the work fails with. */
export async function failing(work) {
  const error = await work().then(
    () => null,
    (reason) => reason ?? new Error('no reason'),
  );
  if (error === null) throw new Error('it did not fail');
  return error;
}

/** Tries each feature and prints a line of JSON for it. */
export async function run(features) {
  for (const [feature, work] of Object.entries(features)) {
    try {
      await work();
      console.log(JSON.stringify({ feature, ok: true }));
    } catch (error) {
      const note = `${error?.name}: ${error?.message}`.replaceAll(/\s+/g, ' ').slice(0, 300);
      console.log(JSON.stringify({ feature, ok: false, note }));
      if (process.env.DEBUG) console.error(error);
    }
  }
}
