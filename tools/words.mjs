/** What must stand in no committed file: paths of the machine where it was written, and talk of how it was written. */
const NOWHERE = [/(?<![\w.~}-])\/root\//, /(?<![\w.~}-])\/(?:home|Users)\/(?!runner\b|vcap\b|node\b)\w+\//];
const NOT_IN_SOURCES = [/\bissue #?\d/i];

/**
 * @param files `path` and `text`
 * @param here further words: folders and the host name of this machine
 */
export function wordFaults(files, here) {
  return files.flatMap(({ path, text }) => {
    const patterns = path.startsWith('dist/') ? NOWHERE : [...NOWHERE, ...NOT_IN_SOURCES];
    return text.split('\n').flatMap((line, index) => {
      const found =
        patterns.map((pattern) => pattern.exec(line)?.[0]).find(Boolean) ??
        here.find((word) => line.includes(word));
      return found ? [`${path}:${index + 1} has ${found}`] : [];
    });
  });
}
