import { readFileSync } from 'node:fs';

/**
 * Whether the quick way to multiply bytes overflows on this processor: x86 without VNNI adds two products in 16 bits, where
 * bytes of full range do not fit. Told by proc(5); where that is not to be had, it is taken to overflow.
 */
export function doByteSumsOverflow(): boolean {
  if (process.arch !== 'x64') return false;
  try {
    return !/\bavx(?:512)?_vnni\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return true;
  }
}
