import { Buffer } from "node:buffer";
import { isIP, type Socket } from "node:net";
import { connect, type PeerCertificate, type SecureContext, TLSSocket } from "node:tls";
import type { PeerCertificates, TlsInfo } from "../core/conn.ts";
import { serverEndPoint } from "./binding.ts";
import { rfc822Names } from "./rfc822_names.ts";
import type { TlsContextHolder } from "./tls.ts";

/** A TLS stream over a socket, and what comes of its handshake. */
export interface Handshake {
  readonly stream: TLSSocket;
  /** Rejects with the runtime's error when the handshake fails or the connection ends. */
  readonly done: Promise<TlsInfo>;
}

/** Starts TLS on a connected socket whose octets nobody reads. */
export type BeginTls = (raw: Socket) => Handshake;

/** A certificate was shown, but nobody whom we know vouches for it: `""` and null are none. */
type Verified = { readonly ssl?: { readonly verifyError?: () => unknown } };

/**
 * The rfc822Names of a client's certificate that was verified. A connection goes on without one: what it is worth
 * is for those to say who ask.
 *
 * BUGS: the runtime (2.9.6) sets `authorized` only on sockets of its own servers, so the verdict of the handshake
 * is read where that would read it.
 */
async function clientAddresses(stream: TLSSocket): Promise<readonly string[]> {
  const certificate = stream.getPeerX509Certificate();
  const verify = (stream as Verified).ssl?.verifyError;
  if (certificate === undefined || typeof verify !== "function") return [];
  const error = verify.call((stream as Verified).ssl);
  return error === null || error === "" ? await rfc822Names(new Uint8Array(certificate.raw)) : [];
}

/**
 * TLS as the server. `alpn`: the protocol names that this service speaks; a client that offers only others
 * is refused (RFC 7301 §3.2, against ALPACA), one that offers none is served. `askClient`: for a certificate, where
 * authorities for those are known.
 *
 * BUGS: with more than one certificate the runtime (2.9.6) ends a failed handshake without an alert; its
 * callback for SNI is the cause, which is why one certificate goes without.
 */
export function serverTls(
  holder: TlsContextHolder,
  alpn: readonly string[],
  options: { readonly askClient?: boolean } = {},
): BeginTls {
  return (raw) => {
    let shown = holder.choose(undefined);
    const asks = options.askClient === true && shown.knowsClients;
    const stream = new TLSSocket(raw, {
      isServer: true,
      secureContext: shown.context,
      ...(holder.pairs.length === 1 ? {} : {
        SNICallback: (serverName: string, answer: (error: Error | null, context: SecureContext) => void) => {
          shown = holder.choose(serverName);
          answer(null, shown.context);
        },
      }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      ...(asks ? { requestCert: true, rejectUnauthorized: false } : {}),
    });
    const binding = () => shown.serverEndPoint;
    return { stream, done: outcome(raw, stream, "secure", binding, asks ? clientAddresses : undefined) };
  };
}

/** How a client checks the server. */
export interface ClientTls {
  /** The name to ask for and to check; the host that was dialled when left out. */
  readonly serverName?: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string;
  readonly verify: boolean;
  /** Looks at the peer when the handshake is done; a sentence refuses it. */
  readonly check?: (peer: PeerCertificates) => string | undefined;
}

/** TLS as the client of `host`. */
export function clientTls(host: string, options: ClientTls): BeginTls {
  const name = options.serverName ?? host;
  return (raw) => {
    const stream = connect({
      socket: raw,
      host: name,
      // RFC 6066 §3: no addresses in SNI.
      ...(isIP(name) === 0 && name !== "" ? { servername: name } : {}),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      rejectUnauthorized: options.verify,
      minVersion: "TLSv1.2",
    });
    return {
      stream,
      done: outcome(raw, stream, "secureConnect", () => {
        const refusal = options.check?.(peerOf(stream));
        if (refusal !== undefined) throw new Error(refusal);
        const certificate = stream.getPeerX509Certificate();
        return certificate === undefined ? undefined : serverEndPoint(certificate);
      }),
    };
  };
}

/** Issuers of a peer's certificate that are looked at: nobody sends more than a handful. */
const CHAIN = 10;

function peerOf(stream: TLSSocket): PeerCertificates {
  const chain: Uint8Array[] = [];
  let at: PeerCertificate | undefined = stream.getPeerCertificate(true);
  while (at?.raw !== undefined && chain.length < CHAIN) {
    chain.push(new Uint8Array(at.raw));
    // A certificate that signed itself is its own issuer.
    const next: PeerCertificate | undefined =
      (at as { issuerCertificate?: PeerCertificate }).issuerCertificate;
    at = next === at ? undefined : next;
  }
  const { authorized, authorizationError } = stream;
  return { chain, error: authorized ? undefined : String(authorizationError ?? "it is not vouched for") };
}

function outcome(
  raw: Socket,
  stream: TLSSocket,
  event: "secure" | "secureConnect",
  binding: () => Uint8Array | undefined,
  client?: (stream: TLSSocket) => Promise<readonly string[]>,
): Promise<TlsInfo> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      stream.off(event, secure).off("error", failed).off("_tlsError", failed).off("close", closed).off(
        "end",
        closed,
      );
      raw.off("close", closed);
    };
    const resolved = (info: TlsInfo) => {
      settle();
      resolve(info);
    };
    const secure = () => {
      try {
        const info = describe(stream, binding());
        if (client === undefined) return resolved(info);
        client(stream).then((clientAddresses) => resolved({ ...info, clientAddresses }), failed);
      } catch (error) {
        failed(error as Error);
      }
    };
    const failed = (error: Error) => {
      settle();
      reject(error);
    };
    const closed = () => failed(new Error("the peer closed the connection"));
    stream.on(event, secure).on("error", failed).on("_tlsError", failed).on("close", closed).on(
      "end",
      closed,
    );
    raw.on("close", closed);
  });
}

function describe(stream: TLSSocket, endPoint: Uint8Array | undefined): TlsInfo {
  const version = stream.getProtocol() ?? "";
  const sni = (stream as { servername?: string | false | null }).servername;
  return {
    version,
    cipher: stream.getCipher().standardName,
    serverName: typeof sni === "string" && sni !== "" ? sni : undefined,
    protocol: typeof stream.alpnProtocol === "string" ? stream.alpnProtocol : undefined,
    serverEndPoint: endPoint,
    // RFC 9266 §4.2: under TLS 1.2 it needs the extended master secret, which cannot be asked for. The
    // runtime declares the method and (2.9.6) does not have it.
    exporter: version === "TLSv1.3" && typeof stream.exportKeyingMaterial === "function"
      ? new Uint8Array(stream.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)))
      : undefined,
  };
}
