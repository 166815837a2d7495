import { BlockList, isIP } from 'node:net';

/**
 * Addresses that a request made for a stranger must not reach: the IANA special-purpose registries (RFC 6890 and its
 * updates), which hold private, loopback, link-local (cloud metadata), shared, benchmark and multicast addresses.
 */
const FORBIDDEN_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/**
 * Within 2000::/3, the only part of IPv6 that is globally routed: protocol assignments (Teredo among them), 6to4, which
 * embeds any IPv4 address, and documentation. Outside of it lie loopback, IPv4-mapped, NAT64, unique local, link-local
 * and multicast addresses.
 */
const FORBIDDEN_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

const forbidden = new BlockList();
for (const [network, prefix] of FORBIDDEN_IPV4) forbidden.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of FORBIDDEN_IPV6) forbidden.addSubnet(network, prefix, 'ipv6');

const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address (no name, no zone) may be reached on behalf of a caller. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !forbidden.check(address, 'ipv4');
  if (family === 6 && !address.includes('%')) {
    return globalUnicast.check(address, 'ipv6') && !forbidden.check(address, 'ipv6');
  }
  return false;
}
