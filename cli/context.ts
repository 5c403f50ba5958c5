/** What every command gets: where the project is, and how to reach the servers. */
export interface CliContext {
  root: string;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
}
