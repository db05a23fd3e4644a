/** What we compose is what others read, and what others compose is what we read: nodemailer, libmime, postal-mime. */
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import libmime from "libmime";
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import PostalMime from "postal-mime";
import { parseIn } from "../../tests/corpus/samples.ts";
import { latin1 } from "../bytes/ascii.ts";
import { attachments } from "./attachments.ts";
import { compose } from "./compose.ts";
import { composeField } from "./compose_field.ts";
import { alternativePart } from "./compose_report.ts";
import { recipientLists } from "./recipients.ts";
import { partText, searchParts } from "./search_text.ts";
import { summarize } from "./summary.ts";
import { createTransferDecoder } from "./transfer.ts";

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));

const character = fc.constantFrom(..."abc ÄöüßéЖщ日本語한국어עב😀👍🏽=?_,.;:<>()[]\"'\\@-\u00a0");
/** Words with no white space at their ends: readers differ on that. */
const words = fc.array(character, { minLength: 1, maxLength: 120 }).map((list) =>
  list.join("").replace(/ +/g, " ").trim()
)
  .filter((one) => one !== "");
/** Names of files: as words, and without what postal-mime and nodemailer take for a path. */
const fileName = words.map((one) => one.replace(/["\\]/g, "x"));

Deno.test("libmime decodes the text that we encode", () => {
  fc.assert(
    fc.property(words, (text) => {
      const [, value] = /^[^:]+: ?([^]*)\r\n$/.exec(composeField({ kind: "text", name: "X", text }, false)) ??
        [];
      assertEquals(libmime.decodeWords(value!.replaceAll("\r\n", "").trim()), text);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("libmime reads the parameters that we write", () => {
  fc.assert(
    fc.property(fileName, (name) => {
      const field = composeField(
        {
          kind: "parameters",
          name: "Content-Disposition",
          value: "attachment",
          params: [["filename", name]],
        },
        false,
      );
      const parsed = libmime.parseHeaderValue(
        field.slice(field.indexOf(":") + 1).replaceAll("\r\n", "").trim(),
      );
      assertEquals(libmime.decodeWords(parsed.params.filename), name);
    }),
    { numRuns: 500 },
  );
});

Deno.test("postal-mime reads what we compose", async () => {
  await fc.assert(
    fc.asyncProperty(
      words,
      words,
      words,
      fileName,
      fc.uint8Array({ maxLength: 2000 }),
      async (name, subject, text, filename, content) => {
        const octets = compose(
          [
            { kind: "addresses", name: "From", list: [{ name, local: "a b", domain: "example.org" }] },
            {
              kind: "addresses",
              name: "To",
              list: [{ local: "x", domain: "y.example" }, { name, local: "z", domain: "y.example" }],
            },
            { kind: "text", name: "Subject", text: subject },
          ],
          {
            kind: "multipart",
            subtype: "mixed",
            parts: [
              alternativePart(`${text}\n.\nFrom ${text}\n`, "<p>x</p>"),
              {
                kind: "data",
                type: "application/x-any",
                content,
                disposition: { type: "attachment", filename },
              },
            ],
          },
          { random },
        ).octets();
        const mail = await PostalMime.parse(octets);
        assertEquals(mail.subject, subject);
        assertEquals(mail.from?.name, name);
        assertEquals(mail.to?.map(({ address }) => address), ["x@y.example", "z@y.example"]);
        assertEquals(mail.text?.replaceAll("\r\n", "\n").trimEnd(), `${text}\n.\nFrom ${text}`);
        const [attachment] = mail.attachments;
        assertEquals(attachment?.filename, filename);
        assertEquals(new Uint8Array(attachment!.content as ArrayBuffer), content);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("we read what nodemailer composes", async () => {
  await fc.assert(
    fc.asyncProperty(
      words,
      words,
      words,
      fileName,
      fc.uint8Array({ maxLength: 2000 }),
      async (name, subject, text, filename, content) => {
        const mail = new MailComposer({
          from: { name, address: "a@example.org" },
          to: [{ name, address: "x@y.example" }, { name: "", address: "z@y.example" }],
          subject,
          text,
          html: "<p>x</p>",
          attachments: [{ filename, content: new Uint8Array(content) as never }],
        });
        const octets = new Uint8Array(await mail.compile().build());
        const { root, header } = parseIn(4096, octets);
        assertEquals(summarize(header).subject, subject);
        const lists = recipientLists(header);
        assertEquals(lists.from.map((one) => one.name), [name]);
        assertEquals(lists.to.map(({ local, domain }) => `${local}@${domain}`), [
          "x@y.example",
          "z@y.example",
        ]);
        const [first] = searchParts(root);
        assertEquals(partText(first!.part, octets.subarray(first!.start, first!.end)).trimEnd(), text);
        const [attachment, ...more] = attachments(root, octets);
        assertEquals([attachment?.name, attachment?.size, more.length], [filename, content.length, 0]);
        const decoder = createTransferDecoder(attachment!.part.encoding)!;
        const body = latin1(decoder.push(octets.subarray(attachment!.start, attachment!.end)));
        assertEquals(body + latin1(decoder.finish()), latin1(content));
      },
    ),
    { numRuns: 300 },
  );
});
