import { assertEquals } from "@std/assert";
import { Flag } from "../core/store.ts";
import { flagsOfName, infoOf, readKeywords, writeKeywords } from "./maildir.ts";

Deno.test("flags and keywords of a Maildir name, there and back", () => {
  const keywords = readKeywords("0 $Label1\n1 $Junk\nnonsense\n99 far\n");
  assertEquals(keywords, ["$Label1", "$Junk"]);
  assertEquals(writeKeywords(["$Label1", "$Junk"]), "0 $Label1\n1 $Junk\n");
  const flags = Flag.Seen | Flag.Answered | Flag.Flagged | Flag.Deleted | Flag.Draft;
  assertEquals(flagsOfName("1.M2.host,S=3:2,DFPRSTabZ", keywords), {
    flags,
    keywords: ["$Forwarded", "$Label1", "$Junk"],
  });
  assertEquals(flagsOfName("1.M2.host"), { flags: 0, keywords: [] });
  assertEquals(
    infoOf({ flags, keywords: ["$Junk", "$forwarded", "other"] }, ["$Label1", "$Junk"]),
    ":2,DFPRSTb",
  );
});
