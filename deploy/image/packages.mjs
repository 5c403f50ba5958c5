// The packages that a production process can load, according to the lock file.

/**
 * Returns the paths (`node_modules/...`) of the project's transitive dependencies, without `except` and packages that only
 * those need.
 */
export function packagesFrom({ packages }, except) {
  const found = new Set();
  const visit = (from) => {
    const { dependencies, optionalDependencies, peerDependencies } = packages[from];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const skipped = except.includes(name) || name.startsWith('@types/');
      const path = skipped ? undefined : resolve(packages, from, name);
      if (path === undefined || found.has(path)) continue;
      found.add(path);
      visit(path);
    }
  };
  visit('');
  return [...found].toSorted();
}

/** Resolves as Node does: from the dependent's folder upwards. Undefined for an optional peer that is not locked. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder && `${folder}/`}node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') return undefined;
  }
}
