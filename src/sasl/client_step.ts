/** What a client's exchange wants next. */
export type SaslClientStep =
  | { readonly kind: "response"; readonly octets: Uint8Array }
  | { readonly kind: "failed"; readonly text: string };

/** One exchange on the client's side, without I/O. */
export interface SaslClient {
  /** The initial response (RFC 4422 §3): sent along, or as the answer to a first, empty challenge. */
  start(): SaslClientStep;
  /** Answers the server's next challenge. */
  respond(challenge: Uint8Array): SaslClientStep;
  /** True once the server may say that we are in; SCRAM waits for the server's own proof. */
  readonly complete: boolean;
}

/** Who logs in, and what SCRAM needs besides. */
export interface SaslClientOptions {
  readonly user: string;
  readonly password: string;
  readonly authzid?: string;
  /** New for each exchange; only SCRAM uses it. */
  readonly nonce: string;
  /** For the -PLUS forms: what this connection is bound to. */
  readonly binding?: { readonly name: "tls-server-end-point" | "tls-exporter"; readonly data: Uint8Array };
  /** True when we could bind but the server announced no -PLUS form: says `y` (RFC 5802 §6). */
  readonly couldBind?: boolean;
}
