/** IP networks: which one a guess comes from, and which ones limits leave alone. */
import ipaddr from "ipaddr.js";

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * What one guesser is taken for: an IPv4 address, or an IPv6 network of 64 bits, the least that a subscriber
 * gets. Paths of unix sockets stay as they are.
 */
export function guesserOf(remote: string): string {
  if (!ipaddr.isValid(remote)) return remote;
  const address = ipaddr.process(remote);
  if (address.kind() === "ipv4") return address.toString();
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(":")}::/64`;
}

/**
 * A test whether an address lies in one of the networks (`192.0.2.0/24`, `2001:db8::/32`, or an address).
 *
 * @throws TypeError naming the network that is none.
 */
export function networkTest(networks: readonly string[]): (remote: string) => boolean {
  const parsed = networks.map(parseNetwork);
  return (remote) => {
    if (parsed.length === 0 || !ipaddr.isValid(remote)) return false;
    const address = ipaddr.process(remote);
    return parsed.some(([network, bits]) =>
      network.kind() === address.kind() && address.match(network as ipaddr.IPv4 & ipaddr.IPv6, bits)
    );
  };
}

function parseNetwork(text: string): Network {
  try {
    if (text.includes("/")) return ipaddr.parseCIDR(text) as Network;
    const address = ipaddr.parse(text);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  } catch {
    throw new TypeError(`Cannot use "${text}" as a network: it must look like 192.0.2.0/24 or 2001:db8::/32`);
  }
}
