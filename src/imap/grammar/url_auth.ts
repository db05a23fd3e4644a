/** GENURLAUTH, RESETKEY, URLFETCH: RFC 4467 §9, RFC 5524 §5. */
import type { Command, UrlFetchItem, UrlRequest } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";
import { astring, atom } from "./string.ts";

const ITEMS: ReadonlySet<string> = new Set<UrlFetchItem>(["BODY", "BINARY", "BODYPARTSTRUCTURE"]);

/** resetkey = "RESETKEY" [SP mailbox *(SP mechanism)] */
export function resetKey(c: Cursor): Command | undefined {
  if (c.pos === c.end) return { name: "RESETKEY", mailbox: undefined, mechanisms: [] };
  const box = c.sp() ? mailbox(c) : undefined;
  if (box === undefined) return undefined;
  const mechanisms: string[] = [];
  while (c.take(0x20)) {
    const mechanism = atom(c);
    if (mechanism === undefined) return undefined;
    mechanisms.push(mechanism.toUpperCase());
  }
  return { name: "RESETKEY", mailbox: box, mechanisms };
}

/** genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism) */
export function genUrlAuth(c: Cursor): Command | undefined {
  const urls: { rump: string; mechanism: string }[] = [];
  do {
    if (urls.length === c.limits.urls) return tooMany(c);
    const rump = c.sp() ? astring(c) : undefined;
    const mechanism = rump !== undefined && c.sp() ? atom(c) : undefined;
    if (rump === undefined || mechanism === undefined) return undefined;
    urls.push({ rump, mechanism: mechanism.toUpperCase() });
  } while (c.peek() === 0x20);
  return { name: "GENURLAUTH", urls };
}

/**
 * urlfetch = "URLFETCH" 1*(SP url-fetch-arg)
 * url-fetch-arg = url-full / "(" url-full *(SP url-fetch-param) ")"
 */
export function urlFetch(c: Cursor): Command | undefined {
  const urls: UrlRequest[] = [];
  do {
    if (urls.length === c.limits.urls) return tooMany(c);
    if (!c.sp()) return undefined;
    const extended = c.take(0x28);
    const url = astring(c);
    if (url === undefined) return undefined;
    const items = extended ? fetchParams(c) : [];
    if (items === undefined) return undefined;
    urls.push({ url, items });
  } while (c.peek() === 0x20);
  return { name: "URLFETCH", urls };
}

/** *(SP url-fetch-param) ")"; each at most once, and not both BODY and BINARY (RFC 5524 §3.1). */
function fetchParams(c: Cursor): readonly UrlFetchItem[] | undefined {
  const items: UrlFetchItem[] = [];
  while (!c.take(0x29)) {
    if (!c.sp()) return undefined;
    const item = c.word();
    if (!ITEMS.has(item)) return c.fail("url-fetch-param", "No such URLFETCH parameter");
    if (items.includes(item as UrlFetchItem)) return c.fail("url-fetch-param", "Named twice");
    items.push(item as UrlFetchItem);
  }
  if (items.includes("BODY") && items.includes("BINARY")) {
    return c.fail("url-fetch-param", "BODY and BINARY exclude each other");
  }
  return items;
}

function tooMany(c: Cursor): undefined {
  return c.fail("urls", "Too many URLs", "NO", { code: "LIMIT" });
}
