import { join, relative } from 'node:path';

import ts from 'typescript';

/** Somebody who tries things out leaves a variable unused for a while; that breaks no run. */
const lenient: ts.CompilerOptions = {
  noUnusedLocals: false,
  noUnusedParameters: false,
  noEmit: true,
  composite: false,
  incremental: false,
};

/** The first few: one mistake often makes many. */
const told = 5;

/**
 * What the compiler has against the journeys of a project folder, and against the routes that start them; as `file:line
 * message`. The first look takes seconds, each later one half a second: what has not changed is known.
 */
export function openSources(project: string): () => string[] {
  const configFile = join(project, 'workflows/tsconfig.json');
  const read = () => {
    const host: ts.ParseConfigFileHost = { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} };
    const parsed = ts.getParsedCommandLineOfConfigFile(configFile, lenient, host);
    if (!parsed) throw new Error(`${configFile} cannot be read`);
    const { rootDir: _, outDir: __, tsBuildInfoFile: ___, ...options } = parsed.options;
    return { options, files: [...parsed.fileNames, join(project, 'ingress/routes.ts')] };
  };
  let { options, files } = read();
  const { fileExists, readFile, readDirectory, directoryExists, getDirectories } = ts.sys;
  const compiler = ts.createLanguageService({
    fileExists,
    readFile,
    readDirectory,
    directoryExists,
    getDirectories,
    getCurrentDirectory: () => project,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getCompilationSettings: () => options,
    getScriptFileNames: () => files,
    getScriptVersion: (file) => String(ts.sys.getModifiedTime?.(file)?.getTime()),
    getScriptSnapshot(file) {
      const text = ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
  });

  return () => {
    ({ options, files } = read());
    // Asked once: the service looks at every file's time whenever it is asked anything.
    const program = compiler.getProgram();
    const mistakes = files.flatMap((file) => {
      const source = program?.getSourceFile(file);
      return [...(program?.getSyntacticDiagnostics(source) ?? []), ...(program?.getSemanticDiagnostics(source) ?? [])];
    });
    return mistakes.slice(0, told).map((mistake) => line(project, mistake));
  };
}

function line(project: string, { file, start = 0, messageText }: ts.Diagnostic): string {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ');
  if (!file) return message;
  return `${relative(project, file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1} ${message}`;
}
