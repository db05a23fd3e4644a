/** Makes and redeems URLs that carry their own authorization, by the INTERNAL mechanism (RFC 4467 §2.4.1, §5, §6). */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Right } from "../core/acl.ts";
import type { Authenticator, Identity } from "../core/auth.ts";
import type { MailStore } from "../core/store.ts";
import type { World } from "../core/world.ts";
import {
  type AuthorizedUrl,
  authorizedUrl,
  type AuthorizedUrls,
  type KeyedMailbox,
  type UrlBearer,
  UrlContentLost,
  type UrlOpening,
} from "../core/urlauth.ts";
import { reach } from "./reach.ts";
import type { ImapLimits } from "./limits.ts";
import { type UserUrl, userUrl } from "./url.ts";
import { urlContent, type UrlPart, urlPart } from "./url_part.ts";

/** What URLs are redeemed with. */
export interface UrlServices {
  readonly store: MailStore;
  readonly auth: Pick<Authenticator, "identify">;
  readonly world: World;
  /** For the sections that URLs name. */
  readonly limits: ImapLimits;
  /** Addresses of accounts that submission servers log in to: they may redeem `submit+` of anybody. */
  readonly submissionUsers: readonly string[];
}

/** The only mechanism that there is. */
export const MECHANISM = "INTERNAL";

/** Stands before a token: HMAC-SHA-256, so that another algorithm can follow it one day (RFC 4467 §2.4.1). */
const ALGORITHM = "01";

/** What `locate` found. */
export type UrlPlace =
  | { readonly ok: true; readonly part: UrlPart }
  | { readonly ok: false; readonly reason: "malformed" | "refused" };

const MALFORMED = { ok: false, reason: "malformed" } as const;
const REFUSED = { ok: false, reason: "refused" } as const;

/** The one implementation of core's AuthorizedUrls. */
export class MessageUrls implements AuthorizedUrls {
  constructor(readonly services: UrlServices) {}

  async open(url: string, bearer: UrlBearer): Promise<UrlOpening> {
    const place = await this.locate(url, bearer);
    if (!place.ok) return place;
    try {
      return { ok: true, content: await urlContent(this.services.store, place.part) };
    } catch (thrown) {
      if (thrown instanceof UrlContentLost) return REFUSED;
      throw thrown;
    }
  }

  /** Validates a URL and finds what it points to. Throws Unavailable. */
  async locate(url: string, bearer: UrlBearer): Promise<UrlPlace> {
    const parsed = authorizedUrl(url);
    const target = parsed && userUrl(parsed.bare, this.services.limits);
    if (parsed?.token === undefined || target === undefined) return MALFORMED;
    const owner = await this.services.auth.identify(target.user);
    const mailbox = await this.#mailbox(owner, target);
    // RFC 4467 §6: where nothing is known a key that nobody has takes the same time.
    const key = mailbox === undefined
      ? undefined
      : await this.services.store.urlKeys.key(owner!.account, mailbox);
    const genuine = isToken(parsed.token, key ?? this.services.world.random(32), parsed.rump);
    if (key === undefined || !genuine || parsed.mechanism !== MECHANISM) return REFUSED;
    if (!(this.services.world.now() <= parsed.expires) || !await this.#serves(parsed, bearer)) return REFUSED;
    const part = await urlPart(this.services.store, mailbox!.owner, mailbox!.mailbox, target.message);
    return part === undefined ? REFUSED : { ok: true, part };
  }

  /** Whom the URL serves (RFC 4467 §3). */
  async #serves({ access }: AuthorizedUrl, { as, identity }: UrlBearer): Promise<boolean> {
    if (access.user === undefined) return true;
    if (access.kind === "submit" && as === "session") {
      return this.services.submissionUsers.some((user) =>
        user.toLowerCase() === identity.address.toLowerCase()
      );
    }
    if (access.kind === "user" && as === "submission") return false;
    return (await this.services.auth.identify(access.user))?.account === identity.account;
  }

  /** The mailbox that a URL names, as its owner may see it now. */
  async #mailbox(owner: Identity | undefined, { message }: UserUrl): Promise<KeyedMailbox | undefined> {
    if (owner === undefined) return undefined;
    const { store } = this.services;
    const found = await reach({ store, identity: owner }, message.mailbox, Right.Read);
    if (!found.ok) return undefined;
    const { account, id, uidValidity } = found.value;
    return (message.uidValidity ?? uidValidity) === uidValidity ? { owner: account, mailbox: id } : undefined;
  }

  /**
   * `rump:internal:token` for a user's own mailbox (RFC 4467 §7 GENURLAUTH). Undefined with what is wrong, which
   * says nothing about other users: whether the one of `user+` or `submit+` exists is not looked at.
   */
  async authorize(
    rump: string,
    user: Identity,
  ): Promise<{ readonly url: string } | { readonly wrong: string }> {
    const parsed = authorizedUrl(rump);
    if (parsed === undefined) return { wrong: "Missing access identifier in the URL" };
    if (parsed.token !== undefined) return { wrong: "The URL is authorized already" };
    if (Number.isNaN(parsed.expires)) return { wrong: "EXPIRE needs a date and time" };
    const target = userUrl(parsed.bare, this.services.limits);
    if (target === undefined) return { wrong: "Not the URL of a message with its user" };
    if ((await this.services.auth.identify(target.user))?.account !== user.account) {
      return { wrong: "Not the URL of a mailbox of yours" };
    }
    const mailbox = await this.#mailbox(user, target);
    const key = mailbox && await this.services.store.urlKeys.keyFor(user.account, mailbox);
    if (!key?.ok) return { wrong: "No such mailbox" };
    return { url: `${rump}:${MECHANISM.toLowerCase()}:${tokenOf(key.value, rump)}` };
  }
}

function tokenOf(key: Uint8Array, rump: string): string {
  return ALGORITHM + createHmac("sha256", key).update(rump).digest("hex");
}

function isToken(token: string, key: Uint8Array, rump: string): boolean {
  const right = new TextEncoder().encode(tokenOf(key, rump));
  const given = new TextEncoder().encode(token.toLowerCase());
  return given.length === right.length && timingSafeEqual(given, right);
}
