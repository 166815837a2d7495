/**
 * What children of ours are told by. Not by their IPC channel: pm2 gives one, too, and wants its signals obeyed.
 */
export const SUPERVISED_ARGUMENT = '--supervised';

/** Whether a process of ours started this one: it has its whole environment from there, and a role obeys it. */
export function isSupervised(): boolean {
  return process.argv.includes(SUPERVISED_ARGUMENT);
}
