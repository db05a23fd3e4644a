/** The base subject (RFC 5256 §2.1), by which SORT and THREAD compare. */

/** What is left of a subject without its marks of replies and forwards. */
export interface BaseSubject {
  /** Not case-folded: `foldText` gives the form that is compared. */
  readonly base: string;
  /** Something that marks a reply or a forward was removed (RFC 5256 §3, REFERENCES step 5). */
  readonly reply: boolean;
}

/**
 * Takes the decoded text of a Subject field. The numbers below are the steps of RFC 5256 §2.1. Linear: each
 * pass either shortens what is left or ends.
 */
export function baseSubject(subject: string): BaseSubject {
  const text = oneSpaced(subject); // (1)
  let start = 0;
  let end = text.length;
  let reply = false;
  for (;;) {
    for (let last = -1; last !== end;) { // (2)
      last = end;
      while (end > start && text[end - 1] === " ") end--;
      if (equalsAt(text, end - FWD.length, start, end, FWD)) {
        end -= FWD.length;
        reply = true;
      }
    }
    for (;;) { // (3) to (5)
      while (start < end && text[start] === " ") start++;
      const blobs = skipBlobs(text, start, end);
      const behind = skipRefwd(text, blobs.end, end);
      if (behind < 0) {
        // (4) removes one blob at a time, and no refwd comes before the last of them is gone: all at once.
        start = blobs.end < end ? blobs.end : blobs.last;
        break;
      }
      start = behind;
      reply = true;
    }
    // (6)
    if (end - start <= FWD_HEADER.length || text[end - 1] !== "]") break;
    if (!equalsAt(text, start, start, end, FWD_HEADER)) break;
    start += FWD_HEADER.length;
    end--;
    reply = true;
  }
  return { base: text.slice(start, end), reply };
}

/** subj-trailer = "(fwd)" / WSP */
const FWD = "(fwd)";
/** subj-fwd-hdr = "[fwd:" */
const FWD_HEADER = "[fwd:";

/** Tabs and line ends as spaces, several of them as one. */
function oneSpaced(text: string): string {
  return text.replace(/[ \t\r\n]+/g, " ");
}

/** *subj-blob: where they end, and where the last of them begins. */
function skipBlobs(
  text: string,
  start: number,
  end: number,
): { readonly end: number; readonly last: number } {
  let last = start;
  let at = start;
  for (let next = skipBlob(text, at, end); next >= 0; next = skipBlob(text, at, end)) {
    last = at;
    at = next;
  }
  return { end: at, last };
}

/** subj-blob = "[" *BLOBCHAR "]" *WSP; -1 when there is none. BLOBCHAR is anything but brackets. */
function skipBlob(text: string, start: number, end: number): number {
  if (start >= end || text[start] !== "[") return -1;
  let at = start + 1;
  while (at < end && text[at] !== "[" && text[at] !== "]") at++;
  if (at >= end || text[at] !== "]") return -1;
  at++;
  while (at < end && text[at] === " ") at++;
  return at;
}

/** subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"; -1 when there is none. */
function skipRefwd(text: string, start: number, end: number): number {
  let at: number;
  if (equalsAt(text, start, start, end, "re")) at = start + 2;
  else if (equalsAt(text, start, start, end, "fwd")) at = start + 3;
  else if (equalsAt(text, start, start, end, "fw")) at = start + 2;
  else return -1;
  while (at < end && text[at] === " ") at++;
  const blob = skipBlob(text, at, end);
  if (blob >= 0) at = blob;
  return at < end && text[at] === ":" ? at + 1 : -1;
}

/** True when `lower` stands at `at`, in any ASCII case, within `[start..end)`. */
function equalsAt(text: string, at: number, start: number, end: number, lower: string): boolean {
  if (at < start || at + lower.length > end) return false;
  for (let i = 0; i < lower.length; i++) {
    const c = text.charCodeAt(at + i);
    if ((c >= 0x41 && c <= 0x5a ? c + 32 : c) !== lower.charCodeAt(i)) return false;
  }
  return true;
}
