import { domainToASCII, domainToUnicode } from "node:url";
import { octetsOf, utf8 } from "../bytes/ascii.ts";
import type { OutboundMessage, Signer } from "../core/outbound.ts";
import { parseAddressList } from "../mime/mod.ts";
import { digest, signature } from "./dkim_sign.ts";
import type { SigningKeys } from "./dkim_keys.ts";
import type { SignedField } from "./dkim_header.ts";

/**
 * Signs what our users submit, for the domain of its From field (so that DMARC's alignment holds), with every
 * key that the domain has. What came from elsewhere is not ours to vouch for.
 */
export function createSigner(keys: Pick<SigningKeys, "of">, now: () => number): Signer {
  return {
    async sign(message: OutboundMessage): Promise<Uint8Array> {
      if (message.envelope.submitter === undefined) return NOTHING;
      const digested = await digest(message.octets());
      const domain = digested && fromDomain(digested.fields);
      if (domain === undefined) return NOTHING;
      const all = await keys.of(domain.unicode, domain.ascii);
      const fields: string[] = [];
      for (const key of all) fields.push(await signature(digested!, key, now()));
      return octetsOf(fields.join(""));
    },
  };
}

const NOTHING = new Uint8Array(0);

/** The domain of the one From field's first address; undefined where there are several fields, or none. */
function fromDomain(
  fields: readonly SignedField[],
): { readonly ascii: string; readonly unicode: string } | undefined {
  const from = fields.filter(({ name }) => name === "from");
  if (from.length !== 1) return undefined;
  const value = octetsOf(from[0]!.value.replaceAll("\r\n", ""));
  for (const address of parseAddressList(value)) {
    if (address.kind !== "mailbox" || address.domain === undefined || address.domain === "") continue;
    const host = utf8(octetsOf(address.domain));
    const ascii = domainToASCII(host.toLowerCase());
    return ascii === "" ? undefined : { ascii, unicode: domainToUnicode(ascii) };
  }
  return undefined;
}
