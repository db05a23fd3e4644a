/**
 * The PROXY protocol, versions 1 and 2: what a proxy in front of us says of the connection it passes on
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
 */
import { Buffer } from "node:buffer";
import type { Endpoint } from "../core/conn.ts";
import { type Fault, fault, item, NEED, type Step } from "../core/step.ts";
import { canonicalAddress } from "./address.ts";

/** §2.1: the longest line of version 1, with its CRLF. */
export const PROXY_V1_OCTETS = 107;
/** Ours: the most that a version 2 header may carry in addresses and TLVs; the format allows 65,535. */
export const PROXY_V2_OCTETS = 4096;

/** What the header says. */
export interface ProxyHeader {
  /** The two ends as the proxy sees them; undefined for LOCAL, UNKNOWN and AF_UNIX: use the real ones. */
  readonly ends: { readonly source: Endpoint; readonly destination: Endpoint } | undefined;
  /** What followed the header in the octets pushed; a view. */
  readonly rest: Uint8Array;
}

const V1_START = new Uint8Array([0x50, 0x52, 0x4f, 0x58, 0x59, 0x20]); // "PROXY "
const V2_START = new Uint8Array([13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]);
const V2_FIXED = 16;

/** Reads one header. Every fault is fatal: without a header nobody knows who is there. */
export class ProxyParser {
  #held: Uint8Array = new Uint8Array(0);
  #ended: Step<ProxyHeader> | undefined;

  /** Takes octets, in order; copies them unless they are all there is. */
  push(octets: Uint8Array): void {
    if (this.#held.length === 0) this.#held = octets;
    else {
      const both = new Uint8Array(this.#held.length + octets.length);
      both.set(this.#held);
      both.set(octets, this.#held.length);
      this.#held = both;
    }
  }

  /** The header, once; its `rest` is what was pushed beyond it. */
  next(): Step<ProxyHeader> {
    if (this.#ended !== undefined) return this.#ended;
    const step = this.#parse();
    if (step.kind !== "need") this.#ended = step;
    return step;
  }

  #parse(): Step<ProxyHeader> {
    const held = this.#held;
    if (held.length === 0) return NEED;
    if (begins(held, V2_START)) return held.length < V2_FIXED ? NEED : version2(held);
    if (begins(held, V1_START)) return version1(held);
    return bad("no header", "A PROXY header was expected");
  }
}

/** True when one is the other's beginning. */
function begins(octets: Uint8Array, start: Uint8Array): boolean {
  const n = Math.min(octets.length, start.length);
  for (let i = 0; i < n; i++) if (octets[i] !== start[i]) return false;
  return true;
}

/** §2.1: `PROXY TCP4 source destination port port CRLF`, single spaces. */
function version1(held: Uint8Array): Step<ProxyHeader> {
  const bounded = held.subarray(0, PROXY_V1_OCTETS);
  const lf = bounded.indexOf(10);
  if (lf === -1) {
    return held.length < PROXY_V1_OCTETS ? NEED : bad("line too long", "The PROXY line has no end");
  }
  if (lf < 1 || held[lf - 1] !== 13) return bad("bare LF", "The PROXY line must end in CRLF");
  const rest = held.subarray(lf + 1);
  const words = latin1(held.subarray(0, lf - 1)).split(" ");
  if (words[1] === "UNKNOWN") return item({ ends: undefined, rest });
  if (words.length !== 6 || (words[1] !== "TCP4" && words[1] !== "TCP6")) {
    return bad("syntax", "The PROXY line has not the form of version 1");
  }
  const wanted = words[1] === "TCP4" ? 4 : 6;
  const source = endpoint(words[2]!, words[4]!, wanted);
  const destination = endpoint(words[3]!, words[5]!, wanted);
  if (source === undefined || destination === undefined) {
    return bad("address", "The PROXY line has an address or port that is none");
  }
  return item({ ends: { source, destination }, rest });
}

function endpoint(address: string, port: string, version: 4 | 6): Endpoint | undefined {
  if (address.includes(":") !== (version === 6)) return undefined;
  const canonical = canonicalAddress(address);
  const number = decimal(port);
  return canonical === undefined || number === undefined ? undefined : { address: canonical, port: number };
}

/** §2.1: 0..65535, without leading zeros. */
function decimal(text: string): number | undefined {
  if (text.length < 1 || text.length > 5 || (text.length > 1 && text[0] === "0")) return undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return undefined;
  }
  const number = Number(text);
  return number <= 65_535 ? number : undefined;
}

/** §2.2: signature, version and command, family and transport, length; then addresses, then TLVs. */
function version2(held: Uint8Array): Step<ProxyHeader> {
  const command = held[12]!;
  const family = held[13]! >> 4;
  const transport = held[13]! & 15;
  const length = held[14]! << 8 | held[15]!;
  if (command >> 4 !== 2) return bad("version", "The PROXY header is of a version that is not known");
  if ((command & 15) > 1) return bad("command", "The PROXY header has a command that is not known");
  if (family > 3 || transport > 2) return bad("family", "The PROXY header has a family that is not known");
  if (length > PROXY_V2_OCTETS) return bad("too long", "The PROXY header is too long");
  const end = V2_FIXED + length;
  if (held.length < end) return NEED;
  const rest = held.subarray(end);
  // LOCAL is the proxy itself (a health check); what addresses it has are to be skipped.
  if ((command & 15) === 0 || family === 0 || transport === 0 || family === 3) {
    return item({ ends: undefined, rest });
  }
  if (transport !== 1) return bad("family", "The PROXY header is not of a stream");
  const size = family === 1 ? 4 : 16;
  if (length < 2 * size + 4) return bad("too short", "The PROXY header is shorter than its addresses");
  const ports = V2_FIXED + 2 * size;
  const at = (start: number, port: number): Endpoint => ({
    address: textOf(held.subarray(start, start + size)),
    port: held[port]! << 8 | held[port + 1]!,
  });
  return item({ ends: { source: at(V2_FIXED, ports), destination: at(V2_FIXED + size, ports + 2) }, rest });
}

/** The canonical text of 4 or 16 octets of an address. */
function textOf(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const parts: string[] = [];
  for (let i = 0; i < 16; i += 2) parts.push((octets[i]! << 8 | octets[i + 1]!).toString(16));
  return canonicalAddress(parts.join(":"))!;
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
}

function bad(rule: string, text: string): { readonly kind: "fault"; readonly fault: Fault } {
  return fault(rule, text, true);
}
