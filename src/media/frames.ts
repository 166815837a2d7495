import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileTypeFromBuffer } from 'file-type';
import { AbortScope } from '../abort-scope.ts';
import { KtpflowError } from '../errors.ts';
import { findFfmpeg, runFfmpeg } from './ffmpeg.ts';
import { makeVideoFolder } from './video-folder.ts';

export interface VideoFrame {
  /** Time of the frame from the start of the video. */
  readonly seconds: number;
  /** JPEG. */
  readonly bytes: Buffer;
}

export interface SampleFramesOptions {
  readonly maxFrames: number;
  /** Default: the first ffmpeg that is found. */
  readonly ffmpegPath?: string | undefined;
  readonly signal: AbortSignal;
  /** For the whole video. Default 60 s. */
  readonly timeoutMs?: number;
}

/**
 * Containers that are read, by their first bytes, and the only demuxers that ffmpeg may use. Playlists (HLS, concat,
 * DASH, SDP) are text that names other files and addresses: they are none of these.
 */
const MEDIA_TYPES = new Set([
  'video/mp4',
  'video/quicktime',
  'video/x-m4v',
  'video/3gpp',
  'video/3gpp2',
  'video/webm',
  'video/matroska',
  'video/x-matroska',
  'video/vnd.avi',
  'video/x-msvideo',
  'video/mpeg',
  'video/MP1S',
  'video/MP2P',
  'video/mp2t',
  'video/ogg',
]);
const DEMUXERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegvideo,mpegts,ogg';

/** As the video processors of Qwen3-VL sample. */
const FRAMES_PER_SECOND = 2;
/** Pixels of a frame: more than 8K has. */
const MAX_FRAME_PIXELS = 40_000_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
const MAX_SIDE = 2560;
const TOOL_LIMITS = ['-threads', '1'];

/**
 * Takes frames out of a video, evenly over its length, two for a second and at most `maxFrames`. The file is read from
 * a folder of its own that is always removed; ffmpeg may open nothing but that file, and is killed on abort.
 * @throws KtpflowError unsupported_media_type, unsupported_content_part (no ffmpeg), deadline_exceeded; the signal's
 * reason once it is aborted
 */
export async function sampleFrames(video: Uint8Array, options: SampleFramesOptions): Promise<VideoFrame[]> {
  const { maxFrames, ffmpegPath, timeoutMs = 60_000 } = options;
  const type = await fileTypeFromBuffer(video);
  if (!type || !MEDIA_TYPES.has(type.mime)) {
    throw new KtpflowError('unsupported_media_type', 'Supported videos are MP4, QuickTime, WebM, Matroska, AVI, MPEG.');
  }
  const ffmpeg = await findFfmpeg(ffmpegPath);
  using scope = new AbortScope([options.signal], timeoutMs);
  const { signal } = scope;
  const folder = await makeVideoFolder();
  try {
    const path = join(folder, 'video');
    await writeFile(path, video, { mode: 0o600, signal });
    const duration = await readDuration(ffmpeg, path, signal);
    const count = Math.min(maxFrames, Math.max(1, Math.ceil(duration * FRAMES_PER_SECOND)));
    const frames: VideoFrame[] = [];
    for (let index = 0; index < count; index++) {
      const seconds = ((index + 0.5) * duration) / count;
      const bytes = await readFrame(ffmpeg, path, seconds, signal);
      if (bytes) frames.push({ seconds, bytes });
    }
    // A container may be longer than its pictures, or lie about its length: then the first picture is all there is.
    const first = frames.length === 0 ? await readFrame(ffmpeg, path, 0, signal) : null;
    if (first) frames.push({ seconds: 0, bytes: first });
    if (frames.length === 0) {
      throw new KtpflowError('unsupported_media_type', 'No frame of the video can be decoded.');
    }
    return frames;
  } catch (error) {
    options.signal.throwIfAborted();
    if (scope.timedOut) throw new KtpflowError('deadline_exceeded', 'The video could not be read in time.');
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function inputArguments(path: string, seconds = 0): string[] {
  return [
    ...TOOL_LIMITS,
    '-protocol_whitelist',
    'file,pipe',
    '-format_whitelist',
    DEMUXERS,
    '-max_pixels',
    String(MAX_FRAME_PIXELS),
    '-ss',
    seconds.toFixed(3),
    '-i',
    `file:${path}`,
    '-map',
    '0:v:0',
    ...TOOL_LIMITS,
  ];
}

/** Seconds. The header tells it exactly, unless it lies or is silent: then the times of the packets, undecoded. */
async function readDuration(ffmpeg: string, path: string, signal: AbortSignal): Promise<number> {
  const run = await runFfmpeg(ffmpeg, [...inputArguments(path), '-c', 'copy', '-f', 'null', '-'], {
    signal,
    maxOutputBytes: 0,
  });
  const told = clockSeconds(/Duration: (\d+):(\d+):(\d+(?:\.\d+)?)/.exec(run.stderr));
  const seen = clockSeconds([...run.stderr.matchAll(/time=(\d+):(\d+):(\d+(?:\.\d+)?)/g)].at(-1));
  return told !== null && (seen === null || Math.abs(told - seen) <= 1 + seen / 5) ? told : (seen ?? 0);
}

function clockSeconds(match: RegExpExecArray | null | undefined): number | null {
  if (!match) return null;
  const [, hours, minutes, seconds] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

async function readFrame(ffmpeg: string, path: string, seconds: number, signal: AbortSignal): Promise<Buffer | null> {
  const scale = `scale='min(${MAX_SIDE},iw)':'min(${MAX_SIDE},ih)':force_original_aspect_ratio=decrease`;
  const output = ['-frames:v', '1', '-vf', scale, '-c:v', 'mjpeg', '-q:v', '2', '-f', 'image2pipe', '-'];
  const run = await runFfmpeg(ffmpeg, [...inputArguments(path, seconds), ...output], {
    signal,
    maxOutputBytes: MAX_FRAME_BYTES,
  });
  return run.ok && run.stdout.length > 0 ? run.stdout : null;
}
