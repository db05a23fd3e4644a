/** Every capability that is announced is shown by a transcript or a test: the table of both. */
import { assertEquals } from "@std/assert";
import { CAPABILITIES, type Capability } from "../../src/imap/mod.ts";

const root = new URL("../../", import.meta.url);

/**
 * What shows a capability where it is not its name: what a client sends or the server answers by it. Names stand in
 * many answers to CAPABILITY, which show nothing.
 */
const SIGNS: Readonly<Record<string, RegExp>> = {
  "IMAP4rev2": /ENABLE IMAP4rev2|\brev2\b/,
  "IMAP4rev1": /\* 0 RECENT/,
  "LOGINDISABLED": /\[PRIVACYREQUIRED\]/,
  "AUTH=": /^C: \w+ AUTHENTICATE PLAIN/m,
  "SASL-IR": /AUTHENTICATE PLAIN [A-Za-z0-9+/=]{8}/,
  // What a LOGIN goes on with.
  "LITERAL-": /^C: alice \{\d+\+\}$/m,
  "LITERAL+": /\{\d+\+\}/,
  "ID": /^C: \w+ ID /m,
  "I18NLEVEL=1": /SEARCH .*(CHARSET UTF-8|UTF-8)/,
  "I18NLEVEL=2": /^C: \w+ COMPARATOR /m,
  "UIDPLUS": /\[APPENDUID/,
  "ESEARCH": /\* ESEARCH/,
  "CONTEXT=SEARCH": /SEARCH RETURN \(.*UPDATE/,
  "CONTEXT=SORT": /SORT RETURN \(.*UPDATE/,
  "FILTERS": /SEARCH .*FILTER /,
  "SEARCH=FUZZY": /SEARCH .*FUZZY /,
  "ESORT": /SORT RETURN/,
  "SORT=DISPLAY": /DISPLAYFROM|displayfrom/,
  "SORT=MODSEQ": /SORT .*\((REVERSE )?MODSEQ\)/,
  "SORT=UID": /SORT .*\((REVERSE )?UID\)/,
  "THREAD=ORDEREDSUBJECT": /THREAD ORDEREDSUBJECT/,
  "THREAD=REFERENCES": /THREAD REFERENCES/,
  "THREAD=REFS": /THREAD REFS/,
  "MESSAGELIMIT": /\[MESSAGELIMIT/,
  "SAVELIMIT": /SAVELIMIT|Too many messages at once/,
  "INPROGRESS": /\[INPROGRESS/,
  "MULTISEARCH": /ESEARCH IN \(/,
  "SEARCHRES": /RETURN \(SAVE/,
  "WITHIN": /YOUNGER|OLDER/,
  "CHILDREN": /\\HasChildren/,
  "LIST-EXTENDED": /LIST \(SUBSCRIBED|RECURSIVEMATCH/,
  "LIST-STATUS": /RETURN \(.*STATUS \(/,
  "SPECIAL-USE": /\\Sent/,
  "CREATE-SPECIAL-USE": /CREATE .*\(USE \(/,
  "STATUS=SIZE": /STATUS .*\bSIZE/,
  "MULTIAPPEND": /MULTIAPPEND|RFC 3502/,
  "URL-PARTIAL": /PARTIAL=\d/i,
  "URLAUTH": /GENURLAUTH/,
  "URLAUTH=BINARY": /BODYPARTSTRUCTURE/,
  "METADATA": /SETMETADATA/,
  "LIST-METADATA": /RETURN \(METADATA/,
  "BINARY": /BINARY\[/,
  "OBJECTID": /EMAILID/,
  "QUOTA": /GETQUOTAROOT/,
  "QUOTASET": /SETQUOTA/,
  "QUOTA=RES-STORAGE": /\* QUOTA .*STORAGE \d/,
  "QUOTA=RES-MESSAGE": /QUOTA .*MESSAGE \d/,
  "QUOTA=RES-MAILBOX": /\* QUOTA .*MAILBOX \d/,
  "QUOTA=RES-ANNOTATION-STORAGE": /ANNOTATION-STORAGE \d/,
  "ANNOTATE-EXPERIMENT-1": /ANNOTATION \(\//,
  "RIGHTS=": /LISTRIGHTS/,
  "COMPRESS=DEFLATE": /COMPRESS DEFLATE/,
  "CONDSTORE": /CHANGEDSINCE/,
  "QRESYNC": /VANISHED/,
  "UIDONLY": /UIDFETCH/,
  "LOGIN-REFERRALS": /LOGIN bob .*\n.*\[REFERRAL imap:/,
  "MAILBOX-REFERRALS": /C: \w+ RLIST /,
  "SNIPPET=FUZZY": /SNIPPET \(FUZZY/,
  "UTF8=ACCEPT": /ENABLE UTF8=ACCEPT/,
  "UTF8=ONLY": /ENABLE UTF8=ACCEPT first/,
};

/** Transcripts and tests of IMAP by their paths, without what only lists capabilities. */
async function evidence(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const take = async (folder: string, fits: RegExp) => {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, root))) {
      if (!isFile || !fits.test(name) || name === "capabilities_test.ts") continue;
      const text = await Deno.readTextFile(new URL(folder + name, root));
      found.set(folder + name, text.replaceAll(/^.*CAPABILITY IMAP4rev.*$/gm, ""));
    }
  };
  await take("tests/transcripts/", /^imap.*\.md$/);
  await take("tests/imap/", /_test\.ts$/);
  await take("src/imap/", /_test\.ts$/);
  await take("src/imap/commands/", /_test\.ts$/);
  return found;
}

function shows({ name }: Capability, text: string): boolean {
  const sign = SIGNS[name];
  if (sign !== undefined) return sign.test(text);
  return new RegExp(`(?<![A-Z=-])${name.replace(/[^A-Za-z0-9]/g, "\\$&")}(?![A-Z=-])`).test(text);
}

Deno.test("every capability is shown by a transcript or a test", async () => {
  const files = await evidence();
  const table = CAPABILITIES.map((row) => ({
    row,
    shown: [...files].filter(([, text]) => shows(row, text)).map(([path]) => path),
  }));
  const width = Math.max(...CAPABILITIES.map(({ name }) => name.length));
  for (const { row, shown } of table) {
    const first = shown.slice(0, 2).map((path) => path.replace(/^tests\//, "")).join(", ");
    console.log(
      `${row.name.padEnd(width)}  ${row.rfc.padEnd(12)} ${String(shown.length).padStart(2)}  ${first}`,
    );
  }
  assertEquals(table.filter(({ shown }) => shown.length === 0).map(({ row }) => row.name), []);
  assertEquals(Object.keys(SIGNS).filter((name) => CAPABILITIES.every((row) => row.name !== name)), []);
});
