/** `mail status`. */
import { Command } from "commander";
import { sql } from "kysely";
import { done } from "../core/failure.ts";
import { serverVersion } from "../store/pg/database.ts";
import type { Finish } from "./mail.ts";
import { octets } from "./output.ts";
import { verb, type VerbContext } from "./verb.ts";

/** `mail status`: is it running, and what does it hold. */
export function statusCommand(finish: Finish): Command {
  return verb(
    new Command("status").description("is the server running, and what does it hold"),
    finish,
    async (context) => done(await status(context)),
    (s) => ({
      json: s,
      text: [
        s.serving ? `running; health: ${s.health}` : "not running",
        `database    ${s.database}`,
        `domains     ${s.domains}`,
        `accounts    ${s.accounts}`,
        `messages    ${s.messages} (${octets(s.octets)})`,
        `on disk     ${octets(s.databaseOctets)}`,
      ].join("\n"),
    }),
  );
}

async function status({ database, config, isServing }: VerbContext) {
  const { rows } = await sql<
    { domains: number; accounts: number; messages: number; octets: number; disk: number }
  >`
    select (select count(*) from domain) as domains,
           (select count(*) from account) as accounts,
           (select coalesce(sum(used_messages), 0)::int8 from account_state) as messages,
           (select coalesce(sum(used_octets), 0)::int8 from account_state) as octets,
           pg_database_size(current_database()) as disk`.execute(database);
  const row = rows[0]!;
  const version = await serverVersion(database);
  const kind = config.database.url === undefined ? "embedded" : "yours";
  return {
    serving: isServing,
    health: isServing ? await health(config.listeners) : "not running",
    database: `PostgreSQL ${version / 10_000 | 0}.${version % 10_000} (${kind})`,
    domains: row.domains,
    accounts: row.accounts,
    messages: row.messages,
    octets: row.octets,
    databaseOctets: row.disk,
  };
}

async function health(listeners: VerbContext["config"]["listeners"]): Promise<string> {
  const http = listeners.find(({ protocol, address }) => protocol === "http" && !address.endsWith(":0"));
  if (http === undefined) return "unknown (no http listener with a fixed port)";
  const address = http.address.replace(/^(\*|0\.0\.0\.0):/, "127.0.0.1:").replace(/^\[::\]/, "[::1]");
  try {
    const response = await fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return (await response.text()).trim();
  } catch {
    return `no answer on ${address}`;
  }
}
