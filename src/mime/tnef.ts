/**
 * TNEF ([MS-OXTNEF]), the `winmail.dat` of Outlook: which files and texts are in it, and where. Only names are
 * kept; octets are ranges of the body.
 */
import { type EmbeddedFile, embeddedFile } from "./embedded_file.ts";
import { EMBEDDED_FILES } from "./limits.ts";
import { codePage, isMessageIid, mapiProperties, mapiText, type MapiValue } from "./mapi.ts";
import { Feeder, Place, type Reader } from "./wanted_octets.ts";

const SIGNATURE = 0x223e9f78;
/** Octets of an attribute that is kept whole: names. */
const NAME = 2048;

/** Attributes ([MS-OXTNEF] §2.1.3.3), without their type. */
const enum Attribute {
  Body = 0x800c,
  AttachData = 0x800f,
  AttachTitle = 0x8010,
  AttachRendData = 0x9002,
  MapiProps = 0x9003,
  Attachment = 0x9005,
  OemCodepage = 0x9007,
}

/** MAPI properties ([MS-OXPROPS]). */
const enum Property {
  Body = 0x1000,
  RtfCompressed = 0x1009,
  Html = 0x1013,
  DisplayName = 0x3001,
  AttachData = 0x3701,
  AttachFilename = 0x3704,
  AttachLongFilename = 0x3707,
  AttachMimeTag = 0x370e,
  AttachContentId = 0x3712,
  InternetCodepage = 0x3fde,
  MessageCodepage = 0x3ffd,
}

const OF_MESSAGE: ReadonlySet<number> = new Set();
const OF_ATTACHMENT: ReadonlySet<number> = new Set([
  Property.DisplayName,
  Property.AttachData,
  Property.AttachFilename,
  Property.AttachLongFilename,
  Property.AttachMimeTag,
  Property.AttachContentId,
]);

/** Texts whose charset is known only at the end. */
interface Text {
  readonly octets: Uint8Array;
  readonly unicode: boolean;
}

interface Range {
  readonly start: number;
  readonly size: number;
}

interface Attachment {
  readonly texts: Map<number, Text>;
  data: Range | undefined;
  /** PidTagAttachDataObject: an object, or a message within. */
  object: (Range & { readonly message: boolean }) | undefined;
}

interface Body {
  readonly id: number;
  readonly range: Range;
  readonly unicode: boolean;
}

/** Finds what is in a TNEF stream. The same is found however it is cut. */
export class TnefFinder {
  readonly #feeder: Feeder;
  readonly #attachments: Attachment[] = [];
  readonly #bodies: Body[] = [];
  #size = 0;
  /** Primary code page of the octets' texts. */
  #oem: string | undefined;
  #internet: string | undefined;

  constructor() {
    this.#feeder = new Feeder(this.#read());
  }

  /** Takes the next octets. */
  push(octets: Uint8Array): void {
    this.#size += octets.length;
    this.#feeder.push(octets);
  }

  /** Ends the stream: the message's texts, then its attachments. */
  finish(): readonly EmbeddedFile[] {
    const files = this.#bodies.map((body) => this.#body(body));
    for (const attachment of this.#attachments) {
      const file = this.#attachment(attachment);
      if (file !== undefined) files.push(file);
    }
    return files.filter(({ start, end }) => end > start).slice(0, EMBEDDED_FILES);
  }

