import type { DnsResolver } from './dns/resolver.ts';

/** What every command gets: where the project is, and how to reach the servers. */
export interface CliContext {
  root: string;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
  /** What DNS is asked through; by default the resolver of this machine. */
  resolver?: DnsResolver;
}
