/** From here on a value counts as sure: a caller may take it without looking. */
export const SURE = 0.9;
/** The most that is said of what may be wrong for another reason than its score. */
export const UNSURE_AT_MOST = 0.88;
