/** What the server can do, one row per capability, and when it says so (RFC 9051 §6.1.1, §7.2.2). */

/** What an announcement depends on. */
export interface CapabilityFacts {
  readonly authenticated: boolean;
  /** SASL mechanisms that may be used on this connection now. */
  readonly mechanisms: readonly string[];
  readonly startTlsOffered: boolean;
  /** Octets of the largest message that APPEND takes. */
  readonly appendLimit: number;
  /** Messages that one command works on, and that one APPEND takes. */
  readonly messageLimit: number;
  readonly saveLimit: number;
  /** True when nothing with text in it works before ENABLE UTF8=ACCEPT. */
  readonly utf8Only: boolean;
  /** True when accounts and mailboxes may be on other servers. */
  readonly referrals: boolean;
}

/** One capability. */
export interface Capability {
  readonly name: string;
  readonly rfc: string;
  /** In which states it is announced. */
  readonly announced: "always" | "before-login" | "after-login";
  /** True when ENABLE may name it (RFC 9051 §6.3.1). */
  readonly enable?: true;
  /** Left out: announced whenever the state is right. */
  readonly when?: (facts: CapabilityFacts) => boolean;
  /** The words that are announced, where they are not just the name. */
  readonly words?: (facts: CapabilityFacts) => readonly string[];
}

