/** The packages that JupyterLab and its extensions share with each other. */

/**
 * The version to take of a shared package: what is in use already, else the newest.
 * @param {Record<string, { get: () => Promise<any>, loaded?: any }>} versions of which there is one at least
 * @returns {string}
 */
export function chosen(versions) {
  const newest = (a, b) => a.localeCompare(b, undefined, { numeric: true });
  const known = Object.keys(versions).sort(newest);
  return known.findLast((version) => versions[version].loaded) ?? known[known.length - 1];
}

/** A function that gives a shared package by its name, and {} for one that this place does not have. */
export function sharer(scope) {
  const given = new Map();
  const take = async (name) => {
    const versions = scope[name];
    if (!versions) return {};
    try {
      const factory = await versions[chosen(versions)].get();
      return factory();
    } catch (error) {
      console.warn(`Flowbook goes on without ${name}:`, error);
      return {};
    }
  };
  return (name) => {
    if (!given.has(name)) given.set(name, take(name));
    return given.get(name);
  };
}
