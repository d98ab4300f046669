/** Markup put together from text: what is not markup is escaped. */

/** Elements that HTML knows without an end. */
const VOID = new Set(['meta']);

/** Text between tags or in quotes. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element with its attributes; children are markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly string[]
): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  const inside = children.join('');
  return VOID.has(name) ? `<${name}${given.join('')}/>` : `<${name}${given.join('')}>${inside}</${name}>`;
}

/** Pixels, without needless digits. */
export function pixels(value: number): number {
  return Math.round(value * 100) / 100;
}
