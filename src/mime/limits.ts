/** What one message may cost us. Beyond a limit parsing goes on, with less detail; nothing is refused. */
export interface MimeLimits {
  /** Octets of one header block that are looked at. */
  readonly headerBlock: number;
  /** Octets of one field that are looked at. */
  readonly field: number;
  /** Fields of one header block that are looked at. */
  readonly fields: number;
  /** Multiparts and messages inside one another; deeper ones are opaque. */
  readonly depth: number;
  /** Parts of one message; the last one is opaque and takes the rest. */
  readonly parts: number;
  /** Octets of a boundary that are compared. */
  readonly boundary: number;
  /** Defects that are remembered. */
  readonly defects: number;
}

/**
 * The defaults. RFC 5322 and 2045 set no bounds; these are well above honest mail (in the test corpus: 8 deep,
 * 52 parts, 91 fields and 22 KiB of header, but for the messages made to break parsers) and keep the cost of
 * one message within some megabytes.
 */
export const MIME_LIMITS: MimeLimits = {
  headerBlock: 256 * 1024,
  field: 64 * 1024,
  fields: 1000,
  depth: 50,
  parts: 1000,
  boundary: 256,
  defects: 100,
};

/** Parameters of one Content-Type or Content-Disposition (CVE-2026-27859 is why there is a bound). */
export const PARAMETERS = 128;
/** Octets of one parameter's value once its pieces are joined. */
export const PARAMETER_VALUE = 16 * 1024;
/** Addresses of one field (CVE-2024-23184 is why there is a bound). */
export const ADDRESSES = 2000;
/** Language tags of one Content-Language. */
export const LANGUAGES = 64;
/** Message-IDs of one References field. */
export const REFERENCES = 1000;
/** Files inside the body of one part (uuencode, yEnc, BinHex, TNEF). */
export const EMBEDDED_FILES = 200;
/** Recipients of one delivery status. */
export const REPORT_RECIPIENTS = 1000;
