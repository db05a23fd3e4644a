/** `mail filter …`: searches that every account may name (RFC 5466). */
import { Command } from "commander";
import { done, refused } from "../core/failure.ts";
import { filterFault } from "../imap/mod.ts";
import type { Finish } from "./mail.ts";
import { table } from "./output.ts";
import { verb } from "./verb.ts";

/** `mail filter`. */
export function filterCommand(finish: Finish): Command {
  const filter = new Command("filter").description("searches that IMAP clients of all accounts may name");
  verb(
    filter.command("set").argument("<name>").argument("<search>").description(
      `keep a search under a name, e.g. 'FLAGGED SINCE 1-Jan-2026'`,
    ),
    finish,
    async ({ admin, args }) => {
      const fault = filterFault(args[0], new TextEncoder().encode(args[1]));
      return fault === undefined ? await admin.filters.set(args[0], args[1]) : refused("CANNOT", fault);
    },
    (row) => ({ json: row, text: `${row.name} is ${row.search}` }),
  );
  verb(
    filter.command("list").description("all filters"),
    finish,
    async ({ admin }) => done(await admin.filters.list()),
    (rows) => ({
      json: rows,
      text: rows.length === 0
        ? "There is no filter"
        : table(["name", "search"], rows.map(({ name, search }) => [name, search])),
    }),
  );
  verb(
    filter.command("remove").argument("<name>").description("remove a filter"),
    finish,
    ({ admin, args }) => admin.filters.remove(args[0]),
    () => ({ json: {}, text: "removed" }),
  );
  return filter;
}
