import { ALPHA, type Cursor, octetTable } from "../../bytes/cursor.ts";
import type { Fault } from "../../core/step.ts";
import type { Command } from "../command.ts";
import type { ReadArguments } from "./commands.ts";
import { broken } from "./fault.ts";
import { capitals } from "./parameters.ts";
import { xtext } from "./xtext.ts";

/** The attributes that we take, as they are announced. */
export const PEER_ATTRIBUTES = {
  XCLIENT: ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"],
  XFORWARD: ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"],
} as const;

/** Octets of one decoded value. */
const VALUE = 255;

const NAME = octetTable(ALPHA + "_");
const PRINTABLE = octetTable(Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join(""));

/**
 * xclient-command = XCLIENT 1*( SP attribute-name"="attribute-value )
 * attribute-value = xtext
 *
 * XFORWARD is the same. `[UNAVAILABLE]` and `[TEMPUNAVAIL]` come out as undefined.
 */
export function peer(name: "XCLIENT" | "XFORWARD"): ReadArguments {
  return (c): Command | Fault => {
    const attributes = new Map<string, string | undefined>();
    while (!c.done) {
      const attribute = attributeOf(c);
      if (attribute === undefined) return broken("bad argument", `Cannot read the attributes of ${name}`);
      const [key, value] = attribute;
      if (!(PEER_ATTRIBUTES[name] as readonly string[]).includes(key)) {
        return broken("bad argument", `${name} does not know the attribute ${key.slice(0, 16)}`);
      }
      attributes.set(key, /^\[(UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(value) ? undefined : value);
    }
    return attributes.size === 0 ? broken("bad argument", `${name} needs attributes`) : { name, attributes };
  };
}

function attributeOf(c: Cursor): [name: string, value: string] | undefined {
  if (!c.eat(0x20)) return undefined;
  while (c.eat(0x20));
  const start = c.at;
  if (c.skipWhile(NAME) === 0) return undefined;
  const name = capitals(c.octets, start, c.at);
  if (!c.eat(0x3d)) return undefined;
  const valueStart = c.at;
  c.skipWhile(PRINTABLE);
  const value = xtext(c.textFrom(valueStart));
  return value === undefined || value.length > VALUE ? undefined : [name, value];
}
