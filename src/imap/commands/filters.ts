/** FILTER: searches that are stored under names (RFC 5466). */
import { done, type Outcome, refused } from "../../core/failure.ts";
import { SHARED_BY_ALL } from "../../core/store.ts";
import type { SearchNode, Tagged } from "../command.ts";
import { filterFault, parseFilter } from "../filter_value.ts";
import { someKey } from "../search_nodes.ts";
import { accountOf, bad, type Completion, type Context, failed, no } from "./context.ts";

const PRIVATE = "/private/filters/values/", SHARED = "/shared/filters/values/";

/** The command with what its filters stand for, or why it cannot be run. Throws Unavailable. */
export async function withFilters(cx: Context, tagged: Tagged): Promise<Tagged | Completion> {
  const { command } = tagged;
  if (!("criteria" in command) || !someKey(command.criteria, isFilter)) return tagged;
  const filters = new Filters(cx);
  const meant = await filters.resolve(command.criteria, []);
  if (!meant.ok) return failed(meant.failure);
  if ("undefined" in meant.value) {
    return no("No such filter", { code: "UNDEFINED-FILTER", name: meant.value.undefined });
  }
  const { node } = meant.value;
  const ranks = "returns" in command && command.returns?.options.includes("RELEVANCY") ||
    "order" in command && command.order.some(({ by }) => by === "relevancy");
  if (ranks && !someKey(node, ({ key }) => key === "FUZZY")) {
    return bad("Without FUZZY nothing has a relevancy");
  }
  return { ...tagged, command: { ...command, criteria: node } };
}

/** Why an annotation of the server cannot be what it is named to be; undefined when it can (RFC 5466 §3.2). */
export function refuseFilter(cx: Context, entry: string, value: Uint8Array | null): Completion | undefined {
  const name = nameIn(entry);
  if (name === undefined || value === null) return undefined;
  const fault = filterFault(name, value, cx.services.limits.afterLogin);
  return fault === undefined ? undefined : no(fault, { code: "CANNOT" });
}

function nameIn(entry: string): string | undefined {
  if (entry.startsWith(PRIVATE)) return entry.slice(PRIVATE.length);
  return entry.startsWith(SHARED) ? entry.slice(SHARED.length) : undefined;
}

function isFilter({ key }: SearchNode): boolean {
  return key === "FILTER";
}

/** What a search with filters comes to: a search without, or the name that means nothing. */
type Resolved = { readonly node: SearchNode } | { readonly undefined: string };

/** Filters that one command names, each read and resolved once. */
class Filters {
  readonly #resolved = new Map<string, SearchNode>();
  /** Keys that are in the whole so far: filters of filters grow by multiplication. */
  #keys = 0;

  constructor(readonly cx: Context) {}

  /** `within`: the filters that this is a part of, whose names would make a loop. */
  async resolve(node: SearchNode, within: readonly string[]): Promise<Outcome<Resolved>> {
    const names = new Set<string>();
    someKey(node, (leaf) => {
      if (leaf.key === "FILTER") names.add(leaf.name);
      return false;
    });
    const missing = [...names].filter((name) => !this.#resolved.has(name));
    const values = await this.#values(missing);
    for (const name of missing) {
      const value = values.get(name);
      // RFC 5466 §3.1: what goes in circles, or deeper than anybody means it, does not exist.
      const lost = within.includes(name) || within.length >= this.cx.services.limits.filterDepth;
      const parsed = value === undefined || lost
        ? undefined
        : parseFilter(value, this.cx.services.limits.afterLogin);
      if (parsed === undefined || !parsed.ok) return done({ undefined: name });
      const inner = await this.resolve(parsed.value, [...within, name]);
      if (!inner.ok || "undefined" in inner.value) return inner;
      this.#resolved.set(name, inner.value.node);
    }
    const put = this.#put(node);
    return put === undefined ? refused("LIMIT", "Filters have too many keys") : done({ node: put });
  }

  /** The values of filters: one's own go before those of all (RFC 5466 §1). */
  async #values(names: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const values = new Map<string, Uint8Array>();
    if (names.length === 0) return values;
    const { store } = this.cx.services;
    for (const [account, start] of [[SHARED_BY_ALL, SHARED], [accountOf(this.cx), PRIVATE]] as const) {
      const found = await store.metadata(account, "server", names.map((name) => start + name), 0);
      for (const { entry, value } of found) values.set(entry.slice(start.length), value);
    }
    return values;
  }

  /** The search with the filters' searches in it; undefined when that is too much. */
  #put(node: SearchNode): SearchNode | undefined {
    if (++this.#keys > this.cx.services.limits.afterLogin.searchKeys) return undefined;
    switch (node.key) {
      case "FILTER":
        return this.#put(this.#resolved.get(node.name)!);
      case "AND": {
        const of: SearchNode[] = [];
        for (const each of node.of) {
          const put = this.#put(each);
          if (put === undefined) return undefined;
          of.push(put);
        }
        return { key: "AND", of };
      }
      case "OR": {
        const one = this.#put(node.of[0]), other = this.#put(node.of[1]);
        return one && other && { key: "OR", of: [one, other] };
      }
      case "NOT": {
        const of = this.#put(node.of);
        return of && { key: "NOT", of };
      }
      case "FUZZY": {
        const of = this.#put(node.of);
        return of && { key: "FUZZY", of };
      }
      default:
        return node;
    }
  }
}
