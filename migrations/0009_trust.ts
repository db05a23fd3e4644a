/** What makes others trust our mail, and us their hosts: DKIM keys, MTA-STS policies, TLS reports. */
import { type Kysely, sql } from "kysely";

/** Applies the step; Kysely runs it in one transaction. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `create table dkim_key (
    domain text not null references domain (name) on delete cascade,
    selector text collate "C" not null,
    algorithm text not null check (algorithm in ('rsa-sha256', 'ed25519-sha256')),
    state text not null check (state in ('ready', 'signing', 'retired')),
    private_key bytea not null,
    public_key bytea not null,
    created_at timestamptz not null default now(),
    primary key (domain, selector)
  )`,
  `comment on column dkim_key.private_key is 'PKCS #8'`,
  `comment on column dkim_key.state is 'ready: to be published; signing; retired: published a while longer'`,
  `create table mta_sts_policy (
    domain text collate "C" primary key,
    policy_id text not null,
    mode text not null check (mode in ('enforce', 'testing', 'none')),
    mx text[] not null,
    max_age int4 not null,
    expires_at timestamptz not null
  )`,
  `comment on table mta_sts_policy is 'policies of other domains (RFC 8461), until they run out'`,
  `create table tls_report (
    day date not null,
    domain text collate "C" not null,
    policy_type text not null,
    result text not null,
    host text collate "C" not null,
    policy text[] not null,
    mx text[] not null,
    sessions int8 not null,
    primary key (day, domain, policy_type, result, host)
  )`,
  `comment on table tls_report is 'how TLS went with the hosts of other domains (RFC 8460)'`,
];
