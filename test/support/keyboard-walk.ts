import type { Page } from 'playwright-core';

/** Where the tab key stops. */
export interface TabStop {
  /** Tag and accessible name, as far as the page itself tells it. */
  readonly name: string;
  /** Whether it stands behind the stop before it. */
  readonly isInOrder: boolean;
  /** Whether the walk has been here before. */
  readonly isKnown: boolean;
  /** Whether a ring around it, or around the area that it stands for, shows where the keyboard is. */
  readonly isShown: boolean;
  readonly isInView: boolean;
}

/** Stops that no page of the console reaches. */
const TOO_MANY = 150;

const DESCRIBE = `(() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return null;
  const ringed = [focused, focused.closest('.drop, .composer')].filter(Boolean);
  const isShown = ringed.some((element) => {
    const { boxShadow, outlineStyle, outlineWidth } = getComputedStyle(element);
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  });
  const { bottom, left, right, top } = focused.getBoundingClientRect();
  const last = document.querySelector('[data-walk="last"]');
  const isInOrder = !last || (last.compareDocumentPosition(focused) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  const isKnown = focused.dataset.walk !== undefined;
  if (last) last.dataset.walk = 'seen';
  focused.dataset.walk = 'last';
  const label = focused.getAttribute('aria-label') ?? focused.labels?.[0]?.textContent ?? focused.textContent ?? '';
  return {
    name: focused.tagName.toLowerCase() + ' ' + label.trim().replace(/\\s+/g, ' ').slice(0, 60),
    isInOrder,
    isKnown,
    isShown,
    isInView: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
})()`;

/** Where the keyboard is; null: nowhere in particular. */
export function focusOf(page: Page): Promise<TabStop | null> {
  return page.evaluate<TabStop | null>(DESCRIBE);
}

/** Puts the keyboard where it is when a page has just been opened. */
async function toTop(page: Page): Promise<void> {
  await page.evaluate(
    `for (const seen of document.querySelectorAll('[data-walk]')) delete seen.dataset.walk;
    document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); scrollTo(0, 0)`,
  );
}

/** Every stop of the tab key, from the top of the page until it leaves the page. @throws where it never does */
export async function tabStops(page: Page): Promise<TabStop[]> {
  await toTop(page);
  const stops: TabStop[] = [];
  while (stops.length < TOO_MANY) {
    await page.keyboard.press('Tab');
    const stop = await focusOf(page);
    if (stop === null || stop.isKnown) return stops;
    stops.push(stop);
  }
  throw new Error(`the keyboard does not come out of it: ${stops.slice(-5).map(({ name }) => name)}`);
}

/**
 * What is wrong with the stops of a page: one that cannot be seen, one out of the order of the page, and whatever can
 * be pressed or typed into by the mouse alone.
 */
export async function keyboardFaults(page: Page): Promise<string[]> {
  const stops = await tabStops(page);
  const faults = stops.flatMap(({ isInOrder, isInView, isShown, name }) => [
    ...(isShown ? [] : [`no ring: ${name}`]),
    ...(isInView ? [] : [`out of sight: ${name}`]),
    ...(isInOrder ? [] : [`out of order: ${name}`]),
  ]);
  const missed = await page.evaluate<string[]>(`(() => {
    const pressable = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]');
    return [...pressable].flatMap((element) => {
      const isReached = element.dataset.walk !== undefined;
      if (isReached || element.disabled || element.tabIndex < 0 || !element.checkVisibility()) return [];
      return ['not reached: ' + element.tagName.toLowerCase() + ' ' + element.textContent.trim().slice(0, 60)];
    });
  })()`);
  return [...faults, ...missed];
}

/** Goes on by the tab key until it is on what has this name. @throws where it never is */
export async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let count = 0; count < TOO_MANY; count++) {
    await page.keyboard.press(key);
    const stop = await focusOf(page);
    if (!stop) continue;
    const [, label = ''] = /^\w+ ?(.*)$/.exec(stop.name) ?? [];
    if (typeof name === 'string' ? label === name : name.test(label)) return;
    seen.push(stop.name);
  }
  throw new Error(`no ${name} among ${[...new Set(seen)].join(', ')}`);
}
