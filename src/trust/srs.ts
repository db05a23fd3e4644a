/**
 * The Sender Rewriting Scheme: who forwards mail sends it under an address of his own, so that SPF holds where it
 * arrives, and bounces find their way back to the sender through him.
 *
 * `SRS0=hash=day=domain=local@ours` stands for `local@domain`; `SRS1=hash=first==rest@ours` for `SRS0=rest@first`,
 * so that a second forwarder does not make the address longer and longer. Hash and day keep strangers from using us
 * as a way to any address they like.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { MailAddress } from "../core/directory.ts";
import { TRUST_LIMITS } from "./limits.ts";

const DAY = 86_400_000;
/** Days go round after this many. */
const ROUND = 1024;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** Characters of a hash: 40 bits, in letters that survive a change of case. */
const HASH = 8;

/** Rewrites and restores, with a secret that all nodes share. */
export class Srs {
  /** @param now milliseconds since the epoch */
  constructor(private readonly secret: Uint8Array, private readonly now: () => number) {}

  /**
   * The address under which mail of `sender` is forwarded through our domain; undefined where it would be too
   * long: then it goes as it came.
   */
  forward(sender: MailAddress, domain: string): MailAddress | undefined {
    const local = this.#onward(sender);
    return new TextEncoder().encode(local).length > TRUST_LIMITS.srsLocal ? undefined : { local, domain };
  }

  #onward({ local, domain }: MailAddress): string {
    const kind = /^srs([01])[=+-]/i.exec(local)?.[1];
    if (kind === "0") {
      // The first forwarder's address, whose SRS0 is left out and put back.
      const rest = local.slice(4);
      return `SRS1=${this.#hash(`${domain}=${rest}`)}=${domain}=${rest}`;
    }
    if (kind === "1") {
      const found = second(local);
      if (found !== undefined) {
        const { first, rest } = found;
        return `SRS1=${this.#hash(`${first}=${rest}`)}=${first}=${rest}`;
      }
    }
    const day = Math.floor(this.now() / DAY) % ROUND;
    const stamp = BASE32[day >> 5]! + BASE32[day & 31]!;
    return `SRS0=${this.#hash(`${stamp}=${domain}=${local}`)}=${stamp}=${domain}=${local}`;
  }

  /** Whom an address of ours stands for; undefined when it is none that we made, or too old. */
  reverse(local: string): MailAddress | undefined {
    const kind = /^srs([01])[=+-]/i.exec(local)?.[1];
    if (kind === "0") {
      const [hash, stamp, domain, ...rest] = local.slice(5).split("=");
      if (stamp === undefined || domain === undefined || domain === "" || rest.length === 0) return undefined;
      const sender = rest.join("=");
      if (!this.#isOurs(hash!, `${stamp}=${domain}=${sender}`) || !this.#isYoung(stamp)) return undefined;
      return { local: sender, domain };
    }
    const found = kind === "1" ? second(local) : undefined;
    if (found === undefined || !this.#isOurs(found.hash, `${found.first}=${found.rest}`)) return undefined;
    return { local: `SRS0${found.rest}`, domain: found.first };
  }

  #isYoung(stamp: string): boolean {
    const high = BASE32.indexOf(stamp[0]?.toLowerCase() ?? "?");
    const low = BASE32.indexOf(stamp[1]?.toLowerCase() ?? "?");
    if (stamp.length !== 2 || high < 0 || low < 0) return false;
    const age = (Math.floor(this.now() / DAY) % ROUND - (high * 32 + low) + ROUND) % ROUND;
    return age <= TRUST_LIMITS.srsDays;
  }

  /** Some hosts change the case of what they send back. */
  #hash(text: string): string {
    const octets = createHmac("sha256", this.secret).update(text.toLowerCase()).digest();
    let out = "";
    for (let at = 0; at < HASH; at++) out += BASE32[octets[at]! & 31];
    return out;
  }

  #isOurs(hash: string, text: string): boolean {
    const given = new TextEncoder().encode(hash.toLowerCase());
    const wanted = new TextEncoder().encode(this.#hash(text));
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

/** The parts of `SRS1=hash=first=rest`; `rest` begins with the separator that followed the first SRS0. */
function second(
  local: string,
): { readonly hash: string; readonly first: string; readonly rest: string } | undefined {
  const [hash, first, ...rest] = local.slice(5).split("=");
  const joined = rest.join("=");
  if (hash === undefined || first === undefined || first === "" || joined === "") return undefined;
  return { hash, first, rest: joined };
}

/** True for what `Srs.reverse` is to be asked about. */
export function looksLikeSrs(local: string): boolean {
  return /^srs[01][=+-]/i.test(local);
}
