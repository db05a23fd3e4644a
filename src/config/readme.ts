/** The table of README.md that is made from the code: what IMAP announces, and where it is written. */
import { CAPABILITIES } from "../imap/mod.ts";

const BEGIN = "<!-- imap: deno task docs -->", END = "<!-- /imap -->";
/** Capabilities in a row of the table. */
const COLUMNS = 4;

/** README.md with its table as it must be. Throws when the place for it is missing. */
export function withFeatures(readme: string): string {
  const begin = readme.indexOf(BEGIN), end = readme.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot find the place of the table: README.md needs ${BEGIN}`);
  }
  return `${readme.slice(0, begin)}${BEGIN}\n${featureTable()}${readme.slice(end)}`;
}

function featureTable(): string {
  const cells = CAPABILITIES.map(({ name, rfc }) => `\`${name}\` ${rfc.replace(/ .*/, "")}`);
  while (cells.length % COLUMNS !== 0) cells.push("");
  const rows: string[] = [];
  for (let at = 0; at < cells.length; at += COLUMNS) {
    rows.push(`| ${cells.slice(at, at + COLUMNS).join(" | ")} |`);
  }
  const head = `| ${CAPABILITIES.length} capabilities, each with its RFC${" |".repeat(COLUMNS)}`;
  return `${head}\n${"|---".repeat(COLUMNS)}|\n${rows.join("\n")}\n`;
}
