/** Questions and answers as octets (RFC 1035 §4). */
import { Buffer } from "node:buffer";
import { decode, type DecodedPacket, encode } from "dns-packet";
import { latin1, utf8 } from "../bytes/ascii.ts";
import type { RecordOf, RecordType } from "./types.ts";

/** RD, and AD: "tell me whether you validated it" (RFC 6840 §5.7). */
const FLAGS = 1 << 8 | 1 << 5;
/** What fits everywhere without fragments (DNS flag day 2020). */
const PAYLOAD = 1232;

/** A question that went out, and what an answer must repeat. */
export interface Question {
  readonly id: number;
  /** With its letters in random case. */
  readonly name: string;
  readonly type: RecordType;
  readonly octets: Uint8Array;
}

/** An answer's parts that matter. */
export interface WireAnswer {
  readonly rcode: string;
  readonly truncated: boolean;
  readonly authentic: boolean;
  readonly answers: readonly WireRecord[];
  /** Seconds that "no" may be remembered (RFC 2308 §5); undefined without a SOA record. */
  readonly negativeTtl: number | undefined;
}

/** One record of an answer; `name` in lower case. */
export interface WireRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

/**
 * Builds a question. Its id and the case of its letters (draft-vixie-dnsext-dns0x20) are what somebody who
 * cannot see it would have to guess, beside the port.
 */
export function question(name: string, type: RecordType, random: (n: number) => Uint8Array): Question {
  const bits = random(2 + name.length);
  const id = bits[0]! << 8 | bits[1]!;
  let mixed = "";
  for (let at = 0; at < name.length; at++) {
    const letter = name[at]!;
    mixed += letter >= "a" && letter <= "z" && (bits[2 + at]! & 1) === 1 ? letter.toUpperCase() : letter;
  }
  const packet = encode({
    type: "query",
    id,
    flags: FLAGS,
    questions: [{ type, name: mixed, class: "IN" }],
    additionals: [{
      type: "OPT",
      name: ".",
      udpPayloadSize: PAYLOAD,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    }],
  });
  return { id, name: mixed, type, octets: new Uint8Array(packet) };
}

/**
 * Reads an answer. `other`: it answers another question, or is no answer; `case`: it repeats the name in other
 * letters, which may be a server of the old kind or somebody who guesses.
 */
export function answerTo(
  asked: Question,
  octets: Uint8Array,
  { anyCase = false }: { readonly anyCase?: boolean } = {},
): WireAnswer | "other" | "case" {
  let packet: DecodedPacket & { readonly rcode?: unknown };
  try {
    packet = decode(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength));
  } catch {
    return "other";
  }
  const [repeated, ...more] = packet.questions ?? [];
  if (packet.id !== asked.id || packet.type !== "response" || repeated === undefined || more.length > 0) {
    return "other";
  }
  if (repeated.type !== asked.type || repeated.name.toLowerCase() !== asked.name.toLowerCase()) {
    return "other";
  }
  if (repeated.name !== asked.name && !anyCase) return "case";
  const soa = records(packet.authorities).find(({ type }) => type === "SOA");
  return {
    rcode: String(packet.rcode),
    truncated: packet.flag_tc,
    authentic: packet.flag_ad,
    answers: records(packet.answers),
    negativeTtl: soa && Math.min(soa.ttl, Number((soa.data as { minimum?: number }).minimum ?? 0)),
  };
}

function records(answers: readonly unknown[] | undefined): WireRecord[] {
  return (answers ?? []).map((answer) => {
    const { name, type, ttl, data } = answer as { name: string; type: string; ttl?: number; data?: unknown };
    return { name: hostName(name), type, ttl: ttl ?? 0, data };
  });
}

/** Lower case, without the last dot; the root is "". */
export function hostName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/** What a record of that type holds; undefined when it is malformed. */
export function contentOf<T extends RecordType>(type: T, data: unknown): RecordOf[T] | undefined {
  return READ[type](data) as RecordOf[T] | undefined;
}

const READ: { readonly [T in RecordType]: (data: unknown) => RecordOf[T] | undefined } = {
  A: (data) => typeof data === "string" ? data : undefined,
  AAAA: (data) => typeof data === "string" ? data : undefined,
  PTR: (data) => typeof data === "string" ? hostName(data) : undefined,
  MX: (data) => {
    const { preference, exchange } = data as { preference?: number; exchange?: string };
    return typeof exchange === "string"
      ? { preference: preference ?? 0, exchange: hostName(exchange) }
      : undefined;
  },
  TXT: (data) => {
    const strings = Array.isArray(data) ? data : [data];
    if (!strings.every((part) => part instanceof Uint8Array)) return undefined;
    return utf8(Uint8Array.from(strings.map((part) => latin1(part)).join(""), (char) => char.charCodeAt(0)));
  },
  TLSA: (data) => {
    const { usage, selector, matchingType, certificate } = data as {
      usage?: number;
      selector?: number;
      matchingType?: number;
      certificate?: Uint8Array;
    };
    if (usage === undefined || selector === undefined || matchingType === undefined || !certificate) {
      return undefined;
    }
    return { usage, selector, matchingType, data: new Uint8Array(certificate) };
  },
};
