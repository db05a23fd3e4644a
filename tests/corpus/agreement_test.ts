/**
 * How often our ENVELOPE and BODYSTRUCTURE are what Dovecot 2.4 or Cyrus 3.6 answer about the same message.
 * DIFFERENCES.md explains the rest. The corpus is not part of the repository.
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import {
  encodeBodyStructure,
  encodeEnvelope,
  locate,
  packParts,
  partText,
  searchParts,
  summarize,
  unpackParts,
} from "../../src/mime/mod.ts";
import { type Answer, findCorpus, parseImap, readAnswers, readMessage } from "./corpus.ts";
import { parseIn } from "./samples.ts";

/** Messages, of 739, whose ENVELOPE and BODYSTRUCTURE both agree with one of the servers. */
const FLOOR = 713;

const corpus = findCorpus();
if (corpus === undefined) {
  console.warn("corpus: skipped, there is no folder ../shared/corpus beside the repository");
}

/** Types and names compare without case (RFC 9051 §9 media-basic); so does everything here, as both upper-case. */
function fold(value: unknown): unknown {
  if (typeof value === "string") return value.toLowerCase();
  return Array.isArray(value) ? value.map(fold) : value;
}

Deno.test({
  name: "ENVELOPE and BODYSTRUCTURE agree with Dovecot or Cyrus",
  ignore: corpus === undefined,
  fn() {
    const servers = [readAnswers(corpus!, "dovecot24"), readAnswers(corpus!, "cyrus36")];
    const differ: string[] = [];
    const names = Object.keys(servers[0]!);
    for (const name of names) {
      const parsed = parseIn(64 * 1024, readMessage(corpus!, name));
      const ours: Answer = {
        envelope: parseImap(encodeEnvelope(parsed.header)),
        bodystructure: parseImap(encodeBodyStructure(parsed.root, true)),
      };
      const agrees = (["envelope", "bodystructure"] as const).every((member) => {
        const answer = JSON.stringify(fold(ours[member]));
        return servers.some((server) => JSON.stringify(fold(server[name]?.[member])) === answer);
      });
      if (!agrees) differ.push(name);
    }
    assertEquals(names.length, 739);
    assertGreaterOrEqual(names.length - differ.length, FLOOR, differ.join("\n"));
  },
});

Deno.test({
  name: "everything that is derived from a message of the corpus can be made, and small pieces give the same",
  ignore: corpus === undefined,
  fn() {
    for (const name of Object.keys(readAnswers(corpus!, "dovecot24"))) {
      const octets = readMessage(corpus!, name);
      const parsed = parseIn(64 * 1024, octets);
      if (octets.length < 20_000) assertEquals(parseIn(13, octets), parsed, name);
      assertEquals(unpackParts(packParts(parsed.root)), parsed.root, name);
      assertEquals(locate(parsed.root, { part: [], kind: "all" })?.end, octets.length);
      assert(summarize(parsed.header).subject.indexOf("\n") < 0);
      for (const { start, end, part } of searchParts(parsed.root)) {
        assert(!partText(part, octets.subarray(start, end)).includes("\0"), name);
      }
    }
  },
});
