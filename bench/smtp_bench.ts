/** The hot path of SMTP: command lines, and the octets behind DATA and BDAT. `deno bench bench/smtp_bench.ts` */
import { LineParser } from "../src/bytes/lines.ts";
import { DataReader } from "../src/smtp/data.ts";
import { SMTP_LIMITS } from "../src/smtp/mod.ts";
import { SmtpParser } from "../src/smtp/parser.ts";

const octets = (text: string) => new TextEncoder().encode(text);

const commands = octets(
  ("MAIL FROM:<sender@client.example> SIZE=12345 BODY=8BITMIME\r\n" +
    "RCPT TO:<recipient.one@example.test>\r\nRCPT TO:<recipient.two@example.test>\r\nNOOP\r\nRSET\r\n")
    .repeat(100),
);

Deno.bench("500 command lines: split", { group: "commands", baseline: true }, () => {
  const parser = new LineParser({ line: 2046, bare: "fault" });
  parser.push(commands);
  while (parser.next().kind !== "need");
});

Deno.bench("500 commands: split and parsed", { group: "commands" }, () => {
  const parser = new SmtpParser(SMTP_LIMITS);
  parser.push(commands);
  while (parser.next().kind !== "need");
});

/** A mebibyte of lines of `length` octets with their CRLF; every tenth begins with a stuffed dot if asked. */
function body(length: number, dots: boolean): Uint8Array {
  const line = "x".repeat(length - 2) + "\r\n";
  const dotted = "." + "x".repeat(length - 3) + "\r\n";
  const lines = [];
  for (let n = 0; n * length < 1 << 20; n++) lines.push(dots && n % 10 === 0 ? "." + dotted : line);
  return octets(lines.join(""));
}

function unstuff(message: Uint8Array): void {
  const reader = new DataReader({ line: 1_048_576, bareNewline: "reject" });
  for (let at = 0; at < message.length; at += 65_536) {
    reader.push(message.subarray(at, at + 65_536));
    while (reader.next().kind !== "need");
  }
}

for (const length of [78, 998]) {
  for (const dots of [false, true]) {
    const message = body(length, dots);
    const name = `1 MiB of DATA, lines of ${length}${dots ? ", a tenth with dots" : ""}`;
    Deno.bench(name, { group: "data" }, () => unstuff(message));
  }
}

const chunk = new Uint8Array(65_536).fill(0x61);
const bdat = octets(`BDAT ${16 * 65_536}\r\n`);
Deno.bench("1 MiB of BDAT", { group: "data" }, () => {
  const parser = new SmtpParser(SMTP_LIMITS);
  parser.push(bdat);
  while (parser.next().kind !== "need");
  for (let n = 0; n < 16; n++) {
    parser.push(chunk);
    while (parser.next().kind !== "need");
  }
});
