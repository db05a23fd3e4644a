/** What a FETCH needs from where (RFC 9051 §6.4.5). */
import type { FetchWanted } from "../../core/store.ts";
import type { FetchItem } from "../command.ts";

/** Items that are octets of the message. */
export type BodyItem = Extract<
  FetchItem,
  { readonly item: "BODY[]" | "BINARY" | "BINARY.SIZE" | "PREVIEW" | "SNIPPET" }
>;

/** A FETCH, looked at once for all messages. */
export interface FetchPlan {
  readonly uid: boolean;
  readonly flags: boolean;
  readonly modSeq: boolean;
  readonly internalDate: boolean;
  readonly size: boolean;
  readonly saveDate: boolean;
  readonly emailId: boolean;
  readonly threadId: boolean;
  readonly envelope: boolean;
  readonly body: boolean;
  readonly bodyStructure: boolean;
  readonly annotations: readonly Extract<FetchItem, { readonly item: "ANNOTATION" }>[];
  readonly bodies: readonly NamedBody[];
  /** True when the messages become \Seen (RFC 9051 §6.4.5, all but PEEK). */
  readonly seen: boolean;
  /** True when the session's view knows everything that is asked. */
  readonly local: boolean;
  /** What to ask the store for. */
  readonly wanted: FetchWanted;
}

/** A body item with the name that the answer gives it. */
export interface NamedBody {
  readonly item: BodyItem;
  /** RFC 3501's own names; undefined: named by its section. */
  readonly name: "RFC822" | "RFC822.HEADER" | "RFC822.TEXT" | undefined;
}

const WHOLE = { part: [], text: "", fields: [] } as const;

/** Sorts the items of a FETCH. `uid`, `modSeq`: they are told although no item asks for them. */
export function planFetch(items: readonly FetchItem[], uid: boolean, modSeq: boolean): FetchPlan {
  const asked = new Set(items.map((each) => each.item));
  const bodies = items.map(bodyOf).filter((body) => body !== undefined);
  const annotations = items.filter((each) => each.item === "ANNOTATION");
  const facts = asked.has("INTERNALDATE") || asked.has("RFC822.SIZE") || asked.has("SAVEDATE");
  // Every row that the store gives names its message: no more needs to be asked for.
  const ids = asked.has("EMAILID") || asked.has("THREADID");
  const envelope = asked.has("ENVELOPE");
  const bodyStructure = asked.has("BODYSTRUCTURE");
  const body = asked.has("BODY");
  // The whole message, its header and its text need no structure, only sizes.
  const structure = body || bodies.some(({ item }) => item.item !== "BODY[]" || item.section.part.length > 0);
  return {
    uid: uid || asked.has("UID"),
    flags: asked.has("FLAGS"),
    modSeq: modSeq || asked.has("MODSEQ"),
    internalDate: asked.has("INTERNALDATE"),
    size: asked.has("RFC822.SIZE"),
    saveDate: asked.has("SAVEDATE"),
    emailId: asked.has("EMAILID"),
    threadId: asked.has("THREADID"),
    envelope,
    body,
    bodyStructure,
    annotations,
    bodies,
    seen: bodies.some(({ item }) => "peek" in item && !item.peek),
    local: annotations.length === 0 && !ids && !facts && !envelope && !bodyStructure && !body &&
      bodies.length === 0,
    wanted: { facts: facts || bodies.length > 0, envelope, bodyStructure, structure },
  };
}

function bodyOf(each: FetchItem): NamedBody | undefined {
  switch (each.item) {
    case "BODY[]":
    case "BINARY":
    case "BINARY.SIZE":
    case "PREVIEW":
    case "SNIPPET":
      return { item: each, name: undefined };
    case "RFC822":
      return { item: { item: "BODY[]", peek: false, section: WHOLE, partial: undefined }, name: each.item };
    case "RFC822.HEADER": {
      const section = { ...WHOLE, text: "HEADER" } as const;
      return { item: { item: "BODY[]", peek: true, section, partial: undefined }, name: each.item };
    }
    case "RFC822.TEXT": {
      const section = { ...WHOLE, text: "TEXT" } as const;
      return { item: { item: "BODY[]", peek: false, section, partial: undefined }, name: each.item };
    }
    default:
      return undefined;
  }
}
