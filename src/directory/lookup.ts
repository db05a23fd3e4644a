/** One question to the database about any number of addresses: domain, account, alias, and use of quotas. */
import { CompiledQuery } from "kysely";
import type { Database } from "../store/pg/database.ts";
import { type Door, statement } from "../store/pg/door.ts";
import { withDatabase } from "./failures.ts";

/** An account that gets mail, with what its quotas depend on; `null` limits are none. */
export interface AccountRow {
  readonly account_id: number;
  readonly disabled: boolean;
  readonly usages: readonly Usage[];
}

/** Use of one quota, an account's or its domain's. */
export interface Usage {
  readonly octets: number;
  readonly octetLimit: number | null;
  readonly messages: number;
  readonly messageLimit: number | null;
}

/** A domain of ours. */
export interface DomainFound {
  /** The domain that this one is another name for. */
  readonly aliasOf: string | null;
}

/** What is there, by `local@domain`; a catch-all by `@domain`. */
export interface Found {
  readonly domains: ReadonlyMap<string, DomainFound>;
  readonly accounts: ReadonlyMap<string, AccountRow>;
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

/** What of the door asking takes. */
export type Asking = Pick<Door, "query">;

/** Canonical; `local` is empty for a catch-all. */
export interface Name {
  readonly domain: string;
  readonly local: string;
}

/** A row of LOOK_UP, its columns in order. */
interface Row {
  kind: "domain" | "account" | "alias";
  domain: string;
  local_part: string;
  account_id: number | null;
  disabled: boolean | null;
  targets: readonly string[] | null;
  octets: number | null;
  octet_limit: number | null;
  messages: number | null;
  message_limit: number | null;
  alias_of: string | null;
}

/**
 * What is there of names: $1 domains, $2 local parts. Domains come first: UNION ALL keeps the order of its parts.
 * The sum over a domain is made only where the domain has a quota.
 */
const LOOK_UP = `with wanted as (
    select distinct * from unnest($1::text[], $2::text[]) as w (domain, local_part)
  )
  select 'domain' as kind, d.name as domain, '' as local_part, null::int8 as account_id,
         null::bool as disabled, null::text[] as targets, u.octets, d.quota_octets as octet_limit,
         u.messages, d.quota_messages as message_limit, d.alias_of
    from domain d
    left join lateral (
      select sum(s.used_octets)::int8 as octets, sum(s.used_messages)::int8 as messages
        from account a join account_use s using (account_id)
       where a.domain = d.name
    ) u on d.quota_octets is not null or d.quota_messages is not null
   where d.name in (select w.domain from wanted w)
  union all
  select 'account', a.domain, a.local_part, a.account_id, a.disabled, null, s.used_octets,
         s.quota_octets, s.used_messages, s.quota_messages, null
    from wanted w join account a using (domain, local_part) left join account_use s using (account_id)
  union all
  select 'alias', l.domain, l.local_part, null, null, l.targets, null, null, null, null, null
    from wanted w join alias l using (domain, local_part)`;

const lookUpNames = statement("look_up_names", ["text[]", "text[]"], LOOK_UP);

/** Looks up names, for administration. */
export async function lookUp(db: Database, wanted: readonly Name[]): Promise<Found> {
  const { rows } = await withDatabase(() =>
    db.executeQuery<Row>(CompiledQuery.raw(LOOK_UP, [
      wanted.map((one) => one.domain),
      wanted.map((one) => one.local),
    ]))
  );
  return foundIn(rows);
}

/** Looks up names by the hot path's door: planned once. @throws Unavailable */
async function lookUpHot(door: Asking, wanted: readonly Name[]): Promise<Found> {
  const rows = await withDatabase(() =>
    door.query(lookUpNames, wanted.map((one) => one.domain), wanted.map((one) => one.local))
  );
  const intOrNull = (row: number, column: number) => rows.isNull(row, column) ? null : rows.int(row, column);
  return foundIn(Array.from({ length: rows.count }, (_, row): Row => ({
    kind: rows.text(row, 0) as Row["kind"],
    domain: rows.text(row, 1),
    local_part: rows.text(row, 2),
    account_id: intOrNull(row, 3),
    disabled: rows.isNull(row, 4) ? null : rows.bool(row, 4),
    targets: rows.isNull(row, 5) ? null : rows.texts(row, 5),
    octets: intOrNull(row, 6),
    octet_limit: intOrNull(row, 7),
    messages: intOrNull(row, 8),
    message_limit: intOrNull(row, 9),
    alias_of: rows.isNull(row, 10) ? null : rows.text(row, 10),
  })));
}

function foundIn(rows: readonly Row[]): Found {
  const domains = new Map<string, DomainFound>();
  const quotas = new Map<string, Usage>();
  const accounts = new Map<string, AccountRow>();
  const aliases = new Map<string, readonly string[]>();
  for (const row of rows) {
    const name = `${row.local_part}@${row.domain}`;
    if (row.kind === "domain") {
      domains.set(row.domain, { aliasOf: row.alias_of });
      quotas.set(row.domain, usageOf(row));
    } else if (row.kind === "alias") aliases.set(name, row.targets ?? []);
    else {
      const usages = [usageOf(row)];
      const ofDomain = quotas.get(row.domain);
      if (ofDomain !== undefined) usages.push(ofDomain);
      accounts.set(name, { account_id: row.account_id!, disabled: row.disabled!, usages });
    }
  }
  return { domains, accounts, aliases };
}

/** Questions under way at once; more would only wait for one another. */
const LANES = 2;

/** Names that go together in one question. */
const BATCH = 1000;

interface Pending {
  readonly wanted: readonly Name[];
  readonly resolve: (found: Found) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Asks for many callers at once: whoever comes while questions are under way goes into the next one. An idle
 * server asks for a lone name at once; a busy one pays for a round trip and a plan once a batch.
 */
export class Lookups {
  #pending: Pending[] = [];
  #running = 0;

  constructor(private readonly door: Asking) {}

  /** What is there of these names; it may hold what others asked for too. @throws Unavailable */
  find(wanted: readonly Name[]): Promise<Found> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ wanted, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#running >= LANES || this.#pending.length === 0) return;
    let names = 0, count = 0;
    while (count < this.#pending.length && names < BATCH) names += this.#pending[count++]!.wanted.length;
    const batch = this.#pending.splice(0, count);
    this.#running++;
    lookUpHot(this.door, batch.flatMap((one) => one.wanted)).then(
      (found) => batch.forEach((one) => one.resolve(found)),
      (thrown) => batch.forEach((one) => one.reject(thrown)),
    ).finally(() => {
      this.#running--;
      this.#pump();
    });
  }
}

function usageOf(row: Row): Usage {
  return {
    octets: row.octets ?? 0,
    octetLimit: row.octet_limit,
    messages: row.messages ?? 0,
    messageLimit: row.message_limit,
  };
}
