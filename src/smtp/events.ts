import type { Role } from "./session.ts";

declare module "../core/events.ts" {
  interface Events {
    /** A connection came. */
    "smtp.connected": { readonly session: string; readonly role: Role; readonly remote: string };
    /** A connection ended. `reason`: `quit`, `eof`, `timeout`, `reset`, … */
    "smtp.closed": {
      readonly session: string;
      readonly role: Role;
      readonly reason: string;
      readonly messages: number;
    };
    /** TLS came up by STARTTLS. */
    "smtp.starttls": { readonly session: string; readonly version: string; readonly cipher: string };
    /** STARTTLS was refused because the client had sent more behind it (RFC 3207 §4.2). */
    "smtp.starttls.injection": { readonly session: string };
    /** An AUTH exchange ended. `reason` is `ok` or an AuthRefusal. */
    "smtp.auth": {
      readonly session: string;
      readonly mechanism: string;
      readonly reason: string;
      readonly address?: string;
    };
    /** A listed peer said for whom it speaks (XCLIENT), and perhaps who that is. */
    "smtp.xclient": {
      readonly session: string;
      readonly peer: string;
      readonly remote: string;
      readonly port: number;
      readonly login?: string;
    };
    /** A listed peer said, for the log, who its client is (XFORWARD); "" where it did not know. */
    "smtp.xforward": {
      readonly session: string;
      readonly name: string;
      readonly remote: string;
      readonly hello: string;
      readonly ident: string;
    };
    /** A command was refused; `verb` is `?` when it could not be read. */
    "smtp.command.refused": { readonly session: string; readonly verb: string; readonly reply: number };
    /** A recipient was refused. */
    "smtp.rcpt.refused": {
      readonly session: string;
      readonly recipient: string;
      readonly reason: string;
      readonly reply: number;
    };
    /** A message is in the mailboxes. Times in milliseconds, sizes in octets. */
    "smtp.message.accepted": {
      readonly session: string;
      readonly id: string;
      readonly from: string;
      /** The octets\' key in the store. */
      readonly blob: string;
      readonly recipients: number;
      readonly size: number;
      readonly took: number;
    };
    /** A message was refused, or one of its recipients at the end of data. */
    "smtp.message.refused": {
      readonly session: string;
      readonly id: string;
      readonly from: string;
      readonly reply: number;
      readonly status: string;
    };
    /** The store or the directory could not serve; the client was told to come again. */
    "smtp.unavailable": { readonly session: string; readonly where: string; readonly error: string };
  }
}
