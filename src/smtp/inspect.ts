/** Looks into a message that passes by: its header where rules speak of it, and what its octets need of a next hop. */
import { Buffer } from "node:buffer";
import type { Identity } from "../core/auth.ts";
import type { Directory } from "../core/directory.ts";
import type { World } from "../core/world.ts";
import { FieldScanner, findField, formatDate, newMessageId, parseAddressList } from "../mime/mod.ts";
import { ownsSender } from "./recipients.ts";
import { REPLIES, type Reply } from "./reply.ts";

/** What was found in a message. */
export interface Contents {
  /** An octet beyond ASCII, anywhere. */
  readonly eightBit: boolean;
  readonly eightBitHeader: boolean;
  /** `TLS-Required: No` (RFC 8689 §3). */
  readonly tlsOptional: boolean;
}

/** What is found in a message that nobody looked into: nothing of it leaves. */
export const NO_CONTENTS: Contents = { eightBit: false, eightBitHeader: false, tlsOptional: false };

/** What a submission is held to. */
export interface SubmissionRules {
  readonly identity: Identity;
  readonly smtputf8: boolean;
  readonly fromMustMatch: boolean;
}

/** What inspecting needs. */
export interface InspectParts {
  readonly directory: Directory;
  readonly world: World;
  readonly hostname: string;
}

/** Addresses of a From that are asked for; no honest one has more. */
const FROM_ADDRESSES = 10;

/** Inspects one message. */
export class Inspection implements Contents {
  eightBit = false;
  eightBitHeader = false;
  tlsOptional = false;
  readonly #parts: InspectParts;
  readonly #rules: SubmissionRules | undefined;

  /** Without `rules` the message is only looked at. */
  constructor(parts: InspectParts, rules: SubmissionRules | undefined) {
    this.#parts = parts;
    this.#rules = rules;
  }

  /** Octets pass by. */
  see(octets: Uint8Array): void {
    if (!this.eightBit) this.eightBit = hasEightBit(octets);
  }

  /**
   * The header is whole. Gives why the message is refused, or what goes before the header: Date and Message-ID,
   * where a submission lacks them (RFC 6409 §8.2, §8.3).
   *
   * @throws Unavailable
   */
  async header(header: Uint8Array): Promise<{ readonly refusal: Reply } | { readonly before: string }> {
    this.eightBitHeader = hasEightBit(header);
    const fields = new FieldScanner(header);
    let from = 0, dated = false, named = false;
    while (fields.next()) {
      if (fields.is("from")) from++;
      else if (fields.is("date")) dated = true;
      else if (fields.is("message-id")) named = true;
      else if (fields.is("tls-required") && isNo(fields.value())) this.tlsOptional = true;
    }
    if (this.#rules === undefined) return { before: "" };
    // What lies behind the last field that is looked at could be a From.
    if (fields.end < header.length && header[fields.end] !== 0x0d && header[fields.end] !== 0x0a) {
      return { refusal: REPLIES.headerTooBig };
    }
    if (this.eightBitHeader && !this.#rules.smtputf8) return { refusal: REPLIES.headerNeedsUtf8 };
    const refusal = this.#rules.fromMustMatch && from > 0 ? await this.#fromRefusal(header, from) : undefined;
    if (refusal !== undefined) return { refusal };
    const { world, hostname } = this.#parts;
    return {
      before: (dated ? "" : `Date: ${formatDate(world.now(), 0)}\r\n`) +
        (named ? "" : `Message-ID: ${newMessageId(world.random, hostname)}\r\n`),
    };
  }

  /** RFC 6409 §6.1, §8.1. A message without From shows nobody a wrong one. */
  async #fromRefusal(header: Uint8Array, fields: number): Promise<Reply | undefined> {
    const from = parseAddressList(findField(header, "from")!).filter(({ kind }) => kind === "mailbox");
    // Readers differ in which of two fields they show (RFC 5322 §3.6: one), and in what they take for an address.
    if (fields > 1 || from.length === 0 || from.length > FROM_ADDRESSES) return REPLIES.badFrom;
    for (const one of from) {
      if (one.kind !== "mailbox" || one.local === undefined || !one.domain) return REPLIES.badFrom;
      const address = { local: textOf(one.local), domain: textOf(one.domain).toLowerCase() };
      if (!await ownsSender(this.#parts.directory, this.#rules!.identity, address)) {
        return REPLIES.notYourFrom;
      }
    }
    return undefined;
  }
}

/** Text of an octet string (RFC 6532: UTF-8). */
function textOf(octetString: string): string {
  return Buffer.from(octetString, "latin1").toString("utf8");
}

function isNo(value: Uint8Array): boolean {
  return value.length === 2 && (value[0]! | 0x20) === 0x6e && (value[1]! | 0x20) === 0x6f;
}

function hasEightBit(octets: Uint8Array): boolean {
  for (let at = 0; at < octets.length; at++) if (octets[at]! > 0x7f) return true;
  return false;
}
