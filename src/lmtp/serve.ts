import type { Serve } from "../core/services.ts";
import { serveRole, type SmtpLimits } from "../smtp/mod.ts";

/** Serves one LMTP connection (RFC 2033) to its end. Never rejects; closes the connection. */
export const serveLmtp: Serve<SmtpLimits> = (conn, services) => serveRole(conn, services, "lmtp");
