/** Elements, made and changed in place: what has the focus, or is opened, stays so while figures change. */

/** What an element is made with. */
export interface Making {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Makes an element. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  { class: style, text, attributes = {} }: Making = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (style !== undefined) element.className = style;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element of a drawing. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Node[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An element of the page's own HTML. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Sets a text, if it is another one. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute, if it is another one. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** One view for each item of a list, kept by key. */
export class KeyedList<Item, View extends { readonly element: HTMLElement }> {
  private readonly views = new Map<string, View>();

  constructor(
    private readonly parent: Element,
    private readonly keyOf: (item: Item) => string,
    private readonly create: (item: Item) => View,
    private readonly update: (view: View, item: Item) => void,
  ) {}

  /** Shows these, in this order. */
  show(items: readonly Item[]): void {
    const focused = document.activeElement;
    const gone = new Set(this.views.keys());
    items.forEach((item, place) => {
      const key = this.keyOf(item);
      gone.delete(key);
      let view = this.views.get(key);
      if (view === undefined) {
        view = this.create(item);
        this.views.set(key, view);
      }
      this.update(view, item);
      if (this.parent.children[place] !== view.element)
        this.parent.insertBefore(view.element, this.parent.children[place] ?? null);
    });
    for (const key of gone) {
      this.views.get(key)?.element.remove();
      this.views.delete(key);
    }
    // What is moved loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.parent.contains(focused))
      focused.focus({ preventScroll: true });
  }
}

/** A stretch of a bar. */
export interface Stretch {
  readonly style: string;
  /** Of the whole bar, 0 to 1. */
  readonly share: number;
  /** Where it begins, 0 to 1; where the one before ends when not given. */
  readonly start?: number;
}

/** A bar of coloured stretches. What it says is said in words beside it. */
export class Bar {
  readonly element: HTMLElement;

  constructor(style = '') {
    this.element = make('div', { class: `bar ${style}`.trim(), attributes: { 'aria-hidden': 'true' } });
  }

  show(stretches: readonly Stretch[]): void {
    while (this.element.children.length > stretches.length) this.element.lastElementChild?.remove();
    let next = 0;
    stretches.forEach(({ style, share, start = next }, place) => {
      let stretch = this.element.children[place] as HTMLElement | undefined;
      if (stretch === undefined) {
        stretch = make('span');
        this.element.append(stretch);
      }
      if (stretch.className !== style) stretch.className = style;
      // Nothing that took time is invisible.
      stretch.style.left = `${Math.min(start * 100, 99.5).toFixed(2)}%`;
      stretch.style.width = `max(${share > 0 ? 2 : 0}px, ${(share * 100).toFixed(2)}%)`;
      next = start + share;
    });
  }
}
