/** The corpus of real and hostile messages, where it is there: a folder beside the repository. */

/** Beside the repository, or beside the folder that holds worktrees of it. */
const PLACES = [
  new URL("../../../shared/corpus/", import.meta.url),
  new URL("../../../../shared/corpus/", import.meta.url),
];

/** What a server answered about one message, as JSON lists with NIL as null. */
export interface Answer {
  readonly envelope?: unknown;
  readonly bodystructure?: unknown;
}

/** The folder of the corpus; undefined when it is not there. */
export function findCorpus(): URL | undefined {
  for (const place of PLACES) {
    try {
      if (Deno.statSync(place).isDirectory) return place;
    } catch {
      // Not there: the tests that need it say so and are skipped.
    }
  }
  return undefined;
}

/** A message with its line ends made CRLF, as the servers were given it. */
export function readMessage(corpus: URL, name: string): Uint8Array {
  const octets = Deno.readFileSync(new URL(name.split("/").map(encodeURIComponent).join("/"), corpus));
  return toCrlf(octets);
}

/** Every LF and every CRLF becomes CRLF. */
export function toCrlf(octets: Uint8Array): Uint8Array {
  const out = new Uint8Array(octets.length * 2);
  let at = 0;
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === 10 && octets[i - 1] !== 13) out[at++] = 13;
    out[at++] = octets[i]!;
  }
  return out.slice(0, at);
}

/** Names of all messages that a server answered about, and the answers. */
export function readAnswers(corpus: URL, server: "dovecot24" | "cyrus36"): Record<string, Answer> {
  return JSON.parse(Deno.readTextFileSync(new URL(`expected/imap/${server}.json`, corpus))).answers;
}

/** Parses one IMAP value (list, string, literal, number, NIL) into JSON; octets as code units. */
export function parseImap(octets: Uint8Array): unknown {
  const text = Array.from(octets, (c) => String.fromCharCode(c)).join("");
  const stack: unknown[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const c = text[at]!;
    const top = stack[stack.length - 1]!;
    if (c === "(") {
      const list: unknown[] = [];
      top.push(list);
      stack.push(list);
      at++;
    } else if (c === ")") {
      stack.pop();
      if (stack.length === 0) throw new Error(`too many closing parentheses at ${at}`);
      at++;
    } else if (c === " ") at++;
    else if (c === '"') {
      const end = text.indexOf('"', at + 1);
      const value = text.slice(at + 1, end);
      if (end < 0 || value.includes("\\")) throw new Error(`bad quoted string at ${at}`);
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i);
        if (code < 0x20 || code > 0x7e) throw new Error(`octet ${code} in a quoted string at ${at}`);
      }
      top.push(value);
      at = end + 1;
    } else if (c === "{") {
      const end = text.indexOf("}\r\n", at);
      const size = Number(text.slice(at + 1, end));
      if (end < 0 || !(size <= text.length - end - 3)) throw new Error(`bad literal at ${at}`);
      top.push(text.slice(end + 3, end + 3 + size));
      at = end + 3 + size;
    } else {
      let end = at;
      while (end < text.length && text[end] !== " " && text[end] !== ")" && text[end] !== "(") end++;
      const word = text.slice(at, end);
      if (word !== "NIL" && String(Number(word)) !== word) throw new Error(`bad atom ${word} at ${at}`);
      top.push(word === "NIL" ? null : Number(word));
      at = end;
    }
  }
  if (stack.length !== 1 || stack[0]!.length !== 1) throw new Error("parentheses do not match");
  return stack[0]![0];
}
