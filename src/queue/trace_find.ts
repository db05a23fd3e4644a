/** Finds every step of messages in the trace. */
import { sql } from "kysely";
import type { Database } from "../store/pg/database.ts";
import { namesOf, type TraceStep } from "./trace.ts";
import { traceKey } from "./trace_key.ts";

/** Names that are followed from step to step: what belongs to one message, not what many share. */
const FOLLOWED = 200;
/** Pages that one question reads. */
const PAGES = 500;

/**
 * Every step of the messages that `term` (a Message-ID or an address) names, in order; the newest pages first where
 * there are too many. Recipients that are accounts of ours are shown by their addresses.
 */
export async function findTrace(db: Database, term: string): Promise<readonly TraceStep[]> {
  const wanted = new Set([term.toLowerCase(), ...await accountsOf(db, term)]);
  const direct = (await stepsOf(db, wanted)).filter((step) =>
    namesOf(step).some((name) => wanted.has(name.toLowerCase()))
  );
  // From these by session, octets and queue id to the rest of the same messages.
  const linked = new Set<string>();
  let steps = direct;
  for (let round = 0; round < 2; round++) {
    for (const step of steps) for (const link of linksOf(step)) if (linked.size < FOLLOWED) linked.add(link);
    steps = linked.size === 0
      ? direct
      : (await stepsOf(db, linked)).filter((step) => linksOf(step).some((link) => linked.has(link)));
  }
  const all = new Map([...direct, ...steps].map((step) => [JSON.stringify(step), step]));
  return await withAddresses(db, [...all.values()].sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Names of one message; a session may bring several, which are then shown too. */
function linksOf({ session, queue_id, blob_id, message_id }: TraceStep): readonly string[] {
  return [
    session === "report" ? undefined : session,
    blob_id,
    message_id?.toLowerCase(),
    queue_id === undefined ? undefined : `q${queue_id}`,
  ].filter((link) => link !== undefined);
}

async function stepsOf(db: Database, names: ReadonlySet<string>): Promise<readonly TraceStep[]> {
  const keys = Array.from(names, traceKey);
  const { rows } = await sql<{ steps: readonly TraceStep[] }>`
    select steps from trace_page where keys && ${keys}::int4[] order by page_id desc limit ${PAGES}`.execute(
    db,
  );
  return rows.flatMap((row) => row.steps);
}

/** `#id` of the account that has an address. */
async function accountsOf(db: Database, address: string): Promise<readonly string[]> {
  const at = address.lastIndexOf("@");
  if (at < 1 || address.startsWith("<")) return [];
  const rows = await db.selectFrom("account").select("account_id")
    .where("domain", "=", address.slice(at + 1).toLowerCase())
    .where("local_part", "=", address.slice(0, at).toLowerCase()).execute();
  return rows.map((row) => `#${row.account_id}`);
}

async function withAddresses(db: Database, steps: readonly TraceStep[]): Promise<readonly TraceStep[]> {
  const ids = new Set<number>();
  for (const { recipient } of steps) if (recipient?.startsWith("#")) ids.add(Number(recipient.slice(1)));
  if (ids.size === 0) return steps;
  const rows = await db.selectFrom("account").select(["account_id", "domain", "local_part"])
    .where("account_id", "in", [...ids]).execute();
  const addresses = new Map(rows.map((row) => [`#${row.account_id}`, `${row.local_part}@${row.domain}`]));
  return steps.map((step) => {
    const address = addresses.get(step.recipient ?? "");
    return address === undefined ? step : { ...step, recipient: address };
  });
}
