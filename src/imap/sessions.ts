/** How many sessions of one account each address has in this worker. */
import type { AccountId } from "../core/brands.ts";

const open = new Map<string, number>();

/** Counts a session in; undefined when there are `most` of this account from this address. Dispose it at the end. */
export function enterSession(account: AccountId, remote: string, most: number): Disposable | undefined {
  const key = `${account} ${remote}`;
  const count = open.get(key) ?? 0;
  if (count >= most) return undefined;
  open.set(key, count + 1);
  let here = true;
  return {
    [Symbol.dispose]() {
      if (!here) return;
      here = false;
      const left = open.get(key)! - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    },
  };
}
