/**
 * SMTP and LMTP as a client (RFC 5321, RFC 2033): one connection with a next hop, over a Conn that somebody
 * else opened. Where to connect, and whom to trust, is decided in `queue/`.
 */
import type { Conn } from "../core/conn.ts";
import type { HopConnection, HopResult, OutboundMessage, Reached } from "../core/outbound.ts";
import { Dialogue } from "./client/dialogue.ts";
import type { Extensions } from "./client/extensions.ts";
import { greeting, type GreetOptions, hello, upgrade } from "./client/greet.ts";
import { groups } from "./client/groups.ts";
import { CLIENT_LIMITS, type ClientLimits } from "./client/limits.ts";
import { logIn } from "./client/login.ts";
import { passage } from "./client/needs.ts";
import { isYes, ownResult } from "./client/outcome.ts";
import { transact } from "./client/transaction.ts";

export { CLIENT_LIMITS, type ClientLimits };

/** How a connection with a next hop begins. */
export interface HopOptions extends GreetOptions {
  /** Its name, for reports. */
  readonly host: string;
  /**
   * `implicit`: TLS is up before the greeting · `required`: STARTTLS or nothing · `wanted`: STARTTLS where it is
   * offered · `none`: never. Whether the certificate is checked lies in the Conn.
   */
  readonly tls: "implicit" | "required" | "wanted" | "none";
  /** How the certificate was checked, for HopConnection.security. */
  readonly trust: string;
  /** RFC 8689: a host that does not offer REQUIRETLS is none for this message. */
  readonly requireTls: boolean;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** True where the operator said that this hop needs no TLS: then passwords go without. */
  readonly plainLogin: boolean;
  readonly world: { readonly now: () => number; readonly random: (n: number) => Uint8Array };
}

/**
 * Greets a next hop, with TLS and login as the options say. Never rejects; closes the connection when the answer
 * is no. A failed STARTTLS has the step `starttls`: the connection is lost then, and whoever may do without TLS
 * connects again.
 */
export async function openHop(conn: Conn, options: HopOptions): Promise<Reached> {
  const dialogue = new Dialogue(conn, options.limits);
  const opened = await open(dialogue, options);
  if ("extensions" in opened) {
    return { ok: true, connection: new Hop(dialogue, opened.extensions, options) };
  }
  await leave(dialogue);
  return { ok: false, result: opened };
}

async function open(
  dialogue: Dialogue,
  options: HopOptions,
): Promise<HopResult | { readonly extensions: Extensions }> {
  if (options.tls === "implicit") {
    const fault = await dialogue.startTls();
    if (fault !== undefined) return ownResult("deferred", "starttls", "4.7.5", fault);
  }
  const refused = await greeting(dialogue, options.limits);
  if (refused !== undefined) return refused;
  let greeted = await hello(dialogue, options);
  if (!greeted.ok) return greeted.result;
  if (options.tls === "required" && !greeted.extensions.has("STARTTLS")) {
    return ownResult(
      "deferred",
      "starttls",
      "4.7.4",
      "The next hop does not offer TLS, which is asked for here",
    );
  }
  if (options.tls !== "none" && options.tls !== "implicit" && greeted.extensions.has("STARTTLS")) {
    const upgraded = await upgrade(dialogue, options);
    if (upgraded.ok === true) greeted = upgraded;
    else if (upgraded.ok === false || options.tls === "required") {
      return { ...upgraded.result, outcome: "deferred" };
    }
  }
  const { extensions } = greeted;
  if (options.requireTls && !extensions.has("REQUIRETLS")) {
    return ownResult(
      "failed",
      "ehlo",
      "5.7.30",
      "The next hop does not offer REQUIRETLS, which is asked for",
    );
  }
  const refusedLogin = options.login === undefined ? undefined : await logIn(dialogue, extensions, {
    ...options.login,
    allowPlaintext: options.plainLogin,
    random: options.world.random,
    timeoutMs: options.limits.hello,
  });
  return refusedLogin ?? { extensions };
}

/** A greeted connection. */
class Hop implements HopConnection {
  readonly host: string;
  readonly address: string;
  readonly security: string | undefined;
  readonly takes: HopConnection["takes"];
  readonly #dialogue: Dialogue;
  readonly #extensions: Extensions;
  readonly #options: HopOptions;
  /** The last transaction left something behind, which RSET clears. */
  #dirty = false;
  #left: number;

  constructor(dialogue: Dialogue, extensions: Extensions, options: HopOptions) {
    this.#dialogue = dialogue;
    this.#extensions = extensions;
    this.#options = options;
    this.takes = {
      eightBit: extensions.has("8BITMIME"),
      binary: extensions.has("CHUNKING") && extensions.has("BINARYMIME"),
    };
    this.#left = extensions.limit("MAILMAX") ?? Infinity;
    const { tls, remote } = dialogue.conn;
    this.host = options.host;
    this.address = remote.address;
    this.security = tls === undefined ? undefined : `${tls.version} ${tls.cipher}, ${options.trust}`;
  }

  get usable(): boolean {
    return !this.#dialogue.over && this.#left > 0;
  }

  async send(message: OutboundMessage): Promise<readonly HopResult[]> {
    try {
      return await this.#send(message);
    } catch (thrown) {
      // The message could not be read. Only the end of the connection keeps its half from being taken for all.
      this.#dialogue.end();
      this.#dialogue.conn.destroy();
      throw thrown;
    }
  }

  async #send(message: OutboundMessage): Promise<readonly HopResult[]> {
    const { limits, protocol, world } = this.#options;
    const lmtp = protocol === "lmtp";
    const way = await passage(message, this.#extensions, { line: limits.line, lmtp });
    if (!way.ok) return message.recipients.map(() => way.result);
    const results: HopResult[] = [];
    for (const group of groups(message.recipients, this.#extensions, limits.recipients)) {
      const lost = await this.#begin();
      if (lost !== undefined) {
        results.push(...group.map(() => lost));
        continue;
      }
      this.#dirty = true;
      this.#left--;
      const done = await transact(
        { dialogue: this.#dialogue, extensions: this.#extensions, lmtp, limits, now: world.now() },
        message,
        group,
        way,
      );
      this.#dirty = !done.clean;
      results.push(...done.results);
    }
    return results;
  }

  /** Clears what an earlier transaction left. Says why none can begin any more. */
  async #begin(): Promise<HopResult | undefined> {
    if (this.#dirty && !this.#dialogue.over) {
      await this.#dialogue.send("RSET\r\n");
      const reply = await this.#dialogue.reply(this.#options.limits.reset);
      if (!isYes(reply)) this.#dialogue.end();
      else this.#dirty = false;
    }
    if (this.usable) return undefined;
    return ownResult("deferred", "mail", "4.4.2", "The connection may carry no further transaction");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await leave(this.#dialogue);
  }
}

/** QUIT where there is somebody to hear it; nobody waits for the answer (Postfix and Exim do not either). */
async function leave(dialogue: Dialogue): Promise<void> {
  if (dialogue.over) return dialogue.conn.destroy();
  dialogue.end();
  await dialogue.send("QUIT\r\n");
  await dialogue.conn.close();
}
