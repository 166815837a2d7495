/** The most that is said of what may be wrong for another reason than its score: below what counts as sure, 0.9. */
export const UNSURE_AT_MOST = 0.88;
