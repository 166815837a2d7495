/**
 * @param root the project's folder, with a slash at its end
 * @returns a hash of all that dist is made of, and of the Node that makes it
 */
export function inputsHash(root: string): string;
