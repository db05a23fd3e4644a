/** MIME bombs: messages made to cost their readers more than their senders, by delivery and by APPEND. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { smtp, transaction } from "../node/support.ts";
import { assertUnharmed, attacked, OWNER, rawImap, within } from "./support.ts";

/** MiB that all of them together may cost. */
const BOUND_MIB = 192;

function nested(depth: number): string {
  let text = "";
  for (let i = 0; i < depth; i++) text += `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`;
  return `${text}Content-Type: text/plain\r\n\r\nx`;
}

/** Name and message. */
const BOMBS: Readonly<Record<string, string>> = {
  "nested multiparts": nested(3_000),
  "nested messages": "Content-Type: message/rfc822\r\n\r\n".repeat(3_000),
  "one boundary for all (CVE-2026-26312)": `Content-Type: multipart/mixed; boundary=b\r\n\r\n${
    "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(2_000)
  }`,
  "many parts (CVE-2020-12100)": `Content-Type: multipart/mixed; boundary=b\r\n\r\n${
    "--b\r\n\r\nx\r\n".repeat(40_000)
  }`,
  "many parameters (CVE-2026-27859)": `Content-Type: text/plain${
    Array.from({ length: 8_000 }, (_, i) => `;\r\n p*${i}*=utf-8''%41`).join("")
  }\r\n\r\nx`,
  "continuations out of order (CVE-2024-39929)":
    `Content-Disposition: attachment; filename*9999999999*=a; filename*0*=b; filename*-1=c; filename*1=d\r\n\r\nx`,
  "many addresses (CVE-2024-23184)": `To: ${"a@b.test,\r\n ".repeat(40_000)}c@d.test\r\n\r\nx`,
  "nested groups": `To: ${"g:".repeat(20_000)};\r\n\r\nx`,
  "comments in comments": `From: ${"(".repeat(50_000)}a@b.test\r\n\r\nx`,
  "a header without end (CVE-2024-23185)": `${"X: y\r\n".repeat(100_000)}\r\nx`,
  "one header field of a megabyte": `Subject: ${"x ".repeat(500_000)}\r\n\r\nx`,
  "spaces only": `Subject:${" ".repeat(900_000)}\r\n\r\nx`,
  "folds only": `Subject: ${"\r\n ".repeat(200_000)}x\r\n\r\nx`,
  "encoded words": `Subject: ${"=?utf-8?q?=41?=\r\n ".repeat(30_000)}\r\n\r\nx`,
  "encoded words that never end": `Subject: ${"=?utf-8?b?".repeat(60_000)}\r\n\r\nx`,
  "references": `References: ${"<a@b>\r\n ".repeat(60_000)}\r\n\r\nx`,
  "a boundary that is a prefix of others": `Content-Type: multipart/mixed; boundary=a\r\n\r\n${
    "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(20_000)
  }--a--`,
  "HTML that nests": `Content-Type: text/html\r\n\r\n${"<div><b><table><td>".repeat(30_000)}x`,
  "base64 of nothing": `Content-Transfer-Encoding: base64\r\n\r\n${"=\r\n".repeat(200_000)}`,
  "quotes that never end": `Content-Type: text/plain; name="${'\\"'.repeat(100_000)}\r\n\r\nx`,
};

/** Parentheses of a response, strings and literals left out, close as often as they open. */
function isBalanced(line: string): boolean {
  const bare = line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return bare.split("(").length === bare.split(")").length;
}

Deno.test("MIME bombs: they are kept as they are, and their structure costs bounded work", async () => {
  await using server = await attacked();
  await within(server, BOUND_MIB, async () => {
    await using sender = await smtp(server.ports.smtp);
    using raw = await rawImap(server);
    let kept = 0;
    for (const [name, octets] of Object.entries(BOMBS)) {
      const reply = await transaction(sender, OWNER, octets);
      // A message may be too large or have too long a line; nothing else may happen to it.
      assertMatch(reply, /^(250|5[05]\d) /, name);
      if (reply.startsWith("250")) kept++;
      else await sender.exchange("RSET", /^250 /);
      raw.send(`a APPEND INBOX {${octets.length}+}\r\n${octets}\r\n`);
      assertMatch(await raw.until(/^a (OK|NO|BAD).*\r\n/m, raw.text.length), /^a OK/m, name);
      kept++;
    }
    await raw.ask("s SELECT INBOX\r\n", /^s OK/m);
    const text = await raw.ask("f UID FETCH 1:* (ENVELOPE BODYSTRUCTURE)\r\n", /^f (OK|NO).*\r\n/m);
    assertMatch(text, /^f OK/m);
    const lines = text.split("\r\n").filter((line) => /^\* \d+ FETCH/.test(line) && !line.includes("{"));
    assertEquals(text.match(/^\* \d+ FETCH/gm)?.length, kept);
    for (const line of lines) assert(isBalanced(line), `${line.slice(0, 200)}…`);
    // deno-lint-ignore no-control-regex -- these are what must not be there
    assert(lines.every((line) => !/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(line)), "raw control characters");
    for (const items of ["BODY.PEEK[HEADER]", "BODY.PEEK[1]", "BODY.PEEK[1.1.1.1]", "PREVIEW"]) {
      assertMatch(await raw.ask(`g UID FETCH 1:* (${items})\r\n`, /^g (OK|NO).*\r\n/m), /^g OK/m, items);
    }
    assertMatch(await raw.ask("h UID SEARCH TEXT nowhere\r\n", /^h (OK|NO).*\r\n/m), /^h OK/m);
    assertMatch(await raw.ask("i UID SORT (SUBJECT FROM) UTF-8 ALL\r\n", /^i (OK|NO).*\r\n/m), /^i OK/m);
    assertMatch(await raw.ask("j UID THREAD REFERENCES UTF-8 ALL\r\n", /^j (OK|NO).*\r\n/m), /^j OK/m);
  });
  await assertUnharmed(server);
});
