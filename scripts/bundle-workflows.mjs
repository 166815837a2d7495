#!/usr/bin/env node
/**
 * Bundles the workflows of a build. @param folder (first argument) of the compiled modules, where the bundle goes
 * Run by build.mjs with --preserve-symlinks, so that every path begins as this script's own does.
 */
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const folder = process.argv[2];
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };
const { code } = await bundleWorkflowCode({
  workflowsPath: `${folder}/workflows/index.js`,
  workflowInterceptorModules: [`${folder}/workflows/pass-trace-on.js`],
  failureConverterPath: `${folder}/worker/failure-converter.js`,
  logger: quiet,
  webpackConfigHook: (config) => ({
    ...config,
    context: dirname(folder),
    resolve: { ...config.resolve, symlinks: false },
    resolveLoader: { ...config.resolveLoader, symlinks: false },
  }),
});
writeFileSync(`${folder}/workflow-bundle.js`, code);
