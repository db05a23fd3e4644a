/** Files that stand inside the body of one part: what is known of each, before any of it is decoded. */

/** How a file's octets stand in the body. */
export type EmbeddedFormat =
  | "uuencode"
  /** Between `begin-base64` and `====`. */
  | "base64"
  | "yenc"
  /** BinHex 4.0, the data fork. */
  | "binhex"
  | "binhex-resource"
  /** As they are. */
  | "octets"
  /** Compressed RTF (MS-OXRTFCP). */
  | "rtf";

/** One file inside a body. Offsets are octets in the body once its transfer encoding is undone. */
export interface EmbeddedFile {
  readonly format: EmbeddedFormat;
  /** As text, without a path; empty when it has none. */
  readonly name: string;
  /** A media type when the sender said one (TNEF), else `application/octet-stream`. */
  readonly type: string;
  /** The charset of a text, where the file says it elsewhere than in its octets (TNEF). */
  readonly charset: string | undefined;
  /** Content-ID without angle brackets (TNEF). */
  readonly id: string | undefined;
  /** "body" for the message's own text in TNEF, "attachment" for all else. */
  readonly role: "attachment" | "body";
  /** Inclusive. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Octets once decoded, as far as it is known without decoding. */
  readonly size: number | undefined;
  /** Its end was found; else it reaches to where its data stops. */
  readonly complete: boolean;
  /** Where this is one part of a larger file (yEnc). */
  readonly piece: EmbeddedPiece | undefined;
}

/** One of several parts of a file. */
export interface EmbeddedPiece {
  /** From 1. */
  readonly part: number;
  readonly total: number | undefined;
  /** Octets of the file before this piece. */
  readonly offset: number;
  /** Octets of the whole file. */
  readonly fileSize: number | undefined;
}

/** What most embedded files have in common. */
export function embeddedFile(
  file: Pick<EmbeddedFile, "format" | "name" | "start" | "end"> & Partial<EmbeddedFile>,
): EmbeddedFile {
  return {
    type: "application/octet-stream",
    charset: undefined,
    id: undefined,
    role: "attachment",
    size: undefined,
    complete: true,
    piece: undefined,
    ...file,
    name: fileName(file.name),
  };
}

/** The last segment of a path of any system, without control characters; never `.` or `..`. */
function fileName(name: string): string {
  // deno-lint-ignore no-control-regex
  const plain = name.replaceAll(/[\u0000-\u001f\u007f]/g, "");
  const last = plain.slice(Math.max(plain.lastIndexOf("/"), plain.lastIndexOf("\\")) + 1).trim();
  return last === "." || last === ".." ? "" : last;
}
