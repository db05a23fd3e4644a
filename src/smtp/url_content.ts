/** What a URL of BURL stands for (RFC 4468), put behind what came of a message already. */
import type { Identity } from "../core/auth.ts";
import { type AuthorizedUrls, UrlContentLost } from "../core/urlauth.ts";
import type { Reception } from "./receive.ts";
import { REPLIES, type Reply } from "./reply.ts";

/**
 * Redeems a URL for the user who submits, and passes its octets on. Gives the reply when it cannot be redeemed; what
 * the message is refused for is the reception's own.
 *
 * @throws Unavailable
 */
export async function append(
  urls: AuthorizedUrls,
  url: string,
  identity: Identity,
  reception: Reception,
): Promise<Reply | undefined> {
  if (reception.refusal !== undefined) return undefined;
  const opened = await urls.open(url, { as: "submission", identity });
  if (!opened.ok) return opened.reason === "malformed" ? REPLIES.badUrl : REPLIES.noSuchUrl;
  if (!reception.fits(opened.content.size)) return REPLIES.tooBig;
  try {
    for await (const octets of opened.content.octets()) {
      await reception.write(octets);
      if (reception.refusal !== undefined) return undefined;
    }
  } catch (thrown) {
    if (thrown instanceof UrlContentLost) return REPLIES.noSuchUrl;
    throw thrown;
  }
  return undefined;
}
