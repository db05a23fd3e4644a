/** Files inside messages, as other programs took them out. The corpus is not part of the repository. */
import { assert, assertEquals } from "@std/assert";
import {
  createEmbeddedDecoder,
  createTransferDecoder,
  type EmbeddedFile,
  EmbeddedFinder,
  embeddedParts,
  type Part,
} from "../../src/mime/mod.ts";
import { latin1 } from "../../src/bytes/ascii.ts";
import { findCorpus, readAnswers, readMessage } from "./corpus.ts";
import { parseIn } from "./samples.ts";

const corpus = findCorpus();
const ignore = corpus === undefined;
const MIMEKIT = "jstedfast+MimeKit/UnitTests/TestData";

function read(path: string): Uint8Array {
  return Deno.readFileSync(new URL(path.split("/").map(encodeURIComponent).join("/"), corpus));
}

/** A part of its own for a body, so that the header does not have to be made. */
function bodyPart(type: string, octets: Uint8Array): Part {
  const head = new TextEncoder().encode(`Content-Type: ${type}\r\nContent-Transfer-Encoding: binary\r\n\r\n`);
  const message = new Uint8Array(head.length + octets.length);
  message.set(head);
  message.set(octets, head.length);
  return parseIn(message.length, message).root;
}

function find(part: Part, body: Uint8Array, size = 4096): readonly EmbeddedFile[] {
  const finder = new EmbeddedFinder(part);
  for (let i = 0; i < body.length; i += size) finder.push(body.subarray(i, i + size));
  return finder.finish();
}

function decode(
  part: Part,
  file: EmbeddedFile,
  body: Uint8Array,
): { octets: Uint8Array; intact: boolean | undefined } {
  const decoder = createEmbeddedDecoder(part, file);
  const first = decoder.push(body);
  const rest = decoder.finish();
  const octets = new Uint8Array(first.length + rest.length);
  octets.set(first);
  octets.set(rest, first.length);
  return { octets, intact: decoder.intact };
}

/** The corpus has its text files with bare LF, whatever they had inside TNEF. */
function withoutCr(octets: Uint8Array): string {
  return latin1(octets).replaceAll("\r\n", "\n");
}

Deno.test({
  name: "TNEF: what the program tnef took out is found, with its name and octets",
  ignore,
  fn() {
    const folder = `tnef/${MIMEKIT}/tnef`;
    let files = 0;
    for (const entry of Deno.readDirSync(new URL(`${folder}/`, corpus))) {
      if (!entry.name.endsWith(".tnef")) continue;
      const body = read(`${folder}/${entry.name}`);
      const part = bodyPart("application/ms-tnef", body);
      const found = find(part, body);
      assertEquals(find(part, body, 13), found, entry.name);
      const left = found.map((file) => {
        const { octets, intact } = decode(part, file, body);
        assert(intact !== false && file.complete, `${entry.name} ${file.name}`);
        return { name: file.name, text: withoutCr(octets) };
      });
      for (const [name, octets] of readFolder(`${folder}/${entry.name.slice(0, -5)}`)) {
        if (PLACEHOLDERS.has(`${entry.name} ${name}`)) continue;
        // tnef leaves the identifier of its interface before an object, and numbers files of one name.
        const texts = [withoutCr(octets), withoutCr(octets.subarray(16))];
        const at = left.findIndex((one) => texts.includes(one.text));
        assert(at >= 0, `${entry.name} ${name}`);
        assertEquals(left[at]!.name, name.replace(/(^Untitled Attachment)\.\d+$/, "$1"));
        left.splice(at, 1);
        files++;
      }
      if (entry.name === "two-files.tnef") assertEquals(left.map(({ name }) => name), ["AUTHORS"]);
      else assertEquals(left, [], entry.name);
    }
    assertEquals(files, 32);
  },
});

/** What old clients show instead of an object that they cannot; the object itself is found. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(["christmas.tnef Untitled Attachment.1"]);

function readFolder(folder: string): [string, Uint8Array][] {
  try {
    return Array.from(
      Deno.readDirSync(new URL(`${folder}/`, corpus)),
      ({ name }) => [name, read(`${folder}/${name}`)],
    );
  } catch {
    return []; // no folder: tnef took nothing out
  }
}

Deno.test({
  name: "uuencode: MimeKit's photo comes out, junk around it does not matter",
  ignore,
  fn() {
    const photo = read(`encodings/${MIMEKIT}/encoders/photo.jpg`);
    for (const name of ["photo.uu", "photo.uu-states"]) {
      const body = read(`encodings/${MIMEKIT}/encoders/${name}`);
      const part = bodyPart("text/plain", body);
      const [file] = find(part, body, 100);
      assertEquals([file!.name, file!.size, file!.complete], ["photo.jpg", photo.length, true]);
      assert(latin1(decode(part, file!, body).octets) === latin1(photo));
      const decoder = createTransferDecoder("x-uuencode")!;
      assert(latin1(decoder.push(body)) + latin1(decoder.finish()) === latin1(photo));
    }
  },
});

Deno.test({
  name: "yEnc: two messages with the parts of one picture, and both CRCs are right",
  ignore,
  fn() {
    const picture = read(`encodings/${MIMEKIT}/yenc/joystick.jpg`);
    const whole = new Uint8Array(picture.length);
    for (const name of ["00000020.ntx", "00000021.ntx"]) {
      const message = readMessage(corpus!, `messages/${MIMEKIT}/yenc/${name}`);
      const { root } = parseIn(4096, message);
      const body = message.subarray(root.bodyStart, root.bodyEnd);
      const [file, ...more] = find(root, body);
      assertEquals([file!.name, more.length, file!.piece?.part], [
        "joystick.jpg",
        0,
        name.endsWith("20.ntx") ? 1 : 2,
      ]);
      const { octets, intact } = decode(root, file!, body);
      assertEquals(intact, true);
      whole.set(octets, file!.piece!.offset);
    }
    assert(latin1(whole) === latin1(picture));
  },
});

Deno.test({
  name: "every message of the corpus: files are found alike at any cut, and can be decoded",
  ignore,
  fn() {
    let messages = 0;
    let files = 0;
    for (const name of Object.keys(readAnswers(corpus!, "dovecot24"))) {
      const message = readMessage(corpus!, name);
      let found = 0;
      for (const { part, start, end } of embeddedParts(parseIn(64 * 1024, message).root)) {
        const body = message.subarray(start, end);
        const list = find(part, body);
        if (body.length < 100_000) assertEquals(find(part, body, 11), list, name);
        for (const file of list) {
          const { octets, intact } = decode(part, file, body);
          assert(intact !== false, `${name} ${file.name}`);
          if (file.size !== undefined) assertEquals(octets.length, file.size, `${name} ${file.name}`);
          found++;
        }
      }
      messages += found > 0 ? 1 : 0;
      files += found;
    }
    assertEquals([messages, files], [10, 19]);
  },
});
