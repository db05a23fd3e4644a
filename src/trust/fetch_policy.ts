import { join } from "../bytes/join.ts";
import { ConnError, type Dial } from "../core/conn.ts";
import { parseHttpAnswer } from "./http_answer.ts";
import { TRUST_LIMITS } from "./limits.ts";
import { parseStsPolicy, type StsPolicy } from "./sts_policy.ts";

/** Why a policy could not be had, as RFC 8460 §4.3.2.1 calls it, and a sentence. */
export interface FetchFault {
  readonly type: "sts-policy-fetch-error" | "sts-policy-invalid" | "sts-webpki-invalid";
  readonly text: string;
}

/** Where policies are fetched from. */
export interface FetchOptions {
  readonly dial: Dial;
  /** Addresses of a host, those that may be used; none where it has none. */
  readonly addresses: (host: string) => Promise<readonly string[]>;
  /** 443 but in tests. */
  readonly port: number;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
}

/**
 * Fetches a domain's policy (RFC 8461 §3.3): HTTPS with a certificate for `mta-sts.` and the domain, 200,
 * text/plain; a redirection is a failure.
 */
export async function fetchPolicy(domain: string, options: FetchOptions): Promise<StsPolicy | FetchFault> {
  const host = `mta-sts.${domain}`;
  let fault: FetchFault = { type: "sts-policy-fetch-error", text: `${host} has no address` };
  for (const address of (await options.addresses(host)).slice(0, 4)) {
    const octets = await get(address, host, options);
    if (!(octets instanceof Uint8Array)) {
      fault = octets;
      continue;
    }
    const answer = parseHttpAnswer(octets);
    if (answer === undefined || answer.status !== 200 || answer.type !== "text/plain") {
      const said = answer === undefined ? "no HTTP" : `${answer.status} ${answer.type}`;
      return { type: "sts-policy-fetch-error", text: `${host} answered ${said.trim()}` };
    }
    return parseStsPolicy(answer.body) ??
      { type: "sts-policy-invalid", text: `The policy of ${domain} is malformed` };
  }
  return fault;
}

async function get(address: string, host: string, options: FetchOptions): Promise<Uint8Array | FetchFault> {
  const until = performance.now() + TRUST_LIMITS.policyFetch;
  let secure = false;
  try {
    const conn = await options.dial({ host: address, port: options.port }, {
      timeoutMs: TRUST_LIMITS.policyFetch / 2,
      tls: { verify: true, serverName: host, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    });
    try {
      await conn.startTls();
      secure = true;
      const request = `GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Malleposte\r\n` +
        "Accept: text/plain\r\nConnection: close\r\n\r\n";
      await conn.write(new TextEncoder().encode(request));
      const parts: Uint8Array[] = [];
      for (let size = 0; size <= TRUST_LIMITS.policyOctets;) {
        const left = until - performance.now();
        if (left <= 0) throw new ConnError("timeout", `${host} took too long`);
        const chunk = await conn.read(left);
        if (chunk === null) return join(parts);
        parts.push(chunk.slice());
        size += chunk.length;
      }
      return { type: "sts-policy-fetch-error", text: `${host} answered with too much` };
    } finally {
      conn.destroy();
    }
  } catch (thrown) {
    if (!(thrown instanceof ConnError)) throw thrown;
    const type = thrown.reason === "tls" && !secure ? "sts-webpki-invalid" : "sts-policy-fetch-error";
    return { type, text: thrown.message };
  }
}
