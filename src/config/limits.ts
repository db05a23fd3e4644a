/**
 * The `limits:` of the configuration: each part's own limits, by their names in snake_case. A new member of a
 * part's limits.ts appears here by itself; its comment becomes its explanation in config/reference.yaml.
 */
import { z } from "zod";
import {
  DIRECTORY_LIMITS,
  type DirectoryLimits,
  HASH_LIMITS,
  type HashLimits,
  THROTTLE_LIMITS,
  type ThrottleLimits,
  VERIFY_CACHE_LIMITS,
  type VerifyCacheLimits,
} from "../directory/mod.ts";
import { IMAP_LIMITS, type ImapSessionLimits } from "../imap/mod.ts";
import { LMTP_LIMITS } from "../lmtp/mod.ts";
import { NET_LIMITS, type NetLimits } from "../net/mod.ts";
import { POP3_LIMITS, type Pop3Limits } from "../pop3/mod.ts";
import { SMTP_LIMITS, type SmtpLimits } from "../smtp/mod.ts";
import { STORE_LIMITS, type StoreLimits } from "../store/mod.ts";
import { CLIENT_LIMITS, type ClientLimits } from "../smtp/client.ts";
import { DNS_LIMITS, type DnsLimits } from "../dns/mod.ts";
import { QUEUE_LIMITS, type QueueLimits } from "../queue/mod.ts";
import { REACH_LIMITS, type ReachLimits } from "../queue/reach_limits.ts";
import { network } from "./network.ts";

type Numbers<T> = { readonly [Name in keyof T as T[Name] extends number ? Name : never]: T[Name] };

/** A group that may be left out: what goes in is optional, what comes out is whole. */
type Group<T> = z.ZodPrefault<z.ZodType<Numbers<T>>>;

/** `commandLine` as `command_line`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A limit: a whole number, or `unlimited` where the default is. */
function limit(value: number): z.ZodType<number, unknown> {
  const number = z.int().min(0);
  if (Number.isFinite(value)) return number.default(value);
  return z.union([number, z.literal("unlimited").transform(() => Infinity)], {
    error: 'write a whole number, or "unlimited"',
  }).prefault("unlimited");
}

/** The numbers of a part's limits, but for those that another key sets; the names come back as they were. */
function group<T extends object>(defaults: T, without: readonly (keyof T)[] = []): Group<T> {
  const names = Object.keys(defaults).filter((name) =>
    typeof defaults[name as keyof T] === "number" && !without.includes(name as keyof T)
  );
  const shape = Object.fromEntries(
    names.map((name) => [snakeCase(name), limit(defaults[name as keyof T] as number)]),
  );
  return z.strictObject(shape).transform((given) =>
    Object.fromEntries(names.map((name) => [name, given[snakeCase(name)]])) as Numbers<T>
  ).prefault({}) as unknown as Group<T>;
}

/** Octets of the largest message, wherever it comes in. */
const MESSAGE_SIZE = SMTP_LIMITS.messageSize;

/** The schema of `limits:`. */
export const limitsSchema = z.strictObject({
  exempt: z.array(network).default([]).describe(
    "networks that limits per address leave alone, e.g. 127.0.0.0/8 for a load test; none is trusted by default",
  ),
  message_size: z.int().min(65_536, { error: "must be at least 65536 (RFC 5321 §4.5.3.1.7)" }).default(
    MESSAGE_SIZE,
  )
    .describe("octets of the largest message, by SMTP, LMTP and APPEND; announced by SIZE and APPENDLIMIT"),
  net: group<NetLimits>(NET_LIMITS, ["maxConnections"]).describe("one connection, and one peer"),
  smtp: group<SmtpLimits>(SMTP_LIMITS, ["messageSize"]).describe("one SMTP or Submission client"),
  lmtp: group<SmtpLimits>(LMTP_LIMITS, ["messageSize"]).describe("one LMTP client"),
  client: group<ClientLimits>(CLIENT_LIMITS).describe("one next hop that mail is sent to"),
  queue: group<QueueLimits>(QUEUE_LIMITS).describe(
    "mail that goes out: when it is tried, and how much at once",
  ),
  reach: group<ReachLimits>(REACH_LIMITS).describe("looking for a way to one destination"),
  dns: group<DnsLimits>(DNS_LIMITS).describe("looking up names"),
  imap: z.strictObject({
    session: group<ImapSessionLimits>(IMAP_LIMITS).describe("one IMAP session"),
    before_login: group(IMAP_LIMITS.beforeLogin).describe("one command of a client before login"),
    after_login: group(IMAP_LIMITS.afterLogin, ["append"]).describe("one command of a client after login"),
  }).prefault({}).describe("one IMAP client"),
  pop3: group<Pop3Limits>(POP3_LIMITS).describe("one POP3 client"),
  directory: group<DirectoryLimits>(DIRECTORY_LIMITS).describe("addresses, aliases, imports"),
  hash: group<HashLimits>(HASH_LIMITS).describe("checking passwords"),
  throttle: group<ThrottleLimits>(THROTTLE_LIMITS).describe("guessing passwords"),
  verify_cache: group<VerifyCacheLimits>(VERIFY_CACHE_LIMITS).describe(
    "remembering that a password was right",
  ),
  store: group<StoreLimits>(STORE_LIMITS, ["messageOctets", "keywords"]).describe("one account, one message"),
}).prefault({}).describe("what one client, account or message may cost; the explanations name the units");
