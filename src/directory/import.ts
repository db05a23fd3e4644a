/**
 * Accounts from a CSV file: `address,password-or-hash[,quota]` a line, hashes as Dovecot writes them. All of
 * it or nothing. Empty lines and those that begin with `#` are left out; a password with a comma is quoted
 * (RFC 4180); the commas of an argon2 hash need no quotes.
 */
import type { Transaction } from "kysely";
import type { MailAddress } from "../core/directory.ts";
import { done, type Outcome, refused, syntax } from "../core/failure.ts";
import type { Tables } from "../store/pg/tables.ts";
import { formatAddress, parseAddress } from "./addresses.ts";
import { type AdminOptions, isDuplicate, isOtherName, preparePassword } from "./admin_common.ts";
import type { Hasher } from "./hash.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";
import { lookUp } from "./lookup.ts";
import { looksStored, parseStored, type Scheme } from "./schemes.ts";
import { formatScram } from "./scram_keys.ts";

/** One line, understood. */
export interface ImportRow {
  readonly line: number;
  readonly address: MailAddress;
  readonly secret:
    | { readonly kind: "stored"; readonly text: string; readonly scheme: Scheme }
    | { readonly kind: "plain"; readonly password: string };
  readonly octets: number | undefined;
}

/** A line that is wrong. */
interface LineError {
  readonly line: number;
  readonly text: string;
}

/** Rows that one INSERT takes. */
const BATCH = 500;

/** Adds the accounts of a file; refused with the lines that are wrong, the first ones in words. */
export async function importAccounts(
  csv: string,
  options: AdminOptions,
): Promise<Outcome<{ readonly accounts: number }>> {
  const parsed = parseImport(csv);
  if (!parsed.ok) return parsed;
  const { rows, errors } = parsed.value;
  errors.push(...await conflicts(rows, options));
  if (errors.length > 0) return inWords(errors);
  if (rows.length === 0) return refused("CANNOT", "There is no account in the file");
  const credentials = await enrolled(rows, options.hasher);
  try {
    await options.database.transaction().execute((trx) => insert(trx, rows, credentials, options));
  } catch (thrown) {
    if (isDuplicate(thrown)) {
      return refused("ALREADYEXISTS", "Nothing was imported: one of the accounts was added meanwhile");
    }
    throw thrown;
  }
  return done({ accounts: rows.length });
}

/** Reads the file without looking at the database. Refused (LIMIT) when it is too long. */
export function parseImport(csv: string): Outcome<{ rows: ImportRow[]; errors: LineError[] }> {
  const lines = csv.replace(/^\ufeff/, "").split("\n");
  if (lines.length > LIMITS.importLines) {
    return refused("LIMIT", `The file has more than ${LIMITS.importLines} lines: split it`);
  }
  const rows: ImportRow[] = [];
  const errors: LineError[] = [];
  const lineOf = new Map<string, number>();
  lines.forEach((raw, i) => {
    const line = i + 1;
    const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (text.trim() === "" || text.startsWith("#")) return;
    const row = parseLine(text, line);
    if (!row.ok) return void errors.push({ line, text: row.failure.text });
    const name = formatAddress(row.value.address);
    const earlier = lineOf.get(name);
    if (earlier !== undefined) {
      return void errors.push({ line, text: `${name} stands in line ${earlier} already` });
    }
    lineOf.set(name, line);
    rows.push(row.value);
  });
  return done({ rows, errors });
}

/** `500M` and such, in octets; undefined for none (empty, `0`, `none`). */
export function parseQuota(text: string): Outcome<number | undefined> {
  const bare = text.trim().toLowerCase();
  if (bare === "" || bare === "0" || bare === "none") return done(undefined);
  const match = /^(\d{1,15})\s*(?:([kmgt])(?:i?b)?|b)?$/.exec(bare);
  const octets = match === null ? NaN : Number(match[1]) * 1024 ** (" kmgt".indexOf(match[2] ?? " "));
  if (!Number.isSafeInteger(octets)) return syntax("the quota must look like 500M or 2G");
  return done(octets === 0 ? undefined : octets);
}

function parseLine(text: string, line: number): Outcome<ImportRow> {
  const comma = text.indexOf(",");
  if (comma < 0) return syntax("a line must look like address,password-or-hash or address,hash,quota");
  const address = parseAddress(text.slice(0, comma).trim());
  if (!address.ok) return address;
  const fields = secretAndQuota(text.slice(comma + 1));
  if (!fields.ok) return fields;
  const quota = parseQuota(fields.value.quota);
  if (!quota.ok) return quota;
  const { secret } = fields.value;
  const row = { line, address: address.value, octets: quota.value };
  if (!looksStored(secret)) {
    const password = preparePassword(secret);
    return password.ok ? done({ ...row, secret: { kind: "plain", password: password.value } }) : password;
  }
  const scheme = parseStored(secret);
  if (!scheme.ok) return scheme;
  if (scheme.value.kind === "plain") {
    const password = preparePassword(new TextDecoder().decode(scheme.value.password));
    return password.ok ? done({ ...row, secret: { kind: "plain", password: password.value } }) : password;
  }
  return done({ ...row, secret: { kind: "stored", text: secret, scheme: scheme.value } });
}

