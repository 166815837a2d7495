import v8 from 'node:v8';
import { PGlite } from '@electric-sql/pglite';

/**
 * Child process of pglite.ts: creates the files of a database in the folder that is its argument. initdb inside
 * WebAssembly takes 840 MB, which only the end of its process gives back.
 */
// Runs for a second, of which compiling well would take a half.
v8.setFlagsFromString('--liftoff-only');
process.on('disconnect', () => process.exit(1));
const database = await PGlite.create({ dataDir: process.argv[2] ?? '' });
await database.close();
// Open handles of WebAssembly must not keep it alive.
process.exit(0);
