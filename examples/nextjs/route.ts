/**
 * app/api/ktp/route.ts: takes a picture of a KTP (form field `image`) and answers with its fields. The key stays on the
 * server. Needs KTPFLOW_URL and KTPFLOW_API_KEY, and ktpflow-client from clients/typescript.
 */
import { createClient, KtpflowError, readCard } from 'ktpflow-client';

export const runtime = 'nodejs';
/** Seconds; a card takes one or two, a busy server longer. */
export const maxDuration = 60;

export async function POST(request: Request): Promise<Response> {
  const image = (await request.formData()).get('image');
  if (!(image instanceof Blob)) return Response.json({ error: 'missing_image' }, { status: 400 });
  const client = createClient({
    baseUrl: process.env.KTPFLOW_URL ?? 'http://127.0.0.1:3000',
    ...(process.env.KTPFLOW_API_KEY && { apiKey: process.env.KTPFLOW_API_KEY }),
  });
  try {
    const { error, result, status } = await readCard(client, image, { signal: request.signal });
    if (!result) return Response.json({ error: error?.code ?? status }, { status: 422 });
    const doubtful = Object.entries(result.fields).filter(([, { confidence, value }]) => value && confidence < 0.9);
    return Response.json({ card: result.compat, please_check: doubtful.map(([name]) => name) });
  } catch (error) {
    if (!(error instanceof KtpflowError)) throw error;
    // 400 is the caller's picture; everything else is not for their eyes.
    return Response.json({ error: error.code }, { status: error.status === 400 ? 400 : 502 });
  }
}
