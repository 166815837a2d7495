/**
 * onnxruntime reports to its maker, from 1.30 on Linux as well: a device id and what runs, kept under the user's cache
 * folder until it can be sent. A program that reads identity cards tells nobody. The library looks at the variable when
 * it is loaded, and at the process's real environment, which threads cannot change: so this module comes before
 * whatever imports onnxruntime-node (transformers.js does, too), and in the main thread of the process.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
