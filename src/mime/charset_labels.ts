/** Names of charsets as senders write them, and what each means here. */

/** Longest charset name that is looked at; the longest registered one has 45. */
const NAME = 64;

/**
 * Names of the Encoding Standard, each with its labels reduced to letters and digits, and those of others that
 * mean the same.
 */
const STANDARD = `
utf-8: utf8 unicode11utf8 unicode20utf8 xunicode20utf8 utf8mb4 cp65001 unicode11 cesu8
ibm866: 866 cp866 csibm866
iso-8859-2: latin2 l2 csisolatin2 isoir101
iso-8859-3: latin3 l3 csisolatin3 isoir109
iso-8859-4: latin4 l4 csisolatin4 isoir110
iso-8859-5: cyrillic csisolatincyrillic isoir144
iso-8859-6: arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 iso88596e iso88596i isoir127
iso-8859-7: csisolatingreek ecma118 elot928 greek greek8 isoir126 suneugreek
iso-8859-8: csiso88598e csisolatinhebrew hebrew iso88598e isoir138 visual
iso-8859-8-i: csiso88598i logical
iso-8859-10: csisolatin6 isoir157 l6 latin6
iso-8859-13: latin7 l7
iso-8859-14: latin8 l8 isoceltic
iso-8859-15: csisolatin9 l9 latin9 latin0
iso-8859-16: latin10 l10
koi8-r: cskoi8r koi koi8
koi8-u: koi8ru
macintosh: csmacintosh mac xmacroman macroman
windows-874: dos874 iso885911 tis620 tis6200 tis62025331 tis62025290 cp874 xwindows874
windows-1250: cp1250 xcp1250 ms1250
windows-1251: cp1251 xcp1251 ms1251 win1251
windows-1252: cp1252 cp819 csisolatin1 ibm819 iso88591 isoir100 l1 latin1 xcp1252 ms1252 iso8859
windows-1253: cp1253 xcp1253
windows-1254: cp1254 csisolatin5 iso88599 isoir148 l5 latin5 xcp1254
windows-1255: cp1255 xcp1255
windows-1256: cp1256 xcp1256
windows-1257: cp1257 xcp1257
windows-1258: cp1258 xcp1258
x-mac-cyrillic: xmacukrainian maccyrillic
gbk: chinese csgb2312 csiso58gb231280 gb2312 gb231280 isoir58 xgbk cp936 ms936 windows936 euccn xeuccn cngb gb23121980 eucgb2312cn xmacsimpchinese
gb18030: gb180302000 gb180302005
big5: big5hkscs cnbig5 csbig5 xxbig5 cp950 big5eten windows950 hkscs xmactradchinese
euc-jp: cseucpkdfmtjapanese xeucjp xeuc ujis eucjpms
iso-2022-jp: csiso2022jp iso2022jpms cp50220 cp50221
shift_jis: csshiftjis ms932 mskanji sjis windows31j xsjis cp932 cswindows31j xmssjis windows932 xmacjapanese
euc-kr: cseuckr csksc56011987 isoir149 korean ksc5601 ksc560119 windows949 cp949 ms949 uhc ksx1001 ksc56011989 xmackorean
utf-16be: unicodefffe
utf-16le: unicodefeff
utf16: csunicode iso10646ucs2 ucs2 unicode iso10646 xutf16
utf7: unicode11utf7 csunicode11utf7
utf32: ucs4 iso10646ucs4 csucs4
maccenteuro: maclatin2 maccentraleurope macce
hz: hzgb2312 hzgb
:ansix341968 ansix341986 ascii usascii us csascii iso646us iso646irv1991 ibm367 cp367 isoir6 unknown xunknown unknown8bit 7bit 8bit default none null binary base64 hex quotedprintable internal utf7imap cp20127
`;

const LABELS: ReadonlyMap<string, string> = new Map(
  STANDARD.trim().split("\n").flatMap((line) => {
    const [name = "", labels = ""] = line.split(":");
    return [...name === "" ? [] : [reduced(name)], ...labels.trim().split(" ")].map((label) => [label, name]);
  }),
);

/**
 * The name under which a charset is known here: one of the Encoding Standard where it has it, else the name's
 * letters and digits in lower case. Empty for none, for US-ASCII, and for names that mean nothing.
 */
export function charsetLabel(charset: string | undefined): string {
  if (charset === undefined || charset.length > NAME) return "";
  const star = charset.indexOf("*"); // RFC 2231 §5: a language may follow
  const label = reduced(star < 0 ? charset : charset.slice(0, star));
  return LABELS.get(label) ?? LABELS.get(bareLabel(label)) ?? label;
}

/** A name without the `x-` or IANA's `cs` that some write before one that is known without it. */
export function bareLabel(label: string): string {
  return label.replace(/^(x|cs)/, "");
}

/** Letters and digits, lower-case, without the year of `ISO_8859-1:1987`. */
function reduced(name: string): string {
  return name.toLowerCase().replace(/:\d{4}\s*$/, "").replaceAll(/[^a-z0-9]/g, "");
}
