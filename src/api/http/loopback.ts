import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address, IPv4-mapped ones included, is this machine's own. */
export function isLoopbackAddress(address: string | undefined): boolean {
  const family = isIP(address ?? '');
  if (address === undefined || family === 0) return false;
  return loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a HOST to listen on, or a Host header, names this machine: an address of it, or localhost. */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
  return isLoopbackAddress(host) || isLoopbackAddress(name) || /^(.+\.)?localhost\.?$/i.test(name);
}
