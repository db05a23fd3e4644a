/** Names of Maildir++ folders: `.` stands between the parts, so one within a part is written as UTF-7 would. */
import { SEPARATOR } from "../core/store.ts";
import { decodeUtf7, encodeUtf7 } from "../imap/mod.ts";

const DOT = "&AC4-";

/** `A/B` as `.A.B`. */
export function folderOfMailbox(name: string): string {
  return name.split(SEPARATOR).map((part) => `.${encodeUtf7(part).replaceAll(".", DOT)}`).join("");
}

/** `.A.B` as `A/B`; a part that is no modified UTF-7 is taken as it stands. */
export function mailboxOfFolder(folder: string): string {
  const parts = folder.slice(1).split(".");
  return parts.map((part) => part.split(DOT).map((one) => decodeUtf7(one) ?? one).join(".")).join(SEPARATOR);
}
