#!/usr/bin/env node
/** The command `ktpflow`. */
import { loadBuilt } from './load-built.mjs';

await loadBuilt('cli/main.js');
