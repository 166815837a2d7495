/** How a card may be read. */
export const STRATEGIES = ['auto', 'ocr', 'vlm', 'hybrid'] as const;
export type Strategy = (typeof STRATEGIES)[number];
