/** The mail store for an administrator's command, beside a running server or alone. */
import process from "node:process";
import type { Config } from "../config/mod.ts";
import { silent } from "../core/events.ts";
import { realWorld } from "../core/world.ts";
import { dial } from "../net/mod.ts";
import { createStore, NodeLink, type Store } from "../store/mod.ts";
import { openDoor } from "../store/pg/wire/mod.ts";
import type { AdminContext } from "./admin.ts";

/** Runs `work` with the store open; a server that runs hears of what it changes. */
export async function withMailStore<T>(
  { address, database }: AdminContext,
  { limits }: Config,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  await using door = openDoor(dial, address, { shared: 2, exclusive: 1 });
  await using store = createStore({
    door,
    database,
    world: realWorld,
    emit: silent,
    limits: { ...limits.store, messageOctets: Infinity },
    buses: [new NodeLink(address, `command-${process.pid}`)],
    // The server's own indexer extracts the text, now or when it starts.
    indexer: false,
  });
  return await work(store);
}
