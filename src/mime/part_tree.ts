/** The tree of parts while it grows: what headers and delimiters do to it. Knows nothing of lines and chunks. */
import { octetsOf } from "../bytes/ascii.ts";
import { BoundaryStack, type Delimiter } from "./boundary.ts";
import { boundaryOf, readContentFields } from "./content.ts";
import { EMPTY_ENVELOPE, encodeEnvelope } from "./envelope.ts";
import type { MimeLimits } from "./limits.ts";
import {
  type Defect,
  type DefectKind,
  draftPart,
  isIdentity,
  isMessageType,
  type PartDraft,
} from "./part.ts";

/** A part that is not yet at its end. */
interface Frame {
  readonly part: PartDraft;
  /** Line ends before its body. */
  linesBefore: number;
}

/** Grows a tree of parts, within its limits. `lines` arguments count the line ends of the message so far. */
export class PartTree {
  /** The message itself. */
  readonly root: PartDraft;
  /** What was found to be wrong. */
  readonly defects: Defect[] = [];
  /** Boundaries that a line may match. */
  readonly boundaries: BoundaryStack;
  readonly #limits: MimeLimits;
  readonly #frames: Frame[] = [];
  #parts = 0;

  constructor(limits: MimeLimits) {
    this.#limits = limits;
    this.boundaries = new BoundaryStack(limits.boundary);
    this.root = this.#open(0, 0, "text", "plain");
  }

  /** Where the innermost part begins. */
  get headerStart(): number {
    return this.#top().part.headerStart;
  }

  /**
   * The header of the innermost part ends; its body begins at `bodyStart`. True when the body is a message,
   * whose header begins there.
   */
  endHeader(header: Uint8Array, bodyStart: number, lines: number): boolean {
    const frame = this.#top();
    const { part } = frame;
    part.bodyStart = bodyStart;
    part.bodyEnd = bodyStart;
    frame.linesBefore = lines;
    const parent = this.#frames[this.#frames.length - 2]?.part;
    if (parent?.type === "message") {
      parent.envelope = header.length === 0 ? EMPTY_ENVELOPE : encodeEnvelope(header);
    }
    readContentFields(header, part, this.#limits, (kind) => this.defect(kind));
    const message = isMessageType(part);
    if (!message && part.type !== "multipart") return false;
    const deep = this.#frames.length > this.#limits.depth;
    if (deep || this.#parts >= this.#limits.parts - 1) {
      this.defect(deep ? "too deep" : "too many parts");
      part.type = "application";
      part.subtype = "octet-stream";
      part.params = [];
      return false;
    }
    if (!isIdentity(part.encoding)) this.defect("encoded container");
    if (message) this.#open(bodyStart, lines, "text", "plain");
    else this.#beginMultipart(part);
    return message;
  }

  /**
   * A delimiter ends every part inside its multipart. Their bodies reach to `end`, or to the end of their
   * last child where its header has the line end before the delimiter (`lineEnds`: 1 if there is one).
   */
  delimit(found: Delimiter, end: number, lines: number, lineEnds: number): void {
    this.#closeDownTo(found.level + 1, end, lines, lineEnds);
    this.boundaries.dropAbove(found.closing ? found.level - 1 : found.level);
  }

  /** The part behind a delimiter begins at `start`; true when its header does, false when it is opaque. */
  openNext(start: number, lines: number): boolean {
    if (this.#parts >= this.#limits.parts - 1) {
      // The last part that is allowed takes the rest of the message as it is.
      this.defect("too many parts");
      this.#open(start, lines, "application", "octet-stream");
      this.boundaries.dropAbove(-1);
      return false;
    }
    const digest = this.#top().part.subtype === "digest"; // RFC 2046 §5.1.5
    this.#open(start, lines, digest ? "message" : "text", digest ? "rfc822" : "plain");
    return true;
  }

  /** The message ends. */
  finish(size: number, lines: number): void {
    this.#closeDownTo(0, size, lines, 0);
  }

  /** Remembers that something is wrong with the innermost part, or with the one at `offset`. */
  defect(kind: DefectKind, offset: number = this.headerStart): void {
    if (this.defects.length < this.#limits.defects) this.defects.push({ kind, offset });
  }

  #open(start: number, lines: number, type: string, subtype: string): PartDraft {
    const part = draftPart(start, type, subtype);
    if (this.#frames.length > 0) this.#top().part.children.push(part);
    this.#frames.push({ part, linesBefore: lines });
    this.#parts++;
    return part;
  }

  #top(): Frame {
    return this.#frames[this.#frames.length - 1]!;
  }

  #beginMultipart(part: PartDraft): void {
    const boundary = boundaryOf(part.params);
    if (boundary === undefined) {
      this.defect("multipart without boundary");
      return;
    }
    if (part.params.filter(({ name }) => name === "boundary" || name === "boundary*").length > 1) {
      this.defect("repeated boundary");
    }
    this.boundaries.push(octetsOf(boundary), this.#frames.length - 1);
  }

  #closeDownTo(level: number, end: number, lines: number, lineEnds: number): void {
    let reach = end;
    while (this.#frames.length > level) {
      const { part, linesBefore } = this.#frames.pop()!;
      reach = Math.max(reach, part.bodyStart);
      part.bodyEnd = reach;
      if (reach > part.bodyStart) part.lines = lines - linesBefore - (reach === end ? lineEnds : 0);
      if (part.type !== "multipart") continue;
      if (part.children.length === 0) this.defect("multipart without parts", part.headerStart);
      else if (this.boundaries.isOpen(this.#frames.length)) {
        this.defect("multipart without end", part.headerStart);
      }
    }
  }
}
