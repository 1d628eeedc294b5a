/**
 * Text that reads the same and holds no mark-up: litegraph's menus and panels put titles and choices into `innerHTML`, and choices are
 * names of files that anybody may have named.
 */
export const safeText = (text: string): string => text.replaceAll('&', '＆').replaceAll('<', '‹').replaceAll('>', '›');

/** Safe texts of a list, each different from the others, so that one can be told from its text. */
export function safeTexts(texts: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return texts.map((text) => {
    const plain = safeText(text);
    let own = plain;
    for (let count = 2; used.has(own); count++) own = `${plain} (${count})`;
    used.add(own);
    return own;
  });
}
