#!/usr/bin/env node
/** Fetches the pinned OCR models into KTPFLOW_CACHE, for images and closed networks; needs a build. */
import { readConfig } from '../dist/config.js';
import { createAssetReport } from '../dist/runtime/assets/report.js';
import { ensureOcrModels } from '../dist/runtime/assets/runtime-assets.js';

const paths = await ensureOcrModels(readConfig(), createAssetReport(process.stdout));
for (const path of Object.values(paths)) console.log(path);
