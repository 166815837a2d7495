#!/usr/bin/env node
/**
 * Joins the modules of each program of a build (servers, commands, threads) in a few files: Node spends more time on
 * finding and opening a thousand modules than on running them, which is half of a start. Run by build.mjs.
 * @param root (first argument) folder of package.json, with a slash at its end
 * @param folder (second argument) of the compiled modules
 */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { build } from 'vite';

const [root, folder] = process.argv.slice(2);
/** What is started by its path. In its place stays a file that runs the joined one. */
const PROGRAMS = [
  'cli/main.js',
  'inference/card-reader/thread.js',
  'inference/chat/schema-thread.js',
  'inference/onnx-qwen3vl/thread.js',
  'main.js',
  'media/documents/page-renderer.js',
  'runtime/container-health.js',
  'runtime/embedded/pglite-initialise.js',
];
/**
 * Packages that stay where they are: they have files beside them (native code, WebAssembly, tables), are known by their
 * one instance in a process (Temporal, Prisma, OpenTelemetry), or are loaded by few.
 */
const LEFT_PACKAGES = [
  '@aws-sdk/client-s3',
  '@aws-sdk/lib-storage',
  '@electric-sql/pglite',
  '@ffmpeg-installer/ffmpeg',
  '@hyzyla/pdfium',
  '@mlc-ai/web-xgrammar',
  '@opentelemetry/context-async-hooks',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace-base',
  '@prisma/adapter-pg',
  '@prisma/client',
  '@temporalio/activity',
  '@temporalio/client',
  '@temporalio/common',
  '@temporalio/proto',
  '@temporalio/worker',
  'ffmpeg-static',
  'fs-native-extensions',
  'idn-area-data',
  'libheif-js',
  'onnxruntime-node',
  'pglite-prisma-adapter',
  'pino',
  'rate-limiter-flexible',
  'sharp',
  'swagger-ui-dist',
  'tar',
];
/** What has to run before packages that are imported after it: those of a joined file are loaded first. */
const FIRST = `${folder}/inference/refuse-telemetry.js`;
const OUTPUT = `${folder}/joined`;

const joinedName = (program) => program.replaceAll('/', '-').replace(/\.js$/, '');

/** Modules find files beside them by import.meta.url: that of the module as it was compiled. */
const keepPlaces = {
  name: 'keep-places',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!source.endsWith('/refuse-telemetry.js') || !importer?.startsWith(folder)) return null;
    return { id: `./${relative(OUTPUT, FIRST)}`, external: true };
  },
  transform(code, id) {
    if (!id.startsWith(`${folder}/`) || !code.includes('import.meta.url')) return null;
    const place = JSON.stringify(relative(OUTPUT, id));
    return { code: code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`), map: null };
  },
};

await build({
  configFile: false,
  root,
  logLevel: 'warn',
  publicDir: false,
  plugins: [keepPlaces],
  resolve: { preserveSymlinks: true },
  ssr: { noExternal: true, external: LEFT_PACKAGES },
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    outDir: OUTPUT,
    rolldownOptions: {
      input: Object.fromEntries(PROGRAMS.map((program) => [joinedName(program), `${folder}/${program}`])),
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
for (const program of PROGRAMS) {
  const joined = relative(dirname(`${folder}/${program}`), `${OUTPUT}/${joinedName(program)}.js`);
  writeFileSync(`${folder}/${program}`, `import ${JSON.stringify(joined.startsWith('.') ? joined : `./${joined}`)};\n`);
  rmSync(`${folder}/${program}.map`, { force: true });
}
