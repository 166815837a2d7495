import v8 from 'node:v8';

/**
 * For processes that live for seconds (`NODE_OPTIONS=--import`): compiling PGlite's WebAssembly well takes longer than
 * it saves. `node --liftoff-only` itself may not stand in NODE_OPTIONS.
 */
v8.setFlagsFromString('--liftoff-only');
