/** Keys, policies and reports in the database. */
import type { Database } from "../store/pg/database.ts";
import type { DkimKey, KeyStore } from "./dkim_keys.ts";
import { TRUST_LIMITS } from "./limits.ts";
import type { KeptPolicy, PolicyStore } from "./mta_sts.ts";
import type { StsPolicy } from "./sts_policy.ts";
import type { ReportStore, TlsNote, TlsRow } from "./tls_report.ts";

/** The keys of our domains. */
export class PgKeys implements KeyStore {
  constructor(private readonly database: Database) {}

  async signing(domain: string): Promise<readonly DkimKey[]> {
    return (await this.all(domain)).filter(({ state }) => state === "signing");
  }

  /** All keys of a domain, RSA first: some verifiers look at the first signature only. */
  async all(domain: string): Promise<readonly DkimKey[]> {
    const rows = await this.database.selectFrom("dkim_key").selectAll().where("domain", "=", domain)
      .orderBy("algorithm", "desc").orderBy("selector").execute();
    return rows.map((row) => ({
      selector: row.selector,
      algorithm: row.algorithm as DkimKey["algorithm"],
      privateKey: row.private_key,
      publicKey: row.public_key,
      state: row.state as DkimKey["state"],
    }));
  }
}

/** The policies of others. */
export class PgPolicies implements PolicyStore {
  constructor(private readonly database: Database) {}

  async load(domain: string): Promise<KeptPolicy | undefined> {
    const row = await this.database.selectFrom("mta_sts_policy").selectAll().where("domain", "=", domain)
      .executeTakeFirst();
    return row && {
      id: row.policy_id,
      policy: { mode: row.mode as StsPolicy["mode"], mx: row.mx, maxAge: row.max_age },
      expiresAt: row.expires_at.getTime(),
    };
  }

  async save(domain: string, { id, policy, expiresAt }: KeptPolicy): Promise<void> {
    const columns = {
      policy_id: id,
      mode: policy.mode,
      mx: [...policy.mx],
      max_age: policy.maxAge,
      expires_at: new Date(expiresAt),
    };
    await this.database.insertInto("mta_sts_policy").values({ domain, ...columns })
      .onConflict((conflict) => conflict.column("domain").doUpdateSet(columns)).execute();
  }

  /** Removes what has run out. */
  async sweep(now: number): Promise<void> {
    await this.database.deleteFrom("mta_sts_policy").where("expires_at", "<", new Date(now)).execute();
  }
}

/** The rows of TLS reports. */
export class PgReports implements ReportStore {
  constructor(private readonly database: Database) {}

  async add(rows: readonly TlsRow[]): Promise<void> {
    // In one order, so that two workers do not wait for each other.
    const key = (row: TlsRow) => JSON.stringify([row.day, row.domain, row.policyType, row.result, row.host]);
    const sorted = rows.map((row) => [key(row), row] as const).sort(([a], [b]) => a < b ? -1 : 1);
    for (let at = 0; at < sorted.length; at += PIECE) {
      await this.database.insertInto("tls_report").values(
        sorted.slice(at, at + PIECE).map(([, row]) => ({
          day: row.day,
          domain: row.domain,
          policy_type: row.policyType,
          result: row.result,
          host: row.host,
          policy: [...row.policy],
          mx: [...row.mx],
          sessions: row.sessions,
        })),
      ).onConflict((conflict) =>
        conflict.columns(["day", "domain", "policy_type", "result", "host"]).doUpdateSet((eb) => ({
          sessions: eb("tls_report.sessions", "+", eb.ref("excluded.sessions")),
          policy: eb.ref("excluded.policy"),
          mx: eb.ref("excluded.mx"),
        }))
      ).execute();
    }
  }

  /** The rows of one day, `2026-11-28`; of one domain where it is given. */
  async day(day: string, domain?: string): Promise<readonly TlsRow[]> {
    let query = this.database.selectFrom("tls_report").selectAll().where("day", "=", day);
    if (domain !== undefined) query = query.where("domain", "=", domain);
    const rows = await query.orderBy("domain").orderBy("policy_type").orderBy("result").orderBy("host")
      .execute();
    return rows.map((row) => ({
      day: row.day,
      domain: row.domain,
      policyType: row.policy_type as TlsNote["policyType"],
      result: row.result as TlsNote["result"],
      host: row.host,
      policy: row.policy,
      mx: row.mx,
      sessions: row.sessions,
    }));
  }

  /** Removes rows of days that nobody reports on any more. */
  async sweep(now: number): Promise<void> {
    const oldest = new Date(now - TRUST_LIMITS.reportDays * 86_400_000).toISOString().slice(0, 10);
    await this.database.deleteFrom("tls_report").where("day", "<", oldest).execute();
  }
}

/** Rows of one statement. */
const PIECE = 500;
