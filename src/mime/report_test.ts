import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { mail, parseIn } from "../../tests/corpus/samples.ts";
import { octetsOf } from "../bytes/ascii.ts";
import { REPORT_RECIPIENTS } from "./limits.ts";
import { parseReport, reportPart } from "./mod.ts";

function report(type: string, body: string, more = "") {
  const message = mail(`Content-Type: multipart/report; report-type=x; boundary=b

--b

Text for people.
--b
Content-Type: message/${type}
${more}
${body}
--b--
`);
  const { root } = parseIn(4096, message);
  const part = reportPart(root);
  return part === undefined ? undefined : parseReport(part, message.subarray(part.bodyStart, part.bodyEnd));
}

Deno.test("a delivery status, message and recipients apart (RFC 3464)", () => {
  const found = report(
    "delivery-status",
    `Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 1 Jan 2026
 00:00:00 +0000

Original-Recipient: rfc822;alias@example.org
Final-Recipient: RFC822; <user@example.org> (the real one)
Action: Failed (bad)
Status: 5.1.1 (no such user)
Remote-MTA: dns; mail.example.org (192.0.2.1)
Diagnostic-Code: smtp; 550 5.1.1 <user@example.org>: unknown; really (yes)


Final-Recipient: utf-8; j\\x{F6}rg@ex\\x{E4}mple.org
Action: delayed
`,
  )!;
  assertEquals(found.kind, "delivery-status");
  assertEquals(found.fields, [
    { name: "reporting-mta", value: "dns; mx.example.net" },
    { name: "arrival-date", value: "Mon, 1 Jan 2026 00:00:00 +0000" },
  ]);
  const [one, two] = found.recipients.map(({ fields, ...rest }) => ({ ...rest, count: fields.length }));
  assertEquals(one, {
    originalRecipient: { type: "rfc822", value: "alias@example.org" },
    finalRecipient: { type: "rfc822", value: "user@example.org" },
    action: "failed",
    status: "5.1.1",
    remoteMta: { type: "dns", value: "mail.example.org" },
    diagnostic: { type: "smtp", value: "550 5.1.1 <user@example.org>: unknown; really (yes)" },
    count: 6,
  });
  assertEquals(two?.finalRecipient, { type: "utf-8", value: "jörg@exämple.org" });
  assertEquals([found.recipients.length, two?.status], [2, undefined]);
});

Deno.test("a delivery status without fields about the message", () => {
  const found = report(
    "global-delivery-status",
    "Final-Recipient: rfc822; a@b\nAction: failed\n\nFinal-Recipient: c@d\n",
  )!;
  assertEquals(found.fields, []);
  assertEquals(found.recipients.map(({ finalRecipient }) => finalRecipient), [
    { type: "rfc822", value: "a@b" },
    { type: "", value: "c@d" },
  ]);
});

Deno.test("a disposition notification (RFC 8098), encoded ones too", () => {
  const body =
    "Reporting-UA: x; y\nFinal-Recipient: rfc822;a@b\nDisposition: manual-action/MDN-sent-manually; displayed\n";
  const want = report("disposition-notification", body)!;
  assertEquals(want.fields[2], { name: "disposition", value: "manual-action/MDN-sent-manually; displayed" });
  assertEquals(want.recipients[0]!.finalRecipient?.value, "a@b");
  const encoded = octetsOf(body).toBase64();
  assertEquals(
    report("global-disposition-notification", encoded, "Content-Transfer-Encoding: base64\n"),
    want,
  );
});

Deno.test("a complaint (RFC 5965) has fields, repeated ones too, and no recipients", () => {
  const found = report(
    "feedback-report",
    "Feedback-Type: abuse\nReported-URI: http://a\nReported-URI: http://b\n",
  )!;
  assertEquals([found.fields.length, found.recipients], [3, []]);
});

Deno.test("what is no report is none, and reports of a forwarded message are not this message's", () => {
  assertEquals(report("partial", "x"), undefined);
  assertEquals(
    report("rfc822", "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"),
    undefined,
  );
});

Deno.test("reports never throw and are bounded", () => {
  const piece = fc.constantFrom(
    "Final-Recipient:",
    "Action: ",
    "a;",
    "(",
    ")",
    "<",
    ">",
    "\\x{110000}",
    "\n",
    " ",
    "\0",
    "\xff",
    ": ",
  );
  fc.assert(fc.property(fc.array(piece), (list) => {
    const found = report("delivery-status", list.join(""));
    assert(found !== undefined);
  }));
  const many = report(
    "delivery-status",
    "A: b\n" + "\nFinal-Recipient: rfc822;a@b\n".repeat(REPORT_RECIPIENTS + 10),
  )!;
  assertEquals(many.recipients.length, REPORT_RECIPIENTS);
});
