/** A mail exchanger (RFC 1035 §3.3.9); `exchange` "" is the root, which RFC 7505 uses. */
export interface Mx {
  readonly preference: number;
  readonly exchange: string;
}

/** An association of a certificate (RFC 6698 §2.1). */
export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

/** What the records of each type hold. Names are in lower case, without the last dot. */
export interface RecordOf {
  readonly A: string;
  readonly AAAA: string;
  readonly MX: Mx;
  /** Its strings put together, as UTF-8. */
  readonly TXT: string;
  readonly TLSA: Tlsa;
  readonly PTR: string;
}

/** Types that can be asked for. */
export type RecordType = keyof RecordOf;

/** What became of a question. `secure`: a resolver that we trust has validated it (RFC 4035 §3.2.3, AD). */
export type DnsAnswer<T> =
  /** `name`: whose records these are, after CNAMEs. */
  | {
    readonly kind: "records";
    readonly records: readonly T[];
    readonly name: string;
    readonly secure: boolean;
  }
  /** There is no such name. */
  | { readonly kind: "nxdomain"; readonly secure: boolean }
  /** The name is there, records of that type are not. */
  | { readonly kind: "nodata"; readonly secure: boolean }
  /** Nobody could say now: SERVFAIL, REFUSED, nonsense, silence. */
  | { readonly kind: "fault"; readonly text: string };

/** Looks up names. Never rejects. */
export interface Dns {
  /** @param name in A-labels, with or without the last dot */
  query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordOf[T]>>;
}
