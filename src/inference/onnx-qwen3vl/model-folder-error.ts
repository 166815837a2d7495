/** A folder that cannot be used; the message says what is wrong with it, in words for its owner. */
export class ModelFolderError extends Error {}
