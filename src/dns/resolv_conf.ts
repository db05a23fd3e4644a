/** What /etc/resolv.conf says of servers; other lines mean nothing to us. */
export interface ResolvConf {
  readonly servers: readonly string[];
  /** `options trust-ad`: the way to the servers is safe, and they validate. */
  readonly trustAd: boolean;
}

/** Reads the text of a resolv.conf (resolv.conf(5)); three servers count, as everywhere. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let trustAd = false;
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0] !== undefined && servers.length < 3) servers.push(rest[0]);
    if (word === "options" && rest.includes("trust-ad")) trustAd = true;
  }
  return { servers, trustAd };
}
