import { assertEquals } from "@std/assert";
import { sortKeys } from "./sort_keys.ts";

Deno.test("what SORT and THREAD compare", () => {
  const header = (text: string) => sortKeys(new TextEncoder().encode(text.replaceAll("\n", "\r\n")));
  const keys = header(
    "From: =?utf-8?q?J=C3=B6rg?= <jo@example.test>, other@example.test\nTo: Team: a@b, c@d;\n" +
      "Cc: (no name) Carl@example.test\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" +
      "Date: Thu, 1 Jan 2026 10:00:00 +0100\nMessage-ID: <m@x>\nIn-Reply-To: <p@x> <q@x>\n" +
      "References: <r@x>\n <p@x>\n\n",
  );
  assertEquals(keys, {
    from: "JO",
    to: "TEAM",
    cc: "CARL",
    displayFrom: "JO\u0308RG",
    displayTo: "TEAM",
    subject: "GRU\u0308ßE",
    isReply: true,
    sentAt: Date.UTC(2026, 0, 1, 9),
    messageId: "m@x",
    references: ["r@x", "p@x"],
  });
  const bare = header(
    "From: ann@example.test\nReferences: nonsense\nIn-Reply-To: <p@x> <q@x>\nDate: never\n\n",
  );
  assertEquals(bare.displayFrom, "ANN@EXAMPLE.TEST");
  assertEquals(bare.references, ["p@x"]);
  assertEquals(header('Message-ID: <"a b"@x>\n\n').messageId, "ab@x");
  assertEquals([bare.sentAt, bare.messageId, bare.subject, bare.to], [undefined, undefined, "", ""]);
});
