/** The trees of parts that Apache James mime4j made, from its `_decoded.xml` files. */
import { Parser } from "htmlparser2";

/** A part: `multipart`, `message`, or the file that holds a leaf's decoded body. */
export interface Mime4jPart {
  readonly kind: "multipart" | "message" | "leaf";
  /** Of a leaf: the file's name. */
  readonly file: string;
  readonly children: Mime4jPart[];
}

/** Reads one file. */
export function readMime4j(xml: string): Mime4jPart {
  const root: Mime4jPart = { kind: "message", file: "", children: [] };
  const stack: Mime4jPart[] = [root];
  const parser = new Parser({
    onopentag(name, attributes) {
      const kind = KINDS.get(name);
      if (kind === undefined) return;
      const part: Mime4jPart = { kind, file: attributes.name ?? "", children: [] };
      stack[stack.length - 1]!.children.push(part);
      stack.push(part);
    },
    onclosetag(name) {
      if (KINDS.has(name)) stack.pop();
    },
  }, { xmlMode: true });
  parser.write(xml);
  parser.end();
  return root.children[0]!;
}

const KINDS: ReadonlyMap<string, Mime4jPart["kind"]> = new Map([
  ["multipart", "multipart"],
  ["message", "message"],
  ["text-body", "leaf"],
  ["binary-body", "leaf"],
]);
