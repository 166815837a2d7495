const OLDEST = [20, 19];

/** Why this Node.js cannot run ktpflow, in one line; null when it can. */
export function nodeProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return null;
  return `Node.js ${version} is too old: install ${OLDEST.join('.')} or newer`;
}
