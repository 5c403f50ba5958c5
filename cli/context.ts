import type { RunFile } from '../local/run-file.ts';
import type { DnsResolver } from './dns/resolver.ts';

/** What every command gets: where the project is, and how to reach the servers. */
export interface CliContext {
  root: string;
  env: NodeJS.ProcessEnv;
  /** What `npm start` is running in this checkout. */
  running?: RunFile;
  print: (line: string) => void;
  /** What DNS is asked through; by default the resolver of this machine. */
  resolver?: DnsResolver;
}
