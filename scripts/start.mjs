#!/usr/bin/env node
/** What `npm start` runs. */
import { loadBuilt } from './load-built.mjs';

await loadBuilt('main.js');
