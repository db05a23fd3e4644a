import type {} from "../core/events.ts";

declare module "../core/events.ts" {
  interface Events {
    /** A listener is bound: at the start, and anew after the process ran out of descriptors. */
    "net.listen": { readonly listener: string; readonly address: string; readonly again: boolean };
    /** A listener cannot be bound anew: it accepts nothing any more and the process should be started again. */
    "net.listen.failed": { readonly listener: string; readonly address: string; readonly error: string };
    /** A connection was refused before its protocol began. */
    "net.refused": { readonly listener: string; readonly remote: string; readonly reason: string };
    /** A PROXY header did not come, was none, or came from a peer that is not listed. */
    "net.proxy.refused": { readonly listener: string; readonly remote: string; readonly reason: string };
    /** The handshake of a connection that begins with TLS failed. */
    "net.tls.failed": {
      readonly listener: string;
      readonly session: string;
      readonly remote: string;
      readonly error: string;
    };
  }
}