/** The second and third field. */
function secretAndQuota(text: string): Outcome<{ readonly secret: string; readonly quota: string }> {
  const quoted = /^\s*"((?:[^"]|"")*)"\s*(?:,([^,]*))?$/.exec(text);
  if (quoted !== null) return done({ secret: quoted[1]!.replaceAll('""', '"'), quota: quoted[2] ?? "" });
  const last = text.lastIndexOf(",");
  // What stands behind the last comma is the quota, unless it is the rest of an argon2 hash.
  const isRest = last < 0 || text.slice(last + 1).includes("$");
  const secret = (isRest ? text : text.slice(0, last)).trim();
  if (secret.includes(",") && !secret.includes("$argon2")) {
    return syntax('a password with a comma must stand in quotes: "a,b"');
  }
  return done({ secret, quota: isRest ? "" : text.slice(last + 1) });
}

/** Domains that are missing, addresses that are taken. */
async function conflicts(rows: readonly ImportRow[], options: AdminOptions): Promise<LineError[]> {
  const errors: LineError[] = [];
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const found = await lookUp(options.database, batch.map((row) => row.address));
    for (const { line, address } of batch) {
      const key = `${address.local}@${address.domain}`;
      const name = formatAddress(address);
      const domain = found.domains.get(address.domain);
      if (domain === undefined) {
        errors.push({ line, text: `there is no domain ${address.domain}` });
      } else if (domain.aliasOf !== null) {
        errors.push({ line, text: isOtherName(address.domain, domain.aliasOf) });
      } else if (found.accounts.has(key)) errors.push({ line, text: `${name} is there already` });
      else if (found.aliases.has(key)) errors.push({ line, text: `${name} is an alias` });
    }
  }
  return errors;
}

function inWords(errors: LineError[]): ReturnType<typeof refused> {
  errors.sort((a, b) => a.line - b.line);
  const shown = errors.slice(0, LIMITS.importErrors).map((error) => `line ${error.line}: ${error.text}`);
  if (errors.length > shown.length) shown.push(`and ${errors.length - shown.length} more`);
  return refused("CANNOT", `Nothing was imported: ${shown.join("; ")}`);
}

interface Stored {
  readonly hash: string;
  readonly scram_sha1: string | null;
  readonly scram_sha256: string | null;
}

/** What is stored of each line; only plain passwords take time, as many at once as there are threads. */
async function enrolled(rows: readonly ImportRow[], hasher: Hasher): Promise<readonly Stored[]> {
  const stored = new Array<Stored>(rows.length);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < rows.length; i = next++) stored[i] = await storedForm(rows[i]!, hasher);
  };
  await Promise.all([work(), work()]);
  return stored;
}

async function storedForm(row: ImportRow, hasher: Hasher): Promise<Stored> {
  if (row.secret.kind === "plain") {
    const { hash, scramSha1, scramSha256 } = await hasher.enroll(row.secret.password);
    return { hash, scram_sha1: scramSha1, scram_sha256: scramSha256 };
  }
  const { text, scheme } = row.secret;
  const scram = (hash: string) =>
    scheme.kind === "scram" && scheme.keys.hash === hash ? formatScram(scheme.keys) : null;
  return { hash: text, scram_sha1: scram("SHA-1"), scram_sha256: scram("SHA-256") };
}

async function insert(
  trx: Transaction<Tables>,
  rows: readonly ImportRow[],
  credentials: readonly Stored[],
  options: AdminOptions,
): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const accounts = await trx.insertInto("account")
      .values(batch.map((row) => ({ domain: row.address.domain, local_part: row.address.local })))
      .returning(["account_id", "domain", "local_part"]).execute();
    const ids = new Map(accounts.map((row) => [`${row.local_part}@${row.domain}`, row.account_id]));
    const idOf = (row: ImportRow) => ids.get(`${row.address.local}@${row.address.domain}`)!;
    await trx.insertInto("credential").values(batch.map((row, i) => ({
      account_id: idOf(row),
      credential_id: 1,
      kind: "password" as const,
      ...credentials[at + i]!,
    }))).execute();
    for (const row of batch) await options.insertAccountState(trx, idOf(row), { octets: row.octets });
  }
}
