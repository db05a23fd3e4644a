/** Opens a session with the server: TLS, startup, authentication (PostgreSQL manual, §55.2.1, §55.3). */
import { createHash } from "node:crypto";
import type { Conn, Dial } from "../../../core/conn.ts";
import { Unavailable } from "../../../core/failure.ts";
import { createClient, createNonce, type SaslClient } from "../../../sasl/mod.ts";
import { realWorld } from "../../../core/world.ts";
import type { WireTarget } from "./address.ts";
import { pgError } from "./errors.ts";
import { password, sslRequest, startup } from "./messages.ts";
import { type Message, MessageReader } from "./reader.ts";
import { int32 } from "./rows.ts";
import { MessageWriter } from "./writer.ts";

/** A session that is ready for queries. */
export interface Session {
  readonly conn: Conn;
  readonly reader: MessageReader;
  /** For CancelRequest. */
  readonly pid: number;
  readonly secret: Uint8Array;
}

const TIMEOUT_MS = 5_000;

/**
 * Logs in. `settings` are run-time parameters of the session.
 *
 * @throws PgError when the server refuses, Unavailable when it cannot be reached.
 */
export async function login(
  dial: Dial,
  target: WireTarget,
  settings: Readonly<Record<string, string>>,
): Promise<Session> {
  const conn = await dial(target.to, {
    timeoutMs: TIMEOUT_MS,
    tls: {
      verify: target.tls === "verify-full",
      ...("host" in target.to ? { serverName: target.to.host } : {}),
    },
  });
  try {
    if (target.tls !== "disable") await upgrade(conn, target);
    return await authenticate(conn, target, settings);
  } catch (error) {
    conn.destroy();
    throw error;
  }
}

async function upgrade(conn: Conn, target: WireTarget): Promise<void> {
  const out = new MessageWriter();
  sslRequest(out);
  await conn.write(out.take());
  const answer = await conn.read(TIMEOUT_MS);
  // More than the one octet in clear text is an attacker's (CVE-2021-23222).
  if (answer?.length !== 1 || conn.buffered > 0) {
    throw new Unavailable("PostgreSQL broke off the TLS request");
  }
  if (answer[0] === 0x53) return await conn.startTls();
  if (target.tls !== "prefer") {
    throw new Unavailable(
      `PostgreSQL at ${place(target)} offers no TLS, and sslmode=${target.tls} asks for it`,
    );
  }
}

async function authenticate(
  conn: Conn,
  target: WireTarget,
  settings: Readonly<Record<string, string>>,
): Promise<Session> {
  const out = new MessageWriter();
  startup(out, {
    user: target.user,
    database: target.database,
    application_name: "malleposte",
    client_encoding: "UTF8",
    ...settings,
  });
  await conn.write(out.take());
  const reader = new MessageReader();
  const proof = new Proof(target);
  let pid = 0;
  let secret: Uint8Array = new Uint8Array(0);
  for (;;) {
    const message = await nextMessage(conn, reader);
    switch (message.type) {
      case 0x52: { // Authentication…
        const answer = proof.answer(message.payload, conn);
        if (answer !== undefined) {
          password(out, answer);
          await conn.write(out.take());
        }
        break;
      }
      case 0x4b: // BackendKeyData
        pid = int32(message.payload, 0);
        secret = message.payload.slice(4);
        break;
      case 0x45: // ErrorResponse
        throw pgError(message.payload);
      case 0x5a: // ReadyForQuery
        return { conn, reader, pid, secret };
      default: // ParameterStatus, NoticeResponse, NegotiateProtocolVersion
    }
  }
}

/** Proves who we are, whichever way the server asks. */
class Proof {
  readonly #target: WireTarget;
  #scram: SaslClient | undefined;

  constructor(target: WireTarget) {
    this.#target = target;
  }

  /** What to answer to an Authentication message; undefined: nothing. */
  answer(payload: Uint8Array, conn: Conn): Uint8Array | undefined {
    const rest = payload.subarray(4);
    switch (int32(payload, 0)) {
      case 0:
        return undefined;
      case 3:
        return cstring(this.#secret());
      case 5:
        return cstring(md5Answer(this.#target.user, this.#secret(), rest));
      case 10:
        return this.#begin(rest, conn);
      case 11:
        return this.#respond(rest);
      case 12:
        this.#respond(rest);
        return undefined;
      default:
        throw new Unavailable(
          `PostgreSQL at ${
            place(this.#target)
          } wants an authentication that is not spoken here: use scram-sha-256`,
        );
    }
  }

  #begin(list: Uint8Array, conn: Conn): Uint8Array {
    const offered = new TextDecoder().decode(list).split("\0");
    const endPoint = conn.tls?.serverEndPoint;
    const plus = endPoint !== undefined && offered.includes("SCRAM-SHA-256-PLUS");
    const mechanism = plus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
    this.#scram = createClient(mechanism, {
      // PostgreSQL goes by the startup message's name; an empty one SASLprep does not let through.
      user: "*",
      password: this.#secret(),
      nonce: createNonce(realWorld.random),
      ...(plus ? { binding: { name: "tls-server-end-point", data: endPoint } } : {}),
    });
    const first = this.#scram.start();
    if (first.kind === "failed") throw new Unavailable(`Cannot begin SCRAM with PostgreSQL: ${first.text}`);
    const name = cstring(mechanism);
    const message = new Uint8Array(name.length + 4 + first.octets.length);
    message.set(name);
    new DataView(message.buffer).setInt32(name.length, first.octets.length);
    message.set(first.octets, name.length + 4);
    return message;
  }

  #respond(challenge: Uint8Array): Uint8Array {
    const step = this.#scram?.respond(challenge);
    if (step?.kind === "response") return step.octets;
    throw new Unavailable(
      `PostgreSQL at ${place(this.#target)} could not prove itself: ${step?.text ?? "SCRAM had not begun"}`,
    );
  }

  #secret(): string {
    if (this.#target.password === undefined) {
      throw new Unavailable(
        `PostgreSQL at ${place(this.#target)} asks for a password: put one into database.url`,
      );
    }
    return this.#target.password;
  }
}

function md5Answer(user: string, secret: string, salt: Uint8Array): string {
  const inner = createHash("md5").update(secret + user).digest("hex");
  return `md5${createHash("md5").update(inner).update(salt).digest("hex")}`;
}

function cstring(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

function place(target: WireTarget): string {
  return "path" in target.to ? target.to.path : `${target.to.host}:${target.to.port}`;
}

async function nextMessage(conn: Conn, reader: MessageReader): Promise<Message> {
  for (;;) {
    const message = reader.next();
    if (message !== undefined) return message;
    const chunk = await conn.read(TIMEOUT_MS);
    if (chunk === null) throw new Unavailable("PostgreSQL closed the connection during login");
    reader.push(chunk);
  }
}
