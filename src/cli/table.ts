const WIDTH = 80;
/** Columns narrower than this are not worth wrapping: one row a line is then better. */
const NARROW = 24;

/** Columns as wide as their widest cell, two spaces apart; the last one is wrapped to fit a terminal, if it can be. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const left = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = WIDTH - left < NARROW ? Infinity : WIDTH - left;
  const lines = rows.flatMap((row) => {
    const head = widths.map((width, i) => `${row[i]!.padEnd(width)}  `).join('');
    const [first = '', ...rest] = wrap(row[columns]!, room);
    return [head + first, ...rest.map((line) => ' '.repeat(left) + line)];
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Lines of at most `width` columns, broken at spaces; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((piece) => piece !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
