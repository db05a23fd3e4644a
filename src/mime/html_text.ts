/** HTML as the text that a reader sees, for search and previews. Never for display. */
import { Tokenizer } from "htmlparser2";

/** What else is left out. */
export interface HtmlTextOptions {
  /** Leave out what stands in `blockquote`: the mail that is answered. */
  readonly withoutQuotes?: boolean;
}

/** Elements whose text nobody reads. */
const HIDDEN: ReadonlySet<string> = new Set(["script", "style", "title", "template"]);
/** Elements that stand inside a line of text; every other one parts words. */
const INLINE: ReadonlySet<string> = new Set(
  ("a abbr acronym b bdi bdo big cite code dfn em font i ins kbd label mark q s samp small span strike " +
    "strong sub sup tt u var wbr").split(" "),
);

/**
 * The text of an HTML document: tags and comments gone, character references decoded, block elements as line
 * ends. Works on tokens, not on a tree, so that broken or deep nesting costs nothing.
 */
export function htmlToText(html: string, options: HtmlTextOptions = {}): string {
  const pieces: string[] = [];
  const withoutQuotes = options.withoutQuotes === true;
  let hidden = "";
  let quotes = 0;
  const element = (start: number, end: number, closing: boolean) => {
    const name = html.slice(start, Math.min(end, start + 32)).toLowerCase();
    if (HIDDEN.has(name)) {
      if (closing) hidden = hidden === name ? "" : hidden;
      else if (hidden === "") hidden = name;
    }
    if (!INLINE.has(name)) pieces.push("\n");
    if (withoutQuotes && name === "blockquote") quotes = Math.max(0, quotes + (closing ? -1 : 1));
  };
  const nothing = () => {};
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, {
    ontext: (start, end) => {
      if (hidden === "" && quotes === 0) pieces.push(html.slice(start, end));
    },
    ontextentity: (codepoint) => {
      if (hidden === "" && quotes === 0) pieces.push(String.fromCodePoint(codepoint));
    },
    onopentagname: (start, end) => element(start, end, false),
    onclosetag: (start, end) => element(start, end, true),
    onselfclosingtag: nothing,
    onopentagend: nothing,
    onattribname: nothing,
    onattribdata: nothing,
    onattribentity: nothing,
    onattribend: nothing,
    oncomment: nothing,
    oncdata: nothing,
    ondeclaration: nothing,
    onprocessinginstruction: nothing,
    onend: nothing,
  });
  tokenizer.write(html);
  tokenizer.end();
  return pieces.join("");
}
