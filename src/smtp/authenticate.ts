import type { AuthRefusal } from "../core/auth.ts";
import { type Reply, reply } from "./reply.ts";

/** The reply to each way an exchange can fail (RFC 4954 §4, §6; RFC 5248 for X.7.13). */
const REFUSALS: Record<AuthRefusal, Reply> = {
  credentials: reply(535, "5.7.8", "Wrong user name or password"),
  malformed: reply(501, "5.5.2", "Cannot read this response"),
  cancelled: reply(501, "5.7.0", "Authentication cancelled"),
  throttled: reply(454, "4.7.0", "Too many attempts, try again later"),
  busy: reply(454, "4.7.0", "Too busy to check passwords now, try again later"),
  disabled: reply(525, "5.7.13", "Account is disabled"),
  authzid: reply(535, "5.7.8", "May not act for that user"),
  unavailable: reply(454, "4.3.0", "Authentication not available now, try again later"),
};

/** The reply to a failed exchange. */
export function authRefusal(reason: AuthRefusal): Reply {
  return REFUSALS[reason];
}

/** True when the failure was the client's, and counts. */
export function countsAsFailure(reason: AuthRefusal): boolean {
  return reason !== "busy" && reason !== "unavailable";
}

/**
 * server-challenge = "334" SP [base64] CRLF (RFC 4954 §8). SCRAM's last message goes this way too, for SMTP
 * carries no data with success: the client answers it with an empty line (§4).
 */
export function challenge(octets: Uint8Array): Reply {
  return reply(334, "", octets.toBase64());
}
