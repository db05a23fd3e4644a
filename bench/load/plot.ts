/** A bar for each row: how many times the rate of Postfix + Dovecot (Maildir) ours is, as SVG. */
import { type Figures, rate } from "./figures.ts";
import type { Row } from "./load.ts";
import { REQUIRED } from "./required.ts";

const LINE = 22, LEFT = 330, WIDTH = 420, TOP = 40;
/** The scale is logarithmic, from a half to this many times. */
const LEAST = 0.5, MOST = 64;

/** Draws rows that have figures of ours and of the peer. */
export function plot(rows: readonly Row[], ours: ReadonlyMap<string, Figures>): string {
  const bars = rows.flatMap(({ name, title }) => {
    const peer = REQUIRED[name]?.peer, figures = ours.get(name);
    return peer === undefined || figures === undefined ? [] : [{ title, times: rate(figures) / peer }];
  });
  const height = TOP + bars.length * LINE + 30;
  const lines = [0.5, 1, 2, 4, 8, 16, 32, 64].map((n) =>
    `<line x1="${x(n)}" y1="${TOP - 6}" x2="${x(n)}" y2="${height - 24}" stroke="${
      n === 1 ? "#444" : "#ddd"
    }"/>` +
    `<text x="${x(n)}" y="${height - 8}" text-anchor="middle">${n}×</text>`
  );
  const drawn = bars.map(({ title, times }, i) => {
    const y = TOP + i * LINE, from = Math.min(x(1), x(times)), to = Math.max(x(1), x(times));
    return `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(title)}</text>` +
      `<rect x="${from.toFixed(1)}" y="${y + 2}" width="${Math.max(1, to - from).toFixed(1)}" height="${
        LINE - 6
      }" ` +
      `fill="${times >= 1 ? "#2a7" : "#c63"}"/>` +
      `<text x="${(to + 5).toFixed(1)}" y="${y + 13}">${times.toPrecision(2)}×</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 60}" height="${height}" ` +
    `font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n` +
    `<text x="8" y="20" font-size="14">Operations a second, times those of Postfix + Dovecot (Maildir)</text>\n` +
    `${[...lines, ...drawn].join("\n")}\n</svg>\n`;
}

function x(times: number): number {
  const share = Math.log2(Math.min(MOST, Math.max(LEAST, times)) / LEAST) / Math.log2(MOST / LEAST);
  return LEFT + share * WIDTH;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