  *#read(): Reader<void> {
    const place = new Place();
    if ((yield* place.take(6)).getUint32(0, true) !== SIGNATURE) return;
    for (;;) {
      const head = yield* place.take(9);
      const level = head.getUint8(0);
      const id = head.getUint16(1, true);
      const end = place.at + head.getUint32(5, true);
      // Anything but a message's or an attachment's attribute is what follows the stream.
      if (level !== 1 && level !== 2) return;
      if (level === 1) yield* this.#ofMessage(place, id, end);
      else yield* this.#ofAttachment(place, id, end);
      yield* place.skipTo(end + 2); // with its checksum
    }
  }

  *#ofMessage(place: Place, id: number, end: number): Reader<void> {
    if (id === Attribute.OemCodepage && end - place.at >= 4) {
      this.#oem = codePage((yield* place.take(4)).getUint32(0, true));
    } else if (id === Attribute.Body) {
      const start = place.at;
      if (end > start) yield* place.skipTo(end - 1);
      const nul = end > start && (yield* place.take(1)).getUint8(0) === 0;
      this.#addBody(Property.Body, { start, size: end - start - (nul ? 1 : 0) }, false);
    } else if (id === Attribute.MapiProps) {
      yield* mapiProperties(place, end, OF_MESSAGE, (value) => this.#messageProperty(value));
    }
  }

  #messageProperty(value: MapiValue): void {
    switch (value.id) {
      case Property.Body:
      case Property.Html:
      case Property.RtfCompressed:
        // Text ends with a NUL ([MS-OXCDATA] §2.11.1), which is none of it.
        if (value.number === undefined) {
          const nul = value.unicode ? 2 : value.string8 ? 1 : 0;
          this.#addBody(value.id, { start: value.start, size: Math.max(0, value.size - nul) }, value.unicode);
        }
        break;
      case Property.InternetCodepage:
        this.#internet = codePage(value.number ?? 0);
        break;
      case Property.MessageCodepage:
        this.#oem ??= codePage(value.number ?? 0);
        break;
    }
  }

  #addBody(id: number, { start, size }: Range, unicode: boolean): void {
    if (!this.#bodies.some((body) => body.id === id)) {
      this.#bodies.push({ id, range: { start, size }, unicode });
    }
  }

  *#ofAttachment(place: Place, id: number, end: number): Reader<void> {
    if (id === Attribute.AttachRendData || this.#attachments.length === 0) {
      if (this.#attachments.length >= EMBEDDED_FILES) return;
      this.#attachments.push({ texts: new Map(), data: undefined, object: undefined });
    }
    const attachment = this.#attachments[this.#attachments.length - 1]!;
    const size = end - place.at;
    if (id === Attribute.AttachData) attachment.data = { start: place.at, size };
    else if (id === Attribute.AttachTitle) {
      const view = yield* place.take(Math.min(size, NAME));
      const octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
      attachment.texts.set(id, { octets, unicode: false });
    } else if (id === Attribute.Attachment) {
      yield* mapiProperties(place, end, OF_ATTACHMENT, (value) => attachmentProperty(attachment, value));
    }
  }

  #body({ id, range, unicode }: Body): EmbeddedFile {
    const [format, name, type] = id === Property.RtfCompressed
      ? ["rtf", "message.rtf", "text/rtf"] as const
      : id === Property.Html
      ? ["octets", "message.html", "text/html"] as const
      : ["octets", "message.txt", "text/plain"] as const;
    const charset = format === "rtf"
      ? undefined
      : unicode
      ? "utf-16le"
      : id === Property.Html
      ? this.#internet ?? this.#oem
      : this.#oem;
    return embeddedFile({ format, name, type, charset, role: "body", ...this.#within(range) });
  }

  #attachment({ texts, data, object }: Attachment): EmbeddedFile | undefined {
    const text = (id: number) => {
      const found = texts.get(id);
      return found === undefined ? "" : mapiText(found.octets, found.unicode, this.#oem);
    };
    const range = object ?? data;
    if (range === undefined) return undefined;
    const name = text(Property.AttachLongFilename) || text(Property.AttachFilename) ||
      text(Attribute.AttachTitle) || text(Property.DisplayName);
    const type = object?.message ? "application/ms-tnef" : mediaType(text(Property.AttachMimeTag));
    const id = text(Property.AttachContentId).replaceAll(/^<|>$/g, "") || undefined;
    return embeddedFile({ format: "octets", name, ...(type && { type }), id, ...this.#within(range) });
  }

  /** A range as far as the stream reaches. */
  #within(
    { start, size }: Range,
  ): { start: number; end: number; size: number | undefined; complete: boolean } {
    const end = Math.min(start + size, this.#size);
    return { start, end, size: undefined, complete: end === start + size };
  }
}

function attachmentProperty(attachment: Attachment, value: MapiValue): void {
  if (value.id !== Property.AttachData) {
    if (value.first !== undefined) {
      attachment.texts.set(value.id, { octets: value.first, unicode: value.unicode });
    }
    return;
  }
  const { start, size, object } = value;
  if (!object) attachment.data ??= { start, size };
  else if (size >= 16 && value.first !== undefined) {
    // An object begins with the identifier of its interface; of a message, a TNEF stream of its own follows.
    const message = isMessageIid(value.first.subarray(0, 16));
    attachment.object = { start: start + 16, size: size - 16, message };
  }
}

/** A media type without parameters; empty when it is none. */
function mediaType(text: string): string {
  const type = text.trim().toLowerCase();
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : "";
}
