/** One stream connection, plain or TLS, client or server side. Implemented once, in `net/`. */
export interface Conn extends AsyncDisposable {
  /** Short and unique on this node; stands in every log line of the session. */
  readonly id: string;
  /** The peer, as the PROXY protocol says it where one is in front. */
  readonly remote: Endpoint;
  /** Our side. */
  readonly local: Endpoint;
  /** Set once TLS is up. */
  readonly tls: TlsInfo | undefined;

  /**
   * The next octets, as they come; a view that is valid until the next `read`. `null` at the end of the
   * stream. Nothing is read from the network while nobody asks (at most 64 KiB wait here).
   *
   * One read at a time. A read that timed out may be asked again: nothing is lost.
   *
   * @throws ConnError `timeout` after `timeoutMs`, `reset` when the connection broke.
   */
  read(timeoutMs: number): Promise<Uint8Array | null>;

  /**
   * Sends octets in order; keeps them by reference until sent, so do not reuse the buffers before it
   * resolves. Resolves once at most `outputBuffer` octets wait for the peer; a caller that awaits it is
   * held back by a slow reader.
   *
   * @throws ConnError `stalled` when the peer took nothing for `writeStallMs`, `reset` when broken.
   */
  write(octets: Uint8Array | readonly Uint8Array[]): Promise<void>;

  /** Octets that the peer sent and nobody has read yet. STARTTLS must find 0. */
  readonly buffered: number;

  /**
   * Upgrades to TLS. Everything buffered before is dropped by contract: the caller checks `buffered` first
   * and closes if it is not 0 (RFC 3207 §4.2, CVE-2011-0411). As a server the caller has already written its
   * reply. Resolves when the handshake is done.
   *
   * @throws ConnError `tls` when the handshake fails or takes longer than its deadline.
   */
  startTls(): Promise<void>;

  /** Sends what waits, then closes in order. Safe to call twice. */
  close(): Promise<void>;
  /** Closes at once, dropping what waits. Safe to call twice. */
  destroy(): void;
}

/** One end of a connection. */
export interface Endpoint {
  /** IP address in its canonical text form (IPv4-mapped IPv6 as IPv4), or the path of a unix socket. */
  readonly address: string;
  /** 0 on unix sockets. */
  readonly port: number;
}

/** What TLS agreed on. */
export interface TlsInfo {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite's name. */
  readonly cipher: string;
  /** The host name that the client asked for. */
  readonly serverName: string | undefined;
  /** ALPN, if agreed on. */
  readonly protocol: string | undefined;
  /** RFC 5929 §4: hash of the server's certificate. */
  readonly serverEndPoint: Uint8Array | undefined;
  /** RFC 9266: tls-exporter, 32 octets; undefined where the runtime cannot give it. */
  readonly exporter: Uint8Array | undefined;
  /** rfc822Names (RFC 5280 §4.2.1.6) of the client's certificate, where an authority of ours vouches for it. */
  readonly clientAddresses?: readonly string[];
}

/** Why a connection could not go on. */
export class ConnError extends Error {
  override name = "ConnError";
  constructor(readonly reason: "timeout" | "stalled" | "reset" | "tls" | "closed", message: string) {
    super(message);
  }
}

/** What a server showed of itself in the TLS handshake. */
export interface PeerCertificates {
  /** DER, its own first, then its issuers as far as they were sent. */
  readonly chain: readonly Uint8Array[];
  /** Why the authorities do not vouch for it under that name; undefined when they do. */
  readonly error: string | undefined;
}

/** Opens a client connection. `path` for unix sockets. Implemented in `net/`, handed down as an argument. */
export type Dial = (
  to: { readonly host: string; readonly port: number } | { readonly path: string },
  options?: {
    readonly timeoutMs?: number;
    /** How `startTls()` verifies the peer. */
    readonly tls?: {
      readonly serverName?: string;
      readonly ca?: string;
      readonly verify: boolean;
      /** Looks at the peer before anything is sent to it; a sentence refuses it. Runs whatever `verify` says. */
      readonly check?: (peer: PeerCertificates) => string | undefined;
    };
  },
) => Promise<Conn>;
