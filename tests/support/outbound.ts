/** Messages and options for tests of mail that leaves. */
import type { Conn } from "../../src/core/conn.ts";
import {
  NOTIFY_DEFAULT,
  type OutboundEnvelope,
  type OutboundMessage,
  type OutboundRecipient,
  type Reached,
} from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { CLIENT_LIMITS, type HopOptions, openHop } from "../../src/smtp/client.ts";

const PLAIN: OutboundEnvelope = {
  reversePath: "a@example.test",
  body: "7BIT",
  smtputf8: false,
  requireTls: false,
  ret: undefined,
  envid: undefined,
  priority: 0,
  holdUntil: undefined,
  deliverBy: undefined,
  submitter: undefined,
  session: "s1",
};

/** An envelope with that in it. */
export function envelope(own: Partial<OutboundEnvelope> = {}): OutboundEnvelope {
  return { ...PLAIN, ...own };
}

/** A recipient with that in it. */
export function recipient(address: string, own: Partial<OutboundRecipient> = {}): OutboundRecipient {
  return { address, notify: NOTIFY_DEFAULT, originalRecipient: undefined, ...own };
}

/** A message of that text, latin1, in pieces of that size. */
export function message(
  text: string,
  own: {
    readonly envelope?: Partial<OutboundEnvelope>;
    readonly to?: readonly (string | OutboundRecipient)[];
    readonly piece?: number;
  } = {},
): OutboundMessage {
  const octets = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const piece = own.piece ?? 65_536;
  return {
    envelope: envelope(own.envelope),
    recipients: (own.to ?? ["b@sink.test"]).map((to) => typeof to === "string" ? recipient(to) : to),
    size: octets.length,
    async *octets() {
      for (let at = 0; at < octets.length; at += piece) {
        await Promise.resolve();
        yield octets.subarray(at, at + piece);
      }
    },
  };
}

/** Options of a hop on loopback, plain. */
export function hopOptions(own: Partial<HopOptions> = {}): HopOptions {
  return {
    protocol: "smtp",
    hostname: "mail.example.test",
    host: "hop.test",
    tls: "wanted",
    trust: "not verified",
    requireTls: false,
    login: undefined,
    plainLogin: false,
    world: realWorld,
    limits: CLIENT_LIMITS,
    ...own,
  };
}

/** Connects with a port of loopback and greets. */
export async function reachPort(
  port: number,
  own: Partial<HopOptions> = {},
  tls: { readonly verify: boolean; readonly ca?: string; readonly serverName?: string } = { verify: false },
): Promise<Reached> {
  const conn: Conn = await dial({ host: "127.0.0.1", port }, { tls });
  return await openHop(conn, hopOptions(own));
}