/** All capabilities, in the order in which they are announced. */
export const CAPABILITIES: readonly Capability[] = [
  { name: "IMAP4rev2", rfc: "9051", announced: "always", enable: true },
  { name: "IMAP4rev1", rfc: "3501", announced: "always" },
  {
    name: "STARTTLS",
    rfc: "9051 §6.2.1",
    announced: "before-login",
    when: (facts) => facts.startTlsOffered,
  },
  {
    name: "LOGINDISABLED",
    rfc: "9051 §6.2.3",
    announced: "before-login",
    when: (facts) => facts.mechanisms.length === 0,
  },
  {
    name: "AUTH=",
    rfc: "9051 §6.2.2",
    announced: "before-login",
    words: (facts) => facts.mechanisms.map((mechanism) => `AUTH=${mechanism}`),
  },
  { name: "SASL-IR", rfc: "4959", announced: "before-login" },
  { name: "LITERAL-", rfc: "7888", announced: "before-login" },
  { name: "LITERAL+", rfc: "7888", announced: "after-login" },
  { name: "LOGIN-REFERRALS", rfc: "2221", announced: "always", when: (facts) => facts.referrals },
  { name: "ID", rfc: "2971", announced: "always" },
  { name: "ENABLE", rfc: "5161", announced: "always" },
  { name: "IDLE", rfc: "2177", announced: "always" },
  // Before login, too: its texts are what most people ever read of a server (RFC 5255 §3.2).
  { name: "LANGUAGE", rfc: "5255 §3", announced: "always" },
  { name: "I18NLEVEL=1", rfc: "5255 §4.3", announced: "after-login" },
  { name: "I18NLEVEL=2", rfc: "5255 §4.4", announced: "after-login" },
  { name: "NAMESPACE", rfc: "2342", announced: "after-login" },
  { name: "UNSELECT", rfc: "3691", announced: "after-login" },
  { name: "UIDPLUS", rfc: "4315", announced: "after-login" },
  { name: "ESEARCH", rfc: "4731", announced: "after-login" },
  { name: "CONTEXT=SEARCH", rfc: "5267 §4", announced: "after-login" },
  { name: "CONTEXT=SORT", rfc: "5267 §4", announced: "after-login" },
  { name: "FILTERS", rfc: "5466", announced: "after-login" },
  { name: "SEARCH=FUZZY", rfc: "6203", announced: "after-login" },
  { name: "ESORT", rfc: "5267 §3.1", announced: "after-login" },
  { name: "SORT", rfc: "5256", announced: "after-login" },
  { name: "SORT=DISPLAY", rfc: "5957", announced: "after-login" },
  // Cyrus's own keys.
  { name: "SORT=MODSEQ", rfc: "5256 §3", announced: "after-login" },
  { name: "SORT=UID", rfc: "5256 §3", announced: "after-login" },
  { name: "THREAD=ORDEREDSUBJECT", rfc: "5256", announced: "after-login" },
  { name: "THREAD=REFERENCES", rfc: "5256", announced: "after-login" },
  // Of a draft that never became an RFC, but what clients that know it prefer.
  { name: "THREAD=REFS", rfc: "5256 §3", announced: "after-login" },
  {
    name: "MESSAGELIMIT",
    rfc: "9738",
    announced: "after-login",
    words: (facts) => [`MESSAGELIMIT=${facts.messageLimit}`],
  },
  {
    name: "SAVELIMIT",
    rfc: "9738",
    announced: "after-login",
    words: (facts) => [`SAVELIMIT=${facts.saveLimit}`],
  },
  { name: "INPROGRESS", rfc: "9585", announced: "after-login" },
  { name: "UIDBATCHES", rfc: "10022", announced: "after-login" },
  { name: "MULTISEARCH", rfc: "7377", announced: "after-login" },
  { name: "NOTIFY", rfc: "5465", announced: "after-login" },
  { name: "PARTIAL", rfc: "9394", announced: "after-login" },
  { name: "SEARCHRES", rfc: "5182", announced: "after-login" },
  { name: "WITHIN", rfc: "5032", announced: "after-login" },
  {
    name: "MAILBOX-REFERRALS",
    rfc: "2193",
    announced: "after-login",
    when: (facts) => facts.referrals,
  },
  { name: "CHILDREN", rfc: "3348", announced: "after-login" },
  // Gmail's, never an RFC; RFC 6154 §1 tells of it.
  { name: "XLIST", rfc: "6154 §1", announced: "after-login" },
  { name: "LIST-EXTENDED", rfc: "5258", announced: "after-login" },
  { name: "LIST-STATUS", rfc: "5819", announced: "after-login" },
  { name: "SPECIAL-USE", rfc: "6154", announced: "after-login" },
  { name: "CREATE-SPECIAL-USE", rfc: "6154", announced: "after-login" },
  { name: "STATUS=SIZE", rfc: "8438", announced: "after-login" },
  { name: "MULTIAPPEND", rfc: "3502", announced: "after-login" },
  { name: "CATENATE", rfc: "4469", announced: "after-login" },
  { name: "URL-PARTIAL", rfc: "5550 §5.2", announced: "after-login" },
  { name: "URLAUTH", rfc: "4467", announced: "after-login" },
  { name: "URLAUTH=BINARY", rfc: "5524", announced: "after-login" },
  { name: "REPLACE", rfc: "8508", announced: "after-login" },
  { name: "METADATA", rfc: "5464", announced: "after-login" },
  { name: "LIST-METADATA", rfc: "9590", announced: "after-login" },
  { name: "MOVE", rfc: "6851", announced: "after-login" },
  { name: "BINARY", rfc: "3516", announced: "after-login" },
  // OBJECTID+ (draft-ietf-mailmaint-imap-objectid-bis) is not here: since -05 it wants the same flags on all messages
  // of one EMAILID, RFC 8474 §5.1 wants the same EMAILID on copies, and copies have flags of their own.
  { name: "OBJECTID", rfc: "8474", announced: "after-login" },
  { name: "PREVIEW", rfc: "8970", announced: "after-login" },
  // PREVIEW before it had an RFC, as Dovecot's and Open-Xchange's clients know it.
  { name: "SNIPPET=FUZZY", rfc: "8970 §1", announced: "after-login" },
  { name: "SAVEDATE", rfc: "8514", announced: "after-login" },
  { name: "QUOTA", rfc: "9208", announced: "after-login" },
  { name: "QUOTASET", rfc: "9208 §3.1.2", announced: "after-login" },
  { name: "QUOTA=RES-STORAGE", rfc: "9208 §5.1", announced: "after-login" },
  { name: "QUOTA=RES-MESSAGE", rfc: "9208 §5.2", announced: "after-login" },
  { name: "QUOTA=RES-MAILBOX", rfc: "9208 §5.3", announced: "after-login" },
  { name: "QUOTA=RES-ANNOTATION-STORAGE", rfc: "9208 §5.4", announced: "after-login" },
  { name: "ANNOTATE-EXPERIMENT-1", rfc: "5257", announced: "after-login" },
  { name: "ACL", rfc: "4314", announced: "after-login" },
  { name: "RIGHTS=", rfc: "4314 §5.1.1", announced: "after-login", words: () => ["RIGHTS=kxten"] },
  { name: "LIST-MYRIGHTS", rfc: "8440", announced: "after-login" },
  { name: "UNAUTHENTICATE", rfc: "8437", announced: "after-login" },
  { name: "COMPRESS=DEFLATE", rfc: "4978", announced: "after-login" },
  { name: "CONDSTORE", rfc: "7162", announced: "after-login", enable: true },
  { name: "QRESYNC", rfc: "7162", announced: "after-login", enable: true },
  { name: "UIDONLY", rfc: "9586", announced: "after-login", enable: true },
  // Never both are announced (RFC 9755 §6), but ENABLE names UTF8=ACCEPT in either case.
  {
    name: "UTF8=ACCEPT",
    rfc: "9755",
    announced: "after-login",
    enable: true,
    when: (facts) => !facts.utf8Only,
  },
  { name: "UTF8=ONLY", rfc: "9755 §6", announced: "after-login", when: (facts) => facts.utf8Only },
  {
    name: "APPENDLIMIT",
    rfc: "7889",
    announced: "after-login",
    words: (facts) => [`APPENDLIMIT=${facts.appendLimit}`],
  },
];

/** The words of a CAPABILITY response or response code. */
export function capabilityWords(facts: CapabilityFacts): readonly string[] {
  const words: string[] = [];
  for (const row of CAPABILITIES) {
    if (row.announced === "before-login" && facts.authenticated) continue;
    if (row.announced === "after-login" && !facts.authenticated) continue;
    if (row.when !== undefined && !row.when(facts)) continue;
    if (row.words === undefined) words.push(row.name);
    else words.push(...row.words(facts));
  }
  return words;
}

/** The capability that ENABLE names, in its own spelling; undefined when it cannot be enabled. */
export function enableable(name: string): string | undefined {
  const upper = name.toUpperCase();
  return CAPABILITIES.find((row) => row.enable === true && row.name.toUpperCase() === upper)?.name;
}
