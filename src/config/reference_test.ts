import { assertEquals } from "@std/assert";
import { parseConfig } from "./mod.ts";
import { withFeatures } from "./readme.ts";
import { referenceYaml, schemaJson } from "./reference.ts";

const config = new URL("../../config/", import.meta.url);

Deno.test("config/reference.yaml and schema.json are what the schema says (deno task docs)", async () => {
  assertEquals(await Deno.readTextFile(new URL("reference.yaml", config)), referenceYaml());
  assertEquals(await Deno.readTextFile(new URL("schema.json", config)), schemaJson());
});

Deno.test("README's table of IMAP is what the server announces (deno task docs)", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", config));
  assertEquals(readme, withFeatures(readme));
});

Deno.test("the reference is a configuration, and the same as none", () => {
  assertEquals(parseConfig(referenceYaml(), "reference.yaml", []), parseConfig("", "none", []));
});

Deno.test("the smallest configuration is right", async () => {
  const text = await Deno.readTextFile(new URL("malleposte.yaml", config));
  assertEquals(parseConfig(text, "malleposte.yaml", []).hostname, "mail.example.org");
});
